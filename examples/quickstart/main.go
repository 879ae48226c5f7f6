// Quickstart is a small shop on a SQLite file. It prints what each step costs
// in SQL statements, counted below database/sql, and exits with status 1 if a
// step costs other than stated.
package main

import (
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/internal/sqlcount"
	"github.com/seed92106438/cacheops/profiles"
)

// Product is something the shop sells.
type Product struct {
	ID         uint
	CategoryID uint
	Name       string
	Cents      int64
	Views      int64
}

func main() {
	dir, err := os.MkdirTemp("", "cacheops-quickstart")
	if err != nil {
		log.Fatal(err)
	}
	s, err := open(filepath.Join(dir, "shop.db"))
	if err == nil {
		err = s.tour()
	}
	if err = errors.Join(err, os.RemoveAll(dir)); err != nil {
		log.Fatal(err)
	}
	if s.wrong > 0 {
		log.Fatalf("%d steps did not cost what they should", s.wrong)
	}
}

// shop is the application: a database with the plugin.
type shop struct {
	db         *gorm.DB
	cache      *cacheops.Plugin
	statements *sqlcount.Log
	wrong      int
}

func open(path string) (*shop, error) {
	conn, statements := sqlcount.SQLite(path + "?_journal_mode=WAL&_busy_timeout=5000").Open()
	db, err := gorm.Open(sqlite.New(sqlite.Config{Conn: conn}), &gorm.Config{})
	if err != nil {
		return nil, err
	}
	cache := cacheops.New(cacheops.Config{
		Profiles: profiles.Set{
			"products": {Ops: profiles.Get | profiles.Count, TTL: time.Hour},
			"*":        {TTL: time.Hour}, // by hand only
		},
	})
	if err := db.Use(cache); err != nil {
		return nil, err
	}
	return &shop{db: db, cache: cache, statements: statements}, nil
}

// step runs one step, prints what it cost, and notes if it should have cost
// something else.
func (s *shop) step(want int, what string, do func() error) error {
	s.statements.Take()
	if err := do(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	got := len(s.statements.Take())
	verdict := ""
	if got != want {
		verdict = fmt.Sprintf("   <- should be %d", want)
		s.wrong++
	}
	fmt.Printf("%3d SQL  %s%s\n", got, what, verdict)
	return nil
}

func (s *shop) tour() error {
	if err := s.stock(); err != nil {
		return err
	}
	for _, part := range []func() error{s.rows, s.lists, s.rollback, s.twoReaders} {
		if err := part(); err != nil {
			return err
		}
	}
	fmt.Printf("\n%s", s.summary())
	return nil
}

func (s *shop) stock() error {
	if err := s.db.AutoMigrate(&Product{}); err != nil {
		return err
	}
	var products []Product
	for i := range 20 {
		products = append(products, Product{CategoryID: uint(1 + i%4), Name: fmt.Sprintf("product %d", i+1), Cents: int64(100 * i)})
	}
	return s.db.Create(&products).Error
}

// first reads one product by its key, which the profile caches.
func (s *shop) first(id uint) func() error {
	return func() error { return s.db.First(&Product{}, id).Error }
}

// category lists a category's names and prices, cached by hand.
func (s *shop) category(id uint) func() error {
	return func() error {
		var products []Product
		return s.db.Scopes(cacheops.Cache()).Select("id", "name", "cents").Find(&products, "category_id = ?", id).Error
	}
}

func (s *shop) rows() error {
	fmt.Println("One row, cached by its profile")
	return errors.Join(
		s.step(1, "read product 1", s.first(1)),
		s.step(0, "read it again", s.first(1)),
		s.step(1, "read its neighbour, product 2", s.first(2)),
		s.step(1, "change product 1", func() error {
			return s.db.Model(&Product{ID: 1}).Update("cents", 150).Error
		}),
		s.step(1, "read product 1: fresh", s.first(1)),
		s.step(0, "read the neighbour: still cached", s.first(2)),
	)
}

func (s *shop) lists() error {
	fmt.Println("\nLists, cached by hand")
	return errors.Join(
		s.step(1, "list category 1", s.category(1)),
		s.step(1, "list category 2", s.category(2)),
		s.step(1, "add a product to category 1", func() error {
			return s.db.Create(&Product{CategoryID: 1, Name: "new", Cents: 999}).Error
		}),
		s.step(1, "list category 1: fresh", s.category(1)),
		s.step(0, "list category 2: still cached", s.category(2)),
		s.step(1, "count a view of product 5, which is in category 1", func() error {
			return s.db.Model(&Product{ID: 5}).UpdateColumn("views", gorm.Expr("views + 1")).Error
		}),
		s.step(0, "list category 1: it does not look at views", s.category(1)),
	)
}

func (s *shop) rollback() error {
	fmt.Println("\nA rolled-back write costs nothing")
	return errors.Join(
		s.step(1, "change product 2 and roll back", func() error {
			err := s.db.Transaction(func(tx *gorm.DB) error {
				if err := tx.Model(&Product{ID: 2}).Update("cents", 1).Error; err != nil {
					return err
				}
				return errChangedMind
			})
			if !errors.Is(err, errChangedMind) {
				return err
			}
			return nil
		}),
		s.step(0, "read product 2: still cached", s.first(2)),
	)
}

var errChangedMind = errors.New("changed my mind")

// twoReaders shows a transaction from inside and from another goroutine.
func (s *shop) twoReaders() error {
	fmt.Println("\nA transaction, seen from inside and from another goroutine")
	elsewhere := func(read func() error) func() error {
		return func() error {
			done := make(chan error)
			go func() { done <- read() }()
			return <-done
		}
	}
	var price int64
	tx := s.db.Begin()
	return errors.Join(
		tx.Error,
		s.step(1, "inside: change product 2", func() error {
			return tx.Model(&Product{ID: 2}).Update("cents", 777).Error
		}),
		s.step(1, "inside: read it, past the cache", func() error {
			var p Product
			err := tx.First(&p, 2).Error
			return errors.Join(err, expect(777, p.Cents))
		}),
		s.step(0, "elsewhere: read it, cached, as it still is", elsewhere(s.first(2))),
		s.step(0, "inside: commit", func() error { return tx.Commit().Error }),
		s.step(1, "elsewhere: read it, fresh", elsewhere(func() error {
			var p Product
			err := s.db.First(&p, 2).Error
			price = p.Cents
			return errors.Join(err, expect(777, price))
		})),
	)
}

func expect(want, got int64) error {
	if got != want {
		return fmt.Errorf("the price is %d, not %d", got, want)
	}
	return nil
}

func (s *shop) summary() string {
	stats := s.cache.Stats()
	return fmt.Sprintf("hits %d, misses %d, stored %d, dropped %d, changes %d\n",
		stats.Hits, stats.Misses, stats.Fills, stats.Dropped, stats.Changes)
}
