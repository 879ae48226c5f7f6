package profiles

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrInvalid is what every error of [Set.Compile] wraps.
var ErrInvalid = errors.New("cacheops: invalid profile")

// Profile says how the results of queries on a table are cached. The zero
// value caches a result where a query asks for it and nothing else, for the
// default time, in the default region.
//
// No setting is needed to keep results true: changes see to that. The times
// here bound only the harm of writes that the plugin could not see, and that
// of Ignore.
type Profile struct {
	// Ops are the kinds of reading that are cached without being asked. The
	// zero value is none: then only a query that asks for it is cached.
	Ops Ops

	// TTL is how long a result is kept at most; a change or the lack of room
	// may end it sooner. Zero is the plugin's default, cacheops.DefaultTTL.
	TTL time.Duration

	// Jitter is the part of a result's time, 0 ≤ Jitter < 1, by which it may
	// be shortened at random, so that results stored together do not expire
	// together: with TTL 1h and Jitter 0.1 each lives between 54 and 60
	// minutes. Zero shortens nothing. It applies to NegativeTTL as well.
	Jitter float64

	// Region names the region that results are kept in. Empty is the default
	// region.
	Region string

	// Never forbids caching: no result that reads the table is stored, even
	// where a query asks for it. A profile with Never has no other setting.
	Never bool

	// Lock makes processes that miss the same key at the same moment share
	// one query, by a short lease in the region. Within one process they
	// share it always, so in a memory region Lock changes nothing.
	Lock bool

	// NegativeTTL takes the place of TTL for a result without rows. Zero
	// keeps such results for TTL, like any other.
	NegativeTTL time.Duration

	// MaxRows is the largest number of rows that is stored; a larger result
	// goes to the caller and is not cached. Zero sets no bound other than the
	// region's own.
	MaxRows int

	// MaxBytes is the largest size in memory, about, of a result that is
	// stored; a larger one goes to the caller and is not cached. Zero sets no
	// bound other than the region's own, except for Rows, where it stands for
	// cacheops.DefaultRowsBytes: these are held back until they are known to
	// fit.
	MaxBytes int64

	// Ignore names columns, in any letter case, whose updates do not matter:
	// an update that writes no other column drops no result. So a result may
	// show, and may have been selected by, old values of these columns until
	// another change or TTL ends it. It is meant for counters and the like.
	// Empty ignores nothing.
	Ignore []string

	// NoImages keeps writes from reading the rows they are about to change.
	// By default they do where knowing the old values can spare a result. Set
	// it where that read costs more than the results it spares; what is
	// dropped may then be more, never less.
	NoImages bool

	// NoPartners keeps queries from asking which rows of one table they are
	// about, if only another table's rows tell: the articles of the author with
	// an email, say. By default they do, by one more query, once a change has
	// dropped a result of the same SQL; changes of other rows spare what is
	// fetched from then on. So they ask, on SQLite, where a page ends that is in
	// the order of a time. It is the profile of the table that the query is
	// made on which counts.
	NoPartners bool
}

// problems lists what is wrong with p, in the order of its fields.
func (p *Profile) problems(regions func(name string) bool) []string {
	if p.Never && p.hasSettings() {
		return []string{"Never leaves no room for other settings"}
	}
	var list []string
	complain := func(wrong bool, format string, args ...any) {
		if wrong {
			list = append(list, fmt.Sprintf(format, args...))
		}
	}
	complain(p.Ops&^known != 0, "unknown Ops in %v", p.Ops)
	complain(p.TTL < 0, "negative TTL %v", p.TTL)
	// Asked in this way round, not-a-number is wrong too.
	complain(!(p.Jitter >= 0 && p.Jitter < 1), "Jitter %v is not in [0, 1)", p.Jitter)
	complain(p.Region != "" && (regions == nil || !regions(p.Region)), "unknown region %q", p.Region)
	complain(p.NegativeTTL < 0, "negative NegativeTTL %v", p.NegativeTTL)
	complain(p.MaxRows < 0, "negative MaxRows %d", p.MaxRows)
	complain(p.MaxBytes < 0, "negative MaxBytes %d", p.MaxBytes)
	for i, column := range p.Ignore {
		complain(strings.TrimSpace(column) == "", "Ignore[%d] is empty", i)
	}
	return list
}

// hasSettings reports whether anything but Never is set.
func (p *Profile) hasSettings() bool {
	return p.Ops != 0 || p.TTL != 0 || p.Jitter != 0 || p.Region != "" || p.Lock ||
		p.NegativeTTL != 0 || p.MaxRows != 0 || p.MaxBytes != 0 || len(p.Ignore) != 0 || p.NoImages || p.NoPartners
}
