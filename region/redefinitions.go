package region

import (
	"context"
	"sync"

	"github.com/seed92106438/cacheops/invalidation"
)

// redefinitions tells those who keep catalogues that a definition may have changed:
// one that another process has changed is heard of in the database's journal.
//
// A reader has made its dependency by a catalogue, and then looks at the journal
// for its stamp; he has only to ask afterwards whether the catalogue still holds. A
// writer has understood its statements by a catalogue, and announces them; so the
// journal is looked at then too, beside the announcement, and he asks afterwards. What
// was redefined before his statement was sent was announced, as pending at least,
// before that, so the look finds it.
type redefinitions struct {
	mu    sync.Mutex
	heard []func(database string)
}

func (d *redefinitions) listen(f func(database string)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.heard = append(d.heard, f)
}

func (d *redefinitions) listeners() []func(database string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.heard
}

func (d *redefinitions) tell(database string) {
	for _, f := range d.listeners() {
		f(database)
	}
}

// Redefined implements [Region].
func (r *shared) Redefined(f func(database string)) { r.redefinitions.listen(f) }

// lookForRedefinitions looks at the journals of the databases that changes are of,
// and returns what waits for that. It does nothing if no one wants to know. What
// cannot be looked at may have been redefined.
func (r *shared) lookForRedefinitions(ctx context.Context, changes []invalidation.Change) (wait func()) {
	if len(r.redefinitions.listeners()) == 0 {
		return func() {}
	}
	databases := map[string]bool{}
	var mirrors []*mirror
	for i := range changes {
		if name := changes[i].Table.Database; !databases[name] {
			databases[name] = true
			mirrors = append(mirrors, r.mirror(invalidation.Table{Database: name, Name: invalidation.AllTables}))
		}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if _, ok := r.look(ctx, "", mirrors); !ok {
			for name := range databases {
				r.redefinitions.tell(name)
			}
		}
	}()
	return func() { <-done }
}

func redefines(c invalidation.Change) bool { return c.Kind == invalidation.Redefinition }
