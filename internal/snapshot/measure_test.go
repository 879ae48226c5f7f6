package snapshot

import (
	"context"
	"database/sql"
	"math/big"
	"net/netip"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"
)

type (
	loop    struct{ Next *loop }
	wrapped struct{ value *int }
	mutexed struct {
		mu   sync.Mutex //lint:ignore U1000 is there for reflection
		Name string
	}
	stamped   time.Time
	ambiguous map[any]string
)

func chain(n int) *loop {
	var l *loop
	for range n {
		l = &loop{l}
	}
	return l
}

func circle() *loop {
	l := &loop{}
	l.Next = l
	return l
}

func TestTakeRefusesWhatCannotBeCopied(t *testing.T) {
	for _, test := range []struct {
		name string
		v    any // in a field of a struct
		want string
	}{
		{"func", func() {}, "a func"},
		{"channel", make(chan int), "a chan"},
		{"unsafe pointer", unsafe.Pointer(new(int)), "a unsafe.Pointer"},
		{"unexported reference", wrapped{new(int)}, "unexported field value"},
		{"unexported reference behind a pointer", &wrapped{new(int)}, "unexported field value"},
		{"unexported reference in a list", []wrapped{{}, {new(int)}}, "unexported field value"},
		{"unexported reference in a map", map[string]wrapped{"k": {new(int)}}, "unexported field value"},
		{"unexported reference in an array in an interface", [1]any{wrapped{new(int)}}, "unexported field value"},
		{"big number", *big.NewInt(5), "unexported field abs"},
		{"map with references for keys", map[*int]int{new(int): 1}, "keys hold references"},
		{"map with interfaces for keys", ambiguous{1: ""}, "keys hold references"},
		{"map with channels for keys", map[chan int]int{make(chan int): 1}, "a chan"},
		{"raw bytes", sql.RawBytes("x"), "sql.RawBytes"},
		{"context", context.WithValue(context.Background(), loop{}, "v"), "unexported field"},
		{"deep", chain(maxDepth + 1), "nested too deeply"},
		{"circle", circle(), "nested too deeply"},
	} {
		t.Run(test.name, func(t *testing.T) {
			holder := struct{ Field any }{test.v}
			_, err := Take(reflect.ValueOf(&holder).Elem(), 1, nil)
			if err == nil || !strings.HasPrefix(err.Error(), "cacheops: ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Take says %v, want %q", err, test.want)
			}
		})
	}
}

func TestTakeAcceptsWhatCanBeCopied(t *testing.T) {
	for _, test := range []struct {
		name string
		v    any
	}{
		{"nil func", (func())(nil)},
		{"nil channel", (chan int)(nil)},
		{"nil unsafe pointer", unsafe.Pointer(nil)},
		{"unexported reference that is nil", wrapped{}},
		{"unexported number", struct{ n int }{1}},
		{"unexported text", struct{ s string }{"a"}},
		{"unexported time", struct{ t time.Time }{time.Now()}},
		{"unexported array of nothing", struct{ _ [0]func() }{}},
		{"mutex", &mutexed{Name: "a"}},
		{"zero big number", big.Int{}},
		{"nil map with references for keys", (map[*int]int)(nil)},
		{"map with structs for keys", map[[2]string]int{{"a", "b"}: 1}},
		{"nil raw bytes", sql.RawBytes(nil)},
		{"time", time.Now()},
		{"type made from time", stamped(time.Now())},
		{"address", netip.MustParseAddr("::1%eth0")},
		{"as deep as may be", chain(maxDepth - 1)},
	} {
		t.Run(test.name, func(t *testing.T) {
			holder := struct{ Field any }{test.v}
			if _, err := Take(reflect.ValueOf(&holder).Elem(), 1, nil); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSizeCountsWhatIsOwned(t *testing.T) {
	type row struct {
		ID   int64
		Name string
		Tags []string
		Next *row
		Meta map[string]any
	}
	const header = int64(unsafe.Sizeof(row{}))
	base := size(t, row{})
	for _, test := range []struct {
		name string
		v    any
		more int64 // than a row of zeros
	}{
		{"number", row{ID: 1 << 40}, 0},
		{"text", row{Name: strings.Repeat("x", 1000)}, 1000},
		{"list", row{Tags: []string{"abc", "de"}}, 2*16 + 5},
		{"room in a list", row{Tags: make([]string, 0, 10)}, 160},
		{"pointer", row{Next: &row{Name: "abc"}}, header + 3},
		{"map", row{Meta: map[string]any{"abc": "de"}}, 3 + 2 + 16 + 16 + 16 + mapOverhead},
		{"rows", []row{{}, {}, {Name: "abc"}}, 3*header + 3 - header + 24},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := size(t, test.v) - base; got != test.more {
				t.Errorf("it takes %d bytes more than a zero row, want %d", got, test.more)
			}
		})
	}
}

func TestSizeDoesNotCountTheRoomThatGORMLeaves(t *testing.T) {
	if got, want := size(t, make([]int64, 2, 20)), size(t, make([]int64, 2)); got != want {
		t.Errorf("a slice with room takes %d bytes, one without %d", got, want)
	}
}

func size(t *testing.T, v any) int64 {
	t.Helper()
	value := reflect.New(reflect.TypeOf(v)).Elem()
	value.Set(reflect.ValueOf(v))
	s, err := Take(value, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s.Size()
}
