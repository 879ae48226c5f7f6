package postgres

import (
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

func TestAnErrorIsAnAnswerIfTheServerIsDoneWithTheStatement(t *testing.T) {
	code := func(code string) error { return fmt.Errorf("insert: %w", &pgconn.PgError{Code: code}) }
	for _, test := range []struct {
		name   string
		err    error
		answer bool
	}{
		{"a key that is there already", code("23505"), true},
		{"a statement that was cancelled", code("57014"), true},
		{"a transaction that could not be committed as it had failed", pgx.ErrTxCommitRollback, true},
		{"a server that shuts down", code("57P01"), false},
		{"a lost connection", code("08006"), false},
		{"another error", errors.New("unexpected EOF"), false},
	} {
		if got := (Dialect{}).Answered(test.err); got != test.answer {
			t.Errorf("%s: answered is %t", test.name, got)
		}
	}
}
