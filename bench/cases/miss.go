package cases

import (
	"context"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/bench/measure"
	"github.com/seed92106438/cacheops/bench/shop"
	"github.com/seed92106438/cacheops/bench/subject"
)

// miss is a read with an argument that is new each time, so that each looks up in
// vain, asks the database and stores the result.
type miss func(db *gorm.DB, n int) (any, error)

func (m miss) contenders(on ground) func(context.Context, *Lab) ([]measure.Contender, error) {
	return func(ctx context.Context, l *Lab) ([]measure.Contender, error) {
		stations, err := l.openAll(ctx, on, subject.All())
		if err != nil {
			return nil, err
		}
		for _, s := range stations {
			_, _ = safely(m.at(0), s.db)
		}
		var contenders []measure.Contender
		for _, s := range stations {
			contenders = append(contenders, l.misses(s, m))
		}
		return contenders, nil
	}
}

// at is the read with one argument.
func (m miss) at(n int) Read {
	return func(db *gorm.DB) (any, error) { return m(db, n) }
}

// misses is a contender whose reads are stored: the one before it was a hit when it
// was read again.
func (l *Lab) misses(s *station, m miss) measure.Contender {
	if s.Name != subject.Uncached {
		mark, err := s.prove(m.at(0), nil, "")
		if err != nil {
			return measure.Contender{Name: s.Name, Mark: err.Error()}
		}
		if mark != "" {
			return measure.Contender{Name: s.Name, Mark: mark}
		}
	}
	return l.reads(s, m)
}

func missFirst(db *gorm.DB, n int) (any, error) {
	var p shop.Person
	return &p, db.Where("balance > ?", -n).First(&p, person).Error
}

func missFlat(db *gorm.DB, n int) (any, error) {
	var list []shop.Person
	return &list, db.Where("balance > ?", -n).Find(&list, "street = ?", street).Error
}

func missRich(db *gorm.DB, n int) (any, error) {
	var list []shop.Parcel
	return &list, db.Where("weight > ?", -n).Find(&list, "aisle = ?", street).Error
}

func missCount(db *gorm.DB, n int) (any, error) {
	var count int64
	return &count, db.Model(&shop.Person{}).Where("balance > ? AND street = ?", -n, street).Count(&count).Error
}

func missCases() []Case {
	misses := func(name, title string, m miss) Case {
		return Case{Name: name, Group: "Misses", Title: title, contenders: m.contenders(onSQLite)}
	}
	return []Case{
		misses("MissFirst", "`First`, stored each time", missFirst),
		misses("MissFlat100", "`Find`, 100 flat rows, stored each time", missFlat),
		misses("MissRich100", "`Find`, 100 rich rows, stored each time", missRich),
		misses("MissCount", "`Count`, stored each time", missCount),
	}
}
