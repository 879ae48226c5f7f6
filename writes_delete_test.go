package cacheops_test

import (
	"testing"

	"gorm.io/gorm"
)

func TestDelete(t *testing.T) {
	deleted := func(name string, write func(db *gorm.DB) error) writing {
		return writing{
			name: name, write: write,
			fresh: []view{note(1), notes, noteIDs, noteSaying("first")}, kept: []view{tag(1), note(3)},
			spared: []view{note(2), noteSaying("second")},
		}
	}
	eachWriting(t, []writing{
		deleted("a value", func(db *gorm.DB) error { return db.Delete(&Note{ID: 1}).Error }),
		deleted("a primary key", func(db *gorm.DB) error { return db.Delete(&Note{}, 1).Error }),
		blind(severalRows, deleted("primary keys", func(db *gorm.DB) error { return db.Delete(&Note{}, []int{1, 9}).Error })),
		blind(severalRows, deleted("a slice", func(db *gorm.DB) error { return db.Delete(&[]Note{{ID: 1}, {ID: 9}}).Error })),
		deleted("where", func(db *gorm.DB) error { return db.Where("id = ?", 1).Delete(&Note{}).Error }),
		{
			name:  "where another column",
			write: func(db *gorm.DB) error { return db.Where("text = ?", "first").Delete(&Note{}).Error },
			fresh: []view{note(1), notes, noteSaying("first")}, kept: []view{noteSaying("second")}, spared: []view{note(2)}, blind: severalRows,
		}, {
			name:  "by table",
			write: func(db *gorm.DB) error { return db.Table("notes").Where("id = ?", 1).Delete(nil).Error },
			fresh: []view{note(1), notes}, kept: []view{note(2)},
		}, {
			name:  "no row",
			write: func(db *gorm.DB) error { return db.Delete(&Note{}, 99).Error },
			kept:  []view{note(1), note(99), notes},
		}, {
			name: "every row",
			write: func(db *gorm.DB) error {
				return db.Session(&gorm.Session{AllowGlobalUpdate: true}).Delete(&Note{}).Error
			},
			fresh: []view{note(1), note(2), notes}, kept: []view{tag(1)},
		},
	})
}

// blind makes an exception of what the writing spares.
func blind(e exception, w writing) writing {
	w.blind = e
	return w
}

func TestSoftDelete(t *testing.T) {
	deletePost := func(db *gorm.DB) error { return db.Delete(&Post{}, 1).Error }
	unscoped := viewOf("post 1, deleted or not", func(db *gorm.DB, p *Post) *gorm.DB { return db.Unscoped().Take(p, 1) })
	titles := viewOf("titles, deleted or not", func(db *gorm.DB, titles *[]string) *gorm.DB {
		return db.Unscoped().Model(&Post{}).Order("id").Pluck("title", titles)
	})
	eachWriting(t, []writing{{
		name: "delete", write: deletePost,
		fresh: []view{post(1), category(1), unscoped, countPosts}, kept: []view{post(2), titles}, spared: []view{category(2)},
	}, {
		name: "again", given: deletePost, write: deletePost,
		kept: []view{post(1), category(1), unscoped, titles},
	}, {
		name: "restore", given: deletePost,
		write: func(db *gorm.DB) error {
			return db.Unscoped().Model(&Post{}).Where("id = ?", 1).Update("deleted_at", nil).Error
		},
		fresh: []view{post(1), category(1), unscoped, countPosts}, kept: []view{post(2), titles}, spared: []view{category(2)},
	}, {
		name:  "for good",
		write: func(db *gorm.DB) error { return db.Unscoped().Select("Tags").Delete(&Post{ID: 1}).Error },
		fresh: []view{post(1), category(1), unscoped, titles, tagsOf(1)}, kept: []view{post(2), tagsOf(2)}, spared: []view{category(2)},
	}, {
		name: "with associations",
		given: func(db *gorm.DB) error {
			return db.Unscoped().Select("Tags").Delete(&[]Post{{ID: 1}, {ID: 4}, {ID: 7}, {ID: 10}}).Error
		},
		write: func(db *gorm.DB) error { return db.Unscoped().Select("Posts").Delete(&Author{ID: 1}).Error },
		fresh: []view{author(1), authors}, kept: []view{postsBy(2), tagsOf(2)}, spared: []view{author(2)},
	}})
}
