package replay_test

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/hex"
	"io"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/seed92106438/cacheops/internal/replay"
)

// described is a driver that tells all that can be told of a column, and gives
// one row.
type described struct {
	scripted
	row  []driver.Value
	scan reflect.Type
	done bool
}

func (d *described) Connect(context.Context) (driver.Conn, error) { return d, nil }
func (d *described) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	return d, nil
}

func (d *described) Columns() []string {
	names := make([]string, len(d.row))
	for i := range names {
		names[i] = string(rune('a' + i))
	}
	return names
}

func (d *described) Next(dest []driver.Value) error {
	if d.done {
		return io.EOF
	}
	d.done = true
	copy(dest, d.row)
	return nil
}

func (d *described) ColumnTypeScanType(i int) reflect.Type {
	if d.scan != nil {
		return d.scan
	}
	return reflect.TypeOf(d.row[i])
}
func (d *described) ColumnTypeDatabaseTypeName(int) string               { return "TYPE" }
func (d *described) ColumnTypeLength(i int) (int64, bool)                { return math.MaxInt64, i%2 == 0 }
func (d *described) ColumnTypeNullable(i int) (nullable, ok bool)        { return !d.done, i%3 == 0 }
func (d *described) ColumnTypePrecisionScale(i int) (int64, int64, bool) { return 10, -2, i%5 == 0 }

func describedRow(t testing.TB, scan reflect.Type, row ...driver.Value) *sql.DB {
	db := sql.OpenDB(&described{row: row, scan: scan})
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// foreignTypes is a database that tells scan types of its own.
func foreignTypes(t testing.TB) *sql.DB {
	type own struct{}
	return describedRow(t, reflect.TypeFor[own](), int64(1))
}

// sample is a result with a value of every type. What it is must not change: it is
// what the golden files have.
func sample(t testing.TB) *replay.Result {
	at := time.Date(2026, 7, 1, 12, 0, 0, 123456789, time.UTC)
	berlin := location("Europe/Berlin")
	return taken(t, describedRow(t, nil,
		nil, false, true, int(-1), int8(-8), int16(-16), int32(-32), int64(math.MinInt64),
		uint(1), uint8(8), uint16(16), uint32(32), uint64(math.MaxUint64), float32(1.5), -2.5,
		"text", []byte("bytes"), []byte(nil), at, at.In(berlin), at.In(time.FixedZone("", -5400)), at.AddDate(0, 0, 1).In(berlin),
	), "")
}

// golden reads bytes from a file of hexadecimal digits.
func golden(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name + ".hex")
	must(t, err)
	b, err := hex.DecodeString(strings.Join(strings.Fields(string(text)), ""))
	must(t, err)
	return b
}

// TestVersion1IsRead reads what was written when version 1 was made. It must stay so
// for as long as that version is not refused.
func TestVersion1IsRead(t *testing.T) {
	want := sample(t)
	if !bytes.Equal(encode(t, want), golden(t, "v1-rows")) {
		t.Errorf("it is written otherwise now, as\n%x", encode(t, want))
	}
	compare(t, "version 1", all(t, decode(t, golden(t, "v1-rows"))), all(t, want))
}

func zoneData(t testing.TB) []byte {
	t.Helper()
	for _, dir := range []string{"/usr/share/zoneinfo/", "/usr/lib/go/lib/time/"} {
		if b, err := os.ReadFile(dir + "Europe/Berlin"); err == nil {
			return b
		}
	}
	t.Skip("there is no time zone database in files")
	return nil
}
