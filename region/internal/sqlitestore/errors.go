package sqlitestore

import (
	"context"
	"strings"
	"time"
)

// Drivers have error types of their own, and no one of them may be imported. Their
// texts contain those of sqlite3_errstr, which are the same since SQLite 3.0.

// busy reports whether err says that others have the file locked.
func busy(err error) bool {
	return says(err, "database is locked") || says(err, "database table is locked") || says(err, "SQLITE_BUSY")
}

// damaged reports whether err says that the file is not what it was made as.
func damaged(err error) bool {
	return says(err, "malformed") || says(err, "not a database") ||
		says(err, "no such table") || says(err, "no such column") ||
		says(err, "unsupported file format")
}

// failed reports whether err says that reading or writing has failed. There may be
// no more to it than a full disk, or SQLite may not find what ought to be there.
func failed(err error) bool { return says(err, "disk I/O error") }

func says(err error, text string) bool { return err != nil && strings.Contains(err.Error(), text) }

// step is how long SQLite itself waits for a lock. In between it is looked whether
// the caller still waits.
const step = 20 * time.Millisecond

// patiently does what others may keep from being done just now, until the deadline
// or the end of ctx.
func patiently(ctx context.Context, deadline time.Time, do func() error) error {
	for {
		err := do()
		if !busy(err) || time.Now().After(deadline) {
			return err
		}
		// Of some locks SQLite says at once that they are taken.
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
}
