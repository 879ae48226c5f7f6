package profiles_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/seed92106438/cacheops/profiles"
)

func TestZeroMatcherKnowsNoProfile(t *testing.T) {
	var m profiles.Matcher
	if profile, key := m.Match("users"); key != "" || profile.Ops != 0 {
		t.Errorf("got %+v, %q", profile, key)
	}
}

func TestMatcherKeepsNoTieToTheSet(t *testing.T) {
	ignore := []string{"views"}
	set := profiles.Set{"users": {Ops: profiles.Get, Ignore: ignore}}
	m := compile(t, set)

	ignore[0] = "name"
	set["users"] = profiles.Profile{Never: true}

	profile, _ := m.Match("users")
	if profile.Never || profile.Ignore[0] != "views" {
		t.Errorf("got %+v, want it as it was when compiled", profile)
	}
}

// The catalogue's columns are in lower case.
func TestIgnoredColumnsInAnyLetterCase(t *testing.T) {
	m := compile(t, profiles.Set{"users": {Ops: profiles.Get, Ignore: []string{"Views", "LAST_seen"}}})
	if profile, _ := m.Match("users"); !slices.Equal(profile.Ignore, []string{"views", "last_seen"}) {
		t.Errorf("got %q", profile.Ignore)
	}
}

func TestWarmMatchAllocatesNothing(t *testing.T) {
	m := compile(t, keys("*", "shop_*", "users"))
	for _, table := range []string{"users", "Users", "shop_carts", "other"} {
		m.Match(table)
		if n := testing.AllocsPerRun(100, func() { m.Match(table) }); n != 0 {
			t.Errorf("%s: %v allocations", table, n)
		}
	}
}

// More tables than are remembered, from several goroutines at once: every
// answer is right, whether remembered, forgotten or in the making.
func TestMatchIsRightWhateverIsRemembered(t *testing.T) {
	m := compile(t, keys("even_*", "odd_*"))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 3000 {
				want := [...]string{"even_*", "odd_*"}[i%2]
				table := strings.TrimSuffix(want, "*") + fmt.Sprint(i)
				if _, key := m.Match(table); key != want {
					t.Errorf("Match(%q) = %q, want %q", table, key, want)
				}
			}
		})
	}
	wg.Wait()
}

// The reference: a pattern is the regular expression with .* for each star,
// and of the keys that cover a table the first by a plain comparison wins.
func reference(set profiles.Set, table string) string {
	best := ""
	for key := range set {
		quoted := strings.ReplaceAll(regexp.QuoteMeta(strings.ToLower(key)), `\*`, `(?s:.*)`)
		if regexp.MustCompile("^"+quoted+"$").MatchString(strings.ToLower(table)) && (best == "" || before(key, best)) {
			best = key
		}
	}
	return best
}

func before(a, b string) bool {
	stars := func(s string) int { return strings.Count(s, "*") }
	literals := func(s string) int { return len([]rune(strings.ToLower(s))) - stars(s) }
	if (stars(a) == 0) != (stars(b) == 0) {
		return stars(a) == 0
	}
	if literals(a) != literals(b) {
		return literals(a) > literals(b)
	}
	return strings.ToLower(a) < strings.ToLower(b)
}

func FuzzMatch(f *testing.F) {
	f.Add("*", "shop_*", "shop_carts", "SHOP_CARTS")
	f.Add("*a*b*", "aba*ba", "ab*ab", "abab")
	f.Add("a*", "*a", "a*a", "a")
	f.Add("**", "ä*", "*Ä", "Ä")
	f.Add("audit.*", "*.events", "*", "audit.events")
	f.Fuzz(func(t *testing.T, a, b, c, table string) {
		set := keys(a, b, c)
		m, err := set.Compile(noRegion)
		if err != nil {
			t.Skip() // the law is about valid keys
		}
		want := reference(set, table)
		if _, got := set.For(table); got != want {
			t.Errorf("%q: For(%q) = %q, want %q", []string{a, b, c}, table, got, want)
		}
		for range 2 {
			if _, got := m.Match(table); got != want {
				t.Errorf("%q: Match(%q) = %q, want %q", []string{a, b, c}, table, got, want)
			}
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	m, err := keys("*", "shop_*", "users").Compile(noRegion)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		m.Match("shop_carts")
	}
}
