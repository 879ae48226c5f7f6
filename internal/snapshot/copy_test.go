package snapshot

import (
	"fmt"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// everything has fields of every kind that is copied in a way of its own.
type everything struct {
	Number   int
	Text     string
	Bytes    []byte
	Time     time.Time
	Addr     netip.Addr
	Pointer  *int
	Twice    **string
	TimeAt   *time.Time
	List     []string
	Lists    [][]int
	Array    [2]*int
	Map      map[string][]byte
	Plain    map[int]string
	Any      any
	Stringer fmt.Stringer
	Inner    inner
	inner
	Next  *everything
	Kids  []everything
	Named map[string]*everything

	number int
	hidden map[string]int //lint:ignore U1000 is there for reflection
	notify func()         //lint:ignore U1000 is there for reflection
}

type inner struct {
	Names []string
	count int
}

type named []string

func (n named) String() string { return fmt.Sprint([]string(n)) }

func drawPointer[T any](t *rapid.T, elem *rapid.Generator[T]) *T {
	if rapid.Bool().Draw(t, "nil") {
		return nil
	}
	v := elem.Draw(t, "elem")
	return &v
}

func drawSlice[T any](t *rapid.T, elem *rapid.Generator[T]) []T {
	if rapid.Bool().Draw(t, "nil") {
		return nil
	}
	list := rapid.SliceOfN(elem, 0, 3).Draw(t, "list")
	return append(make([]T, 0, len(list)+rapid.IntRange(0, 2).Draw(t, "room")), list...)
}

func drawMap[K comparable, V any](t *rapid.T, key *rapid.Generator[K], elem *rapid.Generator[V]) map[K]V {
	if rapid.Bool().Draw(t, "nil") {
		return nil
	}
	return rapid.MapOfN(key, elem, 0, 3).Draw(t, "map")
}

var (
	number = rapid.IntRange(0, 9)
	text   = rapid.StringN(0, 3, -1)
	octets = rapid.Custom(func(t *rapid.T) []byte { return drawSlice(t, rapid.Byte()) })
)

// anything draws what serializers and Scanners put into an interface.
func anything(depth int) *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		last := 7
		if depth == 0 {
			last = 5
		}
		switch rapid.IntRange(0, last).Draw(t, "kind") {
		case 0:
			return nil
		case 1:
			return int64(number.Draw(t, "number"))
		case 2:
			return octets.Draw(t, "bytes")
		case 3:
			return drawPointer(t, number)
		case 4:
			return named(drawSlice(t, text))
		case 5:
			return [1][]int{drawSlice(t, number)}
		case 6:
			return drawSlice(t, anything(depth-1))
		default:
			return drawMap(t, text, anything(depth-1))
		}
	})
}

func drawEverything(depth int) *rapid.Generator[everything] {
	return rapid.Custom(func(t *rapid.T) everything {
		e := everything{
			Number:  number.Draw(t, "Number"),
			Text:    text.Draw(t, "Text"),
			Bytes:   octets.Draw(t, "Bytes"),
			Time:    time.Unix(int64(number.Draw(t, "Time")), 0),
			Addr:    netip.MustParseAddr("::1%eth0"),
			Pointer: drawPointer(t, number),
			Twice:   drawPointer(t, rapid.Custom(func(t *rapid.T) *string { return drawPointer(t, text) })),
			TimeAt:  drawPointer(t, rapid.Just(time.Unix(1, 0))),
			List:    drawSlice(t, text),
			Lists:   drawSlice(t, rapid.Custom(func(t *rapid.T) []int { return drawSlice(t, number) })),
			Array:   [2]*int{drawPointer(t, number)},
			Map:     drawMap(t, text, octets),
			Plain:   drawMap(t, number, text),
			Any:     anything(2).Draw(t, "Any"),
			Inner:   inner{Names: drawSlice(t, text), count: 1},
			inner:   inner{Names: drawSlice(t, text), count: 2},
			number:  3,
		}
		if rapid.Bool().Draw(t, "Stringer") {
			e.Stringer = named(drawSlice(t, text))
		}
		if depth > 0 {
			e.Next = drawPointer(t, drawEverything(depth-1))
			e.Kids = drawSlice(t, drawEverything(0))
			e.Named = drawMap(t, text, rapid.Custom(func(t *rapid.T) *everything {
				return drawPointer(t, drawEverything(0))
			}))
		}
		return e
	})
}

// TestACopyIsEqualAndSharesNothing is the law of a copy.
func TestACopyIsEqualAndSharesNothing(t *testing.T) {
	plan := planOf(reflect.TypeFor[everything]())
	rapid.Check(t, func(t *rapid.T) {
		original := drawEverything(2).Draw(t, "original")
		v := reflect.ValueOf(&original).Elem()
		if _, err := plan.measure(v, maxDepth); err != nil {
			t.Fatal(err)
		}
		copied := plan.copy(v)
		if !reflect.DeepEqual(copied.Interface(), original) {
			t.Fatalf("the copy is %+v, of %+v", copied, original)
		}
		if shared := sharedMemory(v, copied); len(shared) > 0 {
			t.Fatalf("the copy shares %v", shared)
		}
	})
}

// TestWhatRefersToNothingIsCopiedByAssignment is the law by which references are
// looked for once, not at each copy.
func TestWhatRefersToNothingIsCopiedByAssignment(t *testing.T) {
	type some struct {
		Text    string
		Pointer *int
		Bytes   []byte
		Map     map[int]string
		Array   [2]*int
		Any     any
		Inner   inner
	}
	plan := planOf(reflect.TypeFor[some]())
	rapid.Check(t, func(t *rapid.T) {
		var s some
		switch rapid.IntRange(0, 7).Draw(t, "field") {
		case 1:
			s.Pointer = drawPointer(t, number)
		case 2:
			s.Bytes = octets.Draw(t, "Bytes")
		case 3:
			s.Map = drawMap(t, number, text)
		case 4:
			s.Array[1] = drawPointer(t, number)
		case 5:
			s.Any = anything(1).Draw(t, "Any")
		case 6:
			s.Inner.Names = drawSlice(t, text)
		case 7:
			s.Text = text.Draw(t, "Text")
		}
		v, copied := reflect.ValueOf(&s).Elem(), s
		shared := sharedMemory(v, reflect.ValueOf(&copied).Elem())
		if len(shared) > 0 && !plan.refers(v) {
			t.Fatalf("a copy by assignment shares %v", shared)
		}
	})
}

// TestAModelWithoutItsAssociationsRefersToNothing is the neighbour of the law: most
// models have associations, and most reads do not load them.
func TestAModelWithoutItsAssociationsRefersToNothing(t *testing.T) {
	type order struct{ ID int }
	type customer struct {
		Name   string
		Since  time.Time
		Orders []order
		Parent *customer
	}
	rows := []customer{{Name: "a"}, {Name: "b"}}
	plan := planOf(reflect.TypeOf(rows))
	if plan.elem.flat || plan.elemsRefer(reflect.ValueOf(rows)) {
		t.Error("rows without associations are said to refer to something")
	}
	rows[1].Orders = []order{{1}}
	if !plan.elemsRefer(reflect.ValueOf(rows)) {
		t.Error("an association of the second row was missed")
	}
}

// sharedMemory lists the places at which a and b can be changed both at once.
func sharedMemory(a, b reflect.Value) []string {
	places := map[uintptr]string{}
	visit(a, "value", func(place string, from, to uintptr) {
		for at := from; at < to; at++ {
			places[at] = place
		}
	})
	var shared []string
	visit(b, "value", func(place string, from, to uintptr) {
		for at := from; at < to; at++ {
			if other, ok := places[at]; ok {
				shared = append(shared, other+" and "+place)
				return
			}
		}
	})
	return shared
}

// visit reports all memory that can be reached and changed through v.
func visit(v reflect.Value, place string, found func(place string, from, to uintptr)) {
	if v.Type() == timeType || v.Type() == reflect.TypeFor[netip.Addr]() {
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			visit(v.Field(i), place+"."+v.Type().Field(i).Name, found)
		}
	case reflect.Array:
		for i := range v.Len() {
			visit(v.Index(i), fmt.Sprintf("%s[%d]", place, i), found)
		}
	case reflect.Slice:
		from := v.Pointer()
		found(place, from, from+uintptr(v.Cap())*v.Type().Elem().Size())
		for i := range v.Len() {
			visit(v.Index(i), fmt.Sprintf("%s[%d]", place, i), found)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			found(place, v.Pointer(), v.Pointer()+v.Type().Elem().Size())
			visit(v.Elem(), "*"+place, found)
		}
	case reflect.Map:
		if !v.IsNil() {
			found(place, v.Pointer(), v.Pointer()+1)
			for iter := v.MapRange(); iter.Next(); {
				visit(iter.Value(), fmt.Sprintf("%s[%v]", place, iter.Key()), found)
			}
		}
	case reflect.Interface:
		// The value in an interface cannot be changed in place.
		if !v.IsNil() {
			visit(v.Elem(), place, found)
		}
	}
}

// TestAnEmptySliceHasNoRoomInTheOriginal covers a slice of length 0 that an
// append would write through.
func TestAnEmptySliceHasNoRoomInTheOriginal(t *testing.T) {
	original := struct{ List []int }{make([]int, 0, 4)}
	v := reflect.ValueOf(&original).Elem()
	copied := planOf(v.Type()).copy(v).Interface().(struct{ List []int })
	if copied.List == nil || cap(copied.List) != 0 {
		t.Errorf("the copy is %#v with room for %d", copied.List, cap(copied.List))
	}
}

// TestPlansOfATypeAreShared covers types that contain themselves in several
// ways, whose plans are made together.
func TestPlansOfATypeAreShared(t *testing.T) {
	type tree struct {
		Left, Right *tree
		All         []tree
		ByName      map[string]tree
	}
	p := planOf(reflect.TypeFor[tree]())
	if p.flat || len(p.parts) != 4 {
		t.Fatalf("plan of a tree: %+v", p)
	}
	if p.parts[0].plan.elem != p || p.parts[2].plan.elem != p || p.parts[3].plan.elem != p {
		t.Error("the plan does not lead back to itself")
	}
	if planOf(reflect.TypeFor[tree]()) != p {
		t.Error("a second plan was made")
	}
}
