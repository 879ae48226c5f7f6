package region

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/seed92106438/cacheops/region/internal/backend"
)

// lot is a store in memory, in which several regions of a test meet as processes
// do in a real one. It can be made to fail and to lose what it has.
type lot struct {
	mu       sync.Mutex
	values   map[string]lotValue
	journals map[string]*lotJournal
	calls    []string // since the last reset
	silent   bool     // calls are not noted
	length   int      // of journals
}

type lotValue struct {
	bytes []byte
	end   time.Time
}

type lotJournal struct {
	epoch, number, since uint64
	young                bool
	records              []backend.Record
	pending              []backend.Pending
}

var errAway = errors.New("away")

func newLot() *lot {
	return &lot{values: map[string]lotValue{}, journals: map[string]*lotJournal{}, length: 100}
}

// enter begins a call, and returns what ends it.
func (l *lot) enter(call string) (leave func()) {
	l.mu.Lock()
	if !l.silent {
		l.calls = append(l.calls, call)
	}
	return l.mu.Unlock
}

// lose drops a journal, or all of them.
func (l *lot) lose(names ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(names) == 0 {
		names = slices.Collect(maps.Keys(l.journals))
	}
	for _, name := range names {
		delete(l.journals, name)
	}
}

// keepNoCalls has calls not be noted, of which there are to be many.
func (l *lot) keepNoCalls() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.silent = true
}

// counted returns the calls that were made since the last time.
func (l *lot) counted() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	calls := l.calls
	l.calls = nil
	return calls
}

func (l *lot) journal(name string) *lotJournal {
	j := l.journals[name]
	if j == nil {
		j = &lotJournal{epoch: rand.Uint64() | 1, young: true}
		l.journals[name] = j
	}
	return j
}

func (l *lot) Look(_ context.Context, key string, follow []backend.Follow) ([]byte, []backend.News, error) {
	defer l.enter("look")()
	news := make([]backend.News, len(follow))
	for i, f := range follow {
		j := l.journal(f.Journal)
		news[i] = backend.News{Epoch: j.epoch, Number: j.number, Young: j.young}
		if f.Epoch == j.epoch && f.Number == j.number {
			continue
		}
		since := max(j.since, f.Number)
		if f.Epoch != j.epoch {
			since = j.since
		}
		news[i].Changed, news[i].Since, news[i].Pending = true, since, slices.Clone(j.pending)
		for _, record := range j.records {
			if record.Number > since {
				news[i].Records = append(news[i].Records, record)
			}
		}
	}
	return slices.Clone(l.value(key)), news, nil
}

// value returns what is kept under key, nil if nothing is.
func (l *lot) value(key string) []byte {
	if v := l.values[key]; time.Now().Before(v.end) {
		return v.bytes
	}
	return nil
}

func (l *lot) Put(_ context.Context, key string, value []byte, ttl time.Duration) error {
	defer l.enter("put")()
	if ttl <= 0 {
		return errors.New("the time to live is not positive")
	}
	l.values[key] = lotValue{slices.Clone(value), time.Now().Add(ttl)}
	return nil
}

func (l *lot) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	defer l.enter("add")()
	if l.value(key) != nil {
		return false, nil
	}
	l.values[key] = lotValue{slices.Clone(value), time.Now().Add(ttl)}
	return true, nil
}

func (l *lot) Delete(_ context.Context, keys ...string) error {
	defer l.enter("delete")()
	for _, key := range keys {
		delete(l.values, key)
	}
	return nil
}

func (l *lot) Remove(_ context.Context, key string, value []byte) error {
	defer l.enter("remove")()
	if bytes.Equal(l.value(key), value) {
		delete(l.values, key)
	}
	return nil
}

func (l *lot) Announce(_ context.Context, id string, lease time.Duration, parts []backend.Part) error {
	defer l.enter("announce")()
	for _, part := range parts {
		j := l.journal(part.Journal)
		j.number++
		if i := j.find(id); i >= 0 {
			j.pending = slices.Delete(slices.Clone(j.pending), i, i+1)
		}
		j.pending = append(j.pending, backend.Pending{ID: id, Renewed: j.number, Lease: lease, Changes: part.Changes})
	}
	return nil
}

func (j *lotJournal) find(id string) int {
	return slices.IndexFunc(j.pending, func(p backend.Pending) bool { return p.ID == id })
}

func (l *lot) Settle(_ context.Context, id string, committed []backend.Part, announced []string) error {
	defer l.enter("settle")()
	for _, part := range committed {
		l.append(l.journal(part.Journal), part.Changes)
	}
	for _, name := range announced {
		j := l.journal(name)
		if i := j.find(id); i >= 0 {
			j.number++
			j.pending = slices.Delete(slices.Clone(j.pending), i, i+1)
		}
	}
	return nil
}

func (l *lot) append(j *lotJournal, changes []byte) {
	j.number++
	j.records = append(j.records, backend.Record{Number: j.number, Changes: changes})
	for len(j.records) > l.length {
		j.since = j.records[0].Number
		j.records = j.records[1:]
	}
}

func (l *lot) Expire(_ context.Context, journal string, p backend.Pending) error {
	defer l.enter("expire")()
	j := l.journal(journal)
	i := j.find(p.ID)
	if i < 0 || j.pending[i].Renewed != p.Renewed {
		return nil
	}
	l.append(j, p.Changes)
	j.pending = slices.Delete(slices.Clone(j.pending), i, i+1)
	return nil
}

func (l *lot) Open(_ context.Context, journal string, epoch uint64) error {
	defer l.enter("open")()
	if j := l.journal(journal); j.epoch == epoch && j.young {
		j.young = false
		j.number++
	}
	return nil
}

func (l *lot) Close() error { return nil }
