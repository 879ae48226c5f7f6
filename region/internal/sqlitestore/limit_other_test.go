//go:build !unix

package sqlitestore

import (
	"errors"
	"testing"
)

// limitFiles cannot bound anything here.
func limitFiles(bytes string) error {
	if bytes == "" {
		return nil
	}
	return errors.ErrUnsupported
}

func garbage(t *testing.T, _ string, _, _ int) { t.Skip("no process that overwrites files") }
