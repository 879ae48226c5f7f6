// Package backendtest tells whether a backend keeps what package backend promises.
// Each sentence of the contract is a test.
package backendtest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/seed92106438/cacheops/region/internal/backend"
)

// Store is a store under test.
type Store struct {
	// Here and There are backends on the same store, as two processes have them.
	Here, There backend.Backend
	// Lose drops a journal as a whole, behind the backends' backs.
	Lose func(journal string)
}

// Run runs the suite. Open gives a test an empty store whose journals keep at least
// length records, and not many times that.
func Run(t *testing.T, open func(t *testing.T, length int) Store) {
	groups := []struct {
		name  string
		tests []test
	}{
		{"values", values},
		{"journals", journals},
		{"announcements", announcements},
		{"outcomes", outcomes},
		{"leases", leases},
		{"youth", youth},
		{"losses", losses},
		{"names", names},
		{"bulk", bulk},
		{"concurrency", concurrency},
	}
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) {
			for _, test := range g.tests {
				t.Run(test.name, func(t *testing.T) {
					test.run(&fixture{T: t, Store: open(t, length), length: length})
				})
			}
		})
	}
}

// length of the journals in most tests. More is appended only to see them trimmed.
const length = 16

// test is one sentence.
type test struct {
	name string
	run  func(*fixture)
}

// fixture is a test with a store of its own.
type fixture struct {
	*testing.T
	Store
	length int
}

const (
	patience = 30 * time.Second
	lease    = 5 * time.Second
)

// ctx is a context with more time than any call needs.
func (f *fixture) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	f.Cleanup(cancel)
	return ctx
}

// must ends the test if a call failed.
func (f *fixture) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

// look asks for the news of one journal.
func (f *fixture) look(b backend.Backend, from backend.Follow) backend.News {
	f.Helper()
	_, news, err := b.Look(f.ctx(), "", []backend.Follow{from})
	f.must(err)
	if len(news) != 1 {
		f.Fatalf("asked for one journal, %d answers", len(news))
	}
	f.sound(from, news[0])
	return news[0]
}

// all asks for all that a journal has.
func (f *fixture) all(journal string) backend.News {
	f.Helper()
	return f.look(f.There, backend.Follow{Journal: journal})
}

// position is where a journal stands, to be followed from.
func (f *fixture) position(journal string) backend.Follow {
	f.Helper()
	now := f.all(journal)
	return backend.Follow{Journal: journal, Epoch: now.Epoch, Number: now.Number}
}

// sound checks what is so of all news.
func (f *fixture) sound(from backend.Follow, news backend.News) {
	f.Helper()
	if news.Epoch == 0 {
		f.Fatalf("journal %q has no epoch: %s", from.Journal, show(news))
	}
	same := news.Epoch == from.Epoch && news.Number == from.Number
	if news.Changed == same {
		f.Fatalf("from epoch %d number %d, wrongly changed or not: %s", from.Epoch, from.Number, show(news))
	}
	if !news.Changed {
		if news.Since != 0 || len(news.Records) != 0 || len(news.Pending) != 0 || news.Young {
			f.Fatalf("nothing is new, but this is there: %s", show(news))
		}
		return
	}
	if news.Epoch == from.Epoch && news.Since < from.Number || news.Since > news.Number {
		f.Fatalf("followed to %d, bounds are wrong: %s", from.Number, show(news))
	}
	last := news.Since
	for _, r := range news.Records {
		if r.Number <= last || r.Number > news.Number {
			f.Fatalf("records are not in order, or out of bounds: %s", show(news))
		}
		last = r.Number
	}
}

// announce makes changes pending in journals, the same in each.
func (f *fixture) announce(id string, parts ...backend.Part) {
	f.Helper()
	f.must(f.Here.Announce(f.ctx(), id, lease, parts))
}

// settle settles parts in the journals that they were announced in.
func (f *fixture) settle(id string, parts ...backend.Part) {
	f.Helper()
	announced := make([]string, len(parts))
	for i := range parts {
		announced[i] = parts[i].Journal
	}
	f.must(f.Here.Settle(f.ctx(), id, parts, announced))
}

// append appends records that were not announced.
func (f *fixture) append(journal string, changes ...string) {
	f.Helper()
	for _, c := range changes {
		f.must(f.Here.Settle(f.ctx(), "unannounced", []backend.Part{part(journal, c)}, nil))
	}
}

func part(journal, changes string) backend.Part {
	return backend.Part{Journal: journal, Changes: []byte(changes)}
}

// records checks which records there are, the oldest first.
func (f *fixture) records(news backend.News, want ...string) {
	f.Helper()
	got := make([]string, len(news.Records))
	for i, r := range news.Records {
		got[i] = string(r.Changes)
	}
	if !slices.Equal(got, want) {
		f.Fatalf("records are %.200q, not %.200q", got, want)
	}
}

// pending checks what is pending, as "id: changes", in any order.
func (f *fixture) pending(news backend.News, want ...string) {
	f.Helper()
	got := make([]string, len(news.Pending))
	for i, p := range news.Pending {
		got[i] = p.ID + ": " + string(p.Changes)
	}
	slices.Sort(got)
	want = slices.Sorted(slices.Values(want)) // the caller goes on to use it as it is
	if !slices.Equal(got, want) {
		f.Fatalf("pending are %.200q, not %.200q", got, want)
	}
}

// advanced checks that a journal has moved on within its epoch.
func (f *fixture) advanced(from backend.Follow, news backend.News) {
	f.Helper()
	if news.Epoch != from.Epoch || news.Number <= from.Number {
		f.Fatalf("from epoch %d number %d there is no way to epoch %d number %d",
			from.Epoch, from.Number, news.Epoch, news.Number)
	}
}

// anew checks that a journal has begun anew.
func (f *fixture) anew(before backend.Follow, news backend.News) {
	f.Helper()
	if news.Epoch == before.Epoch {
		f.Fatalf("the journal was lost and has the same epoch: %s", show(news))
	}
	if !news.Changed || !news.Young {
		f.Fatalf("a journal that has begun anew is young: %s", show(news))
	}
}

func show(n backend.News) string {
	return fmt.Sprintf("epoch %d number %d changed %t since %d records %d pending %d young %t",
		n.Epoch, n.Number, n.Changed, n.Since, len(n.Records), len(n.Pending), n.Young)
}
