package cacheops_test

import (
	"fmt"

	"gorm.io/gorm"
)

// The reads that the tables of writes go by.

func viewOf[T any](name string, finish func(db *gorm.DB, dest *T) *gorm.DB) view {
	return view{name, into(finish)}
}

func post(id int) view { return view{fmt.Sprintf("post %d", id), firstPost(id)} }

func author(id int) view {
	return viewOf(fmt.Sprintf("author %d", id), func(db *gorm.DB, a *Author) *gorm.DB { return db.First(a, id) })
}

func tag(id int) view {
	return viewOf(fmt.Sprintf("tag %d", id), func(db *gorm.DB, t *Tag) *gorm.DB { return db.First(t, id) })
}

func note(id int) view {
	return viewOf(fmt.Sprintf("note %d", id), func(db *gorm.DB, n *Note) *gorm.DB { return db.First(n, id) })
}

func category(id int) view {
	return viewOf(fmt.Sprintf("category %d", id), func(db *gorm.DB, p *[]Post) *gorm.DB {
		return db.Order("id").Find(p, "category_id = ?", id)
	})
}

func postsBy(author int) view {
	return viewOf(fmt.Sprintf("posts by author %d", author), func(db *gorm.DB, p *[]Post) *gorm.DB {
		return db.Order("id").Find(p, "author_id = ?", author)
	})
}

func tagNamed(name string) view {
	return viewOf("tag "+name, func(db *gorm.DB, t *Tag) *gorm.DB { return db.Take(t, "name = ?", name) })
}

func noteSaying(text string) view {
	return viewOf("note "+text, func(db *gorm.DB, n *[]Note) *gorm.DB { return db.Order("id").Find(n, "text = ?", text) })
}

func tagsOf(id uint) view {
	return view{fmt.Sprintf("tags of post %d", id), func(db *gorm.DB) answer {
		var tags []Tag
		err := db.Model(&Post{ID: id}).Order("tags.id").Association("Tags").Find(&tags)
		return answer{Value: tags, Err: err}
	}}
}

func tagCount(id uint) view {
	return view{fmt.Sprintf("number of tags of post %d", id), func(db *gorm.DB) answer {
		association := db.Model(&Post{ID: id}).Association("Tags")
		return answer{Value: association.Count(), Err: association.Error}
	}}
}

var (
	countPosts = viewOf("count of posts", func(db *gorm.DB, n *int64) *gorm.DB { return db.Model(&Post{}).Count(n) })
	authors    = viewOf("authors", func(db *gorm.DB, a *[]Author) *gorm.DB { return db.Order("id").Find(a) })
	tags       = viewOf("tags", func(db *gorm.DB, t *[]Tag) *gorm.DB { return db.Order("id").Find(t) })
	notes      = viewOf("notes", func(db *gorm.DB, n *[]Note) *gorm.DB { return db.Order("id").Find(n) })
	noteIDs    = viewOf("ids of notes", func(db *gorm.DB, ids *[]uint) *gorm.DB { return db.Model(&Note{}).Order("id").Pluck("id", ids) })
)
