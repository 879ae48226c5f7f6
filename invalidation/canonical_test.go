package invalidation

import (
	"database/sql/driver"
	"testing"
	"time"
)

// TestSavedAsItWas writes a value over another, as a driver gave that, in a
// column that has one stored form for each value, and in one that has not.
func TestSavedAsItWas(t *testing.T) {
	const id = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
	noon := date("2026-06-01T12:00:00.123456Z")
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("no zones: ", err)
	}
	change := time.Date(2026, 3, 29, 3, 30, 0, 0, berlin) // the hour before is left out
	for name, c := range map[string]struct {
		kind     Kind
		was, now driver.Value
		same     bool
		always   bool // on a column of several forms too
	}{
		"a time":                          {kind: Time, was: noon, now: noon, same: true},
		"a time in another zone":          {kind: Time, was: noon, now: noon.In(berlin), same: true},
		"a time with more digits":         {kind: Time, was: noon, now: noon.Add(1)},
		"a clock":                         {kind: Clock, was: noon, now: noon, same: true},
		"a clock in a zone":               {kind: Clock, was: noon.In(berlin), now: noon.In(berlin), same: true},
		"one instant on two clocks":       {kind: Clock, was: noon, now: noon.In(berlin)},
		"one time of day in two zones":    {kind: Clock, was: noon, now: time.Date(2026, 6, 1, 12, 0, 0, 123456000, berlin)},
		"a clock that is put forward":     {kind: Clock, was: change, now: change},
		"a boolean":                       {kind: Int, was: true, now: true, same: true},
		"another boolean":                 {kind: Int, was: true, now: false},
		"a boolean over its number":       {kind: Int, was: int64(1), now: true, same: true, always: true},
		"an unsigned number in bytes":     {kind: Int, was: []byte("18446744073709551615"), now: uint64(1<<64 - 1), same: true},
		"a decimal in bytes":              {kind: Decimal, was: []byte("19.90"), now: "19.9", same: true},
		"a decimal over a float":          {kind: Decimal, was: "19.90", now: 19.9, same: true},
		"another decimal":                 {kind: Decimal, was: "19.90", now: "19.91"},
		"a float of too many digits":      {kind: Decimal, was: "0.30000000000000004", now: 0.30000000000000004},
		"text in bytes":                   {kind: Text, was: []byte("Go"), now: "Go", same: true},
		"text in another case":            {kind: Text, was: []byte("Go"), now: "go"},
		"text with a blank more":          {kind: Exact, was: "go", now: "go "},
		"text":                            {kind: Exact, was: "go", now: "go", same: true, always: true},
		"a UUID":                          {kind: UUID, was: id, now: "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", same: true},
		"a UUID over its bytes":           {kind: UUID, was: []byte("0123456789abcdef"), now: "30313233-3435-3637-3839-616263646566", same: true},
		"bytes that look like text":       {kind: Bytes, was: []byte(`\x41`), now: `\x41`},
		"bytes":                           {kind: Bytes, was: []byte("a"), now: []byte("a"), same: true, always: true},
		"bytes with a zero more":          {kind: Bytes, was: []byte("a\x00"), now: []byte("a")},
		"bytes, where nothing is known":   {kind: Unknown, was: []byte("a"), now: "a"},
		"NULL":                            {kind: Decimal, was: nil, now: nil, same: true, always: true},
		"NULL over a value":               {kind: Decimal, was: "1", now: nil},
		"a value over NULL":               {kind: UUID, was: nil, now: id},
		"zero over NULL":                  {kind: Int, was: nil, now: false},
		"what is not understood":          {kind: Decimal, was: "NaN", now: 1.5},
		"two texts that are no numbers":   {kind: Decimal, was: "NaN", now: "nan"},
		"a number over a text in a clock": {kind: Clock, was: "2026-06-01", now: noon},
	} {
		t.Run(name, func(t *testing.T) {
			if got := same(c.was, c.now, Column{Kind: c.kind, Canonical: true}); got != c.same {
				t.Errorf("the same: %v", got)
			}
			if got := same(c.was, c.now, Column{Kind: c.kind}); got != c.always {
				t.Errorf("where values have several forms: %v", got)
			}
		})
	}
}

// TestImagesOfCanonicalColumns are what is stored, though some of it in bytes.
func TestImagesOfCanonicalColumns(t *testing.T) {
	for name, c := range map[string]struct {
		column Column
		given  driver.Value
		want   string
	}{
		"a boolean":                   {Column{Kind: Int}, true, "value = 1"},
		"a number in bytes":           {Column{Kind: Int}, []byte("18446744073709551615"), "value = 18446744073709551615"},
		"a number past 2^53":          {Column{Kind: Int}, []byte("-9007199254740993"), "value = -9007199254740993"},
		"bits":                        {Column{Kind: Int}, []byte{1}, "value is anything"},
		"text in bytes":               {Column{Kind: Text}, []byte("Go "), `value = "go"`},
		"exact text in bytes":         {Column{Kind: Exact}, []byte("Gö "), `value = "Gö"`},
		"a decimal in bytes":          {Column{Kind: Decimal, Scale: 2}, []byte("-19.90"), "value = -19.9"},
		"a UUID in bytes":             {Column{Kind: UUID}, []byte("0123456789abcdef"), "value = 30313233-3435-3637-3839-616263646566"},
		"a UUID as text in bytes":     {Column{Kind: UUID}, []byte("30313233-3435-3637-3839-616263646566"), "value = 30313233-3435-3637-3839-616263646566"},
		"a time":                      {Column{Kind: Time}, date("2026-01-01T00:00:00Z"), "value = 2026-01-01T00:00:00Z"},
		"the zero time":               {Column{Kind: Clock}, time.Time{}, "value = 0001-01-01T00:00:00Z"},
		"a time in bytes":             {Column{Kind: Clock}, []byte("2026-01-01 00:00:00"), "value is anything"},
		"a float of four bytes":       {Column{Kind: Float}, float32(0.1), "value is anything"},
		"NULL":                        {Column{Kind: Decimal}, nil, "value is null"},
		"nothing is known of columns": {Column{}, []byte("a"), "value is anything"},
	} {
		t.Run(name, func(t *testing.T) {
			c.column.Canonical = true
			if got := c.column.read(c.given).String(); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
	if got := (Column{Kind: Int}).read([]byte("5")).String(); got != "value is anything" {
		t.Errorf("bytes in a column of several forms: %s", got)
	}
}
