package cacheops

import (
	"fmt"
	"strings"
	"testing"

	"github.com/seed92106438/cacheops/invalidation/sqlite"
)

// However long the texts are, what is kept of them has a bound in bytes.
func TestAnalysedTextsAreBounded(t *testing.T) {
	d := &database{analyzer: sqlite.Analyzer{}, shapes: newShapes()}
	const length = 1 << 20
	text := strings.Repeat("x", length)
	for i := range 100 {
		d.shape(fmt.Sprint("INSERT INTO t VALUES ('", i, text, "')"))
	}
	d.shapes.CleanUp()
	if kept := d.shapes.EstimatedSize(); kept == 0 || kept*length > maxShapes {
		t.Errorf("%d texts of %d bytes are kept", kept, length)
	}
}
