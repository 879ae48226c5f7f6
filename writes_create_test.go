package cacheops_test

import (
	"testing"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

func TestCreate(t *testing.T) {
	eachWriting(t, []writing{{
		name:  "one",
		write: func(db *gorm.DB) error { return db.Create(&Post{CategoryID: 1}).Error },
		fresh: []view{category(1), countPosts, post(13)}, kept: []view{category(2), post(1), postsBy(1), author(1)},
	}, {
		name:  "slice",
		write: func(db *gorm.DB) error { return db.Create(&[]Post{{CategoryID: 1}, {CategoryID: 2}}).Error },
		fresh: []view{category(1), category(2), post(14)}, kept: []view{category(3), post(1)},
	}, {
		name: "in batches",
		write: func(db *gorm.DB) error {
			return db.CreateInBatches([]*Post{{CategoryID: 1}, {CategoryID: 2}, {CategoryID: 3}}, 2).Error
		},
		fresh: []view{category(1), category(3), post(15)}, kept: []view{category(4), post(1)},
	}, {
		name: "map",
		write: func(db *gorm.DB) error {
			return db.Model(&Tag{}).Create(map[string]any{"name": "new"}).Error
		},
		fresh: []view{tags, tagNamed("new")}, kept: []view{tagNamed("go"), note(1)},
	}, {
		name: "pointer to map",
		write: func(db *gorm.DB) error {
			return db.Model(&Tag{}).Create(&map[string]any{"name": "new"}).Error
		},
		fresh: []view{tags, tagNamed("new")}, kept: []view{tagNamed("go"), note(1)},
	}, {
		name: "map without a model",
		write: func(db *gorm.DB) error {
			return db.Table("tags").Create(map[string]any{"name": "new"}).Error
		},
		fresh: []view{tags, tagNamed("new")}, kept: []view{tagNamed("go"), note(1)},
	}})
}

// An insert of more rows than are analysed makes its table's results untrue,
// and no others.
func TestCreateVeryMany(t *testing.T) {
	f := newFixture(t, everything)
	notes := f.watch("notes", into(func(db *gorm.DB, n *int64) *gorm.DB { return db.Model(&Note{}).Count(n) })).isCached()
	one := f.watch("post 1", firstPost(1)).isCached()
	many := make([]Note, 10_000)
	must(t, f.db.Create(&many).Error)
	notes.isFresh()
	one.isKept()
}

func TestCreateWithAssociations(t *testing.T) {
	eachWriting(t, []writing{{
		name: "belongs to",
		write: func(db *gorm.DB) error {
			return db.Create(&Post{CategoryID: 1, Author: &Author{Name: "new"}}).Error
		},
		fresh: []view{authors, category(1)}, kept: []view{category(2), post(1), postsBy(1)},
	}, {
		name: "has many",
		write: func(db *gorm.DB) error {
			return db.Create(&Author{Name: "new", Posts: []Post{{CategoryID: 1}}}).Error
		},
		fresh: []view{authors, category(1), postsBy(4)}, kept: []view{author(1), tag(1)},
	}, {
		name: "many to many",
		write: func(db *gorm.DB) error {
			return db.Create(&Post{CategoryID: 1, Tags: []Tag{{Name: "new"}}}).Error
		},
		fresh: []view{tags, category(1), tagsOf(13)}, kept: []view{tagNamed("go"), category(2), post(1), author(1)},
	}})
}

func TestUpsert(t *testing.T) {
	onName := []clause.Column{{Name: "name"}}
	eachWriting(t, []writing{{
		name: "do nothing, the row exists",
		write: func(db *gorm.DB) error {
			return db.Clauses(clause.OnConflict{DoNothing: true}).Create(&Tag{ID: 1, Name: "other"}).Error
		},
		kept: []view{tag(1), tags, tagNamed("go"), tagNamed("other")}, wide: byUpserts,
	}, {
		name: "do nothing, the row does not exist",
		write: func(db *gorm.DB) error {
			return db.Clauses(clause.OnConflict{DoNothing: true}).Create(&Tag{ID: 4, Name: "new"}).Error
		},
		fresh: []view{tag(4), tags, tagNamed("new")}, kept: []view{tag(1), tagNamed("go")},
	}, {
		name: "do updates of another row than the one given",
		write: func(db *gorm.DB) error {
			return db.Clauses(clause.OnConflict{
				Columns: onName, DoUpdates: clause.Assignments(map[string]any{"name": "renamed"}),
			}).Create(&Tag{ID: 77, Name: "sql"}).Error
		},
		fresh: []view{tag(2), tagNamed("sql"), tagNamed("renamed"), tags}, kept: []view{tagNamed("go"), note(1)}, wide: byUpserts,
	}, {
		name: "do updates of columns",
		write: func(db *gorm.DB) error {
			return db.Clauses(clause.OnConflict{
				Columns: []clause.Column{{Name: "id"}}, DoUpdates: clause.AssignmentColumns([]string{"text"}),
			}).Create(&[]Note{{ID: 1, Text: "new"}, {ID: 9, Text: "nine"}}).Error
		},
		fresh: []view{note(1), note(9), noteSaying("new"), noteSaying("first"), notes}, kept: []view{note(2)},
	}, {
		name: "update all",
		write: func(db *gorm.DB) error {
			return db.Clauses(clause.OnConflict{UpdateAll: true}).Create(&Post{ID: 1, CategoryID: 2}).Error
		},
		fresh: []view{post(1), category(1), category(2)}, kept: []view{post(2), author(1)},
	}, {
		name: "update all of another row than the one given",
		write: func(db *gorm.DB) error {
			return db.Clauses(clause.OnConflict{Columns: onName, UpdateAll: true}).Create(&Tag{Name: "sql"}).Error
		},
		kept: []view{note(1), author(1)},
	}})
}

func TestSave(t *testing.T) {
	eachWriting(t, []writing{{
		name:  "new",
		write: func(db *gorm.DB) error { return db.Save(&Post{CategoryID: 1}).Error },
		fresh: []view{category(1), post(13)}, kept: []view{category(2), post(1)},
	}, {
		name:  "new with a key",
		write: func(db *gorm.DB) error { return db.Save(&Post{ID: 50, CategoryID: 1}).Error },
		fresh: []view{category(1), post(50)}, kept: []view{post(1)},
	}, {
		name:  "existing",
		write: func(db *gorm.DB) error { return db.Save(&Post{ID: 1, CategoryID: 1, Title: "saved"}).Error },
		fresh: []view{post(1), category(1), postsBy(1)}, kept: []view{post(2), author(1)}, spared: []view{category(2), postsBy(2)},
	}, {
		name:  "existing, moved",
		write: func(db *gorm.DB) error { return db.Save(&Post{ID: 1, CategoryID: 2}).Error },
		fresh: []view{post(1), category(1), category(2)}, kept: []view{post(2)}, spared: []view{category(3)},
	}, {
		name:   "as it was",
		write:  func(db *gorm.DB) error { return db.Save(&Note{ID: 1, Text: "first"}).Error },
		spared: []view{note(1), noteSaying("first"), noteSaying("second"), notes}, kept: []view{note(2), tag(1)}, blind: savedAgain,
	}, {
		name:  "slice",
		write: func(db *gorm.DB) error { return db.Save(&[]Note{{ID: 1, Text: "saved"}, {ID: 3, Text: "new"}}).Error },
		fresh: []view{note(1), note(3), notes}, kept: []view{note(2), tag(1)},
	}})
}

func TestFirstOrCreate(t *testing.T) {
	eachWriting(t, []writing{{
		name:  "exists",
		write: func(db *gorm.DB) error { return db.Where(Tag{Name: "go"}).FirstOrCreate(&Tag{}).Error },
		kept:  []view{tags, tag(1), tagNamed("go")},
	}, {
		name:  "does not exist",
		write: func(db *gorm.DB) error { return db.Where(Tag{Name: "new"}).FirstOrCreate(&Tag{}).Error },
		fresh: []view{tags, tagNamed("new"), tag(4)}, kept: []view{tag(1), tagNamed("go")},
	}, {
		name: "exists and is assigned to",
		write: func(db *gorm.DB) error {
			return db.Where("id = ?", 1).Assign(Post{CategoryID: 2}).FirstOrCreate(&Post{}).Error
		},
		fresh: []view{post(1), category(1), category(2)}, kept: []view{post(2)}, spared: []view{category(3)},
	}, {
		name: "does not exist and is assigned to",
		write: func(db *gorm.DB) error {
			return db.Where(Tag{Name: "new"}).Assign(Tag{Name: "assigned"}).FirstOrCreate(&Tag{}).Error
		},
		fresh: []view{tags, tagNamed("assigned")}, kept: []view{tag(1), tagNamed("go"), tagNamed("new")},
	}})
}
