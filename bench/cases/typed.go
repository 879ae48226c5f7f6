package cases

import (
	"context"
	"slices"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/bench/measure"
	"github.com/seed92106438/cacheops/bench/shop"
	"github.com/seed92106438/cacheops/bench/subject"
)

// typed is a read by keys, past GORM's builder.
type typed struct {
	hit
	name string
	get  Read
}

func (t typed) contenders(ctx context.Context, l *Lab) ([]measure.Contender, error) {
	contenders, err := t.hit.contenders(onSQLite)(ctx, l)
	if err != nil {
		return nil, err
	}
	s, err := l.open(ctx, onSQLite, memory())
	if err != nil {
		return nil, err
	}
	s.Name = t.name
	return append([]measure.Contender{l.hits(s, t.get, t.alter, t.altered)}, contenders...), nil
}

// memory is this project's memory region.
func memory() subject.Subject { return named(subject.Memory) }

func named(name string) subject.Subject {
	all := subject.All()
	return all[slices.IndexFunc(all, func(s subject.Subject) bool { return s.Name == name })]
}

var get = typed{hit: byKey, name: "cacheops-get", get: func(db *gorm.DB) (any, error) {
	if subject.Plugin(db) == nil { // the database itself
		return byKey.read(db)
	}
	var err error
	got, err = cacheops.Get[shop.Person](context.Background(), subject.Plugin(db), db, person)
	return &got, err
}}

// got is where the caller of Get, of which there is one, puts the row that it is given
// by value. A new variable for each row would be an allocation of the caller's.
var got shop.Person

// keys are those of a household.
var keys = func() []uint {
	list := make([]uint, 20)
	for i := range list {
		list[i] = uint(household*20 + i + 1)
	}
	return list
}()

var getMany = typed{
	hit: hit{
		read: func(db *gorm.DB) (any, error) {
			var list []shop.Person
			return &list, db.Order("id").Find(&list, keys).Error
		},
		alter: alterPerson, altered: "an update of one of the rows",
		bare: bareRows[shop.Person],
	},
	name: "cacheops-get-many",
	get: func(db *gorm.DB) (any, error) {
		if subject.Plugin(db) == nil { // the database itself
			return rowsByKey(db)
		}
		rows, err := cacheops.GetMany[shop.Person](context.Background(), subject.Plugin(db), db, keys...)
		return &rows, err
	},
}

func rowsByKey(db *gorm.DB) (any, error) {
	var list []shop.Person
	err := db.Find(&list, keys).Error
	rows := map[uint]shop.Person{}
	for _, p := range list {
		rows[p.ID] = p
	}
	return &rows, err
}

func typedCases() []Case {
	return []Case{
		{Name: "TypedGet", Group: "Typed reads", Title: "`cacheops.Get`, beside `First(&p, id)`", contenders: get.contenders},
		{Name: "TypedGetMany", Group: "Typed reads", Title: "`cacheops.GetMany` of 20 rows, beside `Find(&list, ids)`", contenders: getMany.contenders},
	}
}
