package backendtest

import (
	"context"
	"time"

	"github.com/seed92106438/cacheops/region/internal/backend"
)

var announcements = []test{
	{"a change is pending once it is announced, for all to see", func(f *fixture) {
		at := f.position("j")
		f.must(f.Here.Announce(f.ctx(), "id", 1234*time.Millisecond, []backend.Part{part("j", "p")}))
		news := f.look(f.There, at)
		f.advanced(at, news)
		f.records(news)
		f.pending(news, "id: p")
		if got := news.Pending[0].Lease; got != 1234*time.Millisecond {
			f.Fatalf("lease %s", got)
		}
	}},
	{"an announcement takes one number", func(f *fixture) {
		at := f.position("j")
		f.announce("id", part("j", "p"))
		if n := f.all("j").Number; n != at.Number+1 {
			f.Fatalf("number %d after %d", n, at.Number)
		}
	}},
	{"each of its parts is pending in its journal, and nowhere else", func(f *fixture) {
		f.announce("id", part("j", "p"), part("k", "q"))
		f.pending(f.all("j"), "id: p")
		f.pending(f.all("k"), "id: q")
		f.pending(f.all("l"))
	}},
	{"several are pending side by side", func(f *fixture) {
		f.announce("one", part("j", "p"))
		f.announce("two", part("j", "q"))
		f.pending(f.all("j"), "one: p", "two: q")
	}},
	{"all that are pending are told, to whoever has something new", func(f *fixture) {
		f.announce("one", part("j", "p"))
		at := f.position("j")
		f.announce("two", part("j", "q"))
		f.pending(f.look(f.There, at), "one: p", "two: q")
	}},
	{"a renewed one stays, and has another mark", func(f *fixture) {
		f.announce("id", part("j", "p"))
		first := f.all("j")
		at := f.position("j")
		f.announce("id", part("j", "p"))
		news := f.look(f.There, at)
		f.advanced(at, news)
		f.pending(news, "id: p")
		if news.Pending[0].Renewed == first.Pending[0].Renewed {
			f.Fatal("it cannot be told from the one before")
		}
	}},
	{"a renewal may change the lease", func(f *fixture) {
		f.announce("id", part("j", "p"))
		f.must(f.There.Announce(f.ctx(), "id", time.Minute, []backend.Part{part("j", "p")}))
		if got := f.all("j").Pending[0].Lease; got != time.Minute {
			f.Fatalf("lease %s", got)
		}
	}},
	{"a renewal leaves others as they are", func(f *fixture) {
		f.announce("one", part("j", "p"))
		other := f.all("j").Pending[0].Renewed
		f.announce("two", part("j", "q"))
		f.announce("two", part("j", "q"))
		for _, p := range f.all("j").Pending {
			if p.ID == "one" && p.Renewed != other {
				f.Fatal("the other one is renewed too")
			}
		}
	}},
	{"announcing nothing is nothing", func(f *fixture) {
		at := f.position("j")
		f.announce("id")
		if news := f.look(f.There, at); news.Changed {
			f.Fatal(show(news))
		}
	}},
	{"nothing is announced for one who has given up", func(f *fixture) {
		gone, cancel := context.WithCancel(context.Background())
		cancel()
		if err := f.Here.Announce(gone, "id", lease, []backend.Part{part("j", "p")}); err == nil {
			f.Error("announced")
		}
		f.pending(f.all("j"))
	}},
}
