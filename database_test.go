package cacheops

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"gorm.io/gorm"
	"gorm.io/gorm/utils/tests"

	"github.com/seed92106438/cacheops/invalidation/sqlite"
)

// However long the texts are, what is kept of them has a bound in bytes.
func TestAnalysedTextsAreBounded(t *testing.T) {
	d := &database{dialect: sqlite.Dialect{}, shapes: newShapes()}
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

// named is a dialector that goes by another name.
type named struct {
	gorm.Dialector
	name string
}

func (n named) Name() string { return n.name }

func TestADialectThatIsNotImportedIsAnError(t *testing.T) {
	dialects["wanting"] = "example.org/wanting"
	defer delete(dialects, "wanting")
	db, err := gorm.Open(named{tests.DummyDialector{}, "wanting"}, &gorm.Config{})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Use(New(Config{}))
	if !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), `import _ "example.org/wanting"`) {
		t.Errorf("got %v", err)
	}
}
