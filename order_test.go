package cacheops_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"

	"github.com/seed92106438/cacheops/internal/sqlcount"
	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/region"
)

// The tests below hold a reader or a writer up at one place and let others
// act, one test for each case of the argument why a hit is never stale.

// Slow is a row whose scanning can be held up: the SELECT has read it, the
// result is not stored yet.
type Slow struct {
	ID    int
	Value int
	Mark  mark
	Loud  loud
}

type mark string

// scanning is called when a mark is scanned.
var scanning atomic.Pointer[func()]

func (m *mark) Scan(v any) error {
	if f := scanning.Load(); f != nil {
		(*f)()
	}
	*m = mark(fmt.Sprint(v))
	return nil
}

func (m mark) Value() (driver.Value, error) { return string(m), nil }

// loud is a column whose decoding panics while panicking is set. It does so in
// a serializer: database/sql does not survive a panic of a Scanner.
type loud string

var panicking atomic.Bool

func (l *loud) Scan(context.Context, *schema.Field, reflect.Value, any) error {
	if panicking.Load() {
		panic("while decoding")
	}
	return nil
}

func (l loud) Value(context.Context, *schema.Field, reflect.Value, any) (any, error) { return "", nil }

// gate stops the first that comes to it until it is opened.
type gate struct {
	once            sync.Once
	reached, opened chan struct{}
}

func newGate() *gate { return &gate{reached: make(chan struct{}), opened: make(chan struct{})} }

func (g *gate) stop() {
	g.once.Do(func() {
		close(g.reached)
		<-g.opened
	})
}

func (g *gate) open() { close(g.opened) }

// atScan holds up the first scan of a mark.
func atScan(t *testing.T) *gate {
	g := newGate()
	stop := g.stop
	scanning.Store(&stop)
	t.Cleanup(func() { scanning.Store(nil) })
	return g
}

// atStatement holds up the first statement, or end of a transaction, whose
// text begins with prefix.
func (f *fixture) atStatement(prefix string) *gate {
	g := newGate()
	f.log.Gate(func(what string) {
		if strings.HasPrefix(what, prefix) {
			g.stop()
		}
	})
	f.Cleanup(func() { f.log.Gate(nil) })
	return g
}

func newSlow(t *testing.T) *fixture {
	f := openFixture(t, everything, &gorm.Config{})
	must(t, f.truth.AutoMigrate(&Slow{}))
	must(t, f.truth.Create(&[]Slow{{ID: 1, Mark: "a"}, {ID: 2, Mark: "b"}}).Error)
	return f
}

func slow(id int) func(*gorm.DB) answer {
	return into(func(db *gorm.DB, s *Slow) *gorm.DB { return db.Take(s, id) })
}

func (f *fixture) setValue(id, value int) {
	f.Helper()
	must(f, f.db.Model(&Slow{}).Where("id = ?", id).Update("value", value).Error)
}

// valueOf is what a read of a Slow found.
func valueOf(a answer) int { return a.Value.(Slow).Value }

func TestReadBeforeAWriteAndStoredAfterItIsNotServed(t *testing.T) {
	f := newSlow(t)
	one := f.watch("row 1", slow(1))
	g := atScan(t)
	early := make(chan answer)
	go func() { early <- one.read(f.db) }()
	<-g.reached // the SELECT has found the old value
	f.setValue(1, 7)
	g.open()
	if got := valueOf(<-early); got != 0 {
		t.Errorf("the SELECT came before the write but found %d", got)
	}
	one.isFresh()
}

func TestWriteBetweenStampAndSelect(t *testing.T) {
	f := newSlow(t)
	one := f.watch("row 1", slow(1))
	must(t, f.db.Take(&Slow{}, 2).Error) // the catalogue is read
	g := f.atStatement("SELECT")
	late := make(chan answer)
	go func() { late <- one.read(f.db) }()
	<-g.reached // the stamp is taken, the SELECT not sent
	f.setValue(1, 7)
	g.open()
	if got := valueOf(<-late); got != 7 {
		t.Errorf("the SELECT came after the write but found %d", got)
	}
	one.compare(one.read(f.db))
}

func TestPendingChangeIsNeitherServedNorStored(t *testing.T) {
	for _, at := range []string{sqlcount.Committing, sqlcount.Committed} {
		t.Run(at, func(t *testing.T) {
			f := newSlow(t)
			one := f.watch("row 1", slow(1)).isCached()
			two := f.watch("row 2", slow(2)).isCached()
			g := f.atStatement(at)
			done := make(chan struct{})
			go func() { f.setValue(1, 7); close(done) }()
			<-g.reached
			// Before COMMIT the old value is right, after it the new one is,
			// and in both cases only the database knows.
			one.isBypassed()
			two.isKept()
			g.open()
			<-done
			one.isFresh()
			two.isKept()
		})
	}
}

func TestReadThatWasStampedUnderAPendingChangeIsNotStored(t *testing.T) {
	f := newSlow(t)
	one := f.watch("row 1", slow(1))
	commit := f.atStatement(sqlcount.Committing)
	written := make(chan struct{})
	go func() { f.setValue(1, 7); close(written) }()
	<-commit.reached
	scan := atScan(t)
	early := make(chan answer)
	go func() { early <- one.read(f.db) }()
	<-scan.reached // stamped after the intent, read before the COMMIT
	commit.open()
	<-written
	scan.open()
	if got := valueOf(<-early); got != 0 {
		t.Errorf("the SELECT came before the COMMIT but found %d", got)
	}
	one.isFresh()
}

func TestConcurrentMissesShareOneQuery(t *testing.T) {
	f := newSlow(t)
	f.watch("row 2", slow(2)).isCached() // what the first read of a table finds may not be stored yet
	one := f.watch("row 1", slow(1))
	g := atScan(t)
	f.log.Take()
	answers := make(chan answer, 16)
	for range cap(answers) {
		go func() { answers <- one.read(f.db.WithContext(t.Context())) }()
	}
	<-g.reached
	g.open()
	for range cap(answers) {
		one.compare(<-answers)
	}
	if sent := f.log.Take(); len(sent) != 1 {
		t.Errorf("%d statements, want 1", len(sent))
	}
}

// joined is a context that tells when a flight is waited for.
type joined struct {
	context.Context
	asked atomic.Int32
	when  chan struct{}
}

func (c *joined) Done() <-chan struct{} {
	if c.asked.Add(1) == 3 { // twice to see whether it can end, once to wait
		close(c.when)
	}
	return c.Context.Done()
}

func TestFollowerIsNotHandedWhatIsOlderThanItsBeginning(t *testing.T) {
	f := newSlow(t)
	one := f.watch("row 1", slow(1))
	g := atScan(t)
	leader := make(chan answer)
	go func() { leader <- one.read(f.db.WithContext(t.Context())) }()
	<-g.reached // the leader has read the old value
	f.setValue(1, 7)
	ctx := &joined{Context: t.Context(), when: make(chan struct{})}
	follower := make(chan answer)
	go func() { follower <- one.read(f.db.WithContext(ctx)) }()
	<-ctx.when // the follower began after the write, and waits for the flight
	g.open()
	if got := valueOf(<-leader); got != 0 {
		t.Errorf("the leader found %d", got)
	}
	if got := valueOf(<-follower); got != 7 {
		t.Errorf("the follower was handed %d, which was gone before it began", got)
	}
}

// watching is a region of which a test is told, and that it can hold up.
type watching struct {
	region.Region
	stamping, stored func()
	pending          bool // what Stamp says of pending changes
}

func (w *watching) Stamp(ctx context.Context, dep *invalidation.Dependency, lag time.Duration) (region.Stamp, bool) {
	w.stamping()
	stamp, clear := w.Region.Stamp(ctx, dep, lag)
	return stamp, clear && !w.pending
}

func (w *watching) Put(ctx context.Context, e *region.Entry) bool {
	ok := w.Region.Put(ctx, e)
	w.stored()
	return ok
}

// newWatched is a fixture with such a region.
func newWatched(t *testing.T) (*fixture, *watching) {
	nothing := func() {}
	w := &watching{Region: region.Memory(region.MemoryOptions{}), stamping: nothing, stored: nothing}
	config := everything
	config.Regions = region.Set{region.Default: w}
	f := openFixture(t, config, &gorm.Config{})
	must(t, f.truth.AutoMigrate(&Slow{}))
	must(t, f.truth.Create(&Slow{ID: 1, Mark: "a"}).Error)
	return f, w
}

// The flight has stored what it found and is about to land. A change comes, and
// then a read that joins the flight: what was stored is older than that read.
func TestFollowerOfAFlightThatIsLanding(t *testing.T) {
	f, w := newWatched(t)
	g := newGate()
	w.stored = g.stop
	one := f.watch("row 1", slow(1))
	leader := make(chan answer)
	go func() { leader <- one.read(f.db.WithContext(t.Context())) }()
	<-g.reached
	f.setValue(1, 7)
	ctx := &joined{Context: t.Context(), when: make(chan struct{})}
	follower := make(chan answer)
	go func() { follower <- one.read(f.db.WithContext(ctx)) }()
	<-ctx.when
	g.open()
	if got := valueOf(<-leader); got != 0 {
		t.Errorf("the leader found %d", got)
	}
	if got := valueOf(<-follower); got != 7 {
		t.Errorf("the follower was handed %d, which was gone before it began", got)
	}
}

func TestNothingIsStoredWhereTheStampIsRefused(t *testing.T) {
	f, w := newWatched(t)
	w.pending = true
	f.watch("row 1", slow(1)).isBypassed()
	if n := f.cache.Stats().Refused; n != 2 {
		t.Errorf("%d results were refused", n)
	}
}

// A read has found what it depends on, by a catalogue in which slows is a
// table. Before it takes the stamp, slows becomes a view.
func TestDependencyByACatalogueThatWasOvertaken(t *testing.T) {
	f, w := newWatched(t)
	must(t, f.db.Take(&Slow{}, 1).Error) // the catalogue is read
	g := newGate()
	w.stamping = g.stop
	total := f.watch("total", into(func(db *gorm.DB, n *int) *gorm.DB {
		return db.Model(&Slow{}).Select("SUM(value)").Find(n)
	}))
	early := make(chan answer)
	go func() { early <- total.read(f.db) }()
	<-g.reached
	must(t, f.db.Exec("ALTER TABLE slows RENAME TO hidden").Error)
	must(t, f.db.Exec("CREATE VIEW slows AS SELECT * FROM hidden").Error)
	g.open()
	<-early
	must(t, f.db.Table("hidden").Find(&[]map[string]any{}).Error) // the catalogue is read again
	must(t, f.db.Exec("UPDATE hidden SET value = 7").Error)
	total.isBypassed()
}

func TestFlightGoesOnWhenItsReaderGivesUp(t *testing.T) {
	f := newSlow(t)
	one := f.watch("row 1", slow(1))
	g := atScan(t)
	leading, giveUp := context.WithCancel(t.Context())
	leader := make(chan answer)
	go func() { leader <- one.read(f.db.WithContext(leading)) }()
	<-g.reached
	ctx := &joined{Context: t.Context(), when: make(chan struct{})}
	follower := make(chan answer)
	go func() { follower <- one.read(f.db.WithContext(ctx)) }()
	<-ctx.when
	giveUp()
	if err := (<-leader).Err; !errors.Is(err, context.Canceled) {
		t.Errorf("the leader gave up and got %v", err)
	}
	f.log.Take()
	g.open()
	one.compare(<-follower)
	if sent := f.log.Take(); len(sent) != 0 {
		t.Errorf("the follower sent %q", sent)
	}
}

func TestPanicOfAQueryReachesItsReader(t *testing.T) {
	f := newSlow(t)
	one := f.watch("row 1", slow(1))
	for name, db := range map[string]*gorm.DB{"inline": f.db, "detached": f.db.WithContext(t.Context())} {
		t.Run(name, func(t *testing.T) {
			panicking.Store(true)
			defer func() {
				panicking.Store(false)
				if recover() == nil {
					t.Error("the panic was lost")
				}
			}()
			one.read(db)
		})
	}
	one.isCached()
}
