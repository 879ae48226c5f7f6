package cases

import (
	"context"
	"database/sql"
	"fmt"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/bench/measure"
	"github.com/seed92106438/cacheops/bench/shop"
	"github.com/seed92106438/cacheops/bench/subject"
)

// hit is a read that is measured when it is cached.
type hit struct {
	read    Read
	alter   func(*gorm.DB) error // alters what is read
	altered string
	plain   func(*sql.DB) (any, error) // the same past GORM, or nil
	bare    func(got any) func() any   // the same from a map, or nil
}

// contenders are all subjects and what lies below them.
func (h hit) contenders(on ground) func(context.Context, *Lab) ([]measure.Contender, error) {
	return func(ctx context.Context, l *Lab) ([]measure.Contender, error) {
		stations, err := l.openAll(ctx, on, subject.All())
		if err != nil {
			return nil, err
		}
		for _, s := range stations { // so that leases pass at the same time
			_, _ = safely(h.read, s.db)
		}
		contenders, err := l.floors(stations[0], h)
		if err != nil {
			return nil, err
		}
		for _, s := range stations {
			contenders = append(contenders, l.hits(s, h.read, h.alter, h.altered))
		}
		return contenders, nil
	}
}

const (
	person    = 4242
	household = (person - 1) / 20
	street    = (person - 1) / 100
	town      = (person - 1) / 1000
)

// alterPerson is a write that GORM makes of the row with that key.
func alterPerson(db *gorm.DB) error {
	return db.Model(&shop.Person{ID: person}).Update("balance", -1).Error
}

func alterParcel(db *gorm.DB) error {
	return db.Model(&shop.Parcel{ID: person}).Update("note", "leave it with a neighbour").Error
}

func addPerson(db *gorm.DB) error {
	p := shop.NewPerson(person)
	p.Email, p.Name = "another@example.org", "Another"
	return db.Create(&p).Error
}

func alterOrder(db *gorm.DB) error {
	return db.Model(&shop.Order{ID: 3*person - 1}).Update("total", 1_000_000).Error
}

// byKey reads one row.
var byKey = hit{
	read: func(db *gorm.DB) (any, error) {
		var p shop.Person
		return &p, db.First(&p, person).Error
	},
	alter: alterPerson, altered: "an update of the row",
	plain: func(db *sql.DB) (any, error) {
		var p shop.Person
		row := db.QueryRow("SELECT * FROM people WHERE people.id = ? ORDER BY people.id LIMIT 1", person)
		return &p, row.Scan(personColumns(&p)...)
	},
	bare: bareRow[shop.Person],
}

func personColumns(p *shop.Person) []any {
	return []any{&p.ID, &p.Town, &p.Street, &p.Household, &p.Name, &p.Email, &p.Balance, &p.CreatedAt}
}

// found reads rows of T by a condition, in the order of their keys.
func found[T any](condition string, value any) Read {
	return func(db *gorm.DB) (any, error) {
		var list []T
		return &list, db.Order("id").Find(&list, condition, value).Error
	}
}

// people reads flat rows.
func people(column string, value any) hit {
	return hit{
		read:  found[shop.Person](column+" = ?", value),
		alter: alterPerson, altered: "an update of one of the rows",
		plain: func(db *sql.DB) (any, error) {
			rows, err := db.Query("SELECT * FROM people WHERE "+column+" = ? ORDER BY id", value)
			if err != nil {
				return nil, err
			}
			defer rows.Close()
			var list []shop.Person
			for rows.Next() {
				var p shop.Person
				if err := rows.Scan(personColumns(&p)...); err != nil {
					return nil, err
				}
				list = append(list, p)
			}
			return &list, rows.Err()
		},
		bare: bareRows[shop.Person],
	}
}

// parcels reads rich rows.
func parcels(column string, value any) hit {
	return hit{read: found[shop.Parcel](column+" = ?", value), alter: alterParcel, altered: "an update of one of the rows"}
}

var counted = hit{
	read: func(db *gorm.DB) (any, error) {
		var n int64
		return &n, db.Model(&shop.Person{}).Where("street = ?", street).Count(&n).Error
	},
	alter: addPerson, altered: "a row was created",
	plain: func(db *sql.DB) (any, error) {
		var n int64
		return &n, db.QueryRow("SELECT count(*) FROM people WHERE street = ?", street).Scan(&n)
	},
	bare: bareRow[int64],
}

func hitCases() []Case {
	const group = "Hits"
	hits := func(name, title string, h hit) Case {
		return Case{Name: name, Group: group, Title: title, contenders: h.contenders(onSQLite)}
	}
	cases := []Case{
		hits("HitFirst", "`First(&p, id)`", byKey),
		hits("HitWhere", "`Where(\"id = ?\").Take(&p)`", hit{
			read: func(db *gorm.DB) (any, error) {
				var p shop.Person
				return &p, db.Where("id = ?", person).Take(&p).Error
			},
			alter: alterPerson, altered: "an update of the row",
		}),
	}
	for _, n := range []struct {
		rows              int
		of, where         string
		person, container any
	}{
		{1, "email", "code", shop.Email(person - 1), shop.Code(person - 1)},
		{20, "household", "shelf", household, household},
		{100, "street", "aisle", street, street},
		{1000, "town", "hall", town, town},
	} {
		cases = append(cases,
			hits(fmt.Sprintf("HitFlat%d", n.rows), fmt.Sprintf("`Find`, rows: %d, flat", n.rows), people(n.of, n.person)),
			hits(fmt.Sprintf("HitRich%d", n.rows), fmt.Sprintf("`Find`, rows: %d, with pointers, JSON, times, embedded structs", n.rows), parcels(n.where, n.container)))
	}
	return append(cases,
		hits("HitCount", "`Count`", counted),
		hits("HitPluck", "`Pluck` of 100 texts", plucked),
		hits("HitPreload", "`Preload` of 20 parents, with 60 children", preloaded),
		hits("HitJoin", "a join, 60 rows", joined),
		hits("HitAggregate", "an aggregate over 30,000 joined rows, by town", aggregated))
}
