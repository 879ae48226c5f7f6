package watch

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
)

// recorder notes what it is told, as a session and as the connection below.
type recorder struct {
	log     []string
	fail    map[string]error // what the connection answers
	refusal error            // what the session answers
}

func (r *recorder) note(format string, args ...any) {
	r.log = append(r.log, fmt.Sprintf(format, args...))
}

func (r *recorder) Session(Status) Session { return r }

func (r *recorder) ended(what string) Ended {
	return func(rows int64, err error) { r.note("ended %s %d %v", what, rows, err) }
}

func (r *recorder) Statement(_ context.Context, sql string, args []driver.NamedValue) (Ended, error) {
	r.note("told %s %d", sql, len(args))
	return r.ended(sql), r.refusal
}

func (r *recorder) Begin(context.Context) (Ended, error) {
	r.note("told begin")
	return r.ended("begin"), r.refusal
}

func (r *recorder) Commit(commit, _ func() error) error {
	r.note("told commit")
	return commit()
}

func (r *recorder) Rollback(rollback func() error) error {
	r.note("told rollback")
	return rollback()
}

func (r *recorder) Close() { r.note("told close") }

// below notes what reaches the database.
func (r *recorder) below(what string) error { r.note("%s", what); return r.fail[what] }

// modest is a connection that can do only what it must.
type modest struct{ *recorder }

func (c modest) Prepare(query string) (driver.Stmt, error) { return modestStmt{c.recorder, query}, nil }
func (c modest) Begin() (driver.Tx, error)                 { return modestTx(c), c.below("begin") }
func (c modest) Close() error                              { return c.below("close") }

type modestTx struct{ *recorder }

func (t modestTx) Commit() error   { return t.below("commit") }
func (t modestTx) Rollback() error { return t.below("rollback") }

type modestStmt struct {
	*recorder
	query string
}

func (s modestStmt) NumInput() int { return -1 }
func (s modestStmt) Close() error  { return nil }
func (s modestStmt) Exec([]driver.Value) (driver.Result, error) {
	if s.query == "panic" {
		panic("in the driver")
	}
	return driver.RowsAffected(2), s.below(s.query)
}

func (s modestStmt) Query([]driver.Value) (driver.Rows, error) {
	return &threeRows{s.recorder, 0}, s.below(s.query)
}

type threeRows struct {
	*recorder
	n int
}

func (r *threeRows) Columns() []string { return []string{"n"} }
func (r *threeRows) Close() error      { return r.below("close rows") }
func (r *threeRows) Next(dest []driver.Value) error {
	if r.n++; r.n > 3 {
		return io.EOF
	}
	dest[0] = int64(r.n)
	return r.fail[fmt.Sprint("row ", r.n)]
}

// able is a connection that can send statements at once, and does unless it
// skips.
type able struct{ modest }

func (c able) ExecContext(_ context.Context, query string, _ []driver.NamedValue) (driver.Result, error) {
	if err := c.below("at once " + query); err != nil {
		return nil, err
	}
	return driver.RowsAffected(1), nil
}

func (c able) ResetSession(context.Context) error { return c.below("reset") }
func (c able) IsValid() bool                      { return c.below("valid") == nil }

type source struct{ conn driver.Conn }

func (s source) Connect(context.Context) (driver.Conn, error) { return s.conn, nil }
func (s source) Driver() driver.Driver                        { return s }
func (s source) Open(string) (driver.Conn, error)             { return s.conn, nil }

// open opens a pool of one watched connection.
func (r *recorder) open(t *testing.T, conn driver.Conn) *sql.DB {
	t.Helper()
	db := sql.OpenDB(Wrap(source{conn}, r))
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func (r *recorder) expect(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(r.log, want) {
		t.Errorf("got  %q\nwant %q", r.log, want)
	}
	r.log = nil
}

func TestModestDriver(t *testing.T) {
	r := &recorder{}
	db := r.open(t, modest{r})
	if _, err := db.Exec("write", 1); err != nil {
		t.Fatal(err)
	}
	r.expect(t, "told write 1", "write", "ended write 2 <nil>")
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	_ = tx.Commit()
	r.expect(t, "told begin", "begin", "ended begin -1 <nil>", "told commit", "commit")
	if _, err := db.BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true}); err == nil {
		t.Error("a driver without options begins a transaction that only reads")
	}
	if _, err := db.Exec("write", sql.Named("a", 1)); err == nil {
		t.Error("a driver without names takes them")
	}
	if err := db.Ping(); err != nil {
		t.Error(err)
	}
}

func TestRowsEndWhenTheyAreClosed(t *testing.T) {
	r := &recorder{}
	db := r.open(t, modest{r})
	rows, err := db.Query("write")
	if err != nil {
		t.Fatal(err)
	}
	rows.Next()
	r.expect(t, "told write 0", "write")
	_ = rows.Close()
	r.expect(t, "close rows", "ended write -1 <nil>")
}

func TestRowsThatFail(t *testing.T) {
	r := &recorder{fail: map[string]error{"row 2": errors.New("lost")}}
	db := r.open(t, modest{r})
	rows, err := db.Query("write")
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
	}
	_ = rows.Close()
	if rows.Err() == nil {
		t.Error("the failure is hidden")
	}
	r.expect(t, "told write 0", "write", "ended write -1 lost", "close rows")
}

// A driver may want a statement to be prepared first.
func TestStatementThatIsSkipped(t *testing.T) {
	r := &recorder{fail: map[string]error{"at once write": driver.ErrSkip}}
	db := r.open(t, able{modest{r}})
	if _, err := db.Exec("write"); err != nil {
		t.Fatal(err)
	}
	r.expect(t, "told write 0", "at once write", "ended write -1 "+driver.ErrSkip.Error(),
		"told write 0", "write", "ended write 2 <nil>", "valid")
}

// database/sql tries a statement again, on another connection, if the driver
// says that this one is bad.
func TestStatementThatIsTriedAgain(t *testing.T) {
	r := &recorder{fail: map[string]error{"at once write": driver.ErrBadConn}}
	db := r.open(t, able{modest{r}})
	if _, err := db.Exec("write"); !errors.Is(err, driver.ErrBadConn) {
		t.Fatal(err)
	}
	once := []string{"told write 0", "at once write", "ended write -1 driver: bad connection", "close", "told close"}
	r.expect(t, slices.Concat(once, once, once)...)
}

func TestDriverThatPanics(t *testing.T) {
	r := &recorder{}
	db := r.open(t, modest{r})
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() { _ = recover() }()
		_, _ = conn.ExecContext(t.Context(), "panic")
	}()
	r.expect(t, "told panic 0", "ended panic -1 "+errPanicked.Error())
}

// What a wrapper can do decides what database/sql does with a connection.
func TestWrapperCanDoWhatTheDriverCan(t *testing.T) {
	r := &recorder{}
	for name, test := range map[string]struct {
		inner            driver.Conn
		resets, validity bool
	}{
		"modest": {modest{r}, false, false},
		"able":   {able{modest{r}}, true, true},
		"resets": {struct {
			modest
			driver.SessionResetter
		}{modest: modest{r}}, true, false},
		"valid": {struct {
			modest
			driver.Validator
		}{modest: modest{r}}, false, true},
	} {
		c := watched(test.inner, r)
		_, resets := c.(driver.SessionResetter)
		_, validity := c.(driver.Validator)
		if resets != test.resets || validity != test.validity {
			t.Errorf("%s: resets %t, tells whether it is valid %t", name, resets, validity)
		}
		if Unwrap(c) != test.inner {
			t.Errorf("%s cannot be unwrapped", name)
		}
	}
}

func TestObserversOfAPool(t *testing.T) {
	a, b := &recorder{}, &recorder{}
	db := sql.OpenDB(Wrap(Wrap(source{modest{a}}, a), b))
	if got := Observers(db); len(got) != 2 || got[0] != Observer(b) || got[1] != Observer(a) {
		t.Errorf("got %v", got)
	}
	if err := db.Ping(); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	plain := sql.OpenDB(source{modest{a}})
	defer func() { _ = plain.Close() }()
	if got := Observers(plain); len(got) != 0 {
		t.Errorf("a pool that is not watched has %v", got)
	}
}

// What a session refuses does not reach the database, on any way there.
func TestRefusedStatementIsNotSent(t *testing.T) {
	refusal := errors.New("refused")
	for name, send := range map[string]func(*sql.DB) error{
		"executed": func(db *sql.DB) error { _, err := db.Exec("write"); return err },
		"queried": func(db *sql.DB) error {
			rows, err := db.Query("write")
			if err == nil {
				_ = rows.Close()
			}
			return err
		},
		"begun": func(db *sql.DB) error { _, err := db.Begin(); return err },
	} {
		for kind, conn := range map[string]func(*recorder) driver.Conn{
			"prepared": func(r *recorder) driver.Conn { return modest{r} },
			"at once":  func(r *recorder) driver.Conn { return able{modest{r}} },
		} {
			t.Run(name+" "+kind, func(t *testing.T) {
				r := &recorder{refusal: refusal}
				db := sql.OpenDB(Wrap(source{conn(r)}, r))
				defer func() { _ = db.Close() }()
				if err := send(db); !errors.Is(err, refusal) {
					t.Errorf("got %v", err)
				}
				for _, sent := range []string{"write", "at once write", "begin"} {
					if slices.Contains(r.log, sent) {
						t.Errorf("it was sent: %q", r.log)
					}
				}
			})
		}
	}
}
