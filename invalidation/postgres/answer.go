package postgres

import (
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Answered implements [invalidation.Dialect]. Class 57 is what a server says that
// ends, or a session that was ended, whatever it was doing; but a statement that
// was cancelled, 57014, is done with. Class 08 is a lost connection.
// A COMMIT is answered by ROLLBACK if a statement of the transaction has failed.
func (Dialect) Answered(err error) bool {
	if errors.Is(err, pgx.ErrTxCommitRollback) {
		return true
	}
	var answer *pgconn.PgError
	if !errors.As(err, &answer) {
		return false
	}
	return answer.Code == "57014" || !strings.HasPrefix(answer.Code, "57") && !strings.HasPrefix(answer.Code, "08")
}
