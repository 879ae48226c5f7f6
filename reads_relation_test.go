package cacheops_test

import (
	"testing"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// Bookcase, Reader, Book and Page have relations that are nil, nested, or lead
// back to their own table.
type Bookcase struct {
	ID      uint
	Name    string
	OwnerID *uint
	Owner   *Reader
	Books   []Book
}

type Reader struct {
	ID     uint
	Name   string
	BossID *uint
	Boss   *Reader
}

type Book struct {
	ID         uint
	Title      string
	BookcaseID uint
	Bookcase   *Bookcase
	Pages      []Page
}

type Page struct {
	ID     uint
	BookID uint
	Number int
}

// newLibrary makes two bookcases, one of them nobody's; two books on the first
// of them; and pages in the first of these.
func newLibrary(t *testing.T) *fixture {
	t.Helper()
	f := newFixture(t, everything)
	must(t, f.truth.AutoMigrate(&Reader{}, &Bookcase{}, &Book{}, &Page{}))
	boss := Reader{Name: "boss"}
	must(t, f.truth.Create(&boss).Error)
	owner := Reader{Name: "owner", BossID: &boss.ID}
	must(t, f.truth.Create(&owner).Error)
	must(t, f.truth.Create(&[]Bookcase{
		{Name: "owned", OwnerID: &owner.ID, Books: []Book{{Title: "long", Pages: []Page{{Number: 1}, {Number: 2}}}, {Title: "empty"}}},
		{Name: "nobody's"},
	}).Error)
	return f
}

func TestJoins(t *testing.T) {
	newLibrary(t).eachFinds(everything, []readPath{
		{"belongs-to", 1, into(func(db *gorm.DB, s *[]Bookcase) *gorm.DB { return db.Joins("Owner").Find(s) })},
		{"relation that is nil", 1, into(func(db *gorm.DB, s *Bookcase) *gorm.DB {
			return db.Joins("Owner").First(s, "bookcases.name = ?", "nobody's")
		})},
		{"into pointers", 1, into(func(db *gorm.DB, s *[]*Bookcase) *gorm.DB { return db.Joins("Owner").Find(s) })},
		{"one row", 1, into(func(db *gorm.DB, s *Bookcase) *gorm.DB { return db.Joins("Owner").First(s) })},
		{"nested", 1, into(func(db *gorm.DB, s *[]Bookcase) *gorm.DB { return db.Joins("Owner").Joins("Owner.Boss").Find(s) })},
		{"nested through a parent", 1, into(func(db *gorm.DB, b *[]Book) *gorm.DB { return db.Joins("Bookcase").Joins("Bookcase.Owner").Find(b) })},
		{"inner", 1, into(func(db *gorm.DB, s *[]Bookcase) *gorm.DB { return db.InnerJoins("Owner").Find(s) })},
		{"with a condition", 1, into(func(db *gorm.DB, s *[]Bookcase) *gorm.DB {
			return db.Joins("Owner", db.Session(&gorm.Session{NewDB: true}).Where(&Reader{Name: "owner"})).Find(s)
		})},
		{"with chosen columns", 1, into(func(db *gorm.DB, s *[]Bookcase) *gorm.DB {
			return db.Joins("Owner", db.Session(&gorm.Session{NewDB: true}).Select("name")).Find(s)
		})},
		{"Where on the relation", 1, into(func(db *gorm.DB, s *[]Bookcase) *gorm.DB {
			return db.Joins("Owner").Where(sqlFor("Owner.name = ?", `"Owner".name = ?`, "Owner.name = ?"), "owner").Find(s)
		})},
		{"with itself", 1, into(func(db *gorm.DB, r *[]Reader) *gorm.DB { return db.Joins("Boss").Find(r) })},
		{"as text", 1, into(func(db *gorm.DB, b *[]Book) *gorm.DB {
			return db.Joins("JOIN bookcases ON bookcases.id = books.bookcase_id AND bookcases.name = ?", "owned").Find(b)
		})},
		{"as text into maps", 1, into(func(db *gorm.DB, m *[]map[string]any) *gorm.DB {
			return db.Table("books").Select("books.title, pages.number AS page").Joins("LEFT JOIN pages ON pages.book_id = books.id").Find(m)
		})},
		{"Count", 1, into(func(db *gorm.DB, n *int64) *gorm.DB {
			return db.Model(&Book{}).Joins("Bookcase").Where(sqlFor("Bookcase.name = ?", `"Bookcase".name = ?`, "Bookcase.name = ?"), "owned").Count(n)
		})},
		{"Pluck", 1, into(func(db *gorm.DB, p *[]string) *gorm.DB {
			return db.Model(&Bookcase{}).Joins("Owner").Where(sqlFor("Owner.id > 0", `"Owner".id > 0`, "Owner.id > 0")).Pluck("Owner.name", p)
		})},
		{"and Preload", 2, into(func(db *gorm.DB, s *[]Bookcase) *gorm.DB { return db.Joins("Owner").Preload("Books").Find(s) })},
		{"and Preload below", 2, into(func(db *gorm.DB, s *[]Bookcase) *gorm.DB { return db.Joins("Owner").Preload("Owner.Boss").Find(s) })},
	})
}

func TestPreloads(t *testing.T) {
	newLibrary(t).eachFinds(everything, []readPath{
		{"has-many", 2, into(func(db *gorm.DB, s *[]Bookcase) *gorm.DB { return db.Preload("Books").Find(s) })},
		{"belongs-to", 2, into(func(db *gorm.DB, p *[]Post) *gorm.DB { return db.Preload("Author").Find(p) })},
		{"many-to-many", 3, into(func(db *gorm.DB, p *[]Post) *gorm.DB { return db.Preload("Tags").Find(p) })},
		{"of one row", 2, into(func(db *gorm.DB, s *Bookcase) *gorm.DB { return db.Preload("Books").First(s) })},
		{"into pointers", 2, into(func(db *gorm.DB, s *[]*Bookcase) *gorm.DB { return db.Preload("Books").Find(s) })},
		{"nested", 3, into(func(db *gorm.DB, s *[]Bookcase) *gorm.DB { return db.Preload("Books.Pages").Find(s) })},
		{"nested, down and up", 3, into(func(db *gorm.DB, a *[]Author) *gorm.DB { return db.Preload("Posts.Author").Find(a) })},
		{"of nobody", 1, into(func(db *gorm.DB, s *Bookcase) *gorm.DB { return db.Preload("Owner").First(s, "name = ?", "nobody's") })},
		{"of none", 2, into(func(db *gorm.DB, b *Book) *gorm.DB { return db.Preload("Pages").First(b, "title = ?", "empty") })},
		{"with a condition", 2, into(func(db *gorm.DB, a *[]Author) *gorm.DB { return db.Preload("Posts", "views > ?", 50).Find(a) })},
		{"with a function", 2, into(func(db *gorm.DB, a *[]Author) *gorm.DB {
			return db.Preload("Posts", func(db *gorm.DB) *gorm.DB { return db.Order("score DESC").Where("hidden = ?", false) }).Find(a)
		})},
		{"several", 5, into(func(db *gorm.DB, p *[]Post) *gorm.DB { return db.Preload("Author.Posts").Preload("Tags").Find(p) })},
		{"all associations", 4, into(func(db *gorm.DB, p *[]Post) *gorm.DB { return db.Preload(clause.Associations).Find(p) })},
		{"all associations, nested", 4, into(func(db *gorm.DB, s *[]Bookcase) *gorm.DB { return db.Preload("Books." + clause.Associations).Find(s) })},
		{"in batches", 3, func(db *gorm.DB) answer {
			var books [][]Book
			var batch []Bookcase
			tx := db.Preload("Books").FindInBatches(&batch, 2, func(*gorm.DB, int) error {
				books = append(books, batch[0].Books)
				return nil
			})
			return answer{Value: books, Rows: tx.RowsAffected, Err: tx.Error}
		}},
	})
}

// What is preloaded is cached by itself: it is neither missing from the graph
// of a read that came after the plain one, nor found in that of the plain one.
func TestPreloadAfterThePlainRead(t *testing.T) {
	f := newLibrary(t)
	plain := f.watch("plain", into(func(db *gorm.DB, s *Bookcase) *gorm.DB { return db.First(s) }))
	with := f.watch("preloaded", into(func(db *gorm.DB, s *Bookcase) *gorm.DB { return db.Preload("Books").First(s) }))
	plain.costs(1)
	with.costs(1) // the bookcase is known
	plain.isKept()
	with.isKept()
}

func TestPreloadIsDroppedWithItsRows(t *testing.T) {
	f := newLibrary(t)
	read := func(id int) func(*gorm.DB) answer {
		return into(func(db *gorm.DB, b *Book) *gorm.DB { return db.Preload("Pages").First(b, id) })
	}
	long, empty := f.watch("long", read(1)), f.watch("empty", read(2))
	long.costs(2)
	empty.costs(2)
	must(t, f.db.Create(&Page{BookID: 1, Number: 3}).Error)
	long.isFresh() // the pages alone
	empty.isKept()
}

func TestAssociations(t *testing.T) {
	found := func(owner func() any, name string, into func() any, chain func(*gorm.DB) *gorm.DB) func(*gorm.DB) answer {
		return func(db *gorm.DB) answer {
			dest := into()
			err := chain(db.Model(owner())).Association(name).Find(dest)
			return answer{Value: dest, Rows: 1, Err: err}
		}
	}
	counted := func(owner any, name string) func(*gorm.DB) answer {
		return func(db *gorm.DB) answer {
			association := db.Model(owner).Association(name)
			n := association.Count()
			return answer{Value: n, Rows: n, Err: association.Error}
		}
	}
	author, two := func() any { return &Author{ID: 2} }, uint(2)
	posts, tags := func() any { return new([]Post) }, func() any { return new([]Tag) }
	same := func(db *gorm.DB) *gorm.DB { return db }
	newLibrary(t).eachFinds(everything, []readPath{
		{"Find has-many", 1, found(author, "Posts", posts, same)},
		{"Find of several owners", 1, found(func() any { return &[]Author{{ID: 1}, {ID: 2}} }, "Posts", posts, same)},
		{"Find belongs-to", 1, found(func() any { return &Post{ID: 1, AuthorID: &two} }, "Author", func() any { return new(Author) }, same)},
		{"Find many-to-many", 1, found(func() any { return &Post{ID: 1} }, "Tags", tags, same)},
		{"Find with a condition", 1, found(author, "Posts", posts, func(db *gorm.DB) *gorm.DB { return db.Where("views > ?", 50) })},
		{"Find with Preload", 2, found(author, "Posts", posts, func(db *gorm.DB) *gorm.DB { return db.Preload("Author") })},
		{"Count has-many", 1, counted(&Author{ID: 2}, "Posts")},
		{"Count many-to-many", 1, counted(&Post{ID: 1}, "Tags")},
		{"Count belongs-to", 1, counted(&Post{ID: 1, AuthorID: &two}, "Author")},
	})
}
