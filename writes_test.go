package cacheops_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops"
)

// The tables of writes list each way in which GORM writes, with reads whose
// answers it changes and, as close to them as precision is promised, reads
// whose answers it leaves. The files writes_*_test.go hold them.

// view is a read that costs one statement.
type view struct {
	name string
	read func(*gorm.DB) answer
}

// writing is one way to write.
type writing struct {
	name  string
	given func(db *gorm.DB) error // done before anything is cached
	write func(db *gorm.DB) error

	fresh []view // their answers change
	kept  []view // stay in the cache
	// spared stay in the cache where the write is in a transaction, because
	// there the rows can be read before they are changed.
	spared []view
}

// modes are GORM's ways to send statements, each outside or inside a
// transaction: one of the two for each, to be done soon. In every mode the
// writing is done in a transaction first, and rolled back.
var modes = []struct {
	name    string
	options gorm.Config
	check   func(w *writing, f *fixture)
}{
	{"plain", gorm.Config{}, (*writing).checkAlone},
	{"prepared, in a transaction", gorm.Config{PrepareStmt: true}, (*writing).checkInTransaction},
	{"no default transaction", gorm.Config{SkipDefaultTransaction: true}, (*writing).checkAlone},
}

// eachWriting checks every writing in each mode.
func eachWriting(t *testing.T, writings []writing) {
	for _, w := range writings {
		for _, mode := range modes {
			t.Run(w.name+"/"+mode.name, func(t *testing.T) {
				t.Parallel()
				options := mode.options // Open changes its options
				mode.check(&w, copyFixture(t, everything, &options))
			})
		}
	}
}

// checkAlone does the writing outside any explicit transaction.
func (w *writing) checkAlone(f *fixture) {
	f.Helper()
	fresh, kept, spared := w.begin(f)
	must(f, w.write(f.db))
	w.end(fresh, kept)
	if !f.db.SkipDefaultTransaction {
		w.end(nil, spared)
	}
}

// checkInTransaction does it in a transaction that is committed.
func (w *writing) checkInTransaction(f *fixture) {
	f.Helper()
	fresh, kept, spared := w.begin(f)
	must(f, f.db.Transaction(w.write))
	w.end(fresh, append(kept, spared...))
}

// begin caches all reads, and does the writing in a transaction that is rolled
// back, which must leave them all.
func (w *writing) begin(f *fixture) (fresh, kept, spared []held) {
	f.Helper()
	if w.given != nil {
		must(f, w.given(f.truth))
	}
	fresh, kept, spared = f.hold(w.fresh), f.hold(w.kept), f.hold(w.spared)
	err := f.db.Transaction(func(tx *gorm.DB) error {
		must(f, w.write(tx))
		return errRollback
	})
	if !errors.Is(err, errRollback) {
		f.Fatal(err)
	}
	for _, r := range slices.Concat(fresh, kept, spared) {
		r.isKept()
	}
	return fresh, kept, spared
}

// held is a read with the answer that was cached at first.
type held struct {
	*watched
	first answer
}

func (w *writing) end(fresh, kept []held) {
	for _, r := range fresh {
		r.f.Helper()
		r.isChanged()
	}
	for _, r := range kept {
		r.isKept()
	}
}

func (f *fixture) hold(views []view) (list []held) {
	f.Helper()
	for _, v := range views {
		r := f.watch(v.name, v.read)
		list = append(list, held{r, r.costs(1)})
		r.isKept()
	}
	return list
}

// isChanged checks that a read is fresh, and that it had to be.
func (h *held) isChanged() {
	h.f.Helper()
	if got := h.costs(1); same(got, h.first) {
		h.f.Errorf("%s gives the same answer as before: the test shows nothing", h.name)
	}
	h.isKept()
}

// template is the database file as newFixture makes it, to be copied.
var template struct {
	once sync.Once
	data []byte
}

func templateData(t testing.TB) []byte {
	t.Helper()
	template.once.Do(func() {
		path := filepath.Join(t.TempDir(), "seed.db")
		db, _ := openDB(t, path, &gorm.Config{})
		must(t, db.AutoMigrate(&Author{}, &Post{}, &Tag{}, &Note{}))
		seed(t, db)
		conn, err := db.DB()
		must(t, err)
		must(t, conn.Close()) // nothing is left in the WAL
		data, err := os.ReadFile(path)
		must(t, err)
		template.data = data
	})
	if len(template.data) == 0 {
		t.Fatal("there is no template")
	}
	return template.data
}

// templatePath writes a copy of the template.
func templatePath(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.db")
	must(t, os.WriteFile(path, templateData(t), 0o600))
	return path
}

// copyFixture is newFixture with options, made from a copy of the file.
func copyFixture(t *testing.T, config cacheops.Config, options *gorm.Config) *fixture {
	t.Helper()
	f := &fixture{T: t, path: templatePath(t), cache: cacheops.New(config)}
	f.truth, _ = openDB(t, f.path, &gorm.Config{})
	f.db, f.log = openDB(t, f.path, options)
	must(t, f.db.Use(f.cache))
	t.Cleanup(f.compareAll)
	return f
}
