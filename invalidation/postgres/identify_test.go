package postgres

import (
	"strings"
	"testing"
)

// clearEnvironment takes away what a name may leave out.
func clearEnvironment(t *testing.T) {
	t.Helper()
	for _, name := range strings.Fields(`PGHOST PGPORT PGDATABASE PGUSER PGPASSWORD PGOPTIONS PGTZ PGSERVICE PGSERVICEFILE PGSSLMODE
		PGAPPNAME PGTARGETSESSIONATTRS`) {
		t.Setenv(name, "")
	}
}

func TestNamesOfOneDatabaseAreOne(t *testing.T) {
	clearEnvironment(t)
	for _, same := range [][]string{
		{
			"host=localhost user=u dbname=d", "host=127.0.0.1 port=5432 user=other password=p dbname=d sslmode=disable",
			"postgres://u:p@LocalHost/d?sslmode=disable", "postgresql://u@[::1]:5432/d", "host=/var/run/postgresql user=u dbname=d",
			"host=/run/postgresql user=u dbname=d", "postgres://u@localhost/d?search_path=x", "host=127.0.0.2 user=u dbname=d",
		},
		{"host=localhost user=u dbname=e", "host=localhost user=e"},
		{"host=localhost port=5433 user=u dbname=d", "host=/var/run/postgresql port=5433 user=u dbname=d"},
		{"host=db.example user=u dbname=d", "postgres://u@DB.example/d"},
		{"host=a,b port=1,2 user=u dbname=d", "postgres://u@b:2,a:1/d?target_session_attrs=read-write"},
		{"host=a,b port=2,1 user=u dbname=d"},
		{"host=/other/folder user=u dbname=d"},
	} {
		want := Dialect{}.Identify(same[0]).Database
		if !strings.HasPrefix(want, "postgres:") || seenBefore(t, want) {
			t.Errorf("%s is %q", same[0], want)
		}
		for _, dsn := range same {
			if got := (Dialect{}).Identify(dsn).Database; got != want {
				t.Errorf("%s is %q, want %q", dsn, got, want)
			}
		}
	}
}

func TestNamesOfThisMachine(t *testing.T) {
	clearEnvironment(t)
	for dsn, local := range map[string]bool{
		"host=localhost user=u dbname=d": true, "postgres://u@[::1]/d": true, "host=/other/folder user=u dbname=d": true,
		"host=db.example,127.0.0.1 user=u dbname=d": true,
		"host=db.example user=u dbname=d":           false, "host=10.0.0.1 user=u dbname=d": false,
	} {
		if (Dialect{}).Identify(dsn).Local != local {
			t.Errorf("%s: want %v", dsn, local)
		}
	}
}

var identities = map[string]bool{}

// seenBefore reports whether another set of names has the identity.
func seenBefore(t *testing.T, identity string) bool {
	t.Cleanup(func() { delete(identities, identity) })
	seen := identities[identity]
	identities[identity] = true
	return seen
}

func TestSessionsDifferByWhatCanChangeAnAnswer(t *testing.T) {
	clearEnvironment(t)
	base := Dialect{}.Identify("host=h user=u dbname=d").Session
	for dsn, same := range map[string]bool{
		"host=other user=u dbname=d":                             true,
		"postgres://u:secret@h/d":                                true,
		"host=h user=u dbname=d application_name=x":              true,
		"host=h user=u dbname=d statement_timeout=5":             true,
		"host=h user=other dbname=d":                             false,
		"host=h user=u dbname=d search_path=app":                 false,
		"host=h user=u dbname=d TimeZone=Asia/Tokyo":             false,
		"host=h user=u dbname=d DateStyle=German":                false,
		"postgres://u@h/d?options=-c%20search_path%3Dapp":        false,
		"host=h user=u dbname=d default_transaction_isolation=s": false,
	} {
		if got := (Dialect{}).Identify(dsn).Session; (got == base) != same {
			t.Errorf("%s has the session %q, want it to be that of another: %t", dsn, got, same)
		}
	}
	one, other := "host=h user=u search_path=a timezone=UTC", "postgres://u@h?TimeZone=UTC&search_path=a"
	if (Dialect{}).Identify(one).Session != (Dialect{}).Identify(other).Session {
		t.Error("the order of settings or their letter case counts")
	}
}

func TestAnIdentityTellsNoSecret(t *testing.T) {
	clearEnvironment(t)
	for _, dsn := range []string{"host=h user=sesame password=opensesame dbname=d", "postgres://sesame:opensesame@h/d"} {
		id := Dialect{}.Identify(dsn)
		if strings.Contains(id.Database+id.Session, "sesame") {
			t.Errorf("%+v", id)
		}
	}
}

func TestANameThatIsNotUnderstoodTellsNothing(t *testing.T) {
	for _, dsn := range []string{"host=h port=none", "postgres://[", "no name at all"} {
		if id := (Dialect{}).Identify(dsn); id.Database != "" || id.Session != "" {
			t.Errorf("%s is %+v", dsn, id)
		}
	}
}
