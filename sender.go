package cacheops

import (
	"strings"

	"gorm.io/gorm"
)

// sender sends a write. It returns how many rows the write reached by the
// database's count, or -1 if there is none: see counted, asText and asQuery.
type sender func(*gorm.DB) int64

// counted sends a statement that GORM has built, and knows how to count.
func counted(callback func(*gorm.DB)) sender {
	return func(db *gorm.DB) int64 {
		callback(db)
		return db.RowsAffected
	}
}

// asText sends what Exec is given. Of a statement that returns rows SQLite has
// no count before these are read, and Exec reads none.
func asText(callback func(*gorm.DB)) sender {
	return func(db *gorm.DB) int64 {
		callback(db)
		if strings.Contains(strings.ToLower(db.Statement.SQL.String()), "returning") {
			return -1
		}
		return db.RowsAffected
	}
}

// asQuery sends a write by a callback that is made for queries. It counts the
// rows that it scans, which tells nothing of a write that returns none.
func asQuery(callback func(*gorm.DB)) sender {
	return func(db *gorm.DB) int64 {
		callback(db)
		return -1
	}
}
