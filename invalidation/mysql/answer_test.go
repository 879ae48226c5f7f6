package mysql

import (
	"errors"
	"fmt"
	"testing"

	driver "github.com/go-sql-driver/mysql"
)

func TestErrorsAfterWhichATransactionMayHaveEnded(t *testing.T) {
	answer := func(number uint16, state string) error {
		return fmt.Errorf("read: %w", &driver.MySQLError{Number: number, SQLState: [5]byte([]byte(state))})
	}
	for name, test := range map[string]struct {
		err  error
		want bool
	}{
		"deadlock":                       {answer(1213, "40001"), true},
		"lock wait timeout":              {answer(1205, "HY000"), true},
		"record changed since last read": {answer(1020, "HY000"), true},
		"no answer":                      {errors.New("connection lost"), true},
		"a column that may not be read":  {answer(1143, "42000"), false},
		"unknown column":                 {answer(1054, "42S22"), false},
		"too long for the session":       {answer(1969, "70100"), false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := (Dialect{}).Images().Ends(test.err); got != test.want {
				t.Errorf("got %t", got)
			}
		})
	}
}
