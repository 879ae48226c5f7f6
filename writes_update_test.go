package cacheops_test

import (
	"context"
	"testing"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// updated is an update of post 1 that leaves it in its category.
func updated(name string, write func(db *gorm.DB) error) writing {
	return writing{
		name: name, write: write,
		fresh: []view{post(1), category(1), postsBy(1)}, kept: []view{post(2), author(1), tagsOf(1)},
		spared: []view{category(2), postsBy(2)},
	}
}

func TestUpdate(t *testing.T) {
	one := func(db *gorm.DB) *gorm.DB { return db.Model(&Post{ID: 1}) }
	eachWriting(t, []writing{
		updated("a column", func(db *gorm.DB) error { return one(db).Update("title", "new").Error }),
		updated("a struct", func(db *gorm.DB) error { return one(db).Updates(Post{Title: "new"}).Error }),
		updated("a map", func(db *gorm.DB) error { return one(db).Updates(map[string]any{"title": "new"}).Error }),
		updated("a column without hooks", func(db *gorm.DB) error { return one(db).UpdateColumn("title", "new").Error }),
		updated("columns without hooks", func(db *gorm.DB) error { return one(db).UpdateColumns(Post{Title: "new"}).Error }),
		updated("an expression", func(db *gorm.DB) error {
			return one(db).Update("views", gorm.Expr("views + ?", 1)).Error
		}),
		updated("a sub-query", func(db *gorm.DB) error {
			return one(db).Update("title", db.Model(&Author{}).Select("name").Where("id = ?", 2)).Error
		}),
		updated("selected", func(db *gorm.DB) error {
			return one(db).Select("title", "body").Updates(Post{Title: "new", CategoryID: 2}).Error
		}),
		updated("omitting", func(db *gorm.DB) error {
			return one(db).Omit("category_id").Updates(Post{Title: "new", CategoryID: 2}).Error
		}),
		updated("where", func(db *gorm.DB) error {
			return db.Model(&Post{}).Where("id = ?", 1).Update("title", "new").Error
		}),
		updated("where in", func(db *gorm.DB) error {
			return db.Model(&Post{}).Where("id IN ?", []int{1}).Update("title", "new").Error
		}),
		updated("where a struct", func(db *gorm.DB) error {
			return db.Where(&Post{ID: 1}).Updates(&Post{Title: "new"}).Error
		}),
		only("sqlite postgres", updated("returning", func(db *gorm.DB) error {
			return one(db).Clauses(clause.Returning{}).Update("title", "new").Error
		})),
		updated("scope", func(db *gorm.DB) error {
			return db.Model(&Post{}).Scopes(func(tx *gorm.DB) *gorm.DB { return tx.Where("id", 1) }).Update("title", "new").Error
		}),
	})
}

// only makes a writing one for those databases.
func only(names string, w writing) writing {
	w.only = names
	return w
}

func TestUpdateOfSeveralRows(t *testing.T) {
	eachWriting(t, []writing{{
		name: "where another column",
		write: func(db *gorm.DB) error {
			return db.Model(&Post{}).Where("category_id = ?", 1).Update("title", "new").Error
		},
		fresh: []view{category(1), post(1), post(5)}, kept: []view{category(2), author(1)}, spared: []view{post(2)}, blind: severalRows,
	}, {
		name: "or",
		write: func(db *gorm.DB) error {
			return db.Model(&Post{}).Where("id = ?", 1).Or("id = ?", 12).Update("title", "new").Error
		},
		fresh: []view{post(1), post(12), category(1), category(4)}, kept: []view{post(2)}, spared: []view{category(2)}, blind: severalRows,
	}, {
		name: "by table",
		write: func(db *gorm.DB) error {
			return db.Table("posts").Where("id = ?", 1).Updates(map[string]any{"title": "new"}).Error
		},
		fresh: []view{post(1), category(1)}, kept: []view{post(2), author(1)},
	}, {
		name: "every row",
		write: func(db *gorm.DB) error {
			return db.Session(&gorm.Session{AllowGlobalUpdate: true}).Model(&Note{}).Update("text", "same").Error
		},
		fresh: []view{note(1), note(2), notes}, kept: []view{noteIDs, tag(1)},
	}, {
		name: "no row",
		write: func(db *gorm.DB) error {
			return db.Model(&Post{}).Where("id = ?", 99).Update("title", "new").Error
		},
		kept: []view{post(1), post(99), category(1), countPosts},
	}, {
		name: "no row of many",
		write: func(db *gorm.DB) error {
			return db.Model(&Post{}).Where("category_id = ? AND views < 0", 1).Update("category_id", 2).Error
		},
		kept: []view{post(1), category(1), category(2), countPosts},
	}})
}

func TestUpdateThatMovesARow(t *testing.T) {
	eachWriting(t, []writing{{
		name:  "to another category",
		write: func(db *gorm.DB) error { return db.Model(&Post{ID: 1}).Update("category_id", 2).Error },
		fresh: []view{post(1), category(1), category(2)}, kept: []view{post(2)}, spared: []view{category(3)},
	}, {
		name: "a whole category",
		write: func(db *gorm.DB) error {
			return db.Model(&Post{}).Where("category_id = ?", 1).Update("category_id", 2).Error
		},
		fresh: []view{post(1), category(1), category(2)}, kept: []view{category(3), author(1)}, spared: []view{post(2)}, blind: severalRows,
	}, {
		name: "by an expression",
		write: func(db *gorm.DB) error {
			return db.Model(&Post{ID: 1}).Update("category_id", gorm.Expr("category_id + 1")).Error
		},
		fresh: []view{post(1), category(1), category(2)}, kept: []view{post(2)},
	}, {
		name:  "to NULL",
		write: func(db *gorm.DB) error { return db.Model(&Post{ID: 1}).Update("author_id", nil).Error },
		fresh: []view{post(1), postsBy(1)}, kept: []view{post(2), author(1)}, spared: []view{postsBy(2)},
	}, {
		name:  "to another primary key",
		write: func(db *gorm.DB) error { return db.Model(&Note{}).Where("id = ?", 1).Update("id", 9).Error },
		fresh: []view{note(1), note(9), notes, noteIDs}, kept: []view{note(2), tag(1)}, spared: []view{noteSaying("second")},
	}, {
		name:  "to another primary key, by a model",
		write: func(db *gorm.DB) error { return db.Model(&Note{ID: 1}).Update("id", 9).Error },
		fresh: []view{note(1), note(9), notes, noteIDs}, kept: []view{note(2), tag(1)}, spared: []view{noteSaying("second")},
	}})
}

func TestGenericWrites(t *testing.T) {
	ctx := context.Background()
	of := func(db *gorm.DB) gorm.ChainInterface[Post] { return gorm.G[Post](db).Where("id = ?", 1) }
	eachWriting(t, []writing{
		updated("update", func(db *gorm.DB) error { _, err := of(db).Update(ctx, "title", "new"); return err }),
		updated("updates", func(db *gorm.DB) error { _, err := of(db).Updates(ctx, Post{Title: "new"}); return err }),
		updated("set", func(db *gorm.DB) error {
			_, err := of(db).Set(clause.Assignment{Column: clause.Column{Name: "title"}, Value: "new"}).Update(ctx)
			return err
		}),
		{
			name:  "create",
			write: func(db *gorm.DB) error { return gorm.G[Post](db).Create(ctx, &Post{CategoryID: 1}) },
			fresh: []view{category(1), post(13)}, kept: []view{category(2), post(1)},
		}, {
			name: "create in batches",
			write: func(db *gorm.DB) error {
				return gorm.G[Post](db).CreateInBatches(ctx, &[]Post{{CategoryID: 1}, {CategoryID: 2}}, 1)
			},
			fresh: []view{category(1), category(2), post(14)}, kept: []view{category(3), post(1)},
		}, {
			name:  "delete",
			write: func(db *gorm.DB) error { _, err := of(db).Delete(ctx); return err },
			fresh: []view{category(1), post(1)}, kept: []view{post(2)}, spared: []view{category(2)},
		}, {
			name: "exec",
			write: func(db *gorm.DB) error {
				return gorm.G[Post](db).Exec(ctx, "UPDATE posts SET title = ? WHERE id = ?", "new", 1)
			},
			fresh: []view{category(1), post(1)}, kept: []view{post(2)},
		},
	})
}
