package track

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"testing"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/region"
)

// fake is a pool, a transaction and a journal that write down what happens to
// them, in order.
type fake struct {
	gorm.ConnPool
	log                 []string
	noBegin, noAnnounce error
	commit              func() error
}

func (f *fake) note(format string, args ...any) { f.log = append(f.log, fmt.Sprintf(format, args...)) }

func (f *fake) BeginTx(context.Context, *sql.TxOptions) (gorm.ConnPool, error) {
	if f.noBegin != nil {
		return nil, f.noBegin
	}
	return &fakeTx{fake: f}, nil
}

func (f *fake) Announce(_ context.Context, changes []invalidation.Change) (region.Intent, error) {
	if f.noAnnounce != nil {
		return nil, f.noAnnounce
	}
	f.note("announce %s", tables(changes))
	return &fakeIntent{fake: f, changes: changes}, nil
}

func (f *fake) Failed(_ context.Context, intent region.Intent, _ error) {
	intent.(*fakeIntent).settle("failed")
}

func tables(changes []invalidation.Change) (names []string) {
	for _, c := range changes {
		names = append(names, c.Table.Name)
	}
	return names
}

type fakeTx struct{ *fake }

func (t *fakeTx) StmtContext(context.Context, *sql.Stmt) *sql.Stmt { return nil }

func (t *fakeTx) Commit() error {
	t.note("COMMIT")
	if t.commit != nil {
		return t.commit()
	}
	return nil
}

func (t *fakeTx) Rollback() error { t.note("ROLLBACK"); return nil }

type fakeIntent struct {
	*fake
	changes []invalidation.Change
	settled bool
}

func (i *fakeIntent) settle(how string) {
	if !i.settled {
		i.settled = true
		i.note("%s %s", how, tables(i.changes))
	}
}

func (i *fakeIntent) Commit(context.Context, ...invalidation.Change) { i.settle("committed") }
func (i *fakeIntent) Abort(context.Context)                          { i.settle("aborted") }

func change(table string) invalidation.Change {
	return invalidation.Change{Table: invalidation.Table{Name: table}}
}

// begin begins a transaction on a pool that f is under.
func (f *fake) begin(t *testing.T) *Tx {
	t.Helper()
	pool, err := Wrap(f, f).(*Pool).BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return pool.(*Tx)
}

func (f *fake) expect(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(f.log, want) {
		t.Errorf("got %q\nwant %q", f.log, want)
	}
}

func TestCommitGoesThroughBothPhases(t *testing.T) {
	f := &fake{}
	tx := f.begin(t)
	tx.Add(change("a"))
	tx.Add(change("b"))
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	f.expect(t, "announce [a b]", "COMMIT", "committed [a b]")
}

func TestCommitWithoutChangesAnnouncesNothing(t *testing.T) {
	f := &fake{}
	if err := f.begin(t).Commit(); err != nil {
		t.Fatal(err)
	}
	f.expect(t, "COMMIT")
}

func TestRollbackAnnouncesNothing(t *testing.T) {
	f := &fake{}
	tx := f.begin(t)
	tx.Add(change("a"))
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	f.expect(t, "ROLLBACK")
}

func TestOutcomeOfACommitThatFails(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"unknown":          {errors.New("connection lost"), "failed [a]"},
		"context ended":    {context.Canceled, "failed [a]"},
		"done long before": {sql.ErrTxDone, "aborted [a]"},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{commit: func() error { return test.err }}
			tx := f.begin(t)
			tx.Add(change("a"))
			if err := tx.Commit(); !errors.Is(err, test.err) {
				t.Errorf("the caller is told %v", err)
			}
			f.expect(t, "announce [a]", "COMMIT", test.want)
		})
	}
}

func TestCommitThatPanicsCountsAsCommitted(t *testing.T) {
	f := &fake{commit: func() error { panic("in the driver") }}
	tx := f.begin(t)
	tx.Add(change("a"))
	func() {
		defer func() { _ = recover() }()
		_ = tx.Commit()
	}()
	f.expect(t, "announce [a]", "COMMIT", "committed [a]")
}

func TestTransactionThatCannotBeAnnouncedIsRolledBack(t *testing.T) {
	f := &fake{noAnnounce: errors.New("no journal")}
	tx := f.begin(t)
	tx.Add(change("a"))
	if err := tx.Commit(); !errors.Is(err, f.noAnnounce) {
		t.Errorf("got %v", err)
	}
	f.expect(t, "ROLLBACK")
}

func TestSavepointsCutTheQueue(t *testing.T) {
	f := &fake{}
	tx := f.begin(t)
	tx.Add(change("a"))
	tx.Savepoint("s")
	tx.Add(change("undone"))
	tx.Savepoint("s") // the same name again hides the first
	tx.Add(change("undone too"))
	tx.RollbackTo("s")
	tx.Release("s")
	tx.RollbackTo("s")
	tx.RollbackTo("never set")
	tx.Add(change("b"))
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	f.expect(t, "announce [a b]", "COMMIT", "committed [a b]")
}

func TestDoubtEndsOnlyAtASavepointFromBefore(t *testing.T) {
	tx := (&fake{}).begin(t)
	tx.Savepoint("before")
	tx.Doubt()
	tx.Savepoint("since")
	tx.RollbackTo("since")
	if !tx.Doubtful() {
		t.Error("a savepoint that was set in doubt proves nothing")
	}
	tx.RollbackTo("before")
	if tx.Doubtful() {
		t.Error("the savepoint from before stands, and so does the transaction")
	}
}

func TestWhatIsHeldIsSettledHoweverItEnds(t *testing.T) {
	for name, end := range map[string]func(*Tx) error{"COMMIT": (*Tx).Commit, "ROLLBACK": (*Tx).Rollback} {
		t.Run(name, func(t *testing.T) {
			f := &fake{}
			tx := f.begin(t)
			intent, _ := f.Announce(t.Context(), []invalidation.Change{change("a")})
			tx.Hold(intent)
			if err := end(tx); err != nil {
				t.Fatal(err)
			}
			f.expect(t, "announce [a]", name, "committed [a]")
		})
	}
}

func TestWrapAndResolve(t *testing.T) {
	f := &fake{}
	pool := Wrap(f, f)
	if Wrap(pool, f) != pool {
		t.Error("a tracked pool was wrapped again")
	}
	prepared := &gorm.PreparedStmtDB{ConnPool: f}
	if Wrap(prepared, f) != gorm.ConnPool(prepared) {
		t.Error("prepared statements are not outermost any more")
	}
	tx := f.begin(t)
	for name, test := range map[string]struct {
		pool gorm.ConnPool
		kind string
	}{
		"pool":                 {pool, "pool"},
		"prepared":             {prepared, "pool"},
		"prepared twice":       {&gorm.PreparedStmtDB{ConnPool: prepared}, "pool"},
		"transaction":          {tx, "transaction"},
		"prepared transaction": {&gorm.PreparedStmtTX{Tx: tx}, "transaction"},
		"twice":                {&gorm.PreparedStmtTX{Tx: &gorm.PreparedStmtTX{Tx: tx}}, "transaction"},
		"foreign":              {f, "foreign"},
		"foreign transaction":  {&fakeTx{}, "foreign"},
		"none":                 {nil, "foreign"},
	} {
		kind := "foreign"
		switch p, tx := Resolve(test.pool); {
		case p != nil:
			kind = "pool"
		case tx != nil:
			kind = "transaction"
		}
		if kind != test.kind {
			t.Errorf("%s resolves to a %s", name, kind)
		}
	}
}

// GORM's users defer Rollback on what Begin returned, error or not: a nil
// interface there would add an error of its own.
func TestBeginThatFailsReturnsATransactionThatIsNil(t *testing.T) {
	f := &fake{noBegin: errors.New("no connection")}
	tx, err := Wrap(f, f).(*Pool).BeginTx(t.Context(), nil)
	if !errors.Is(err, f.noBegin) {
		t.Errorf("got %v", err)
	}
	if typed, ok := tx.(*Tx); !ok || typed != nil {
		t.Errorf("got %#v", tx)
	}
	type cannotBegin struct{ gorm.ConnPool }
	if _, err := (&Pool{ConnPool: cannotBegin{}}).BeginTx(t.Context(), nil); !errors.Is(err, gorm.ErrInvalidTransaction) {
		t.Errorf("a pool that cannot begin: %v", err)
	}
}
