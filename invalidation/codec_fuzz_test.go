package invalidation

import (
	"reflect"
	"slices"
	"testing"
)

// made reports whether the set is what making it anew gives.
func (s *Set) made() bool {
	anew := *s
	switch s.form {
	case finite:
		anew = finiteSet(!s.notNull, slices.Clone(s.members()))
	case intervals:
		anew = spanSet(!s.notNull, slices.Clone(s.spans)...)
	case allBut:
		anew = allButSet(!s.notNull, slices.Clone(s.values))
	case prefixes:
		anew = prefixSet(!s.notNull, slices.Clone(s.values))
	}
	return Box{{"", *s}}.equal(Box{{"", anew}})
}

func checkMade(t *testing.T, boxes []Box) {
	for _, box := range boxes {
		for i := range box {
			if !box[i].Set.made() {
				t.Fatalf("%v is not as it would have been made", box[i].Set)
			}
		}
	}
}

func FuzzReadChange(f *testing.F) {
	for _, c := range goldenChanges() {
		f.Add(AppendChange(nil, &c))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, rest, err := ReadChange(b)
		if err != nil {
			return
		}
		checkMade(t, c.Before)
		checkMade(t, c.After)
		again, none, err := ReadChange(AppendChange(nil, &c))
		if err != nil || len(none) > 0 || len(rest) >= len(b) || !reflect.DeepEqual(again, c) {
			t.Fatalf("read again as %v, %v, not %v", again, err, c)
		}
		c.Meets(&TableDependency{Table: c.Table, Parts: []Part{{Boxes: c.Before}, {Boxes: c.After}}})
	})
}

func FuzzReadDependency(f *testing.F) {
	f.Add(AppendDependency(nil, goldenDependency()))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, rest, err := ReadDependency(b)
		if err != nil {
			return
		}
		for i := range d.Tables {
			checkMade(t, d.Tables[i].Boxes())
		}
		again, none, err := ReadDependency(AppendDependency(nil, d))
		if err != nil || len(none) > 0 || len(rest) >= len(b) || !reflect.DeepEqual(again, d) {
			t.Fatalf("read again as %v, %v, not %v", again, err, d)
		}
	})
}
