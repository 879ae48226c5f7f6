package backendtest

import "github.com/seed92106438/cacheops/region/internal/backend"

// losses are those of a journal, at each step of a change.
var losses = []test{
	{"between two looks", func(f *fixture) {
		f.append("j", "a", "b")
		at := f.position("j")
		f.Lose("j")
		news := f.look(f.Here, at)
		f.anew(at, news)
		f.records(news)
		f.pending(news)
		if news.Number != 0 || news.Since != 0 {
			f.Fatal(show(news))
		}
	}},
	{"which was opened: it is young again", func(f *fixture) {
		at := f.position("j")
		f.must(f.Here.Open(f.ctx(), "j", at.Epoch))
		f.Lose("j")
		f.anew(at, f.look(f.There, at))
	}},
	{"before an announcement", func(f *fixture) {
		at := f.position("j")
		f.Lose("j")
		f.announce("id", part("j", "p"))
		news := f.look(f.There, at)
		f.anew(at, news)
		f.pending(news, "id: p")
	}},
	{"between an announcement and its renewal, which puts it back", func(f *fixture) {
		f.announce("id", part("j", "p"))
		at := f.position("j")
		f.Lose("j")
		f.announce("id", part("j", "p"))
		news := f.look(f.There, at)
		f.anew(at, news)
		f.pending(news, "id: p")
	}},
	{"of one of several journals: the others keep theirs", func(f *fixture) {
		f.announce("id", part("j", "p"), part("k", "q"))
		f.append("k", "a")
		j, k := f.position("j"), f.position("k")
		f.Lose("j")
		f.anew(j, f.look(f.There, j))
		if news := f.look(f.There, k); news.Changed {
			f.Fatal(show(news))
		}
		f.pending(f.all("k"), "id: q")
	}},
	{"between an announcement and its outcome", func(f *fixture) {
		f.announce("id", part("j", "p"))
		at := f.position("j")
		f.Lose("j")
		f.settle("id", part("j", "p"))
		news := f.look(f.There, at)
		f.anew(at, news)
		f.records(news, "p")
		f.pending(news)
	}},
	{"between an announcement and its abort", func(f *fixture) {
		f.announce("id", part("j", "p"))
		at := f.position("j")
		f.Lose("j")
		f.must(f.Here.Settle(f.ctx(), "id", nil, []string{"j"}))
		news := f.look(f.There, at)
		f.anew(at, news)
		f.records(news)
		f.pending(news)
	}},
	{"after an outcome", func(f *fixture) {
		f.announce("id", part("j", "p"))
		f.settle("id", part("j", "p"))
		at := f.position("j")
		f.Lose("j")
		f.anew(at, f.look(f.There, at))
	}},
	{"before a lease ends", func(f *fixture) {
		p := f.seen("id", part("j", "p"))
		at := f.position("j")
		f.Lose("j")
		f.must(f.There.Expire(f.ctx(), "j", p))
		news := f.look(f.There, at)
		f.anew(at, news)
		f.records(news)
	}},
	{"of a lease that was put back since: it is another", func(f *fixture) {
		p := f.seen("id", part("j", "p"))
		f.Lose("j")
		f.announce("id", part("j", "p"))
		f.must(f.There.Expire(f.ctx(), "j", p))
		f.records(f.all("j"))
		f.pending(f.all("j"), "id: p")
	}},
	{"before it is opened: its successor is not", func(f *fixture) {
		at := f.position("j")
		f.Lose("j")
		f.position("j")
		f.must(f.Here.Open(f.ctx(), "j", at.Epoch))
		f.anew(at, f.all("j"))
	}},
	{"numbers that come again are told apart by the epoch", func(f *fixture) {
		f.append("j", "a")
		at := f.position("j")
		f.Lose("j")
		f.append("j", "b")
		news := f.look(f.There, at)
		if news.Number != at.Number {
			f.Fatalf("number %d, not %d: this test shows nothing", news.Number, at.Number)
		}
		f.anew(at, news)
		f.records(news, "b")
	}},
	{"of all values and journals at once is no more than that", func(f *fixture) {
		for _, name := range []string{"j", "k"} {
			f.append(name, "a")
		}
		j, k := f.position("j"), f.position("k")
		f.Lose("j")
		f.Lose("k")
		_, news, err := f.There.Look(f.ctx(), "", []backend.Follow{j, k})
		f.must(err)
		f.anew(j, news[0])
		f.anew(k, news[1])
	}},
}
