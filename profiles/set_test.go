package profiles_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/seed92106438/cacheops/profiles"
)

func noRegion(string) bool { return false }

func compile(t *testing.T, set profiles.Set) *profiles.Matcher {
	t.Helper()
	m, err := set.Compile(noRegion)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// keys makes a set of valid profiles that can be told apart by MaxRows.
func keys(list ...string) profiles.Set {
	set := profiles.Set{}
	for i, key := range list {
		set[key] = profiles.Profile{MaxRows: i + 1}
	}
	return set
}

func TestMostSpecificKeyDecides(t *testing.T) {
	tests := []struct {
		name  string
		keys  []string
		table string
		want  string
	}{
		{"a name", []string{"users"}, "users", "users"},
		{"a name covers no longer name", []string{"users"}, "users_old", ""},
		{"a name covers no shorter name", []string{"users"}, "user", ""},
		{"letter case of the key", []string{"Users"}, "users", "Users"},
		{"letter case of the table", []string{"users"}, "USERS", "users"},
		{"letter case of a pattern", []string{"SHOP_*"}, "shop_Carts", "SHOP_*"},
		{"letter case beyond ASCII", []string{"ÄRZTE"}, "ärzte", "ÄRZTE"},
		{"* covers all", []string{"*"}, "users", "*"},
		{"* may be empty", []string{"shop_*"}, "shop_", "shop_*"},
		{"* at the end", []string{"shop_*"}, "shop_carts", "shop_*"},
		{"* at the end is no prefix of less", []string{"shop_*"}, "shop", ""},
		{"* in front", []string{"*_log"}, "shop_log", "*_log"},
		{"* in front leaves the end", []string{"*_log"}, "shop_logs", ""},
		{"* in the middle", []string{"a*z"}, "abcz", "a*z"},
		{"two stars", []string{"*shop*"}, "my_shop_carts", "*shop*"},
		{"two stars with nothing between", []string{"*a*a"}, "a", ""},
		{"ends do not overlap", []string{"aba*ba"}, "aba", ""},
		{"ends meet", []string{"aba*ba"}, "ababa", "aba*ba"},
		{"the middle does not overlap an end", []string{"a*b*b"}, "ab", ""},
		{"the middle in order", []string{"*a*b*"}, "ba", ""},
		{"the middle twice", []string{"*a*a*"}, "xaxa", "*a*a*"},
		{"stars in a row", []string{"shop_**"}, "shop_x", "shop_**"},
		{"a dot is a dot", []string{"audit.*"}, "auditx", ""},
		{"a dot", []string{"audit.*"}, "audit.events", "audit.*"},
		{"* passes a dot", []string{"*events"}, "audit.events", "*events"},

		{"name before pattern", []string{"*", "shop_cart*", "shop_carts"}, "shop_carts", "shop_carts"},
		{"name before pattern with as many characters", []string{"users*", "users"}, "users", "users"},
		{"longer pattern first", []string{"*", "shop_*", "shop_cart*"}, "shop_carts", "shop_cart*"},
		{"neighbour of the longer pattern", []string{"*", "shop_*", "shop_cart*"}, "shop_items", "shop_*"},
		{"neighbour of all but *", []string{"*", "shop_*", "shop_cart*"}, "users", "*"},
		{"characters count, not bytes", []string{"ää*", "*abc"}, "ääabc", "*abc"},
		{"tie by the alphabet", []string{"b*", "*b"}, "bb", "*b"},
		{"tie by the alphabet, not by letter case", []string{"B*a", "b*B"}, "b_ba", "B*a"},
		{"no keys", nil, "users", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set := keys(tt.keys...)
			if profile, key := set.For(tt.table); key != tt.want || profile.MaxRows != set[tt.want].MaxRows {
				t.Errorf("For(%q) = %+v, %q; want %q", tt.table, profile, key, tt.want)
			}
			m := compile(t, set)
			for _, state := range []string{"cold", "warm"} {
				if profile, key := m.Match(tt.table); key != tt.want || profile.MaxRows != set[tt.want].MaxRows {
					t.Errorf("%s: Match(%q) = %+v, %q; want %q", state, tt.table, profile, key, tt.want)
				}
			}
		})
	}
}

func TestCompileAccepts(t *testing.T) {
	everything := profiles.Profile{
		Ops: profiles.All, TTL: time.Hour, Jitter: 0.999, Region: "shared", Lock: true,
		NegativeTTL: time.Minute, MaxRows: 1, MaxBytes: 1, Ignore: []string{"views"}, NoImages: true,
	}
	for name, set := range map[string]profiles.Set{
		"nil":                 nil,
		"zero profile":        {"users": {}},
		"never":               {"users": {Never: true}},
		"never, empty list":   {"users": {Never: true, Ignore: []string{}}},
		"everything":          {"users": everything},
		"letters of any kind": {"Заказы_2": {}, "order$items": {}, "a-b": {}, "#t@x": {}},
		"a dot":               {"audit.events": {}, "audit.*": {}, "*.events": {}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := set.Compile(func(region string) bool { return region == "shared" }); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestCompileNamesTheProfileAndTheProblem(t *testing.T) {
	type P = profiles.Profile
	tests := []struct {
		name string
		set  profiles.Set
		want string // what follows "cacheops: invalid profile "
	}{
		{"unknown region", profiles.Set{"users": {Region: "redis"}}, `"users": unknown region "redis"`},
		{"unknown ops", profiles.Set{"users": {Ops: profiles.Get | 1<<7}}, `"users": unknown Ops in Get|0x80`},
		{"negative TTL", profiles.Set{"users": {TTL: -time.Second}}, `"users": negative TTL -1s`},
		{"negative NegativeTTL", profiles.Set{"users": {NegativeTTL: -1}}, `"users": negative NegativeTTL -1ns`},
		{"negative MaxRows", profiles.Set{"users": {MaxRows: -1}}, `"users": negative MaxRows -1`},
		{"negative MaxBytes", profiles.Set{"users": {MaxBytes: -1}}, `"users": negative MaxBytes -1`},
		{"negative jitter", profiles.Set{"users": {Jitter: -0.1}}, `"users": Jitter -0.1 is not in [0, 1)`},
		{"jitter of all", profiles.Set{"users": {Jitter: 1}}, `"users": Jitter 1 is not in [0, 1)`},
		{"no jitter at all", profiles.Set{"users": {Jitter: math.NaN()}}, `"users": Jitter NaN is not in [0, 1)`},
		{"ignored column without a name", profiles.Set{"users": {Ignore: []string{"views", " "}}}, `"users": Ignore[1] is empty`},
		{"empty key", profiles.Set{"": {}}, `"": the key is empty`},
		{"space", profiles.Set{"order items": {}}, `"order items": ' ' is not allowed in a key; let a * stand for it`},
		{"question mark", profiles.Set{"user?": {}}, `"user?": '?' is not allowed in a key; let a * stand for it`},
		{"brackets", profiles.Set{"[users]": {}}, `"[users]": '[' is not allowed in a key; let a * stand for it`},
		{"quotes", profiles.Set{`"users"`: {}}, `"\"users\"": '"' is not allowed in a key; let a * stand for it`},
		{"damaged text", profiles.Set{"user\xff": {}}, `"user\xff": '�' is not allowed in a key; let a * stand for it`},
		{"dot in front", profiles.Set{".users": {}}, `".users": a name is missing beside the dot`},
		{"dot at the end", profiles.Set{"users.": {}}, `"users.": a name is missing beside the dot`},
		{"two dots", profiles.Set{"a..b": {}}, `"a..b": a name is missing beside the dot`},
		{"one table, two keys", profiles.Set{"users": {}, "Users": {}}, `"users": differs from "Users" in letter case only`},
		{"one pattern, two keys", profiles.Set{"a*": {}, "A*": {}}, `"a*": differs from "A*" in letter case only`},
	}
	for name, p := range map[string]P{
		"Ops": {Ops: profiles.Get}, "TTL": {TTL: 1}, "Jitter": {Jitter: 0.1}, "Region": {Region: "shared"}, "Lock": {Lock: true},
		"NegativeTTL": {NegativeTTL: 1}, "MaxRows": {MaxRows: 1}, "MaxBytes": {MaxBytes: 1}, "Ignore": {Ignore: []string{"views"}}, "NoImages": {NoImages: true},
	} {
		p.Never = true
		tests = append(tests, struct {
			name string
			set  profiles.Set
			want string
		}{"never with " + name, profiles.Set{"users": p}, `"users": Never leaves no room for other settings`})
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := tt.set.Compile(func(region string) bool { return region == "shared" })
			if m != nil || !errors.Is(err, profiles.ErrInvalid) {
				t.Fatalf("got %v, %v; want an error that is ErrInvalid", m, err)
			}
			if got, want := err.Error(), "cacheops: invalid profile "+tt.want; got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func TestCompileNamesEveryProblemInOrder(t *testing.T) {
	set := profiles.Set{
		"c":   {Region: "redis", TTL: -1},
		"a b": {},
		"b":   {},
		"d":   {MaxRows: -1},
	}
	_, err := set.Compile(nil)
	want := strings.Join([]string{
		`cacheops: invalid profile "a b": ' ' is not allowed in a key; let a * stand for it`,
		`cacheops: invalid profile "c": negative TTL -1ns`,
		`cacheops: invalid profile "c": unknown region "redis"`,
		`cacheops: invalid profile "d": negative MaxRows -1`,
	}, "\n")
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestOpsString(t *testing.T) {
	for ops, want := range map[profiles.Ops]string{
		0:                              "none",
		profiles.Fetch:                 "Fetch",
		profiles.Exists | profiles.Get: "Get|Exists",
		profiles.All &^ profiles.Count: "Get|Fetch|Aggregate|Exists",
		profiles.All:                   "All",
		1 << 6:                         "0x40",
		profiles.All | 1<<6:            "Get|Fetch|Count|Aggregate|Exists|0x40",
		profiles.Rows:                  "Rows",
		profiles.All | profiles.Rows:   "All|Rows",
	} {
		if got := ops.String(); got != want {
			t.Errorf("%d: got %s, want %s", uint8(ops), got, want)
		}
	}
}
