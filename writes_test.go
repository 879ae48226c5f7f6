package cacheops_test

import (
	"errors"
	"slices"
	"testing"

	"gorm.io/gorm"
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
	only  string                  // the databases that know it; all, if it is empty
	given func(db *gorm.DB) error // done before anything is cached
	write func(db *gorm.DB) error

	fresh []view // their answers change
	kept  []view // stay in the cache
	// spared stay in the cache where the write is in a transaction, because
	// there the rows can be read before they are changed.
	spared []view
	// wide is where kept may be dropped after all, and blind where spared may.
	wide, blind exception
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
				w.parallel(t)
				options := mode.options // Open changes its options
				mode.check(&w, newFixtureWith(t, everything, &options))
			})
		}
	}
}

// parallel lets other tests run beside this one, if the database knows the
// writing.
func (w *writing) parallel(t *testing.T) {
	t.Helper()
	if w.only != "" {
		onlyOn(t, w.only, "no other has the statement")
	}
	t.Parallel()
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
	f.recount()
	for _, r := range slices.Concat(fresh, kept, spared) {
		r.isKept()
	}
	if w.wide.here() {
		kept = nil
	}
	if w.blind.here() {
		spared = nil
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
