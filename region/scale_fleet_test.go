package region

import (
	"container/heap"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/region/internal/backend"
)

// load is what the processes of a fleet do: they read rows of posts by their keys,
// and count their views. Each tenant has posts of its own, in a database of its own.
type load struct {
	processes int
	tenants   int
	served    int     // by each process: its own tenant and those after it
	reads     float64 // by each process in a second
	writes    float64 // by all of them in a second
	lasts     time.Duration
	tier      func(Region) Region // nil for none
}

// commitTime is how long the database takes for COMMIT.
const commitTime = 2 * time.Millisecond

// rowsRead is the number of rows of a tenant that are read.
const rowsRead = 100

// fleet is processes that share a store, on a clock of their own.
type fleet struct {
	testing.TB
	load
	lot     *lot
	members []*member
	posts   [][]*invalidation.Dependency // by tenant and row
	random  *rand.Rand
	agenda  agenda
	begun   time.Time
	serial  int64
}

// member is a process of a fleet.
type member struct {
	Region
	*traffic
	place int
}

// gather makes a fleet. It is to be called in a bubble of synctest.
func gather(t testing.TB, l load) *fleet {
	f := &fleet{TB: t, load: l, lot: newLot(), random: rand.New(rand.NewPCG(1, 2)), begun: time.Now()}
	f.lot.length = DefaultSharedJournalLength
	f.lot.keepNoCalls()
	for tenant := range l.tenants {
		rows := make([]*invalidation.Dependency, rowsRead)
		for id := range rows {
			shape := invalidation.Shape{Uses: []invalidation.Use{use("posts", where{is("id", int64(id))})}}
			rows[id] = shape.Dependency(tenantName(tenant), nil, catalog)
		}
		f.posts = append(f.posts, rows)
		for _, table := range []string{"posts", invalidation.AllTables} {
			f.lot.journal(journalName(invalidation.Table{Database: tenantName(tenant), Name: table})).young = false
		}
	}
	for place := range l.processes {
		f.join(place)
	}
	return f
}

// join makes a process, which does what the plugin does: it wants to hear of what is
// redefined, and has read something of each tenant that it serves.
func (f *fleet) join(place int) {
	m := &member{traffic: &traffic{journals: map[string]int{}}, place: place}
	m.Region = newShared(sharing{backend: &meter{f.lot, m.traffic}, length: DefaultSharedJournalLength}, nil)
	if f.tier != nil {
		m.Region = f.tier(m.Region)
	}
	m.Redefined(func(string) {})
	f.members = append(f.members, m)
	for i := range f.served {
		f.read(m, (place+i)%f.tenants, 0)
	}
	f.reset(m)
}

func (f *fleet) disband() {
	for _, m := range f.members {
		if closer, ok := m.Region.(interface{ Close() error }); ok {
			_ = closer.Close()
		}
	}
	synctest.Wait()
}

func tenantName(tenant int) string { return fmt.Sprintf("tenant%02d", tenant) }

// read reads a row: from the region, or from the database, and then it is stored.
func (f *fleet) read(m *member, tenant, row int) (hit bool) {
	dep := f.posts[tenant][row]
	name := fmt.Sprint(tenant, "/", row)
	if e, _ := m.Get(f.Context(), sharedKey(name), asked(tablesOf(dep))); e != nil {
		return true
	}
	if stamp, ok := m.Stamp(f.Context(), dep, 0); ok {
		m.Put(f.Context(), &Entry{
			Key: sharedKey(name), Dependency: dep, Stamp: stamp, Value: text(name), Encoding: text(name), TTL: time.Hour,
		})
	}
	return false
}

// counted is that the views of rows were counted, of which both images are known.
func counted(tenant int, rows ...int64) (changes []invalidation.Change) {
	for _, id := range rows {
		c := updated("posts",
			where{is("id", id), is("topic", id%10), is("views", id)},
			where{is("id", id), is("topic", id%10), is("views", id+1)}, "views")
		c.Table.Database, c.Rows = tenantName(tenant), 1
		changes = append(changes, c)
	}
	return changes
}

// announce announces a change, and returns what settles it.
func (f *fleet) announce(m *member, changes []invalidation.Change) (settle func()) {
	intent, err := m.Announce(f.Context(), changes)
	if err != nil {
		f.Fatal(err)
	}
	return func() { intent.Commit(f.Context()) }
}

// play has the fleet do what its load says.
func (f *fleet) play() {
	f.begun = time.Now()
	for _, m := range f.members {
		f.later(f.span(f.reads), func() { f.reading(m) })
	}
	if f.writes > 0 {
		f.later(0, f.writing)
	}
	for len(f.agenda) > 0 && f.agenda[0].at < f.lasts {
		next := heap.Pop(&f.agenda).(item)
		time.Sleep(time.Until(f.begun.Add(next.at)))
		next.do()
	}
}

// span is the time between two things of which there are so many a second, more or less:
// what is done at the same moment would be done in no order.
func (f *fleet) span(rate float64) time.Duration {
	return time.Duration(2 * f.random.Float64() * float64(time.Second) / rate)
}

func (f *fleet) reading(m *member) {
	f.read(m, f.tenantOf(m), f.random.IntN(rowsRead))
	f.later(f.span(f.reads), func() { f.reading(m) })
}

func (f *fleet) writing() {
	m := f.members[f.random.IntN(f.processes)]
	f.serial++
	f.later(commitTime, f.announce(m, counted(f.tenantOf(m), f.serial)))
	f.later(f.span(f.writes), f.writing)
}

// tenantOf is one of those that a process serves.
func (f *fleet) tenantOf(m *member) int { return (m.place + f.random.IntN(f.served)) % f.tenants }

// later has something done after a time.
func (f *fleet) later(d time.Duration, do func()) {
	heap.Push(&f.agenda, item{time.Since(f.begun) + d, do})
}

// agenda has what is to be done, the next first.
type agenda []item

type item struct {
	at time.Duration
	do func()
}

func (a agenda) Len() int           { return len(a) }
func (a agenda) Less(i, j int) bool { return a[i].at < a[j].at }
func (a agenda) Swap(i, j int)      { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)        { *a = append(*a, x.(item)) }
func (a *agenda) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}

// traffic is what a process and the store have said to each other.
type traffic struct {
	looks, quiet int            // those that found nothing new are quiet
	far          int            // those that found more new than a glance at Redis sees
	records      int            // committed changes that looks have brought
	heard        int            // bytes of changes that looks have brought
	writes       int            // calls that announce or settle
	said         int            // bytes of changes in these
	journals     map[string]int // calls, by the journals that they concern
}

// reset has the traffic of a process be counted from now on.
func (f *fleet) reset(m *member) {
	f.lot.mu.Lock()
	defer f.lot.mu.Unlock()
	*m.traffic = traffic{journals: map[string]int{}}
}

// add adds the traffic of another process.
func (t *traffic) add(o *traffic) {
	t.looks, t.quiet, t.far = t.looks+o.looks, t.quiet+o.quiet, t.far+o.far
	t.records, t.heard = t.records+o.records, t.heard+o.heard
	t.writes, t.said = t.writes+o.writes, t.said+o.said
	for journal, calls := range o.journals {
		t.journals[journal] += calls
	}
}

// of is the traffic of processes.
func (f *fleet) of(members ...*member) *traffic {
	f.lot.mu.Lock()
	defer f.lot.mu.Unlock()
	sum := &traffic{journals: map[string]int{}}
	for _, m := range members {
		sum.add(m.traffic)
	}
	return sum
}

// meter is the way to a lot, on which the traffic is counted. Its process makes one
// call at a time, but for the look beside an announcement.
type meter struct {
	*lot
	traffic *traffic
}

// glance is how many numbers of what is new are seen without a script in Redis.
const glance = 6

func (m *meter) Look(ctx context.Context, key string, follow []backend.Follow) ([]byte, []backend.News, error) {
	value, news, err := m.lot.Look(ctx, key, follow)
	m.lot.mu.Lock()
	defer m.lot.mu.Unlock()
	quiet, far := true, false
	for i := range news {
		m.traffic.journals[follow[i].Journal]++
		quiet = quiet && !news[i].Changed
		far = far || news[i].Number > follow[i].Number+glance
		m.traffic.records += len(news[i].Records)
		for _, r := range news[i].Records {
			m.traffic.heard += len(r.Changes)
		}
		for _, p := range news[i].Pending {
			m.traffic.heard += len(p.Changes)
		}
	}
	m.traffic.looks++
	if quiet {
		m.traffic.quiet++
	}
	if far {
		m.traffic.far++
	}
	return value, news, err
}

func (m *meter) Announce(ctx context.Context, id string, lease time.Duration, parts []backend.Part) error {
	m.wrote(parts, nil)
	return m.lot.Announce(ctx, id, lease, parts)
}

func (m *meter) Settle(ctx context.Context, id string, committed []backend.Part, announced []string) error {
	m.wrote(committed, announced)
	return m.lot.Settle(ctx, id, committed, announced)
}

// wrote counts a call that writes.
func (m *meter) wrote(parts []backend.Part, announced []string) {
	m.lot.mu.Lock()
	defer m.lot.mu.Unlock()
	m.traffic.writes++
	concerned := map[string]bool{}
	for _, journal := range announced {
		concerned[journal] = true
	}
	for _, part := range parts {
		m.traffic.said += len(part.Changes)
		concerned[part.Journal] = true
	}
	for journal := range concerned {
		m.traffic.journals[journal]++
	}
}
