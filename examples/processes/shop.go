package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/redis/go-redis/v9"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/internal/sqlcount"
	"github.com/seed92106438/cacheops/profiles"
	"github.com/seed92106438/cacheops/region"
)

// Product is something the shop sells.
type Product struct {
	ID    uint
	Name  string
	Cents int64
}

// shop is what each process has: a database with the plugin, and a region in Redis.
type shop struct {
	db         *gorm.DB
	statements *sqlcount.Log
	client     *redis.Client
	shared     region.Region
}

// lease is short, so that the demonstration need not wait for long: see
// [region.SharedOptions].
const lease = time.Second

func open(path, name string) (*shop, error) {
	conn, statements := sqlcount.SQLite(path + "?_journal_mode=WAL&_busy_timeout=5000").Open()
	db, err := gorm.Open(sqlite.New(sqlite.Config{Conn: conn}), &gorm.Config{})
	if err != nil {
		return nil, err
	}
	client := redis.NewClient(&redis.Options{Addr: *address, ContextTimeoutEnabled: true})
	shared := region.Redis(client, region.RedisOptions{
		Prefix: "cacheops-demo", SharedOptions: region.SharedOptions{Lease: lease},
	})
	s := &shop{db: db, statements: statements, client: client, shared: shared}
	cache := cacheops.New(cacheops.Config{
		Profiles: profiles.Set{"products": {Ops: profiles.Get, TTL: time.Minute}},
		Regions:  region.Set{region.Default: shared},
		Database: name, // the same in both processes
	})
	if err := db.Use(cache); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *shop) Close() error { return errors.Join(s.shared.(io.Closer).Close(), s.client.Close()) }

func (s *shop) stock() error {
	if err := s.db.AutoMigrate(&Product{}); err != nil {
		return err
	}
	return s.db.Create(&[]Product{{Name: "pen", Cents: 100}, {Name: "ink", Cents: 100}, {Name: "paper", Cents: 100}}).Error
}

// wait reads a product that no step is about until it is cached.
func (s *shop) wait() error {
	for began := time.Now(); time.Since(began) < 10*lease; time.Sleep(lease / 10) {
		if r, err := s.read(3); err != nil || r.statements == 0 {
			return err
		}
	}
	return fmt.Errorf("nothing is cached: is there a Redis server at %s?", *address)
}

// report is what a step has cost, and the price that it has shown.
type report struct {
	statements int
	price      int64
}

func (s *shop) do(what string, id uint, price int64) (report, error) {
	switch what {
	case "read":
		return s.read(id)
	case "write":
		return s.write(id, price)
	}
	return report{}, fmt.Errorf("nothing is known of %q", what)
}

func (s *shop) read(id uint) (report, error) {
	var p Product
	return s.counted(func() error { return s.db.First(&p, id).Error }, &p.Cents)
}

func (s *shop) write(id uint, price int64) (report, error) {
	return s.counted(func() error { return s.db.Model(&Product{ID: id}).Update("cents", price).Error }, &price)
}

// counted does one step, and counts its statements but those by which the plugin
// reads the catalogue.
func (s *shop) counted(step func() error, price *int64) (report, error) {
	s.statements.Take()
	err := step()
	return report{len(s.statements.Take()), *price}, err
}
