package cacheops_test

import (
	"fmt"
	"log"
	"time"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/profiles"
)

type Person struct {
	ID   uint
	Name string
}

func Example() {
	db, err := gorm.Open(sqlite.Open("file:people?mode=memory&cache=shared"), &gorm.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer closeDB(db)
	if err := db.AutoMigrate(&Person{}); err != nil {
		log.Fatal(err)
	}
	db.Create(&Person{ID: 42, Name: "Augusta"})

	cache := cacheops.New(cacheops.Config{Profiles: profiles.Set{
		"people": {Ops: profiles.Get, TTL: 15 * time.Minute},
	}})
	if err := db.Use(cache); err != nil {
		log.Fatal(err)
	}

	var first, again, fresh Person
	db.First(&first, 42) // one query
	db.First(&again, 42) // none
	again.Name = "Ada"
	db.Save(&again)      // drops what it touches
	db.First(&fresh, 42) // one query

	stats := cache.Stats()
	fmt.Printf("%s, then %s: %d queries, %d hit\n", first.Name, fresh.Name, stats.Misses, stats.Hits)
	// Output: Augusta, then Ada: 2 queries, 1 hit
}

func closeDB(db *gorm.DB) {
	if conn, err := db.DB(); err == nil {
		_ = conn.Close()
	}
}
