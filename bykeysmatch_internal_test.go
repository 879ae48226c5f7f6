package cacheops

import (
	"slices"
	"testing"
)

func TestMatch(t *testing.T) {
	const no, perhaps = isAbsent, isDoubtful
	for name, test := range map[string]struct {
		ids, rows []any
		places    []int
	}{
		"each has its own":             {[]any{int64(1), int64(2)}, []any{int64(2), int64(1)}, []int{1, 0}},
		"no row":                       {[]any{int64(1), int64(2)}, nil, []int{no, no}},
		"a number without a row":       {[]any{int64(1), int64(2)}, []any{int64(1)}, []int{0, no}},
		"a number beyond the signed":   {[]any{uint64(1 << 63), int64(1)}, []any{uint64(1 << 63)}, []int{0, no}},
		"two that are stored alike":    {[]any{int64(1), int64(1)}, []any{int64(1)}, []int{0, perhaps}},
		"two rows of one key":          {[]any{int64(1), int64(2)}, []any{int64(1), int64(1)}, []int{perhaps, perhaps}},
		"a row that belongs to none":   {[]any{int64(1), int64(2)}, []any{int64(1), int64(3)}, []int{0, perhaps}},
		"a row without a key":          {[]any{int64(1), int64(2)}, []any{nil, int64(2)}, []int{perhaps, 1}},
		"texts":                        {[]any{"a", "b", "c"}, []any{"b", "a"}, []int{1, 0, no}},
		"texts that are alike":         {[]any{"a", "A", "b"}, []any{"a"}, []int{0, perhaps, no}},
		"both of which are there":      {[]any{"a", "A"}, []any{"A", "a"}, []int{1, 0}},
		"bytes":                        {[]any{blob("a"), blob("A")}, []any{blob("a")}, []int{0, no}},
		"bytes are no text":            {[]any{blob("a"), "a"}, []any{"a"}, []int{no, 0}},
		"one beyond ASCII":             {[]any{"a", "ä"}, []any{"a"}, []int{0, perhaps}},
		"a row beyond ASCII":           {[]any{"ä", "b"}, []any{"ä"}, []int{0, perhaps}},
		"only the others are in doubt": {[]any{int64(1), int64(2), int64(3)}, []any{int64(1), int64(1), int64(2)}, []int{perhaps, 2, perhaps}},
	} {
		t.Run(name, func(t *testing.T) {
			if places := match(test.ids, test.rows); !slices.Equal(places, test.places) {
				t.Errorf("got %v, want %v", places, test.places)
			}
		})
	}
}

// What some collation or conversion holds for equal must be taken for alike. What is
// taken for alike without need costs a query.
func TestLikeness(t *testing.T) {
	const uuid = "0e37df36-f698-11e6-8dd4-cb9ced3df976"
	for _, test := range []struct {
		row, id string
		alike   bool
	}{
		{"a", "b", false},
		{"a", "A", true},
		{"a", "a ", true},
		{"a", "\ta", true},
		{"a", "", false},
		{"", " ", true},
		{"ab", "a-b", true},
		{"ab", "ba", false},
		{uuid, "{0E37DF36F69811E68DD4CB9CED3DF976}", true},
		{uuid, "1e37df36-f698-11e6-8dd4-cb9ced3df976", false},
		{"1", "01", true},
		{"1", "2", false},
		{"1", "1.0", true},
		{"1", "1e0", true},
		{"1", "1 day", true},
		{"10", "1e1", true},
		{"1", "one", false},
		{"a1", "b1", false},
		{"007", "7", true},
		{"e", "é", true},
		{"é", "e", true},
		{"é", "x", true},
		{"a", "b\x00", true},
	} {
		if alike := likenessOf([]any{test.row}).mayEqual(test.id); alike != test.alike {
			t.Errorf("%q of a row and %q: %t", test.row, test.id, alike)
		}
		if !likenessOf([]any{"other", test.row}).mayEqual(test.id) && test.alike {
			t.Errorf("%q of a row among others and %q: false", test.row, test.id)
		}
	}
	if likenessOf([]any{int64(1)}).mayEqual("1") || likenessOf([]any{"1"}).mayEqual(int64(1)) {
		t.Error("a number and a text are alike, which are no keys of one type")
	}
}
