package cases

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/bench/shop"
	"github.com/seed92106438/cacheops/bench/subject"
)

var lab *Lab

func TestMain(m *testing.M) {
	lab = &Lab{Plan: Plan{Rounds: 1, Turn: time.Millisecond}, Size: shop.Size{People: 5000, Parcels: 5000}}
	code := m.Run()
	if err := lab.Close(); err != nil {
		println(err.Error())
		code = 1
	}
	os.Exit(code)
}

// at puts a subject to work until the test ends.
func at(t *testing.T, s subject.Subject) *station {
	t.Helper()
	lab.Dir = t.TempDir()
	s2, err := lab.open(t.Context(), onSQLite, s)
	must(t, err)
	t.Cleanup(func() { must(t, lab.clear()) })
	return s2
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestEachOfOurHitsIsAHitAndTrue(t *testing.T) {
	for _, h := range []hit{byKey, people("street", street), parcels("shelf", household), counted, plucked, preloaded, joined, aggregated} {
		s := at(t, named(subject.Memory))
		mark, err := s.prove(h.read, h.alter, h.altered)
		if mark != "" || err != nil {
			t.Errorf("%s: %s, %v", h.altered, mark, err)
		}
	}
}

func TestWhatIsNeverAHitIsFoundOut(t *testing.T) {
	s := at(t, subject.Subject{Name: "nothing", Use: plain})
	if _, err := s.prove(byKey.read, nil, ""); !errors.Is(err, errNoHit) {
		t.Errorf("GORM alone gives %v", err)
	}
	_, err := byKey.read(s.db)
	must(t, err)
	if s.sentNothing(1) == nil {
		t.Error("a turn of hits that sent a statement passes")
	}
	if s.sentEach(1) == nil {
		t.Error("a turn of misses that sent nothing passes")
	}
}

func TestStaleAnswersAreMarked(t *testing.T) {
	for name, h := range map[string]hit{
		"asjdf-memory":     preloaded, // kept under the parent
		"pacific73-memory": joined,    // kept under the first table
		"grc-memory":       people("street", street),
	} {
		s := at(t, named(name))
		mark, err := s.prove(h.read, h.alter, h.altered)
		must(t, err)
		if mark != "stale after "+h.altered {
			t.Errorf("%s is marked %q", name, mark)
		}
	}
}

func TestWrongAnswersAreMarked(t *testing.T) {
	s := at(t, named(subject.Memory))
	other := func(db *gorm.DB) (any, error) {
		var p shop.Person
		if db.Statement == s.truth.Statement {
			return &p, db.First(&p, person).Error
		}
		return &p, db.First(&p, person+1).Error
	}
	mark, err := s.prove(other, nil, "")
	must(t, err)
	if mark == "" {
		t.Error("another row passes")
	}
}

func TestWhoPanicsIsAbsent(t *testing.T) {
	s := at(t, named("grc-memory"))
	c := lab.hits(s, byKey.read, byKey.alter, byKey.altered)
	if c.Turn != nil || !strings.HasPrefix(c.Mark, "panics: ") {
		t.Errorf("it takes part, marked %q", c.Mark)
	}
}

func TestTypedReadsShowTheSameRows(t *testing.T) {
	for _, c := range []typed{get, getMany} {
		s := at(t, named(subject.Memory))
		mark, err := s.prove(c.get, c.alter, c.altered)
		if mark != "" || err != nil {
			t.Errorf("%s: %s, %v", c.name, mark, err)
		}
	}
}

func TestPlainReadsShowTheSameRows(t *testing.T) {
	for _, h := range []hit{byKey, people("street", street), counted} {
		s := at(t, named(subject.Uncached))
		conn, err := s.truth.DB()
		must(t, err)
		got, err := h.plain(conn)
		must(t, err)
		if differs, err := s.differs(got, h.read); differs || err != nil {
			t.Errorf("%s: got %v, %v", h.altered, got, err)
		}
		if differs, err := s.differs(h.bare(got)(), h.read); differs || err != nil {
			t.Errorf("%s: the map's rows are others, %v", h.altered, err)
		}
	}
}

// byCondition is read by Find, which every subject knows to cache.
func byCondition(db *gorm.DB, id int) (list []shop.Person, err error) {
	return list, db.Find(&list, "id = ?", id).Error
}

func TestTheMixCountsStaleReads(t *testing.T) {
	for name, want := range map[string]bool{subject.Uncached: false, subject.Memory: false, "grc-memory": true} {
		m := newMix(at(t, named(name)), lab.Size.People, byCondition)
		for _, list := range []bool{false, true} {
			before, err := m.look(7, list)
			must(t, err)
			must(t, m.write(7))
			after, err := m.look(7, list)
			must(t, err)
			if before || after != want {
				t.Errorf("%s, list %v: stale before the write %v, after it %v, want %v", name, list, before, after, want)
			}
		}
	}
}

func TestWritesAreLookedAt(t *testing.T) {
	w := write{op: update, check: byKey.read, fill: nil}
	mark, err := at(t, named(subject.Memory)).prepare(w)
	if mark != "" || err != nil {
		t.Errorf("our own: %s, %v", mark, err)
	}
	w.check = people("street", street).read
	mark, err = at(t, named("grc-memory")).prepare(w)
	if mark != "stale after this write" || err != nil {
		t.Errorf("one that drops nothing: %s, %v", mark, err)
	}
}

func TestStartingSendsNothing(t *testing.T) {
	s := at(t, subject.Subject{Name: subject.Memory, Use: plain})
	s.Subject = named(subject.Memory)
	turn, err := s.startUp(lab)(t.Context())
	must(t, err)
	if last := turn.Values[len(turn.Values)-1]; last.Unit != "statements/op" || last.Figure != 0 {
		t.Errorf("%+v", last)
	}
}

func TestACaseIsRunAndWritten(t *testing.T) {
	lab.Dir = t.TempDir()
	var text bytes.Buffer
	c := Case{Name: "HitCount", contenders: counted.contenders(onSQLite)}
	must(t, lab.Run(t.Context(), &c, &text))
	for _, name := range []string{subject.Uncached, subject.DryRun, "database-sql", "map", subject.Memory, "cacheops-sqlite", "caches-memory"} {
		if !strings.Contains(text.String(), "\nBenchmarkHitCount/subject="+name+"-") {
			t.Errorf("%s was not measured:\n%s", name, &text)
		}
	}
	left, err := filepath.Glob(filepath.Join(lab.Dir, "*.db"))
	if len(left) > 0 || err != nil {
		t.Errorf("left behind: %q, %v", left, err)
	}
}

func TestNamesOfCasesAreTheirOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range All() {
		if seen[c.Name] || c.Title == "" || c.Group == "" {
			t.Errorf("%+v", c)
		}
		seen[c.Name] = true
	}
}
