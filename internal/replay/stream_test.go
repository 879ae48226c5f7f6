package replay_test

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/seed92106438/cacheops/internal/replay"
)

// overflow is a query of the numbers that fails at n = 50.
const overflow = "SELECT CASE WHEN n = 50 THEN abs(-9223372036854775807 - 1) ELSE n END FROM numbers"

func TestTheLimitIsWhereTheResultStillFits(t *testing.T) {
	db := numbers(t, 100)
	size := taken(t, db, "SELECT n FROM numbers").Size()
	result, _ := replay.Take(query(t, db, "SELECT n FROM numbers"), size)
	if result == nil {
		t.Fatal("a result of just the limit is none")
	}
	stream := rest(t, query(t, db, "SELECT n FROM numbers"), size-1)
	must(t, stream.Close())
	isFree(t, db)
}

func TestAStreamHasAllRows(t *testing.T) {
	db := numbers(t, 1000)
	for _, limit := range []int64{0, 1000, 10_000, 20_000} {
		stream := rest(t, query(t, db, "SELECT n FROM numbers"), limit)
		if read := stream.Len(); read >= 1000 || read > 1+limit/16 {
			t.Errorf("%d rows were read for a limit of %d bytes", read, limit)
		}
		rows, err := stream.Rows(t.Context())
		must(t, err)
		if list, err := column(rows); err != nil || !slices.Equal(list, upTo(1000)) {
			t.Errorf("limit %d: got %d rows, %v", limit, len(list), err)
		}
		isFree(t, db)
	}
}

func TestErrorsOfReadingArePassedOn(t *testing.T) {
	db := numbers(t, 100)
	list, want := column(query(t, db, overflow))
	if want == nil || !slices.Equal(list, upTo(49)) {
		t.Fatalf("the database gives %v, %v", list, want)
	}
	for name, limit := range map[string]int64{"met while taking": enough, "met by the reader": 500} {
		closed := false
		stream := rest(t, query(t, db, overflow), limit)
		stream.OnClose(func() { closed = true })
		rows, err := stream.Rows(t.Context())
		must(t, err)
		list, err := column(rows)
		if !slices.Equal(list, upTo(49)) || err == nil || err.Error() != want.Error() {
			t.Errorf("%s: got %d rows, %v; want 49, %v", name, len(list), err, want)
		}
		if !closed {
			t.Errorf("%s: the stream was not closed", name)
		}
		isFree(t, db)
	}
}

func TestAStreamThatIsClosedEarlyIsClosed(t *testing.T) {
	db := numbers(t, 100)
	for name, leave := range map[string]func(*sql.Rows) error{
		"at once":               func(rows *sql.Rows) error { return rows.Close() },
		"in what was read":      func(rows *sql.Rows) error { rows.Next(); return rows.Close() },
		"in what is still read": func(rows *sql.Rows) error { return errors.Join(skip(rows, 50), rows.Close()) },
	} {
		closed := 0
		stream := rest(t, query(t, db, "SELECT n FROM numbers"), 500)
		stream.OnClose(func() { closed++ })
		rows, err := stream.Rows(t.Context())
		must(t, err)
		if err := leave(rows); err != nil || closed != 1 {
			t.Errorf("%s: %v, closed %d times", name, err, closed)
		}
		isFree(t, db)
	}
}

func skip(rows *sql.Rows, n int) error {
	for range n {
		if !rows.Next() {
			return errors.New("too few rows")
		}
	}
	return nil
}

func TestAStreamEndsWithItsContexts(t *testing.T) {
	db := numbers(t, 100)
	t.Run("the reader's", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		closed := make(chan bool)
		stream := rest(t, query(t, db, "SELECT n FROM numbers"), 0)
		stream.OnClose(func() { close(closed) })
		_, err := stream.Rows(ctx)
		must(t, err)
		cancel()
		<-closed
		isFree(t, db)
	})
	t.Run("the query's", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		live, err := db.QueryContext(ctx, "SELECT n FROM numbers")
		must(t, err)
		rows, err := rest(t, live, 500).Rows(t.Context())
		must(t, err)
		cancel()
		for live.Err() == nil { // until database/sql has closed them
			_, _ = live.Columns()
		}
		if list, err := column(rows); !errors.Is(err, context.Canceled) || len(list) == 0 || len(list) == 100 {
			t.Errorf("got %d rows, %v", len(list), err)
		}
		isFree(t, db)
	})
	t.Run("before it is played", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for name, play := range map[string]func(*replay.Stream) error{
			"rows": func(s *replay.Stream) error { _, err := s.Rows(ctx); return err },
			"row":  func(s *replay.Stream) error { return s.Row(ctx).Err() },
		} {
			closed := false
			stream := rest(t, query(t, db, "SELECT n FROM numbers"), 0)
			stream.OnClose(func() { closed = true })
			if err := play(stream); !errors.Is(err, context.Canceled) || !closed {
				t.Errorf("%s: got %v, closed %t", name, err, closed)
			}
		}
		isFree(t, db)
	})
}

func TestAStreamIsPlayedOnce(t *testing.T) {
	db := numbers(t, 100)
	stream := rest(t, query(t, db, "SELECT n FROM numbers"), 0)
	first, err := stream.Rows(t.Context())
	must(t, err)
	if _, err := stream.Rows(t.Context()); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("the second playing: %v", err)
	}
	must(t, first.Close())
}

func TestRowsThatWereClosedAreAStream(t *testing.T) {
	db := numbers(t, 100)
	closed := query(t, db, "SELECT n FROM numbers")
	must(t, closed.Close())
	rows, err := rest(t, closed, enough).Rows(t.Context())
	must(t, err)
	if list, err := column(rows); len(list) > 0 || err != nil {
		t.Errorf("got %v, %v", list, err)
	}
}
