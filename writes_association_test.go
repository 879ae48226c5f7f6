package cacheops_test

import (
	"testing"

	"gorm.io/gorm"
)

func TestAssociation(t *testing.T) {
	tagsOfOne := func(db *gorm.DB) *gorm.Association { return db.Model(&Post{ID: 1}).Association("Tags") }
	postsOfOne := func(db *gorm.DB) *gorm.Association { return db.Model(&Author{ID: 1}).Association("Posts") }
	eachWriting(t, []writing{{
		name:  "append to many to many",
		write: func(db *gorm.DB) error { return tagsOfOne(db).Append(&Tag{ID: 2, Name: "sql"}) },
		fresh: []view{tagsOf(1), tagCount(1)}, kept: []view{tagsOf(2), tagCount(2), tags, post(2)}, wide: byUpserts,
	}, {
		name:  "append new to many to many",
		write: func(db *gorm.DB) error { return tagsOfOne(db).Append(&Tag{Name: "new"}) },
		fresh: []view{tagsOf(1), tagCount(1), tags}, kept: []view{tagNamed("go"), post(2)},
	}, {
		name:  "replace in many to many",
		write: func(db *gorm.DB) error { return tagsOfOne(db).Replace(&Tag{ID: 2, Name: "sql"}) },
		fresh: []view{tagsOf(1)}, kept: []view{tagsOf(2), tagCount(2), tags, post(2)}, wide: byUpserts,
	}, {
		name:  "delete from many to many",
		write: func(db *gorm.DB) error { return tagsOfOne(db).Delete(&Tag{ID: 1}) },
		fresh: []view{tagsOf(1), tagCount(1)}, kept: []view{tagsOf(2), tagCount(2), tags, post(2)},
	}, {
		name:  "delete from many to many what is not there",
		write: func(db *gorm.DB) error { return tagsOfOne(db).Delete(&Tag{ID: 2}) },
		kept:  []view{tagsOf(1), tagCount(1), tagsOf(2), tags, post(1)},
	}, {
		name:  "clear many to many",
		write: func(db *gorm.DB) error { return tagsOfOne(db).Clear() },
		fresh: []view{tagsOf(1), tagCount(1)}, kept: []view{tagsOf(2), tagCount(2), tags, post(2)},
	}, {
		name:  "append to has many",
		write: func(db *gorm.DB) error { return postsOfOne(db).Append(&Post{ID: 2}) },
		fresh: []view{postsBy(1), postsBy(2), post(2)}, kept: []view{post(3), tag(1)},
	}, {
		name:  "replace in has many",
		write: func(db *gorm.DB) error { return postsOfOne(db).Replace(&Post{ID: 2}) },
		fresh: []view{postsBy(1), post(1), post(2)}, kept: []view{tag(1), author(2)},
	}, {
		name:  "delete from has many",
		write: func(db *gorm.DB) error { return postsOfOne(db).Delete(&Post{ID: 1}) },
		fresh: []view{postsBy(1), post(1)}, kept: []view{postsBy(2), post(2), author(1)}, spared: []view{category(2)},
	}, {
		name:  "clear has many",
		write: func(db *gorm.DB) error { return postsOfOne(db).Clear() },
		fresh: []view{postsBy(1), post(1), post(4)}, kept: []view{postsBy(2), author(1)}, spared: []view{post(2)}, blind: severalRows,
	}, {
		name:  "clear has many, unscoped",
		write: func(db *gorm.DB) error { return postsOfOne(db).Unscoped().Clear() },
		fresh: []view{postsBy(1), post(1), post(4)}, kept: []view{postsBy(2), author(1)}, spared: []view{post(2)}, blind: severalRows,
	}, {
		name: "replace belongs to",
		write: func(db *gorm.DB) error {
			return db.Model(&Post{ID: 1}).Association("Author").Replace(&Author{ID: 2, Name: "author 2"})
		},
		fresh: []view{postsBy(1), postsBy(2), post(1)}, kept: []view{post(2), authors}, spared: []view{postsBy(3)}, wide: byUpserts,
	}, {
		name:  "clear belongs to",
		write: func(db *gorm.DB) error { return db.Model(&Post{ID: 1}).Association("Author").Clear() },
		fresh: []view{postsBy(1), post(1)}, kept: []view{post(2), author(1)}, spared: []view{postsBy(2)},
	}})
}
