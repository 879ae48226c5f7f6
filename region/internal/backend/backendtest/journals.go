package backendtest

import (
	"fmt"
	"slices"

	"github.com/seed92106438/cacheops/region/internal/backend"
)

var journals = []test{
	{"one that is not there begins when it is looked at", func(f *fixture) {
		news := f.look(f.Here, backend.Follow{Journal: "j"})
		if !news.Changed || !news.Young || news.Number != 0 || news.Since != 0 {
			f.Fatal(show(news))
		}
		f.records(news)
		f.pending(news)
		if again := f.look(f.There, backend.Follow{Journal: "j"}); again.Epoch != news.Epoch {
			f.Fatal("it has begun twice")
		}
	}},
	{"one that is looked at in one call twice begins once", func(f *fixture) {
		_, news, err := f.Here.Look(f.ctx(), "", []backend.Follow{{Journal: "j"}, {Journal: "j"}})
		f.must(err)
		if len(news) != 2 || news[0].Epoch != news[1].Epoch {
			f.Fatal("two epochs")
		}
	}},
	{"each has an epoch of its own time", func(f *fixture) {
		seen := map[uint64]bool{}
		for range 5 {
			seen[f.all("j").Epoch] = true
			f.Lose("j")
		}
		if len(seen) != 5 {
			f.Fatalf("five journals, one after the other, have %d epochs", len(seen))
		}
	}},
	{"numbers begin with 1", func(f *fixture) {
		f.append("j", "a")
		news := f.all("j")
		if len(news.Records) != 1 || news.Records[0].Number != 1 || news.Number != 1 {
			f.Fatalf("%s %v", show(news), news.Records)
		}
	}},
	{"where nothing is new, nothing is said", func(f *fixture) {
		f.announce("id", part("j", "p"))
		f.append("j", "a")
		at := f.position("j")
		news := f.look(f.Here, at)
		if news.Changed || news.Epoch != at.Epoch || news.Number != at.Number {
			f.Fatal(show(news))
		}
	}},
	{"what is new is all that came after what is known", func(f *fixture) {
		f.append("j", "a", "b")
		at := f.position("j")
		f.append("j", "c", "d")
		news := f.look(f.There, at)
		f.advanced(at, news)
		f.records(news, "c", "d")
		if news.Since != at.Number {
			f.Fatalf("since %d, known to %d", news.Since, at.Number)
		}
	}},
	{"all is new to one who knows nothing", func(f *fixture) {
		f.append("j", "a", "b")
		news := f.all("j")
		f.records(news, "a", "b")
		if news.Since != 0 {
			f.Fatalf("since %d", news.Since)
		}
	}},
	{"all is new to one who knows another epoch, whatever his number", func(f *fixture) {
		f.append("j", "a", "b")
		at := f.position("j")
		for _, number := range []uint64{0, 1, at.Number, at.Number + 100} {
			news := f.look(f.Here, backend.Follow{Journal: "j", Epoch: at.Epoch ^ 2, Number: number})
			f.records(news, "a", "b")
			if news.Since != 0 {
				f.Fatalf("since %d", news.Since)
			}
		}
	}},
	{"numbers take no regard of others", func(f *fixture) {
		f.append("j", "a", "b", "c")
		f.append("k", "d")
		f.records(f.all("k"), "d")
		if n := f.all("k").Number; n != 1 {
			f.Fatalf("number %d", n)
		}
	}},
	{"news come in the order asked for", func(f *fixture) {
		var follow []backend.Follow
		for i := range 50 {
			name := fmt.Sprint("j", i*7919%50)
			f.append(name, name)
			follow = append(follow, backend.Follow{Journal: name})
		}
		_, news, err := f.There.Look(f.ctx(), "nothing", follow)
		f.must(err)
		for i := range follow {
			f.sound(follow[i], news[i])
			f.records(news[i], follow[i].Journal)
		}
	}},
	{"the quiet and those with news may be asked for together", func(f *fixture) {
		f.append("j", "a")
		f.append("k", "b")
		j, k := f.position("j"), f.position("k")
		f.append("k", "c")
		_, news, err := f.There.Look(f.ctx(), "", []backend.Follow{j, k, {Journal: "l"}})
		f.must(err)
		if news[0].Changed || !news[1].Changed || !news[2].Changed {
			f.Fatal(show(news[0]), show(news[1]), show(news[2]))
		}
		f.records(news[1], "c")
		f.sound(j, news[0])
	}},
	{"old records are given up, and it is said from where on they are all there", func(f *fixture) {
		var numbers []uint64
		for i := range 5 * f.length {
			f.append("j", fmt.Sprint(i))
			numbers = append(numbers, f.all("j").Number)
		}
		news := f.all("j")
		f.complete(news, numbers)
		if n := len(news.Records); n < f.length || n > 4*f.length {
			f.Fatalf("%d records of a journal of length %d", n, f.length)
		}
	}},
	{"who is not too far behind misses nothing by that", func(f *fixture) {
		for i := range 3 * f.length {
			f.append("j", fmt.Sprint(i))
		}
		at := f.position("j")
		for i := range f.length {
			f.append("j", fmt.Sprint(i))
		}
		news := f.look(f.There, at)
		if news.Since != at.Number || len(news.Records) != f.length {
			f.Fatal(show(news))
		}
	}},
	{"announcements that come and go give up no record", func(f *fixture) {
		f.append("j", "a")
		for range 3 * f.length {
			f.announce("id", part("j", "p"))
			f.must(f.Here.Settle(f.ctx(), "id", nil, []string{"j"}))
		}
		f.records(f.all("j"), "a")
	}},
}

// complete checks that all records after Since are there, of those with the numbers.
func (f *fixture) complete(news backend.News, numbers []uint64) {
	f.Helper()
	var got []uint64
	for _, r := range news.Records {
		got = append(got, r.Number)
	}
	first, _ := slices.BinarySearch(numbers, news.Since+1)
	if !slices.Equal(got, numbers[first:]) {
		f.Fatalf("since %d there are %d, not %d", news.Since, got, numbers[first:])
	}
}
