package backendtest

import "github.com/seed92106438/cacheops/region/internal/backend"

// seen announces changes, and returns the announcement as others see it.
func (f *fixture) seen(id string, parts ...backend.Part) backend.Pending {
	f.Helper()
	f.announce(id, parts...)
	for _, p := range f.all(parts[0].Journal).Pending {
		if p.ID == id {
			return p
		}
	}
	f.Fatalf("%q is not pending", id)
	return backend.Pending{}
}

var leases = []test{
	{"what is expired counts as committed", func(f *fixture) {
		p := f.seen("id", part("j", "p"))
		at := f.position("j")
		f.must(f.There.Expire(f.ctx(), "j", p))
		news := f.look(f.Here, at)
		f.advanced(at, news)
		f.records(news, "p")
		f.pending(news)
	}},
	{"what was renewed since does not expire", func(f *fixture) {
		p := f.seen("id", part("j", "p"))
		f.announce("id", part("j", "p"))
		at := f.position("j")
		f.must(f.There.Expire(f.ctx(), "j", p))
		if news := f.look(f.Here, at); news.Changed {
			f.Fatal(show(news))
		}
		f.pending(f.all("j"), "id: p")
	}},
	{"what was renewed expires by its new mark", func(f *fixture) {
		f.seen("id", part("j", "p"))
		p := f.seen("id", part("j", "p"))
		f.must(f.There.Expire(f.ctx(), "j", p))
		f.records(f.all("j"), "p")
	}},
	{"what was settled does not expire", func(f *fixture) {
		p := f.seen("id", part("j", "p"))
		f.must(f.Here.Settle(f.ctx(), "id", nil, []string{"j"}))
		f.must(f.There.Expire(f.ctx(), "j", p))
		f.records(f.all("j"))
	}},
	{"of two who let it expire, one does", func(f *fixture) {
		p := f.seen("id", part("j", "p"))
		f.must(f.There.Expire(f.ctx(), "j", p))
		f.must(f.Here.Expire(f.ctx(), "j", p))
		f.records(f.all("j"), "p")
	}},
	{"others stay pending", func(f *fixture) {
		p := f.seen("one", part("j", "p"))
		f.announce("two", part("j", "q"))
		f.must(f.There.Expire(f.ctx(), "j", p))
		f.pending(f.all("j"), "two: q")
		f.records(f.all("j"), "p")
	}},
	{"in another journal it stays pending", func(f *fixture) {
		p := f.seen("id", part("j", "p"), part("k", "q"))
		f.must(f.There.Expire(f.ctx(), "j", p))
		f.pending(f.all("k"), "id: q")
		f.records(f.all("k"))
	}},
	{"an outcome that comes after the lease is a record of its own", func(f *fixture) {
		p := f.seen("id", part("j", "p"))
		f.must(f.There.Expire(f.ctx(), "j", p))
		at := f.position("j")
		f.settle("id", part("j", "p"))
		news := f.look(f.There, at)
		f.advanced(at, news)
		f.records(news, "p")
	}},
	{"an id that was settled and announced again is another", func(f *fixture) {
		p := f.seen("id", part("j", "p"))
		f.must(f.Here.Settle(f.ctx(), "id", nil, []string{"j"}))
		f.announce("id", part("j", "p"))
		f.must(f.There.Expire(f.ctx(), "j", p))
		f.records(f.all("j"))
		f.pending(f.all("j"), "id: p")
	}},
}

var youth = []test{
	{"a journal is young until it is opened", func(f *fixture) {
		f.append("j", "a")
		f.announce("id", part("j", "p"))
		news := f.all("j")
		if !news.Young {
			f.Fatal("it was never young")
		}
		f.must(f.There.Open(f.ctx(), "j", news.Epoch))
		if news = f.all("j"); news.Young {
			f.Fatal("it is young still")
		}
		f.records(news, "a")
		f.pending(news, "id: p")
	}},
	{"who followed it when it was young hears that it is not any more", func(f *fixture) {
		at := f.position("j")
		f.must(f.Here.Open(f.ctx(), "j", at.Epoch))
		news := f.look(f.There, at)
		f.advanced(at, news)
		if news.Young {
			f.Fatal("it is young still")
		}
	}},
	{"one of another epoch is not opened", func(f *fixture) {
		f.must(f.Here.Open(f.ctx(), "j", f.position("j").Epoch^2))
		if !f.all("j").Young {
			f.Fatal("it is not young any more")
		}
	}},
	{"opening it twice does no more", func(f *fixture) {
		epoch := f.position("j").Epoch
		f.must(f.Here.Open(f.ctx(), "j", epoch))
		at := f.position("j")
		f.must(f.There.Open(f.ctx(), "j", epoch))
		if news := f.look(f.Here, at); news.Changed {
			f.Fatal(show(news))
		}
	}},
	{"others stay young", func(f *fixture) {
		f.position("k")
		f.must(f.Here.Open(f.ctx(), "j", f.position("j").Epoch))
		if !f.all("k").Young {
			f.Fatal("it is not young any more")
		}
	}},
}
