package region

import (
	"context"
	"slices"
	"sync"

	"github.com/seed92106438/cacheops/invalidation"
)

// intent is the [Intent] of a memory region.
//
// It has no lease. A pending change lives exactly as long as the process of
// its writer, which is the process of its readers: a crash that leaves the
// outcome open leaves no one who could be served. So a writer that is slow to
// commit costs hits, but can never be overtaken.
type intent struct {
	region *memory
	parts  []announcement
	once   sync.Once
}

// Announce implements [Region]. The changes go to one journal after the
// other. A reader in between, that finds some and not others, does no harm:
// COMMIT is sent only after Announce has returned, so until then what is
// cached is true.
func (m *memory) Announce(_ context.Context, changes []invalidation.Change) (Intent, error) {
	in := &intent{region: m, parts: m.split(changes)}
	for i := range in.parts {
		in.parts[i].journal.announce(&in.parts[i])
	}
	return in, nil
}

// split parts changes by the journals that they go to.
func (m *memory) split(changes []invalidation.Change) []announcement {
	if len(changes) == 1 {
		table := changes[0].Table
		return []announcement{{table: table, journal: m.journal(table), changes: changes}}
	}
	var parts []announcement
	for _, c := range changes {
		i := slices.IndexFunc(parts, func(a announcement) bool { return a.table == c.Table })
		if i < 0 {
			i = len(parts)
			parts = append(parts, announcement{table: c.Table, journal: m.journal(c.Table)})
		}
		parts[i].changes = append(parts[i].changes, c)
	}
	return parts
}

// Commit implements [Intent]. Everywhere the committed changes are appended
// before any announcement is withdrawn: a reader that does not find it any
// more has what took its place before it. That may be in another journal, if
// [invalidation.AllTables] was announced and turned out to be single tables;
// readers look at the database's journal first. See slot.check.
func (in *intent) Commit(_ context.Context, changes ...invalidation.Change) {
	in.once.Do(func() {
		committed := in.parts
		if len(changes) > 0 {
			committed = in.region.split(changes)
		}
		for i := range committed {
			committed[i].journal.commit(committed[i].changes)
		}
		in.withdraw()
	})
}

// Abort implements [Intent].
func (in *intent) Abort(context.Context) {
	in.once.Do(in.withdraw)
}

func (in *intent) withdraw() {
	for i := range in.parts {
		in.parts[i].journal.withdraw(&in.parts[i])
	}
}
