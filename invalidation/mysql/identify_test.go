package mysql

import (
	"strings"
	"testing"

	"github.com/seed92106438/cacheops/invalidation"
)

func TestNamesOfOneServerHaveOneIdentity(t *testing.T) {
	for _, dsn := range []string{
		"/a", "root@/a", "u:p@tcp(127.0.0.1:3306)/a", "u:p@tcp(localhost)/b", "tcp([::1]:3306)/a", "tcp(LOCALHOST.:3306)/a",
		"unix(/run/mysqld/mysqld.sock)/a", "tcp(127.0.0.2:3306)/",
	} {
		if got := (Dialect{}).Identify(dsn).Database; got != "mysql:localhost:3306" {
			t.Errorf("%s is %s", dsn, got)
		}
	}
	for dsn, want := range map[string]string{
		"tcp(localhost:3307)/a":     "mysql:localhost:3307",
		"tcp(DB.example.com:3306)/": "mysql:db.example.com:3306",
		"unix(/srv/x/../y.sock)/":   "mysql:unix:/srv/y.sock",
		"not a name":                "",
	} {
		if got := (Dialect{}).Identify(dsn).Database; got != want {
			t.Errorf("%s is %s, want %s", dsn, got, want)
		}
	}
}

func TestNamesOfThisMachine(t *testing.T) {
	for dsn, local := range map[string]bool{
		"/a": true, "tcp(127.0.0.1:3307)/a": true, "unix(/srv/y.sock)/": true, "tcp(db.example.com)/a": false, "tcp(10.0.0.1)/a": false,
	} {
		if (Dialect{}).Identify(dsn).Local != local {
			t.Errorf("%s: want %v", dsn, local)
		}
	}
}

func TestSessionsDifferByWhatChangesResults(t *testing.T) {
	const base = "u:secret@tcp(localhost)/a?parseTime=true"
	session := func(dsn string) string { return Dialect{}.Identify(dsn).Session }
	for _, other := range []string{
		"other:word@tcp(127.0.0.1)/a?parseTime=true", base + "&timeout=5s&readTimeout=5s&tls=skip-verify",
	} {
		if session(base) != session(other) {
			t.Errorf("%s is another session than %s", other, base)
		}
	}
	for _, other := range []string{
		"u:secret@tcp(localhost)/b?parseTime=true", "u:secret@tcp(localhost)/a", base + "&loc=Local", base + "&charset=latin1",
		base + "&collation=utf8mb4_bin", base + "&time_zone=%27%2B01:00%27", base + "&sql_mode=%27%27",
		base + "&clientFoundRows=true",
	} {
		if session(base) == session(other) {
			t.Errorf("%s is the same session as %s", other, base)
		}
	}
}

func TestIdentitiesHoldNoSecrets(t *testing.T) {
	id := Dialect{}.Identify("user:secret@tcp(localhost)/a?serverPubKey=key")
	if text := id.Database + id.Session; strings.Contains(text, "user") || strings.Contains(text, "secret") {
		t.Error(text)
	}
}

func TestTheDialectIsRegistered(t *testing.T) {
	d, ok := invalidation.DialectOf("mysql")
	if _, ours := d.(Dialect); !ok || !ours {
		t.Error(d, ok)
	}
}

func TestTheZoneIsNotKnownOfTimesThatAreCutOff(t *testing.T) {
	for dsn, known := range map[string]bool{
		"u@tcp(localhost)/a": true, "u@tcp(localhost)/a?timeTruncate=1s&parseTime=true": true, "u@tcp(localhost)/a?timeTruncate=1m": false,
	} {
		if zone := (Dialect{}).Identify(dsn).Location; (zone != nil) != known {
			t.Errorf("%s: %v", dsn, zone)
		}
	}
}
