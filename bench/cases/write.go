package cases

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/bench/measure"
	"github.com/seed92106438/cacheops/bench/shop"
	"github.com/seed92106438/cacheops/bench/subject"
)

// entries is how many results are cached before the writes are measured whose aims
// say so, and few how many before others: to fill all subjects takes longer than to
// measure them.
const entries, few = 10_000, 2_000

// write is a write that is measured with results in the cache.
type write struct {
	fill  func(db *gorm.DB, i int) (any, error) // one of the results that are cached; nil for none
	full  int                                   // how many these are
	op    func(db *gorm.DB, n int) error
	clean func(db *gorm.DB) error // undoes a turn, and is not measured; or nil
	check Read                    // what op alters
	more  []subject.Subject
}

func (w write) contenders(on ground) func(context.Context, *Lab) ([]measure.Contender, error) {
	return func(ctx context.Context, l *Lab) ([]measure.Contender, error) {
		stations, err := l.openAll(ctx, on, append(subject.All(), w.more...))
		if err != nil {
			return nil, err
		}
		for _, s := range stations { // so that leases pass at the same time
			_, _ = safely(w.check, s.db)
		}
		var contenders []measure.Contender
		for _, s := range stations {
			contenders = append(contenders, l.writes(s, w))
		}
		return contenders, nil
	}
}

// writes is a contender whose cache is filled.
func (l *Lab) writes(s *station, w write) measure.Contender {
	mark, err := s.prepare(w)
	if err != nil {
		return measure.Contender{Name: s.Name, Mark: err.Error()}
	}
	loop := &measure.Loop{For: l.Plan.Turn,
		Op: func(n int) error { return w.op(s.db, n) },
		After: func(int) error {
			s.log.Take()
			if w.clean == nil {
				return nil
			}
			return w.clean(s.truth)
		}}
	return measure.Contender{Name: s.Name, Mark: mark, Turn: loop.Turn}
}

// prepare fills the cache, and looks at what is read after a write.
func (s *station) prepare(w write) (mark string, err error) {
	if s.Name != subject.Uncached {
		if mark, err = s.prove(w.check, func(db *gorm.DB) error { return w.op(db, 0) }, "this write"); err != nil {
			mark = "what it writes is not cached: " + err.Error()
		}
	}
	if w.clean != nil {
		err = w.clean(s.truth)
	} else {
		err = nil
	}
	for i := 0; i < w.full && w.fill != nil && err == nil; i++ {
		_, err = safely(func(db *gorm.DB) (any, error) { return w.fill(db, i) }, s.db)
	}
	s.log.Take()
	return mark, err
}

// oneByKey is one of 10,000 results that pin the key.
func oneByKey(db *gorm.DB, i int) (any, error) {
	var list []shop.Person
	return &list, db.Find(&list, "id = ?", i+1).Error
}

// oneByColumn is one of 10,000 results that another column pins, which tells of a row
// only to those who look at it.
func oneByColumn(db *gorm.DB, i int) (any, error) {
	var list []shop.Person
	return &list, db.Find(&list, "email = ?", shop.Email(i)).Error
}

func update(db *gorm.DB, n int) error {
	return db.Model(&shop.Person{ID: person}).Update("balance", -n-1).Error
}

func massUpdate(db *gorm.DB, n int) error {
	return db.Model(&shop.Person{}).Where("street = ?", street).Update("balance", -n-1).Error
}

// create makes the persons of one statement.
func create(rows int) func(*gorm.DB, int) error {
	return func(db *gorm.DB, n int) error {
		list := make([]shop.Person, rows)
		for i := range list {
			list[i] = shop.NewPerson(entries + n*rows + i)
			list[i].Town, list[i].Street, list[i].Household = town, street, household
		}
		if rows == 1 {
			return db.Create(&list[0]).Error
		}
		return db.Create(&list).Error
	}
}

// uncreate removes what was created.
func uncreate(db *gorm.DB) error {
	return db.Exec("DELETE FROM people WHERE id > ?", entries).Error
}

// dropped is a contender of single writes, each after the cache was filled anew.
func (w write) dropped(ctx context.Context, l *Lab) ([]measure.Contender, error) {
	stations, err := l.openAll(ctx, onSQLite, subject.All())
	if err != nil {
		return nil, err
	}
	var contenders []measure.Contender
	for _, s := range stations {
		before := func() error { _, err := s.prepare(w); return err }
		loop := &measure.Loop{Op: func(n int) error { return w.op(s.db, n) }, Before: before}
		contenders = append(contenders, measure.Contender{Name: s.Name, Turn: loop.Turn})
	}
	return contenders, nil
}

func writeCases() []Case {
	images := []subject.Subject{subject.NoImages}
	writes := func(name, title, about string, w write) Case {
		return Case{Name: name, Group: "Writes", Title: title, About: about, contenders: w.contenders(onSQLite)}
	}
	const forgotten = "Others than this project drop all of them, or all of the table, at the first of these writes, so they are measured with an empty cache; or they drop nothing."
	lists := people("street", street).read
	byColumn := write{fill: oneByColumn, full: entries, op: update, check: byKey.read, more: images}
	return []Case{
		writes("WriteCreate", "`Create` of one row", "With 2,000 results by key cached. "+forgotten,
			write{fill: oneByKey, full: few, op: create(1), clean: uncreate, check: lists}),
		writes("WriteUpdateKeys", "update of one row by its key, with 10,000 results cached that pin the key", forgotten,
			write{fill: oneByKey, full: entries, op: update, check: byKey.read}),
		writes("WriteUpdate", "update of one row by its key, with 10,000 results cached that pin another column",
			"What the row had in that column tells which result to drop, so this project has the write tell it, unless `NoImages` is set. "+forgotten, byColumn),
		writes("WriteMass", "update of 100 rows by a condition, with 2,000 results cached", forgotten,
			write{fill: oneByColumn, full: few, op: massUpdate, check: lists, more: images}),
		writes("WriteBatch", "`Create` of 1,000 rows in one call, with 2,000 results cached", forgotten,
			write{fill: oneByKey, full: few, op: create(1000), clean: uncreate, check: lists}),
		{Name: "WriteFirst", Group: "Writes", Title: "the first update of one row after 10,000 results were cached", Long: true,
			About: fmt.Sprintf("Each is a single one, after %d results were cached anew.", entries), contenders: byColumn.dropped},
	}
}
