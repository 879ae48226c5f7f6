module github.com/seed92106438/cacheops

go 1.26.0

require (
	github.com/cespare/xxhash/v2 v2.3.0
	github.com/mattn/go-sqlite3 v1.14.22
	github.com/maypok86/otter/v2 v2.4.0
	github.com/sqlc-dev/meyer v0.1.2
	go.uber.org/goleak v1.3.0
	golang.org/x/sync v0.24.0
	gorm.io/driver/sqlite v1.6.0
	gorm.io/gorm v1.31.2
	pgregory.net/rapid v1.3.0
)

require (
	github.com/jinzhu/inflection v1.0.0 // indirect
	github.com/jinzhu/now v1.1.5 // indirect
	golang.org/x/text v0.20.0 // indirect
)
