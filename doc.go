// Package cacheops is a GORM plugin that caches query results and makes
// exactly the affected ones fresh again when rows change.
//
//	cache := cacheops.New(cacheops.Config{Profiles: profiles.Set{
//		"users": {Ops: profiles.Get, TTL: 15 * time.Minute},
//	}})
//	if err := db.Use(cache); err != nil { … }
//
//	db.First(&User{}, 42)                                    // one query
//	db.First(&User{}, 42)                                    // none
//	db.Model(&User{ID: 42}).Update("name", "Ada")            // drops what it touches
//	db.First(&User{}, 42)                                    // one query, fresh
//	db.Scopes(cacheops.Cache()).Find(&posts, "author_id = ?", 42)
//
// # The life of a query
//
// GORM builds the SQL. If a profile or a scope asks for the result to be
// cached, the SQL, its arguments and the kind of destination make a key. If
// the region has an entry under that key, and no change since the entry's
// stamp meets its dependency, the destination is filled from it. Otherwise
// the stamp is taken, the query runs, and the result is stored with the
// stamp. Preloads are queries of their own; AfterFind hooks run as always.
//
// # The life of a write
//
// Each statement's SQL is analysed into changes: boxes that cover the rows it
// touched. In a transaction they are queued. At COMMIT they are announced,
// so that no result they meet is served any more; then the database commits;
// then they are settled. A rollback settles nothing and costs no one a result.
//
// # What is not seen
//
// Writes that do not go through GORM are seen on pools with a
// [Plugin.Connector]. Others, such as those of another process, are known only
// through [Plugin.Wrote], [Plugin.WroteSQL] and the Invalidate methods, and by
// the TTL. The README lists the limits.
package cacheops
