package backendtest

import (
	"fmt"
	"strings"
	"time"
)

// awkward are names that a store could mistake for others.
var awkward = []string{
	"a", "A", "a\x00", "\x00a", "a\x00b", "a\x00B", "ab", " a", "a ", "a\n", "é", "e\u0301",
	"{a}", "{a", "a}", "{}", "a{b}c", "a{b", "%", "%%", "%00", "a%00b", "a%2500b", "+", "a b", "a+b", "a%20b", "a%2Bb",
	"\xff", "\xfe\xff", "*", "?", "[a]", `\`, `"`, "'", ";", ":", "a:b", "a::b", "/", "../a", ".", "..", "NULL", "0", "00",
	"p", "e", "n", "epoch", "number", "pending", "1", "-1", strings.Repeat("long", 100), strings.Repeat("long", 100) + "er",
}

var names = []test{
	{"any name of a journal is one of its own", func(f *fixture) {
		for _, name := range awkward {
			f.append(name, "of "+name)
		}
		for _, name := range awkward {
			f.records(f.all(name), "of "+name)
		}
	}},
	{"any key is one of its own", func(f *fixture) {
		for _, key := range awkward {
			f.must(f.Here.Put(f.ctx(), key, []byte("of "+key), time.Hour))
		}
		for _, key := range awkward {
			f.value(key, []byte("of "+key))
		}
	}},
	{"a key and a journal of one name have nothing to do with each other", func(f *fixture) {
		for i, name := range []string{"a", "a\x00b"} {
			f.must(f.Here.Put(f.ctx(), name, []byte("value"), time.Hour))
			f.append(name, fmt.Sprint(i))
			f.value(name, []byte("value"))
			f.must(f.Here.Delete(f.ctx(), name))
			f.records(f.all(name), fmt.Sprint(i))
		}
	}},
	{"any id of an announcement is one of its own", func(f *fixture) {
		var want []string
		for _, id := range awkward {
			f.announce(id, part("j", "of "+id))
			want = append(want, id+": of "+id)
		}
		f.pending(f.all("j"), want...)
		for i, id := range awkward {
			f.settle(id, part("j", "of "+id))
			if i%10 == 0 {
				f.pending(f.all("j"), append([]string(nil), want[i+1:]...)...)
			}
		}
		f.pending(f.all("j"))
	}},
	{"changes are any bytes", func(f *fixture) {
		for _, changes := range awkward {
			f.announce("id", part("j", changes))
			f.pending(f.all("j"), "id: "+changes)
			at := f.position("j")
			f.settle("id", part("j", changes))
			f.records(f.look(f.There, at), changes)
		}
	}},
	{"changes may be empty", func(f *fixture) {
		p := f.seen("id", part("j", ""))
		f.must(f.There.Expire(f.ctx(), "j", p))
		f.append("j", "")
		f.records(f.all("j"), "", "")
	}},
}
