package cacheops

import (
	"time"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/querykey"
)

// Age makes it longer ago that p was registered.
func (p *Plugin) Age(by time.Duration) {
	for _, d := range p.each() {
		d.begun = d.begun.Add(-by)
	}
}

// CommonKey returns the part of a query's key that means the same in every
// process, and the digest of this process's zone, which is a part of it.
func (p *Plugin) CommonKey(db *gorm.DB, query func(*gorm.DB) *gorm.DB) (common, zone string) {
	tx := query(db.Session(&gorm.Session{DryRun: true}))
	r := read{db: tx, stmt: tx.Statement, form: rows{}}
	var b querykey.Builder
	p.databases[0].identify(&r, &b)
	return string(r.key.Text[:r.key.Common]), ZoneDigest(time.Local)
}

// ZoneDigest tells zones apart in keys.
func ZoneDigest(zone *time.Location) string { return zoneDigest(zone) }
