package mysql

import (
	"errors"

	driver "github.com/go-sql-driver/mysql"
)

// Answered implements [invalidation.Dialect]. A server that shuts down, and a
// connection that is killed, say so whatever they were doing.
func (Dialect) Answered(err error) bool {
	const shutdown, killed, aborted, forcibly = 1053, 1927, 1152, 1080
	var answer *driver.MySQLError
	if !errors.As(err, &answer) {
		return false
	}
	switch answer.Number {
	case shutdown, killed, aborted, forcibly:
		return false
	}
	return true
}

// ends reports whether a transaction may have ended with the error of a SELECT
// that locks. A deadlock ends it, a lock that was waited for too long does by
// the server's settings. What a user may not read, or takes longer than the
// session allows, was not read, and that is all.
func ends(err error) bool {
	const tooLongMariaDB, tooLongMySQL = 1969, 3024
	var answer *driver.MySQLError
	if !errors.As(err, &answer) {
		return true
	}
	denied := string(answer.SQLState[:2]) == "42"
	return !denied && answer.Number != tooLongMariaDB && answer.Number != tooLongMySQL
}
