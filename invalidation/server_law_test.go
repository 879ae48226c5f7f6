package invalidation

import (
	"cmp"
	"database/sql/driver"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// This file is what PostgreSQL and MySQL make of the kinds that SQLite does not
// have, written down without a thought of boxes, and the law that nothing which
// they unite is taken for different.

// serverColumn is one column of a server. Stored values have the types that
// compare understands: string, time.Time, *big.Rat.
type serverColumn struct {
	Column
	name    string
	draw    func(t *rapid.T) driver.Value
	store   func(v driver.Value) any
	load    func(stored any) driver.Value
	compare func(stored any, v driver.Value) int
	like    func(stored any, pattern string) bool
}

func asGiven(v driver.Value) any { return v }

func given(stored any) driver.Value { return stored }

func serverColumns() []serverColumn {
	return []serverColumn{
		{
			name: "varchar", Column: Column{Kind: Exact, Canonical: true},
			draw: drawServerText, store: asGiven, load: given,
			compare: func(stored any, v driver.Value) int { return strings.Compare(stored.(string), v.(string)) },
			like:    ilike,
		},
		{
			name: "char(8), in bytes", Column: Column{Kind: Exact, Canonical: true},
			draw:  drawServerText,
			store: func(v driver.Value) any { return v.(string) + strings.Repeat(" ", max(0, 8-len(v.(string)))) },
			load:  func(stored any) driver.Value { return []byte(stored.(string)) },
			compare: func(stored any, v driver.Value) int {
				return strings.Compare(rtrim(stored.(string)), rtrim(v.(string)))
			},
			like: ilike,
		},
		clockColumn("timestamp", func(t time.Time) time.Time { return wall(t).Truncate(time.Microsecond) }, wall),
		clockColumn("date", func(t time.Time) time.Time { return wall(t).Truncate(24 * time.Hour) }, wall),
		clockColumn("date compared as a date", day, day),
		clockColumn("datetime of connections with zones", func(t time.Time) time.Time { return wall(t).Round(time.Second) }, func(t time.Time) time.Time {
			return wall(t.In(time.FixedZone("", 14*3600)))
		}),
		decimalColumn("numeric", 1<<14, exactly),
		decimalColumn("numeric(10, 2)", 2, exactly),
		decimalColumn("decimal(10, 2), compared as a double", 2, nearest),
		decimalColumn("decimal(10, 1) of which the scale is not known", 1, nearest),
		{
			name: "uuid", Column: Column{Kind: UUID, Canonical: true},
			draw: func(t *rapid.T) driver.Value {
				id := "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1" + rapid.SampledFrom([]string{"1", "A", "a"}).Draw(t, "uuid")
				form := rapid.SampledFrom([]func(string) string{
					strings.ToUpper, strings.ToLower, func(s string) string { return "{" + s + "}" }, func(s string) string { return strings.ReplaceAll(s, "-", "") },
				}).Draw(t, "form")
				return form(id)
			},
			store: func(v driver.Value) any { return canonicalUUID(v) }, load: given,
			compare: func(stored any, v driver.Value) int { return strings.Compare(stored.(string), canonicalUUID(v)) },
		},
	}
}

func drawServerText(t *rapid.T) driver.Value {
	return rapid.SampledFrom([]string{"", "a", "A", "a ", "a  ", "ab", "Ab ", "abc", "é", "É", "éa", "k", "\u212a", "ka", "\u212aa", "a\u212a", "a%", "a_", "aé%", "b", "K%", "ka%", "A%"}).Draw(t, "text")
}

// ilike ignores letter case as PostgreSQL does.
func ilike(stored any, pattern string) bool {
	return likes(strings.ToLower(pattern), strings.ToLower(stored.(string)))
}

// wall is the clock as it stands in t's own zone.
func wall(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

func day(t time.Time) time.Time { return wall(t).Truncate(24 * time.Hour) }

func clockColumn(name string, store, ask func(time.Time) time.Time) serverColumn {
	return serverColumn{
		name: name, Column: Column{Kind: Clock, Canonical: true}, load: given,
		draw: func(t *rapid.T) driver.Value {
			zone := rapid.SampledFrom([]int{0, 2, -12, 14}).Draw(t, "zone")
			half := rapid.IntRange(0, 40).Draw(t, "half days")
			return time.Date(2026, 1, 1, 12*half, 0, 0, 499e6, time.UTC).In(time.FixedZone("", zone*3600))
		},
		store:   func(v driver.Value) any { return store(v.(time.Time)) },
		compare: func(stored any, v driver.Value) int { return stored.(time.Time).Compare(ask(v.(time.Time))) },
	}
}

func decimalColumn(name string, scale int16, compare func(stored *big.Rat, v driver.Value) int) serverColumn {
	known := scale
	if strings.Contains(name, "not known") {
		known = 0
	}
	return serverColumn{
		name: name, Column: Column{Kind: Decimal, Canonical: true, Scale: known},
		draw: func(t *rapid.T) driver.Value {
			n := rapid.IntRange(-30, 30).Draw(t, "thousandths")
			switch rapid.IntRange(0, 3).Draw(t, "type") {
			case 0:
				return float64(n) / 1000
			case 1:
				return int64(n / 20)
			case 2:
				return strconv.FormatFloat(float64(n)/1000, 'f', 3, 64)
			}
			return strconv.FormatFloat(float64(n/10)/100, 'f', -1, 64)
		},
		store: func(v driver.Value) any {
			if scale > 100 {
				return rational(v)
			}
			r, _ := new(big.Rat).SetString(rational(v).FloatString(int(scale)))
			return r
		},
		load:    func(stored any) driver.Value { return []byte(stored.(*big.Rat).FloatString(min(int(scale), 15))) },
		compare: func(stored any, v driver.Value) int { return compare(stored.(*big.Rat), v) },
	}
}

// rational is the number that the argument's text is.
func rational(v driver.Value) *big.Rat {
	r, _ := new(big.Rat).SetString(text(v))
	return r
}

func exactly(stored *big.Rat, v driver.Value) int { return stored.Cmp(rational(v)) }

// nearest compares as doubles what is no integer.
func nearest(stored *big.Rat, v driver.Value) int {
	if _, ok := v.(int64); ok {
		return exactly(stored, v)
	}
	a, _ := stored.Float64()
	b, _ := rational(v).Float64()
	return cmp.Compare(a, b)
}

func canonicalUUID(v driver.Value) string {
	return strings.ToLower(strings.NewReplacer("-", "", "{", "", "}", "").Replace(v.(string)))
}

func (c *serverColumn) holds(op Op, stored any, v driver.Value) bool {
	switch order := c.compare(stored, v); op {
	case Eq, In:
		return order == 0
	case NotEq, NotIn:
		return order != 0
	case Less:
		return order < 0
	case LessEq:
		return order <= 0
	case Greater:
		return order > 0
	}
	return c.compare(stored, v) >= 0
}

// TestLawNothingThatAServerUnitesIsTakenForDifferent writes a value and asks
// for another: if the server finds the row, what is known of the row meets what
// is asked for, whether it is known from the write or from an image.
func TestLawNothingThatAServerUnitesIsTakenForDifferent(t *testing.T) {
	for _, column := range serverColumns() {
		t.Run(column.name, func(t *testing.T) {
			relation := &Relation{Name: "r", Base: true, Columns: map[string]Column{"c": column.Column}}
			rapid.Check(t, func(t *rapid.T) {
				written, asked := column.draw(t), column.draw(t)
				op := rapid.SampledFrom([]Op{Eq, NotEq, Less, LessEq, Greater, GreaterEq, In, NotIn, Like}).Draw(t, "op")
				stored := column.store(written)
				if op == Like {
					if column.like == nil || !column.like(stored, asked.(string)) {
						return
					}
				} else if !column.holds(op, stored, asked) {
					return
				}
				b := binding{nil, Catalog{"r": relation}}
				p := atom("c", op, asked)
				set := b.set(relation, &p)
				asWritten, asRead := column.written(written), column.read(column.load(stored))
				if !set.Meets(asWritten) || !set.Meets(asRead) {
					t.Fatalf("%v was written, stored as %v, and found by operator %d and %v, but %v or %v misses %v", written, stored, op, asked, asWritten, asRead, set)
				}
			})
		})
	}
}

// TestServerValuesThatMeet has what is too rare for the law to come upon.
func TestServerValuesThatMeet(t *testing.T) {
	at := date("2026-01-01T00:00:00Z")
	for name, c := range map[string]struct {
		column  Column
		written driver.Value
		op      Op
		asked   driver.Value
	}{
		"a decimal whose nearest double is asked for":         {Column{Kind: Decimal, Scale: 30}, "0.1000000000000000055", Eq, "0.1"},
		"the same as a float":                                 {Column{Kind: Decimal, Scale: 30}, "0.1000000000000000055", Eq, 0.1},
		"a float of four bytes, written with its own digits":  {Column{Kind: Decimal, Scale: 30}, float64(float32(19.99)), Eq, "19.99"},
		"a float with more digits than are kept":              {Column{Kind: Decimal, Scale: 30}, 1e-18 / 3, Eq, "0.0000000000000000003"},
		"a large integer and its double":                      {Column{Kind: Decimal}, int64(1<<53 + 1), Eq, float64(1 << 53)},
		"rounded away from zero":                              {Column{Kind: Decimal, Scale: 1}, "-0.25", Eq, "-0.3"},
		"rounded to an integer, since the scale is not known": {Column{Kind: Decimal}, "0.5", Eq, int64(1)},
		"blanks that char(n) adds":                            {Column{Kind: Exact}, "go", Eq, "go   "},
		"blanks that a prefix ends in":                        {Column{Kind: Exact}, "go", Like, "go %"},
		"zeros that binary(n) adds":                           {Column{Kind: Bytes}, []byte("a"), Eq, []byte("a\x00\x00")},
		"a date of the day before":                            {Column{Kind: Clock}, at.Add(-10 * time.Hour), Eq, at.Add(12 * time.Hour)},
		"a UUID in bytes":                                     {Column{Kind: UUID}, []byte("0123456789abcdef"), Eq, "30313233-3435-3637-3839-616263646566"},
		"a UUID as an array":                                  {Column{Kind: UUID}, [16]byte([]byte("0123456789abcdef")), Eq, "urn:uuid:30313233-3435-3637-3839-616263646566"},
		"a key of zero may be generated":                      {Column{Kind: Int, Unique: true}, int64(0), Eq, int64(7)},
	} {
		if set := c.column.compared(c.op, c.asked); !set.Meets(c.column.written(c.written)) {
			t.Errorf("%s: %v misses %v", name, c.column.written(c.written), set)
		}
	}
}

// TestPointsAndPrefixesOfExactTexts unites and cuts both.
func TestPointsAndPrefixesOfExactTexts(t *testing.T) {
	exact := Column{Kind: Exact}
	points := func(texts ...driver.Value) Set {
		p := atom("c", In, texts...)
		b := binding{nil, Catalog{"r": {Columns: map[string]Column{"c": exact}}}}
		return b.set(b.catalog["r"], &p)
	}
	prefix := exact.compared(Like, "Ru%")
	either := prefix.Union(points("Go", "Élan"))
	for _, text := range []string{"Go", "RUST", "Élan"} {
		if !either.Meets(exact.stored(text)) {
			t.Errorf("%s is lost in %v", text, either)
		}
	}
	if some := prefix.Union(points("Go")); some.Meets(exact.stored("c")) {
		t.Errorf("c is in %v", some)
	}
	both := prefix.Intersect(points("Rust", "rübe", "Go"))
	if got, want := both.String(), `value in ("Rust", "rübe")`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestServerValuesThatAreKeptApart has, for each kind, what must not meet: the
// law would hold for sets of everything as well.
func TestServerValuesThatAreKeptApart(t *testing.T) {
	at := date("2026-01-01T00:00:00Z")
	for name, c := range map[string]struct {
		column  Column
		written driver.Value
		op      Op
		asked   driver.Value
	}{
		"letter case":                     {Column{Kind: Exact}, "Go", Eq, "go"},
		"accents":                         {Column{Kind: Exact}, "café", Eq, "cafe"},
		"another prefix":                  {Column{Kind: Exact}, "rust", Like, "GO%"},
		"another prefix beyond ASCII":     {Column{Kind: Exact}, "caf", Like, "caff%"},
		"two texts beyond ASCII":          {Column{Kind: Exact}, "ü", Eq, "ö"},
		"a week":                          {Column{Kind: Clock}, at, Eq, at.AddDate(0, 0, 7)},
		"a week earlier":                  {Column{Kind: Clock}, at, Greater, at.AddDate(0, 0, 7)},
		"a minute, in order":              {Column{Kind: Time, Canonical: true}, at, Greater, at.Add(time.Minute)},
		"a cent":                          {Column{Kind: Decimal, Scale: 2}, "19.99", Eq, 19.98},
		"a cent, as floats":               {Column{Kind: Decimal, Scale: 2}, 19.99, Eq, 19.98},
		"a cent, in order":                {Column{Kind: Decimal, Scale: 2}, 19.99, Greater, "20.00"},
		"an integer of an unknown scale":  {Column{Kind: Decimal}, int64(7), Eq, int64(8)},
		"an integer's open end":           {Column{Kind: Decimal}, int64(7), Greater, int64(7)},
		"more than rounding does":         {Column{Kind: Decimal}, "7.25", Eq, "7.80"},
		"the last digit that is counted":  {Column{Kind: Decimal, Scale: 30}, "0.0000000000000000001", Eq, int64(0)},
		"two UUIDs":                       {Column{Kind: UUID}, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", Eq, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12"},
		"a UUID that is excluded":         {Column{Kind: UUID}, "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", NotEq, "a0eebc999c0b4ef8bb6d6bb9bd380a11"},
		"blobs that differ in the middle": {Column{Kind: Bytes}, []byte("a\x00b"), Eq, []byte("ab")},
	} {
		if set := c.column.compared(c.op, c.asked); set.Meets(c.column.written(c.written)) {
			t.Errorf("%s: %v meets %v", name, c.column.written(c.written), set)
		}
	}
}

// TestKindsOfServersAcrossTables asks a column for what another one equals, in a
// join and by a foreign key: that carries over only within one kind.
func TestKindsOfServersAcrossTables(t *testing.T) {
	at := date("2026-01-01T00:00:00Z")
	for name, c := range map[string]struct {
		left, right  Column
		asked, other driver.Value
		kept         bool
	}{
		"exact texts":                    {Column{Kind: Exact}, Column{Kind: Exact}, "a", "b", true},
		"exact and folded texts":         {Column{Kind: Exact}, Column{Kind: Text}, "a", "b", false},
		"decimals of two scales":         {Column{Kind: Decimal, Scale: 2}, Column{Kind: Decimal, Scale: 4}, "1.25", "1.26", true},
		"decimals, one of which rounds":  {Column{Kind: Decimal, Scale: 1}, Column{Kind: Decimal, Scale: 2}, "1.3", "1.27", false},
		"decimals and integers":          {Column{Kind: Decimal}, Column{Kind: Int}, int64(1), int64(2), false},
		"clocks":                         {Column{Kind: Clock}, Column{Kind: Clock}, at, at.AddDate(0, 0, 7), true},
		"clocks that zones may set back": {Column{Kind: Clock}, Column{Kind: Clock}, at, at.AddDate(0, 0, 1), false},
		"clocks and instants":            {Column{Kind: Clock}, Column{Kind: Time}, at, at.AddDate(0, 0, 7), false},
		"UUIDs":                          {Column{Kind: UUID}, Column{Kind: UUID}, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12", true},
		"UUIDs and text":                 {Column{Kind: UUID}, Column{Kind: Text}, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12", false},
	} {
		t.Run(name, func(t *testing.T) {
			key := ForeignKey{Child: "child", Columns: []string{"l"}, Parent: []string{"r"}, Deletes: true}
			catalog := Catalog{
				"child":  {Name: "child", Base: true, Columns: map[string]Column{"l": c.left}},
				"parent": {Name: "parent", Base: true, Columns: map[string]Column{"r": c.right}, Children: []ForeignKey{key}},
			}
			b := binding{nil, catalog}
			joined := Predicate{Op: Joined, Column: "l", Table: "parent", Terms: []Predicate{eq("r", c.asked)}}
			written := []Box{{{"l", c.left.stored(c.other)}}}
			if got := !meetAny(b.boxes(catalog["child"], &joined), written); got != c.kept {
				t.Errorf("joined: kept: %v", got)
			}
			where := eq("r", c.asked)
			changes := write(Write{Table: "parent", Kind: Delete, Where: &where}).Changes("db", nil, catalog, Facts{})
			if got := !meetAny(changes[1].Before, written); got != c.kept {
				t.Errorf("deleted with its parent: kept: %v", got)
			}
		})
	}
}
