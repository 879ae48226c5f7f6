package wire

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/seed92106438/cacheops/invalidation"
)

var posts = invalidation.Table{Database: "db", Name: "posts"}

// rowsOf are the boxes of rows that have these texts in a column.
func rowsOf(texts ...any) []invalidation.Box {
	var boxes []invalidation.Box
	for _, text := range texts {
		in := &invalidation.Predicate{Op: invalidation.In, Column: "title"}
		for _, v := range text.([]any) {
			in.Operands = append(in.Operands, invalidation.Operand{Known: true, Literal: v})
		}
		shape := &invalidation.Shape{Verb: invalidation.Query, Uses: []invalidation.Use{{Table: "posts", Where: in}}}
		catalog := invalidation.Catalog{"posts": {Name: "posts", Base: true, Columns: map[string]invalidation.Column{"title": {Kind: invalidation.Text}}}}
		boxes = append(boxes, shape.Dependency("db", nil, catalog).Tables[0].Boxes()...)
	}
	return boxes
}

func texts(n, length int, prefix string) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = fmt.Sprintf("%s%05d%s", prefix, i, strings.Repeat("x", length))
	}
	return list
}

// sampleChanges are what the golden file has.
func sampleChanges() []invalidation.Change {
	return []invalidation.Change{
		{Table: posts, Kind: invalidation.Insert, After: rowsOf([]any{"a", "b"}), Rows: 2},
		{
			Table: posts, Kind: invalidation.Update, Before: rowsOf([]any{"a"}), After: rowsOf([]any{"c"}), Rows: 1,
			Columns: invalidation.Columns{Names: []string{"title"}},
		},
		{Table: posts, Kind: invalidation.Any, Rows: -1},
	}
}

func sealChanges(t testing.TB, c Codec, changes []invalidation.Change) []byte {
	t.Helper()
	b, err := c.SealChanges(changes, name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestChangesAreOpenedAsTheyWereSealed(t *testing.T) {
	for options, c := range codecs(t) {
		for _, want := range [][]invalidation.Change{nil, sampleChanges()} {
			got, err := c.OpenChanges(sealChanges(t, c, want), name)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: got %#v, %v", options, got, err)
			}
		}
	}
}

func TestLargeChangesAreMadeWider(t *testing.T) {
	change := func(boxes []invalidation.Box) invalidation.Change {
		return invalidation.Change{Table: posts, Kind: invalidation.Insert, After: boxes, Rows: 1}
	}
	var manyBoxes []any
	for i := range 8 {
		manyBoxes = append(manyBoxes, texts(5, 100, fmt.Sprint(i)))
	}
	for _, c := range []struct {
		what     string
		changes  []invalidation.Change
		kind     invalidation.ChangeKind
		count    int
		boxes    int
		narrower string // is not met, if the change is still known well enough
	}{
		{"small", []invalidation.Change{change(rowsOf(texts(100, 100, "0")))}, invalidation.Insert, 1, 1, "2"},
		{"several boxes that fit", []invalidation.Change{change(rowsOf(manyBoxes...))}, invalidation.Insert, 1, 8, "zz"},
		{"one box that does not fit", []invalidation.Change{change(rowsOf(texts(1000, 100, "0")))}, invalidation.Any, 1, 0, ""},
		{"many changes", repeated(change(rowsOf(texts(2, 100, "0"))), 300), invalidation.Any, 1, 0, ""},
		{"many boxes whose hull fits", repeated(change(rowsOf(pairs(16)...)), 60), invalidation.Insert, 60, 1, ""},
	} {
		sealed := sealChanges(t, Codec{}, c.changes)
		if len(sealed) > maxChanges+100 {
			t.Errorf("%s: %d bytes", c.what, len(sealed))
		}
		got, err := new(Codec).OpenChanges(sealed, name)
		if err != nil || len(got) != c.count || got[0].Kind != c.kind || len(got[0].After) != c.boxes {
			t.Errorf("%s: %d changes, the first of kind %v with %d boxes, %v", c.what, len(got), got[0].Kind, len(got[0].After), err)
			continue
		}
		for _, before := range c.changes {
			on := &invalidation.TableDependency{Table: posts, Parts: []invalidation.Part{{Boxes: before.After}}}
			if !got[0].Meets(on) {
				t.Errorf("%s: what was met is not any more", c.what)
			}
		}
		if c.narrower != "" {
			on := &invalidation.TableDependency{Table: posts, Parts: []invalidation.Part{{Boxes: rowsOf([]any{c.narrower})}}}
			if got[0].Meets(on) {
				t.Errorf("%s: what was not met is met now", c.what)
			}
		}
	}
}

func repeated(c invalidation.Change, n int) []invalidation.Change {
	list := make([]invalidation.Change, n)
	for i := range list {
		list[i] = c
	}
	return list
}

// pairs are n boxes of two columns, whose hull leaves one of them open.
func pairs(n int) []any {
	var all []any
	for i := range n {
		all = append(all, texts(1, 20, fmt.Sprint(i)))
	}
	return all
}

func FuzzOpenChanges(f *testing.F) {
	f.Add(sealChanges(f, Codec{}, sampleChanges()))
	f.Fuzz(func(t *testing.T, b []byte) {
		changes, err := new(Codec).OpenChanges(resealed(b), name)
		if err != nil {
			return
		}
		if _, err := new(Codec).OpenChanges(sealChanges(t, Codec{}, changes), name); err != nil {
			t.Error(err)
		}
	})
}

func FuzzOpen(f *testing.F) {
	f.Add(seal(f, Codec{}, sample()))
	f.Add(seal(f, codec(f, Options{CompressAbove: 1}), sample()))
	limited := codec(f, Options{MaxSize: 1 << 20})
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := limited.Open(resealed(b), name)
		if err != nil {
			return
		}
		again, err := new(Codec).Open(seal(t, Codec{}, e), name)
		if err != nil || !equal(again, e) {
			t.Errorf("opened again it is %v, %v, not %v", again, err, e)
		}
	})
}

func FuzzOpenEncrypted(f *testing.F) {
	c := codec(f, Options{Secret: secret})
	f.Add(seal(f, c, sample()))
	f.Fuzz(func(t *testing.T, b []byte) {
		if e, err := c.Open(b, name); err == nil && !equal(e, sample()) {
			t.Error("a forgery is opened")
		}
	})
}

// resealed puts the right checksum under b, which nothing gets past otherwise.
func resealed(b []byte) []byte {
	if len(b) < headerSize+checksumSize {
		return b
	}
	b = b[: len(b)-checksumSize : len(b)-checksumSize]
	return append(b, checksumBytes(b)...)
}

func checksumBytes(b []byte) []byte {
	sum := checksum(b, name)
	bytes := make([]byte, checksumSize)
	for i := range bytes {
		bytes[i] = byte(sum >> (56 - 8*i))
	}
	return bytes
}
