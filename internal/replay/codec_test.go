package replay_test

import (
	"bytes"
	"database/sql/driver"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/seed92106438/cacheops/internal/replay"
)

// encode returns the encoding of a result.
func encode(t rapid.TB, result *replay.Result) []byte {
	t.Helper()
	b, err := result.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func decode(t rapid.TB, b []byte) *replay.Result {
	t.Helper()
	result, err := replay.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// scriptedResult is the result of rows that are written down.
func scriptedResult(t testing.TB, rows ...[]driver.Value) *replay.Result {
	t.Helper()
	db := played(t, rows)
	return taken(t, db, "")
}

// all plays a result into every destination.
func all(t testing.TB, result *replay.Result) []string {
	t.Helper()
	rows, err := result.Rows(t.Context())
	must(t, err)
	return transcript(rows)
}

// TestDecodedRowsCannotBeToldFromTheDatabases encodes results, forgets them, and
// compares all that can be seen of what is decoded.
func TestDecodedRowsCannotBeToldFromTheDatabases(t *testing.T) {
	for _, server := range servers {
		t.Run(server.name, func(t *testing.T) {
			db := server.open(t)
			for _, q := range server.queries {
				result := taken(t, db, q, server.args...)
				b := encode(t, result)
				decoded := decode(t, b)
				clear(b) // it refers to nothing of it
				if decoded.Size() != result.Size() || decoded.Len() != result.Len() {
					t.Errorf("%s: %d bytes, %d rows; want %d and %d", q, decoded.Size(), decoded.Len(), result.Size(), result.Len())
				}
				compare(t, q, all(t, decoded), transcript(query(t, db, q, server.args...)))
				rows, err := decoded.Rows(t.Context())
				must(t, err)
				compare(t, q+", RawBytes", raw(rows), raw(query(t, db, q, server.args...)))
			}
		})
	}
}

// As those of a result that was recorded, see TestBytesAreTheCallersOwn.
func TestDecodedBytesAreTheCallersOwn(t *testing.T) {
	decoded := decode(t, encode(t, scriptedResult(t, []driver.Value{[]byte("one"), []byte("two")})))
	for range 2 {
		rows, err := decoded.Rows(t.Context())
		must(t, err)
		var a, b keeper
		if !rows.Next() || rows.Scan(&a, &b) != nil || string(a.bytes) != "one" || string(b.bytes) != "two" {
			t.Fatalf("got %q and %q, %v", a.bytes, b.bytes, rows.Err())
		}
		clear(a.bytes)
		_ = append(a.bytes, "more"...)
		must(t, rows.Close())
	}
	if b := decoded.Value(0, 0).([]byte); cap(b) != len(b) {
		t.Error("what is appended to one value is written into others")
	}
}

func TestResultsWithoutRowsAreDecoded(t *testing.T) {
	db := numbers(t, 1)
	const none = "SELECT n, word FROM numbers WHERE n > 1"
	compare(t, none, all(t, decode(t, encode(t, taken(t, db, none)))), transcript(query(t, db, none)))
}

// drawValue draws what a driver may give.
func drawValue(t *rapid.T) driver.Value {
	switch rapid.IntRange(0, 18).Draw(t, "type") {
	case 0:
		return nil
	case 1:
		return rapid.Bool().Draw(t, "bool")
	case 2:
		return rapid.Int().Draw(t, "int")
	case 3:
		return rapid.Int8().Draw(t, "int8")
	case 4:
		return rapid.Int16().Draw(t, "int16")
	case 5:
		return rapid.Int32().Draw(t, "int32")
	case 6:
		return rapid.Int64().Draw(t, "int64")
	case 7:
		return rapid.Uint().Draw(t, "uint")
	case 8:
		return rapid.Uint8().Draw(t, "uint8")
	case 9:
		return rapid.Uint16().Draw(t, "uint16")
	case 10:
		return rapid.Uint32().Draw(t, "uint32")
	case 11:
		return rapid.Uint64().Draw(t, "uint64")
	case 12:
		return math.Float32frombits(rapid.Uint32().Draw(t, "float32"))
	case 13:
		return math.Float64frombits(rapid.Uint64().Draw(t, "float64"))
	case 14:
		return rapid.String().Draw(t, "string")
	case 15:
		return []byte(nil)
	case 16:
		return rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
	}
	return drawTime(t)
}

func drawTime(t *rapid.T) time.Time {
	at := time.Unix(rapid.Int64Range(-1<<37, 1<<38).Draw(t, "seconds"), rapid.Int64Range(0, 1e9-1).Draw(t, "nanoseconds"))
	return at.In(rapid.SampledFrom([]*time.Location{
		time.UTC, time.Local, location("Europe/Berlin"), location("Pacific/Apia"), location("CET"), location("Etc/UTC"),
		time.FixedZone("", 7200), time.FixedZone("CET", 3600), time.FixedZone("CEST", 3600), time.FixedZone("UTC", 0), time.FixedZone("odd", -1172),
	}).Draw(t, "zone"))
}

func location(name string) *time.Location {
	l, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return l
}

// identical reports whether two values of a driver are the same in all that can be
// seen of them.
func identical(a, b driver.Value) bool {
	switch a := a.(type) {
	case time.Time:
		b, ok := b.(time.Time)
		nameA, offsetA := a.Zone()
		nameB, offsetB := b.Zone()
		return ok && a.Equal(b) && a.Location().String() == b.Location().String() && nameA == nameB && offsetA == offsetB &&
			(a.Location() == time.UTC) == (b.Location() == time.UTC) && (a.Location() == time.Local) == (b.Location() == time.Local) &&
			a.AddDate(0, 6, 0).Equal(b.AddDate(0, 6, 0)) // by the zone's rules
	case []byte:
		b, ok := b.([]byte)
		return ok && bytes.Equal(a, b) && (a == nil) == (b == nil)
	case float64:
		b, ok := b.(float64)
		return ok && math.Float64bits(a) == math.Float64bits(b)
	case float32:
		b, ok := b.(float32)
		return ok && math.Float32bits(a) == math.Float32bits(b)
	}
	return a == b
}

func TestLawDecodingIsTheInverseOfEncoding(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		columns := rapid.IntRange(1, 2).Draw(r, "columns")
		rows := make([][]driver.Value, rapid.IntRange(1, 5).Draw(r, "rows"))
		for i := range rows {
			for range columns {
				rows[i] = append(rows[i], drawValue(r))
			}
		}
		result := scriptedResult(t, rows...)
		b := encode(r, result)
		decoded := decode(r, b)
		for i := range rows {
			for j := range columns {
				if want, got := result.Value(i, j), decoded.Value(i, j); !identical(want, got) {
					r.Fatalf("row %d column %d: got %#v, want %#v", i, j, got, want)
				}
			}
		}
		if decoded.Size() != result.Size() {
			r.Fatalf("the size is %d, not %d", decoded.Size(), result.Size())
		}
		if again := encode(r, decoded); !bytes.Equal(again, b) {
			r.Fatalf("encoded again it is\n%x, not\n%x", again, b)
		}
	})
}

// A time keeps its zone, and the rules of that zone for other times of the year.
func TestTimesKeepTheirZones(t *testing.T) {
	winter := time.Date(2026, 1, 15, 12, 30, 0, 1, time.UTC)
	for _, l := range []*time.Location{
		time.UTC, time.Local, location("Europe/Berlin"), location("Etc/UTC"),
		location("CET"), time.FixedZone("CET", 3600), // which look alike in winter
		time.FixedZone("", 3600), time.FixedZone("", -1172), time.FixedZone("UTC", 0), time.FixedZone("Local", 7200),
	} {
		for _, at := range []time.Time{winter.In(l), winter.AddDate(0, 6, 0).In(l), time.Time{}.In(l)} {
			got := decode(t, encode(t, scriptedResult(t, []driver.Value{at}))).Value(0, 0)
			if !identical(at, got) {
				t.Errorf("%s in %s became %s", at, l, got)
			}
		}
	}
}

// A local time is what this process's driver would have given only where the local
// clock shows the same.
func TestLocalTimesAreReadWhereTheClockShowsTheSame(t *testing.T) {
	defer func(l *time.Location) { time.Local = l }(time.Local)
	time.Local = location("Europe/Berlin")
	summer := scriptedResult(t, []driver.Value{time.Date(2026, 7, 1, 12, 0, 0, 0, time.Local)})
	b := encode(t, summer)
	for _, c := range []struct {
		local string
		reads bool
	}{
		{"Europe/Berlin", true},
		{"Europe/Paris", true},
		{"UTC", false},
		{"Africa/Lagos", false},
		{"Africa/Johannesburg", false}, // the same offset under another name
	} {
		time.Local = location(c.local)
		decoded, err := replay.Decode(b)
		if (err == nil) != c.reads {
			t.Errorf("in %s: %v", c.local, err)
		}
		if err == nil && decoded.Value(0, 0).(time.Time).Location() != time.Local {
			t.Errorf("in %s: the location is %v", c.local, decoded.Value(0, 0).(time.Time).Location())
		}
	}
}

func TestWhatIsOfThisProcessAloneIsNotEncoded(t *testing.T) {
	data, err := time.LoadLocationFromTZData("House/Clock", zoneData(t))
	must(t, err)
	berlin, err := time.LoadLocationFromTZData("Pacific/Apia", zoneData(t))
	must(t, err)
	at := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	for name, result := range map[string]*replay.Result{
		"a zone without a place":           scriptedResult(t, []driver.Value{at.In(data)}),
		"a zone under the name of another": scriptedResult(t, []driver.Value{at.In(berlin)}),
		"an offset that no clock has":      scriptedResult(t, []driver.Value{at.In(time.FixedZone("", 1<<40))}),
		"a scan type of the driver's own":  taken(t, foreignTypes(t), ""),
	} {
		if b, err := result.AppendBinary([]byte("before")); err == nil || string(b) != "before" {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
}
