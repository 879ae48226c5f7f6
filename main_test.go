package cacheops_test

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// GORM keeps prepared statements in a cache that cannot be closed.
		goleak.IgnoreTopFunction("gorm.io/gorm/internal/lru.NewLRU[...].func1"),
		// The README's examples leave their databases open.
		goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"),
	)
}
