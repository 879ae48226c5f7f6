package replay_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"reflect"
	"slices"
	"testing"
)

// scripted is a driver that returns sets of rows as they are written down. Its
// scan types follow the row that it is at, and so do its bytes: they are of one
// buffer, as drivers may have it.
type scripted struct{ sets [][][]driver.Value }

func (s scripted) Connect(context.Context) (driver.Conn, error) { return s, nil }
func (s scripted) Driver() driver.Driver                        { return nil }
func (scripted) Prepare(string) (driver.Stmt, error)            { return nil, errors.New("not scripted") }
func (scripted) Begin() (driver.Tx, error)                      { return nil, errors.New("not scripted") }
func (scripted) Close() error                                   { return nil }

func (s scripted) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	return &script{sets: s.sets}, nil
}

type script struct {
	sets   [][][]driver.Value
	next   int
	buffer []byte
}

func (s *script) Columns() []string      { return []string{"a", "b"}[:len(s.sets[0][0])] }
func (s *script) Close() error           { return nil }
func (s *script) HasNextResultSet() bool { return len(s.sets) > 1 }
func (s *script) NextResultSet() error   { s.sets, s.next = s.sets[1:], 0; return nil }
func (s *script) ColumnTypeScanType(i int) reflect.Type {
	if s.next == 0 {
		return reflect.TypeFor[any]()
	}
	return reflect.TypeOf(s.sets[0][s.next-1][i])
}

func (s *script) Next(dest []driver.Value) error {
	if s.next == len(s.sets[0]) {
		return io.EOF
	}
	copy(dest, s.sets[0][s.next])
	if b, ok := dest[0].([]byte); ok {
		s.buffer = append(s.buffer[:0], b...)
		dest[0] = s.buffer
	}
	s.next++
	return nil
}

func played(t testing.TB, sets ...[][]driver.Value) *sql.DB {
	db := sql.OpenDB(scripted{sets})
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestScanTypesThatFollowTheRowAreThoseOfTheFirst(t *testing.T) {
	db := played(t, [][]driver.Value{{int64(1)}, {int64(2)}})
	compareTypes := func(rows *sql.Rows) (list []reflect.Type) {
		defer rows.Close()
		for {
			types, err := rows.ColumnTypes()
			must(t, err)
			list = append(list, types[0].ScanType())
			if !rows.Next() || len(list) == 3 {
				return list
			}
		}
	}
	want := compareTypes(query(t, db, ""))
	rows, err := taken(t, db, "").Rows(t.Context())
	must(t, err)
	if got := compareTypes(rows); !slices.Equal(got, want) || want[0] == want[1] {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestBytesOfTheDriverAreCopied(t *testing.T) {
	db := played(t, [][]driver.Value{{[]byte("1")}, {[]byte("2")}, {[]byte("3")}})
	for name, play := range map[string]func() (*sql.Rows, error){
		"result": func() (*sql.Rows, error) { return taken(t, db, "").Rows(t.Context()) },
		"stream": func() (*sql.Rows, error) { return rest(t, query(t, db, ""), 250).Rows(t.Context()) },
	} {
		rows, err := play()
		must(t, err)
		if list, err := column(rows); err != nil || !slices.Equal(list, upTo(3)) {
			t.Errorf("%s: got %v, %v", name, list, err)
		}
	}
}

func TestSeveralResultSetsAreAStream(t *testing.T) {
	db := played(t, [][]driver.Value{{int64(1)}, {int64(2)}}, [][]driver.Value{{"x", "y"}}, [][]driver.Value{{int64(3)}})
	for _, limit := range []int64{0, enough} {
		rows, err := rest(t, query(t, db, ""), limit).Rows(t.Context())
		must(t, err)
		want, got := sets(query(t, db, "")), sets(rows)
		if !reflect.DeepEqual(got, want) || len(want) != 3 {
			t.Errorf("limit %d: got %v, want %v", limit, got, want)
		}
	}
	isFree(t, db)
}

// sets reads all sets of rows, with their columns.
func sets(rows *sql.Rows) (all [][]any) {
	defer rows.Close()
	for more := true; more; more = rows.NextResultSet() {
		names, _ := rows.Columns()
		set := []any{names}
		for rows.Next() {
			row := anything(len(names))
			set = append(set, rows.Scan(row...))
			for _, v := range row {
				set = append(set, *v.(*any))
			}
		}
		all = append(all, append(set, rows.Err()))
	}
	return all
}

// A value that is not plain data may be the driver's own, or a cursor.
func TestForeignValuesAreAStream(t *testing.T) {
	type point struct{ x, y int }
	db := played(t, [][]driver.Value{{int64(1)}, {&point{1, 2}}, {&script{sets: [][][]driver.Value{{{int64(7)}}}}}, {int64(4)}})
	rows, err := rest(t, query(t, db, ""), enough).Rows(t.Context())
	must(t, err)
	defer rows.Close()
	var n int
	var p any
	var cursor sql.Rows
	for _, dest := range []any{&n, &p, &cursor} {
		if !rows.Next() {
			t.Fatal(rows.Err())
		}
		must(t, rows.Scan(dest))
	}
	if n != 1 || *p.(*point) != (point{1, 2}) {
		t.Errorf("got %v and %v", n, p)
	}
	if list, err := column(&cursor); err != nil || !slices.Equal(list, []int{7}) {
		t.Errorf("the cursor gave %v, %v", list, err)
	}
	if !rows.Next() || rows.Scan(&n) != nil || n != 4 {
		t.Errorf("the last row is %d", n)
	}
}
