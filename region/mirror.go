package region

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/region/internal/backend"
)

// mirror is what this process knows of one journal that processes share. It
// plays what it hears into a journal of its own, which then answers as that of a
// memory region does: numbers below are those of the own journal unless they are
// called shared.
//
// What was heard is taken in such that a reader who looks at the journal in the
// midst of it goes wrong in no way: committed changes come first, then new
// announcements, and only then are those gone that were settled. See
// [memory.Announce] for why that is enough.
type mirror struct {
	table  invalidation.Table
	name   string // of the shared journal
	length int    // of the own journal

	watched atomic.Bool // some result that depends on the table was seen here

	mu      sync.Mutex
	journal *journal
	wanted  bool      // a look has begun to follow the journal
	epoch   uint64    // shared; zero before anything was heard
	began   time.Time // when the epoch was first heard of
	number  uint64    // shared, heard of last
	base    passage   // all that came later is in the journal
	passed  []passage
	pending map[string]*heard // by the announcement's id
	own     []*ownIntent
	youth   time.Time // when the shared journal was first seen to be young; zero if it is not
	recent  time.Time // when the last look began whose news were taken in
}

// heard is an announcement in the shared journal.
type heard struct {
	*announcement
	backend.Pending
	// since is when it was first seen, or seen to be renewed. A lease is measured
	// from there, by this process's clock alone: it never ends too early.
	since time.Time
}

// ownIntent is an announcement of this process. It is pending in the mirror from
// before it is in the store until the store's own news have told its outcome, so
// that no reader of this process can be served what it has made untrue.
type ownIntent struct {
	*announcement
	// settled is the number of looks that had begun when the outcome was in the
	// store; a later one has heard of it. Zero until then.
	settled uint64
}

func newMirror(table invalidation.Table, length int) *mirror {
	return &mirror{
		table: table, name: journalName(table), length: length,
		journal: newJournal(length), pending: map[string]*heard{},
	}
}

// journalName names the journal of a table in a store.
func journalName(t invalidation.Table) string { return t.Database + "\x00" + t.Name }

// follow says from where news are wanted.
func (m *mirror) follow() backend.Follow {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.wanted = true
	return backend.Follow{Journal: m.name, Epoch: m.epoch, Number: m.number}
}

// hear takes in the news since what was followed, by a look that was given the
// ticket and began at the time given. It reports false if they are of no use to the
// read that asked, because another look has found another epoch in the meantime.
//
// So epochs go forward only. The one that was followed was in the store before the
// look began, hence one that the look found in its place is a later one. Of two that
// two looks have found no one can tell which is over; and news of the epoch that was
// followed leave out what the mirror does not have any more.
func (m *mirror) hear(followed backend.Follow, news *backend.News, ticket uint64, began time.Time, decode func([]byte) ([]invalidation.Change, error)) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if news.Epoch != m.epoch {
		if followed.Epoch != m.epoch {
			return false
		}
		m.begin(news)
		m.take(news, decode)
	} else if news.Number > m.number {
		m.take(news, decode)
	}
	m.settle(ticket)
	if began.After(m.recent) {
		m.recent = began
	}
	return true
}

// begin starts anew for another epoch. Whoever still holds the old journal finds
// nothing in it fresh any more.
func (m *mirror) begin(news *backend.News) {
	old := m.journal
	m.journal, m.epoch, m.began = newJournal(m.length), news.Epoch, time.Now()
	m.number, m.base, m.passed = news.Since, passage{shared: news.Since}, nil
	m.pending = map[string]*heard{}
	m.youth = time.Time{}
	for _, own := range m.own {
		own.announcement = m.announced(own.changes)
	}
	old.end()
}

// take plays what is new into the own journal.
func (m *mirror) take(news *backend.News, decode func([]byte) ([]invalidation.Change, error)) {
	if news.Since > m.number {
		// Some of what came since is lost: nothing is known of what it met.
		m.journal.commit(m.everything())
		m.base, m.passed = passage{news.Since, m.journal.number.Load()}, nil
	}
	for _, record := range news.Records {
		if record.Number <= m.number {
			continue
		}
		m.journal.commit(m.decoded(record.Changes, decode))
		m.pass(record.Number)
	}
	if len(m.own) > 0 {
		// What this process has announced may come later in the shared journal than
		// these records do, and concern those who stand at them: see at.
		m.journal.stir()
	}
	m.number = max(m.number, news.Number)
	m.hearPending(news.Pending, decode)
	switch {
	case !news.Young:
		m.youth = time.Time{}
	case m.youth.IsZero():
		m.youth = time.Now()
	}
}

// hearPending brings the announcements up to date, the new ones first.
func (m *mirror) hearPending(pending []backend.Pending, decode func([]byte) ([]invalidation.Change, error)) {
	still := make(map[string]*heard, len(pending))
	for _, p := range pending {
		known := m.pending[p.ID]
		if known == nil {
			known = &heard{announcement: m.announced(m.decoded(p.Changes, decode)), Pending: p, since: time.Now()}
		} else if known.Renewed != p.Renewed {
			known.Pending, known.since = p, time.Now()
		}
		still[p.ID] = known
	}
	for id, known := range m.pending {
		if still[id] == nil {
			m.journal.withdraw(known.announcement)
		}
	}
	m.pending = still
}

// decoded reads changes. Those that cannot be read may be anything.
func (m *mirror) decoded(b []byte, decode func([]byte) ([]invalidation.Change, error)) []invalidation.Change {
	if changes, err := decode(b); err == nil {
		return changes
	}
	return m.everything()
}

// everything is any change of the table.
func (m *mirror) everything() []invalidation.Change {
	return []invalidation.Change{{Table: m.table, Kind: invalidation.Any, Rows: -1}}
}

// announced makes changes pending in the own journal.
func (m *mirror) announced(changes []invalidation.Change) *announcement {
	a := &announcement{table: m.table, journal: m.journal, changes: changes}
	m.journal.announce(a)
	return a
}

// announce makes changes of this process pending.
func (m *mirror) announce(changes []invalidation.Change) *ownIntent {
	m.mu.Lock()
	defer m.mu.Unlock()
	own := &ownIntent{announcement: m.announced(changes)}
	m.own = append(m.own, own)
	return own
}

// end withdraws an announcement of this process whose outcome is in the store, as
// soon as a look has been taken in that begins when looks have begun already. It
// returns how many wait for that.
func (m *mirror) end(own *ownIntent, looks uint64) (waiting int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	own.settled = looks + 1
	for _, own := range m.own {
		if own.settled != 0 {
			waiting++
		}
	}
	return waiting
}

// abort withdraws an announcement of this process that came to nothing, and what was
// heard of it: a region at the bounded level may not look for a while.
func (m *mirror) abort(own *ownIntent, id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.journal.withdraw(own.announcement)
	if known := m.pending[id]; known != nil {
		m.journal.withdraw(known.announcement)
		delete(m.pending, id)
	}
	m.own = slices.DeleteFunc(m.own, func(o *ownIntent) bool { return o == own })
}

// settle withdraws what looks with the ticket have heard the outcome of.
func (m *mirror) settle(ticket uint64) {
	m.own = slices.DeleteFunc(m.own, func(own *ownIntent) bool {
		heard := own.settled != 0 && own.settled <= ticket
		if heard {
			m.journal.withdraw(own.announcement)
		}
		return heard
	})
}

// stamp returns the shared position, or false if something that is pending meets
// d, or may be, or was settled since quiet. See [journal.stamp].
func (m *mirror) stamp(d *invalidation.TableDependency, quiet time.Time) (Position, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.epoch == 0 || !m.youth.IsZero() {
		return Position{}, false
	}
	if !quiet.IsZero() && m.began.After(quiet) {
		return Position{}, false // what was settled before is known in part, or not at all
	}
	if _, ok := m.journal.stamp(d, quiet); !ok {
		return Position{}, false
	}
	return Position{Epoch: m.epoch, Number: m.number}, true
}

// lapsed returns the announcements whose lease is over.
func (m *mirror) lapsed() (over []backend.Pending) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, known := range m.pending {
		if time.Since(known.since) > known.Lease {
			over = append(over, known.Pending)
		}
	}
	return over
}

// followed reports whether a look has ever begun to follow the journal.
func (m *mirror) followed() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.wanted
}

// grown reports whether the journal has been young for as long as a lease, and in
// which epoch.
func (m *mirror) grown(lease time.Duration) (epoch uint64, grown bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.epoch, !m.youth.IsZero() && time.Since(m.youth) > lease
}

// heardSince reports whether a look that began at t or later was taken in.
func (m *mirror) heardSince(t time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.epoch != 0 && !m.recent.Before(t)
}
