package region

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/seed92106438/cacheops/invalidation"
)

// TestPartyServesWhatTheDatabaseSays lets processes that meet in one store read and
// write a small database, step by step, while calls of the store get lost or are
// held up, what it keeps is lost, leases end and processes die. Whatever a read is
// served must be what the database said at some moment of the read; at the bounded
// level, at one that is no longer ago than the bound, nor before the last change of
// the reader's own process.
func TestPartyServesWhatTheDatabaseSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		untimed := struct{ testing.TB }{t} // a bubble's clock knows no deadline
		rapid.Check(untimed, func(t *rapid.T) {
			w := newWorld(t)
			defer w.end()
			actions := map[string]func(*rapid.T){
				"read":      w.read,
				"read on":   w.read,
				"read more": w.read,
				"reread":    w.read,
				"select":    w.selects,
				"put":       w.put,
				"announce":  w.announce,
				"commit":    w.commit,
				"outcome":   w.outcome,
				"settle":    w.outcome,
				"release":   w.release,
				"let go":    w.release,
				"wait":      w.wait,
				"die":       seldom(w.die),
				"lose":      seldom(w.lose),
				"":          w.agrees,
			}
			for range 3 { // as rapid draws few steps unless it is told to
				t.Repeat(actions)
			}
		})
	})
}

// seldom is an action that costs so much of what was stored that it must be rare.
func seldom(action func(*rapid.T)) func(*rapid.T) {
	return func(t *rapid.T) {
		if rapid.IntRange(0, 5).Draw(t, "seldom") > 0 {
			t.Skip("it is to be rare")
		}
		action(t)
	}
}

// cells is the number of rows of the database: two posts, and all users as one.
const cells = 3

// state is what the database says from a moment on.
type state struct {
	since time.Time
	rows  [cells]int
}

// question is a query: what it depends on, and the rows that it shows.
type question struct {
	name  string
	dep   *invalidation.Dependency
	shows []int
}

var questions = []question{
	{"topic 1", topic1, []int{0}},
	{"topic 2", topic2, []int{1}},
	{"users", allUsers, []int{2}},
	{"all", reads(use("posts", where{in("topic", int64(1), int64(2))}), use("users", nil)), []int{0, 1, 2}},
}

// answer is what a question is answered by the database.
func (q *question) answer(s state) text {
	var a text
	for _, row := range q.shows {
		a += text(fmt.Sprint(s.rows[row], " "))
	}
	return a
}

// world is the database, and the processes that use it.
type world struct {
	*rapid.T
	lot    *lot
	outage Outage
	length int // of journals here

	mu     sync.Mutex
	states []state
	ps     []*party
	fills  []*filling
	writes []*writing
	faults []string
}

// party is one process.
type party struct {
	*process
	bound time.Duration // zero if it is linearizable
	own   [cells]int    // the last state in which it has changed each row itself
	dead  bool
}

func (p *party) core() *shared {
	if t, ok := p.Region.(*tiered); ok {
		return t.shared
	}
	return p.Region.(*shared)
}

// filling is a query on its way.
type filling struct {
	p        *party
	question *question
	stamp    Stamp
	lag      time.Duration
	answer   text // once it was sent
}

// writing is a transaction on its way.
type writing struct {
	p       *party
	intent  Intent
	changes []invalidation.Change
	exact   []invalidation.Change
	rows    []int
	state   int // that it led to
	ended   bool
	aborted bool
	// unannounced is set if others may be served what it made untrue, until paid.
	unannounced bool
}

func newWorld(t *rapid.T) *world {
	w := &world{T: t, lot: newLot(), states: []state{{since: time.Now()}}}
	w.lot.length = rapid.SampledFrom([]int{2, 5, 100}).Draw(t, "journals in the store")
	w.length = rapid.SampledFrom([]int{1, 4, 100}).Draw(t, "journals here")
	w.outage = rapid.SampledFrom([]Outage{Strict, Strict, Degrade}).Draw(t, "outage")
	for range rapid.IntRange(2, 3).Draw(t, "processes") {
		w.ps = append(w.ps, w.join(t))
	}
	w.ps[0].grow()
	for i := range questions {
		w.fill(w.ps[0], &questions[i])
	}
	return w
}

func (w *world) join(t *rapid.T) *party {
	line := &line{lot: w.lot}
	r := newShared(sharing{backend: line, length: w.length, outage: w.outage}, nil)
	p := &party{process: &process{lot: w.lot, line: line, Region: r}}
	switch rapid.IntRange(0, 2).Draw(t, "level") {
	case 1:
		p.Region = Tiered(MemoryOptions{}, r, TieredOptions{})
	case 2:
		p.bound = time.Second
		p.Region = Tiered(MemoryOptions{}, r, TieredOptions{Level: Bounded(p.bound)})
	}
	return p
}

// end lets everything come to its end.
func (w *world) end() {
	for _, p := range w.ps {
		w.kill(p)
	}
	time.Sleep(3 * time.Second)
	synctest.Wait()
}

func (w *world) kill(p *party) {
	w.mu.Lock()
	p.dead = true
	for _, tx := range w.writes {
		if tx.p == p && tx.intent != nil {
			tx.intent.(*sharedIntent).stop()
		}
	}
	w.writes = slices.DeleteFunc(w.writes, func(tx *writing) bool { return tx.p == p && !tx.unannounced })
	w.fills = slices.DeleteFunc(w.fills, func(f *filling) bool { return f.p == p })
	w.mu.Unlock()
	_ = p.Region.(interface{ Close() error }).Close()
	p.line.clear()
}

// begin has a process call its region.
func (w *world) begin(p *party, call func()) {
	var fates []fate
	for range rapid.SampledFrom([]int{0, 0, 0, 1, 2, 3}).Draw(w.T, "fates") {
		fates = append(fates, rapid.SampledFrom([]fate{straight, straight, heldThere, heldBack, heldBack, lost, unanswered}).Draw(w.T, "fate"))
	}
	p.line.next(fates...)
	go call()
	synctest.Wait()
}

func (w *world) draw(t *rapid.T) *party {
	w.T = t
	return rapid.SampledFrom(w.ps).Draw(t, "process")
}

// present is the last state.
func (w *world) present() int { return len(w.states) - 1 }

// at is the state of a moment.
func (w *world) at(t time.Time) int {
	for i := w.present(); i > 0; i-- {
		if !w.states[i].since.After(t) {
			return i
		}
	}
	return 0
}

func (w *world) read(t *rapid.T) {
	p := w.draw(t)
	q := &questions[rapid.IntRange(0, len(questions)-1).Draw(t, "question")]
	lag := time.Duration(rapid.IntRange(0, 3).Draw(t, "lag")/3) * 2 * time.Second
	tables := tablesOf(q.dep)
	if rapid.IntRange(0, 3).Draw(t, "tables known") == 0 {
		tables = tables[:1]
	}
	since, doubt := w.promised(p, q)
	pauses := rapid.Bool().Draw(t, "pauses")
	w.begin(p, func() {
		e, _ := p.Get(context.Background(), sharedKey(q.name), asked(tables))
		if e != nil {
			w.mu.Lock()
			w.check(p, q, e, since, doubt)
			w.mu.Unlock()
			return
		}
		stamp, ok := p.Stamp(context.Background(), q.dep, lag)
		if !ok {
			return
		}
		w.mu.Lock()
		f := &filling{p: p, question: q, stamp: stamp, lag: lag}
		if pauses && !p.dead {
			w.fills = append(w.fills, f)
		} else if lag == 0 {
			f.answer = q.answer(w.states[w.present()])
		}
		w.mu.Unlock()
		if f.answer != "" {
			f.put()
		}
	})
}

// promised returns the state since which an answer is due to a process, and whether
// an older one is to be borne with.
func (w *world) promised(p *party, q *question) (since int, doubt bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	since = w.present()
	if p.bound > 0 {
		since = w.at(time.Now().Add(-p.bound))
		for _, row := range q.shows {
			since = max(since, p.own[row])
		}
	}
	return since, w.doubtful(p, q)
}

// fill has a process read the database at once, and store what it says.
func (w *world) fill(p *party, q *question) {
	if stamp, ok := p.Stamp(context.Background(), q.dep, 0); ok {
		(&filling{p: p, question: q, stamp: stamp, answer: q.answer(w.states[w.present()])}).put()
	}
}

// put stores the answer.
func (f *filling) put() bool {
	return f.p.Put(context.Background(), &Entry{
		Key: sharedKey(f.question.name), Dependency: f.question.dep, Stamp: f.stamp,
		Value: f.answer, Encoding: f.answer, TTL: time.Hour,
	})
}

// doubtful reports whether a process may be served an untrue answer because another
// could not announce what it has changed.
func (w *world) doubtful(p *party, q *question) bool {
	return slices.ContainsFunc(w.writes, func(tx *writing) bool {
		return tx.unannounced && tx.p != p && slices.ContainsFunc(tx.rows, func(row int) bool { return slices.Contains(q.shows, row) })
	})
}

// check notes if an answer is none that the database has given since some state.
func (w *world) check(p *party, q *question, e *Entry, since int, doubt bool) {
	if p.dead || doubt || w.doubtful(p, q) {
		return
	}
	for _, s := range w.states[since:] {
		if e.Value == q.answer(s) {
			return
		}
	}
	w.faults = append(w.faults, fmt.Sprintf("%s: served %q, but the database said %q, and says %q",
		q.name, e.Value, q.answer(w.states[since]), q.answer(w.states[w.present()])))
}

// filling draws one of the queries that were sent, or were not.
func (w *world) filling(t *rapid.T, sent bool) *filling {
	w.T = t
	w.mu.Lock()
	defer w.mu.Unlock()
	var some []*filling
	for _, f := range w.fills {
		if (f.answer != "") == sent {
			some = append(some, f)
		}
	}
	if len(some) == 0 {
		t.Skip("there is none")
	}
	return rapid.SampledFrom(some).Draw(t, "query")
}

func (w *world) selects(t *rapid.T) {
	f := w.filling(t, false)
	shown := w.present()
	if f.lag > 0 {
		shown = rapid.IntRange(w.at(time.Now().Add(-f.lag)), shown).Draw(t, "replica")
	}
	f.answer = f.question.answer(w.states[shown])
}

func (w *world) put(t *rapid.T) {
	f := w.filling(t, true)
	w.fills = slices.DeleteFunc(w.fills, func(other *filling) bool { return other == f })
	w.begin(f.p, func() { f.put() })
}

var changesOf = [cells]invalidation.Change{postIn1, postIn2, userAdded}

func (w *world) announce(t *rapid.T) {
	p := w.draw(t)
	if len(w.underWay()) > 1 {
		t.Skip("nothing could be stored")
	}
	tx := &writing{p: p}
	tx.rows = rapid.SliceOfNDistinct(rapid.IntRange(0, cells-1), 1, 2, rapid.ID).Draw(t, "rows")
	for _, row := range tx.rows {
		tx.exact = append(tx.exact, changesOf[row])
	}
	switch rapid.IntRange(0, 3).Draw(t, "known") {
	case 0:
		tx.changes = []invalidation.Change{everyTable}
	case 1:
		tx.changes = []invalidation.Change{anything("posts"), anything("users")}
	default:
		tx.changes = tx.exact
	}
	w.begin(p, func() {
		intent, err := p.Announce(context.Background(), tx.changes)
		if err != nil {
			return
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		tx.intent = intent
		if p.dead {
			intent.(*sharedIntent).stop()
			return
		}
		w.writes = append(w.writes, tx)
	})
}

// pending reports whether readers in other processes are warned of a transaction:
// it is pending, or may be and is not known. A writer that was cut off for longer
// than its lease is not promised more.
func (w *world) pending(tx *writing) bool {
	in := tx.intent.(*sharedIntent)
	w.lot.mu.Lock()
	defer w.lot.mu.Unlock()
	return !slices.ContainsFunc(in.parts, func(part sharedPart) bool {
		j := w.lot.journals[part.mirror.name]
		return j != nil && !j.young && j.find(in.id) < 0
	})
}

func (w *world) commit(t *rapid.T) {
	w.T = t
	tx := w.under(t, func(tx *writing) bool { return !tx.ended })
	tx.ended = true
	owed := tx.intent.(*sharedIntent).owed
	tx.aborted = rapid.IntRange(0, 3).Draw(t, "aborted") == 0 || !owed && !w.pending(tx)
	if tx.aborted {
		return
	}
	s := state{time.Now(), w.states[w.present()].rows}
	for _, row := range tx.rows {
		s.rows[row]++
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.states = append(w.states, s)
	tx.state, tx.unannounced = w.present(), owed
}

// underWay returns the transactions that were announced, or should have been.
func (w *world) underWay() []*writing {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.writes)
}

// under draws one of the transactions that are under way.
func (w *world) under(t *rapid.T, which func(*writing) bool) *writing {
	var some []*writing
	for _, tx := range w.underWay() {
		if which(tx) {
			some = append(some, tx)
		}
	}
	if len(some) == 0 {
		t.Skip("there is none")
	}
	return rapid.SampledFrom(some).Draw(t, "transaction")
}

func (w *world) outcome(t *rapid.T) {
	w.T = t
	tx := w.under(t, func(tx *writing) bool { return tx.ended && tx.intent != nil })
	intent := tx.intent
	w.mu.Lock()
	if !tx.unannounced {
		w.writes = slices.DeleteFunc(w.writes, func(other *writing) bool { return other == tx })
	}
	tx.intent = nil
	w.mu.Unlock()
	known := rapid.Bool().Draw(t, "known by now")
	w.begin(tx.p, func() {
		switch {
		case tx.aborted:
			intent.Abort(context.Background())
			return
		case known:
			intent.Commit(context.Background(), tx.exact...)
		default:
			intent.Commit(context.Background())
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, row := range tx.rows {
			tx.p.own[row] = max(tx.p.own[row], tx.state)
		}
	})
}

func (w *world) release(t *rapid.T) {
	p := w.draw(t)
	n := p.line.waiting()
	if n == 0 {
		t.Skip("nothing is held up")
	}
	p.line.release(rapid.IntRange(0, n-1).Draw(t, "which"))
	synctest.Wait()
}

func (w *world) wait(t *rapid.T) {
	w.T = t
	time.Sleep(rapid.SampledFrom([]time.Duration{
		time.Millisecond, 60 * time.Millisecond, 200 * time.Millisecond, time.Second, 6 * time.Second,
	}).Draw(t, "for"))
	synctest.Wait()
}

// die ends a process, and begins another in its place.
func (w *world) die(t *rapid.T) {
	p := w.draw(t)
	if p.core().debts.any() || w.outage == Degrade {
		t.Skip("what it owes would never be known")
	}
	w.kill(p)
	synctest.Wait()
	w.ps[slices.Index(w.ps, p)] = w.join(t)
}

func (w *world) lose(t *rapid.T) {
	w.T = t
	switch n := rapid.IntRange(0, 4).Draw(t, "what"); n {
	case 0:
		w.lot.lose()
	case 1:
		w.lot.mu.Lock()
		clear(w.lot.values)
		w.lot.mu.Unlock()
	default:
		w.lot.lose(journalName(named([]string{"posts", "users", invalidation.AllTables}[n-2])))
	}
}

// agrees fails if something untrue was served.
func (w *world) agrees(t *rapid.T) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, tx := range w.writes {
		if tx.intent == nil && !tx.p.core().debts.any() {
			tx.unannounced = false
		}
	}
	w.writes = slices.DeleteFunc(w.writes, func(tx *writing) bool { return tx.intent == nil && !tx.unannounced })
	if len(w.faults) > 0 {
		t.Fatal(w.faults[0])
	}
}
