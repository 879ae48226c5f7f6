package backendtest

import (
	"fmt"
	"strings"

	"github.com/seed92106438/cacheops/region/internal/backend"
)

var bulk = []test{
	{"1 MiB of changes", func(f *fixture) {
		large := strings.Repeat("0123456789abcdef", 1<<16)
		f.announce("id", part("j", large))
		f.pending(f.all("j"), "id: "+large)
		f.settle("id", part("j", large))
		f.records(f.all("j"), large)
	}},
	{"1,000 parts", func(f *fixture) {
		var parts []backend.Part
		var follow []backend.Follow
		for i := range 1000 {
			name := fmt.Sprint("j", i)
			parts = append(parts, part(name, "of "+name))
			follow = append(follow, backend.Follow{Journal: name})
		}
		f.announce("id", parts...)
		_, news, err := f.There.Look(f.ctx(), "", follow)
		f.must(err)
		for i := range parts {
			f.pending(news[i], "id: "+string(parts[i].Changes))
		}
		f.settle("id", parts...)
		_, news, err = f.There.Look(f.ctx(), "", follow)
		f.must(err)
		for i := range parts {
			f.pending(news[i])
			f.records(news[i], string(parts[i].Changes))
		}
	}},
	{"1,000 announcements in one journal", func(f *fixture) {
		var want []string
		for i := range 1000 {
			id := fmt.Sprint("id", i)
			f.announce(id, part("j", "p"))
			want = append(want, id+": p")
		}
		f.pending(f.all("j"), want...)
	}},
	{"1,000 records in one outcome", func(f *fixture) {
		var parts []backend.Part
		for i := range 1000 {
			parts = append(parts, part("j", fmt.Sprint(i)))
		}
		f.announce("id", part("j", "p"))
		f.must(f.Here.Settle(f.ctx(), "id", parts, []string{"j"}))
		news := f.all("j")
		f.pending(news)
		if n := len(news.Records); n < f.length {
			f.Fatalf("%d records are left", n)
		}
		for i, r := range news.Records {
			if want := fmt.Sprint(1000 - len(news.Records) + i); string(r.Changes) != want {
				f.Fatalf("record %d is %q, not %q", r.Number, r.Changes, want)
			}
		}
	}},
}
