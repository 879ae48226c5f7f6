package replay

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seed92106438/cacheops/internal/encoded"
)

// zone is what a time shows of its location: the name and the offset that the clocks
// there have at that moment.
//
// A location is a pointer, which only means something in its own process. Three are
// made again by what they are: UTC; a zone that never changes; one that the time zone
// database knows by its name. The fourth, [time.Local], is another in every process,
// and so may be what a driver makes of the same bytes there: pgx gives each instant of
// a timestamptz in it, MySQL's driver reads the clock of a datetime by it, if told
// so. In either case it would have given this very time wherever the local clock shows
// the same at that moment; elsewhere the result is refused, and the database is asked.
type zone struct {
	kind   zoneKind
	place  string // in the time zone database; of a named zone only
	name   string // an abbreviation mostly, such as CET
	offset int    // in seconds east of UTC
}

// zoneKind tells how the location is made again. The numbers are never used again for
// others.
type zoneKind byte

const (
	utcZone   zoneKind = 0
	fixedZone zoneKind = 1
	localZone zoneKind = 2
	namedZone zoneKind = 3
)

var (
	errNanoseconds = errors.New("a time has more nanoseconds than a second")
	errZone        = errors.New("clocks show something else here")
)

func zoneOf(t time.Time) zone {
	var z zone
	if t.Location() == time.UTC {
		return z
	}
	z.name, z.offset = t.Zone()
	start, end := t.ZoneBounds()
	switch place := t.Location().String(); {
	case t.Location() == time.Local:
		z.kind = localZone
	case place == z.name && start.IsZero() && end.IsZero():
		z.kind = fixedZone
	default:
		z.kind, z.place = namedZone, place
	}
	return z
}

// location makes the zone's location again.
func (z *zone) location() (*time.Location, error) {
	switch z.kind {
	case utcZone:
		return time.UTC, nil
	case fixedZone:
		return time.FixedZone(z.name, z.offset), nil
	case localZone:
		return time.Local, nil
	}
	return place(z.place)
}

// check returns an error unless a clock shows at t what those of the zone did.
func (z *zone) check(t time.Time) error {
	if name, offset := t.Zone(); name != z.name || offset != z.offset {
		return fmt.Errorf("%w: %s%+d, not %s%+d", errZone, name, offset, z.name, z.offset)
	}
	return nil
}

// time appends an instant and the number of its zone. A zone's number is how many
// came before it; UTC is the first. One that is new follows its number.
func (w *writer) time(t time.Time) error {
	z := zoneOf(t)
	if err := z.reproducible(t); err != nil {
		return fmt.Errorf("%w: a time in the zone %q: %w", errForeign, z.place, err)
	}
	w.b = encoded.AppendInt(append(w.b, tagTime), t.Unix())
	w.b = encoded.AppendUint(w.b, uint64(t.Nanosecond()))
	if z.kind == utcZone {
		w.b = append(w.b, 0)
		return nil
	}
	at := slices.Index(w.zones, z)
	if at >= 0 {
		w.b = encoded.AppendUint(w.b, uint64(at)+1)
		return nil
	}
	w.zones = append(w.zones, z)
	w.b = encoded.AppendUint(w.b, uint64(len(w.zones)))
	w.b = append(w.b, byte(z.kind))
	w.b = encoded.AppendText(w.b, z.place)
	w.b = encoded.AppendText(w.b, z.name)
	w.b = encoded.AppendInt(w.b, int64(z.offset))
	return nil
}

// reproducible returns an error if t cannot be made again by what its zone is.
func (z *zone) reproducible(t time.Time) error {
	if int(int32(z.offset)) != z.offset {
		return errZone
	}
	if z.kind != namedZone {
		return nil
	}
	location, err := z.location()
	if err != nil {
		return err
	}
	return z.check(t.In(location))
}

// located is a zone that was read.
type located struct {
	zone
	location *time.Location
}

func (d *decoder) time() time.Time {
	seconds, nanoseconds := d.Int(), d.Uint()
	if nanoseconds >= 1e9 {
		d.Fail(errNanoseconds)
	}
	t := time.Unix(seconds, int64(nanoseconds))
	number := d.Uint()
	switch n := uint64(len(d.zones)); {
	case number == 0:
		return t.UTC()
	case number == n+1:
		d.zones = append(d.zones, d.zone())
	case number > n:
		d.Failf("zone %d is not known", number)
		return time.Time{}
	}
	z := &d.zones[number-1]
	if z.location == nil { // the reading has failed
		return time.Time{}
	}
	t = t.In(z.location)
	if err := z.check(t); err != nil {
		d.Fail(err)
	}
	return t
}

func (d *decoder) zone() (z located) {
	z.kind = zoneKind(d.Byte())
	z.place, z.name = d.Text(), d.Text()
	z.offset = int(narrow[int32](d, d.Int()))
	if z.kind == utcZone || z.kind > namedZone || (z.kind == namedZone) != (z.place != "") {
		d.Failf("a zone of kind %d is not known", z.kind)
	}
	if d.Err() != nil {
		return located{}
	}
	var err error
	if z.location, err = z.zone.location(); err != nil {
		d.Fail(err)
	}
	return z
}

// places has locations of the time zone database by their names. There are some
// hundreds of them; nothing is kept of names that are of none.
var places sync.Map

func place(name string) (*time.Location, error) {
	if l, ok := places.Load(name); ok {
		return l.(*time.Location), nil
	}
	if path.Clean(name) != name { // one place has one name
		return nil, fmt.Errorf("%w: %q is no place", errZone, name)
	}
	name = strings.Clone(name) // not part of what is decoded
	l, err := time.LoadLocation(name)
	switch {
	case err != nil:
		return nil, err
	case l == time.Local || l == time.UTC:
		return nil, fmt.Errorf("%w: %q is no place", errZone, name)
	}
	places.Store(name, l)
	return l, nil
}
