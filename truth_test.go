package cacheops_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"
	"pgregory.net/rapid"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/profiles"
)

var truthSteps = flag.Int("truth.steps", 20_000, "how many writes and compared reads the test against the truth makes at least")

// The randomised test: random tables, rows, reads and writes. After every
// write, and at the end, reads through the cache are compared with the same
// reads of a handle without the plugin.
func TestTruth(t *testing.T) {
	tally := newTally(t)
	for !tally.enough() && !t.Failed() {
		rapid.Check(t, func(rt *rapid.T) { check(rt, tally) })
	}
	tally.report(t)
}

// trial is one check.
type trial struct {
	dice
	*world
	*tally
	db, truth *gorm.DB
	cache     *cacheops.Plugin
	asked     []*question
	history   []string

	hit, drop bool // what the plugin told of the last read
}

// question is a read that is asked again and again.
type question struct {
	text string
	read func(*gorm.DB) answer
	last string // the answer
}

func check(rt *rapid.T, tally *tally) {
	if tally.enough() {
		return
	}
	tally.checks++
	tr := &trial{dice: dice{rt}, tally: tally}
	dsn := tally.stage(rt)
	defer tally.leave()
	options := gorm.Config{PrepareStmt: tr.chance(20), SkipDefaultTransaction: tr.chance(20)}
	tr.truth = tally.open(rt, dsn, &gorm.Config{PrepareStmt: options.PrepareStmt})
	defer tally.close(rt, tr.truth)
	tr.begin()
	tr.db = tally.open(rt, dsn, &options)
	defer tally.close(rt, tr.db)
	tr.plug()
	for range 16 {
		tr.ask()
	}
	rt.Repeat(map[string]func(*rapid.T){
		"write":       func(*rapid.T) { tr.alone() },
		"write more":  func(*rapid.T) { tr.alone() },
		"write still": func(*rapid.T) { tr.alone() },
		"transaction": func(*rapid.T) {
			if tr.writers && tr.chance(60) {
				tr.together()
			} else {
				tr.transaction()
			}
		},
		"ask or alter": func(*rapid.T) {
			if tr.chance(10) {
				tr.alter()
			} else {
				tr.ask()
			}
		},
	})
	for _, q := range tr.asked {
		_ = tr.compare(q)
	}
}

// begin makes the random tables and rows, past the plugin.
func (tr *trial) begin() {
	world, ddl := newWorld(tr.dice, tongues[*database])
	tr.world = world
	for _, sql := range ddl {
		err := tr.setup(tr.truth).Exec(sql).Error
		tr.note(sql, err)
		if err != nil && strings.HasPrefix(sql, "CREATE TABLE") {
			tr.failing = true
			tr.Fatal(sql, err)
		}
	}
	for range 8 + tr.below(8) {
		w := tr.writer()
		w.plain = true
		t := w.table(w.dice)
		sql := w.ignore[0] + " INTO " + t.name + "(" + names(t.written()) + ")" + w.rows(t.written()) + w.ignore[1]
		tr.note(sql, tr.truth.Exec(sql).Error)
	}
}

func (tr *trial) writer() *writer { return &writer{dice: tr.dice, world: tr.world} }

// plug registers the plugin.
func (tr *trial) plug() {
	profile := profiles.Profile{Ops: profiles.All | profiles.Rows, TTL: time.Hour, NoImages: tr.chance(20)}
	tr.cache = cacheops.New(cacheops.Config{
		Profiles: profiles.Set{"*": profile},
		// What the server has not answered, the driver has not sent.
		UnseenCommit: time.Millisecond,
		Events: cacheops.Events{
			Read: func(_ context.Context, info cacheops.ReadInfo) { tr.hit = tr.hit || info.Hit },
			Drop: func(context.Context, cacheops.DropInfo) { tr.drop = true },
		},
	})
	if err := tr.db.Use(tr.cache); err != nil {
		tr.Fatal(err)
	}
}

// note remembers what was done, for the message of a failure.
func (tr *trial) note(text string, err error) {
	if err != nil {
		text += " -- " + err.Error()
	}
	tr.history = append(tr.history, text)
}

// do runs a write.
func (tr *trial) do(db *gorm.DB, o op) error {
	err := o.run(db)
	tr.note(o.text, err)
	tr.steps++
	tr.writes++
	if err == nil {
		return nil
	}
	tr.failed++
	if strings.Contains(err.Error(), "syntax error") || strings.Contains(err.Error(), "Error 1064") {
		tr.Fatal(o.text, err)
	}
	return err
}

// guarded runs a write in a transaction, mostly so that the transaction goes on
// if it fails.
func (tr *trial) guarded(tx *gorm.DB, o op) {
	if !tr.aborts || tr.chance(15) {
		_ = tr.do(tx, o)
		return
	}
	_ = tx.Transaction(func(inner *gorm.DB) error {
		return tr.do(inner, o)
	})
}

// act draws an op of a writer.
func (tr *trial) act() op {
	if tr.chance(25) {
		return tr.modelWrite()
	}
	return tr.writer().write()
}

// alone makes a write outside any transaction of the caller's.
func (tr *trial) alone() {
	_ = tr.do(tr.db, tr.act())
	tr.look(8)
}

// alter adds a column. The driver tells the columns of a connection's
// first query afterwards as they were before, so the connections are closed.
func (tr *trial) alter() {
	w := tr.writer()
	_ = tr.do(tr.db, w.exec(fmt.Sprintf("ALTER TABLE %s ADD COLUMN %s INT DEFAULT 3", w.table(w.dice).name, w.name("x"))))
	for _, db := range []*gorm.DB{tr.db, tr.truth} {
		if conn, err := db.DB(); err == nil {
			conn.SetMaxIdleConns(0)
			conn.SetMaxIdleConns(2)
		}
	}
	tr.look(8)
}

// transaction makes several writes in one, with savepoints, and commits it
// or not.
func (tr *trial) transaction() {
	commit := tr.chance(60)
	err := tr.db.Transaction(func(tx *gorm.DB) error {
		tr.note("BEGIN", nil)
		tr.within(tx, 2)
		if !commit {
			return errRollback
		}
		return nil
	})
	tr.note(map[bool]string{true: "COMMIT", false: "ROLLBACK"}[commit], err)
	tr.look(8)
}

// within makes some writes in a transaction.
func (tr *trial) within(tx *gorm.DB, depth int) {
	for range 1 + tr.below(4) {
		switch choice := tr.below(10); {
		case choice == 0 && depth > 0:
			tr.note("(", nil)
			keep := tr.chance(50)
			err := tx.Transaction(func(inner *gorm.DB) error {
				tr.within(inner, depth-1)
				if !keep {
					return errRollback
				}
				return nil
			})
			tr.note(")", err)
		case choice == 1:
			name := pick(tr.dice, "one", "two")
			sql := pick(tr.dice, "SAVEPOINT ", "SAVEPOINT ", "ROLLBACK TO SAVEPOINT ", "RELEASE SAVEPOINT ") + name
			tr.note(sql, tx.Exec(sql).Error)
		case choice == 2:
			// Sees what is not committed, and must not store it.
			q := tr.asked[tr.below(len(tr.asked))]
			tr.note("read "+q.text, q.read(tx).Err)
		case choice == 3:
			tr.look(2)
		default:
			tr.guarded(tx, tr.act())
		}
	}
}

// look compares some of the questions' answers.
func (tr *trial) look(n int) {
	for range n {
		_ = tr.compare(tr.asked[tr.below(len(tr.asked))])
	}
}

// ask adds a question, or puts it in the place of another. One that is an error
// is mostly left out.
func (tr *trial) ask() {
	q := tr.question()
	err := tr.compare(q)
	tr.note(q.text, err)
	if err != nil && !errors.Is(err, gorm.ErrRecordNotFound) && len(tr.asked) > 0 && tr.chance(90) {
		return
	}
	if len(tr.asked) < 16 {
		tr.asked = append(tr.asked, q)
	} else {
		tr.asked[tr.below(len(tr.asked))] = q
	}
}

// compare asks the cache and the truth, and returns the read's error.
func (tr *trial) compare(q *question) error {
	tr.steps++
	tr.reads++
	tr.hit, tr.drop = false, false
	got := q.read(tr.db)
	hit, drop := tr.hit, tr.drop
	if hit {
		tr.hits++
	}
	want := q.read(tr.truth)
	if tr.waits(got.Err) || tr.waits(want.Err) {
		tr.blocked++
		return want.Err
	}
	now := fmt.Sprintf("%v, %d rows, %v", want.Value, want.Rows, want.Err)
	if drop {
		tr.dropped++
		if now == q.last {
			tr.needless++
		}
	}
	q.last = now
	if !same(got, want) {
		tr.failing = true
		tr.Fatalf("not the truth (hit: %v):\n%s\n got %+v\nwant %+v\nafter\n%s", hit, q.text, got, want, strings.Join(tr.history, ";\n"))
	}
	return want.Err
}
