package backendtest

import (
	"context"

	"github.com/seed92106438/cacheops/region/internal/backend"
)

var outcomes = []test{
	{"what is committed is a record, and not pending any more", func(f *fixture) {
		f.announce("id", part("j", "p"))
		at := f.position("j")
		f.settle("id", part("j", "p"))
		news := f.look(f.There, at)
		f.advanced(at, news)
		f.records(news, "p")
		f.pending(news)
	}},
	{"an outcome has a number after its announcement's", func(f *fixture) {
		f.announce("id", part("j", "p"))
		at := f.position("j")
		f.settle("id", part("j", "p"))
		if r := f.all("j").Records[0]; r.Number <= at.Number {
			f.Fatalf("record %d, announced by %d", r.Number, at.Number)
		}
	}},
	{"with no parts it is an abort, which all can see", func(f *fixture) {
		f.announce("id", part("j", "p"), part("k", "q"))
		at := f.position("j")
		f.must(f.Here.Settle(f.ctx(), "id", nil, []string{"j", "k"}))
		news := f.look(f.There, at)
		f.advanced(at, news)
		f.records(news)
		f.pending(news)
		f.pending(f.all("k"))
	}},
	{"other parts may be committed than were announced", func(f *fixture) {
		f.announce("id", part("all", "anything"))
		at := f.position("all")
		f.must(f.Here.Settle(f.ctx(), "id", []backend.Part{part("j", "p"), part("k", "q")}, []string{"all"}))
		f.records(f.all("j"), "p")
		f.records(f.all("k"), "q")
		news := f.look(f.There, at)
		f.advanced(at, news)
		f.records(news)
		f.pending(news)
	}},
	{"some of the journals may get records, and the others none", func(f *fixture) {
		f.announce("id", part("j", "p"), part("k", "q"))
		f.must(f.Here.Settle(f.ctx(), "id", []backend.Part{part("j", "p")}, []string{"j", "k"}))
		f.records(f.all("j"), "p")
		f.pending(f.all("j"))
		f.records(f.all("k"))
		f.pending(f.all("k"))
	}},
	{"one journal may get several records", func(f *fixture) {
		f.announce("id", part("j", "p"))
		f.must(f.Here.Settle(f.ctx(), "id", []backend.Part{part("j", "p"), part("j", "q")}, []string{"j"}))
		f.records(f.all("j"), "p", "q")
		f.pending(f.all("j"))
	}},
	{"what was not announced is committed all the same", func(f *fixture) {
		f.settle("never announced", part("j", "p"))
		f.records(f.all("j"), "p")
	}},
	{"announcements stay pending in journals that are not named", func(f *fixture) {
		f.announce("id", part("j", "p"), part("k", "q"))
		f.settle("id", part("j", "p"))
		f.pending(f.all("j"))
		f.pending(f.all("k"), "id: q")
	}},
	{"announcements under other ids stay pending", func(f *fixture) {
		f.announce("one", part("j", "p"))
		f.announce("two", part("j", "q"))
		f.announce("three", part("j", "r"))
		f.settle("two", part("j", "q"))
		f.pending(f.all("j"), "one: p", "three: r")
	}},
	{"settling twice appends twice", func(f *fixture) {
		f.announce("id", part("j", "p"))
		f.settle("id", part("j", "p"))
		f.settle("id", part("j", "p"))
		f.records(f.all("j"), "p", "p")
		f.pending(f.all("j"))
	}},
	{"aborting twice does no more", func(f *fixture) {
		f.announce("id", part("j", "p"))
		for range 2 {
			f.must(f.Here.Settle(f.ctx(), "id", nil, []string{"j"}))
		}
		f.records(f.all("j"))
		f.pending(f.all("j"))
	}},
	{"settling nothing is nothing", func(f *fixture) {
		f.announce("id", part("j", "p"))
		at := f.position("j")
		f.must(f.Here.Settle(f.ctx(), "id", nil, nil))
		if news := f.look(f.There, at); news.Changed {
			f.Fatal(show(news))
		}
	}},
	{"an id may be announced again when it is settled", func(f *fixture) {
		f.announce("id", part("j", "p"))
		f.settle("id", part("j", "p"))
		f.announce("id", part("j", "q"))
		f.pending(f.all("j"), "id: q")
	}},
	{"nothing is settled for one who has given up", func(f *fixture) {
		f.announce("id", part("j", "p"))
		gone, cancel := context.WithCancel(context.Background())
		cancel()
		if err := f.Here.Settle(gone, "id", []backend.Part{part("j", "p")}, []string{"j"}); err == nil {
			f.Error("settled")
		}
		f.pending(f.all("j"), "id: p")
	}},
}
