// Package regiontest tests whether a [region.Region] does what the interface asks
// for. It is for those who write one:
//
//	func TestRegion(t *testing.T) {
//		regiontest.Run(t, func(t *testing.T) regiontest.Regions {
//			store := newStore(t)
//			return regiontest.Regions{Processes: []region.Region{
//				myregion.New(store), myregion.New(store),
//			}}
//		})
//	}
//
// No database is needed. Where a test says that a transaction commits, it does
// nothing; what a region has to do about it lies before and after.
//
// The tests are black box. They cannot show that a region is right at every
// interleaving: the argument for that has to be made beside the region's code. Run
// them with the race detector, and several times.
package regiontest

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/seed92106438/cacheops/region"
	"github.com/seed92106438/cacheops/region/internal/forum"
)

// Regions are what is tested: one region, as the processes see it that use it.
type Regions struct {
	// Processes has a region for each process. All of them have one store in
	// common. A region in the memory of a process has one; for one whose results
	// leave the process there should be two or three.
	Processes []region.Region

	// Bound is how long one process may not see what another has written. Zero
	// means that each sees at once what any has written. The tests wait that long
	// some hundred times. What a process has made untrue itself it must not serve,
	// not even within the bound.
	Bound time.Duration

	// TooLarge is the size in bytes of a result that Put must refuse. Zero means
	// that there is none. A result of half of that must be stored, and a dependency
	// on ten thousand values is not too large.
	TooLarge int

	// Lose makes the store lose all that it has, as a server does that is started
	// again. Nil means that it cannot happen without the end of the processes.
	Lose func()
}

// Run tests the regions that open makes. They should be as good as new, and nobody
// else may use their store. At first they may refuse to give stamps; the tests wait
// until they do, and once more after [Regions.Lose], so leases should be short.
//
// A region that is an [io.Closer] is closed at the end. Whether that leaves
// goroutines behind is for the caller to see.
func Run(t *testing.T, open func(t *testing.T) Regions) {
	r := open(t)
	if len(r.Processes) == 0 {
		t.Fatal("there is no region to test")
	}
	l := &laboratory{Regions: r}
	l.wait(t)
	l.run(t, "One process", 0, 0, protocol)
	l.run(t, "A process and itself", 0, 0, entries)
	if len(r.Processes) > 1 {
		l.run(t, "A process that reads what another writes", 0, 1, protocol)
		l.run(t, "A process and another", 0, 1, sharing)
	}
	if r.Processes[0].Shared() {
		l.run(t, "Results that leave the process", 0, 0, leaving)
	}
	l.run(t, "Stress", 0, len(r.Processes)-1, stress)
	if r.Lose != nil {
		l.run(t, "Loss", 0, len(r.Processes)-1, loss)
	}
	t.Run("Close", l.close)
}

// test is one test of a chapter.
type test struct {
	name string
	run  func(*steps)
}

// run runs a chapter with two processes, which may be the same.
func (l *laboratory) run(t *testing.T, chapter string, reader, writer int, tests []test) {
	t.Run(chapter, func(t *testing.T) {
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				test.run(l.begin(t, reader, writer))
			})
		}
	})
}

// wait waits until every process is given stamps.
func (l *laboratory) wait(t *testing.T) {
	t.Helper()
	all := forum.Reads(forum.Use("posts", nil), forum.Use("users", nil))
	for i, process := range l.Processes {
		within(t, func() bool {
			_, ok := process.Stamp(t.Context(), all, 0)
			return ok
		}, "process %d gets no stamps", i)
	}
}

// patience is how long the tests wait for what must come, but may take its time.
func patience() time.Duration {
	if testing.Short() {
		return 5 * time.Second
	}
	return 20 * time.Second
}

// within waits until something is so.
func within(t testing.TB, so func() bool, otherwise string, args ...any) {
	t.Helper()
	for deadline := time.Now().Add(patience()); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf(otherwise, args...)
		}
	}
}

// close ends the regions.
func (l *laboratory) close(t *testing.T) {
	for i, process := range l.Processes {
		if c, ok := process.(io.Closer); ok {
			if err := c.Close(); err != nil {
				t.Errorf("closing process %d: %v", i, err)
			}
		}
	}
}

// ended is a context that has ended.
func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
