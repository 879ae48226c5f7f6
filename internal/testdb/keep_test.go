package testdb

import (
	"slices"
	"testing"
)

// keeping keeps databases for the time of the test.
func keeping(t *testing.T) *store {
	t.Helper()
	kept = new(store)
	t.Cleanup(func() {
		must(t, kept.dropAll())
		kept = nil
	})
	return kept
}

func TestAKeptDatabaseIsEmptyAndHasANameOfItsOwn(t *testing.T) {
	Postgres(t) // skips if there is no server
	s := keeping(t)
	var first string
	t.Run("a test that leaves much behind", func(t *testing.T) {
		db := connect(t, "pgx", Postgres(t))
		exec(t, db, "CREATE TABLE things (id int); CREATE SCHEMA more; CREATE TABLE more.things (id int); CREATE TYPE mood AS ENUM ('good')")
		tx, err := db.Begin()
		must(t, err)
		_, err = tx.Exec("INSERT INTO things VALUES (1)")
		must(t, err)
		first = ask(t, db, "SELECT current_database()")
	})
	if !slices.Equal(s.names, []string{first}) {
		t.Fatalf("%q are kept, want %s", s.names, first)
	}
	t.Run("the next test", func(t *testing.T) {
		db := connect(t, "pgx", Postgres(t))
		if len(s.names) != 0 {
			t.Error("another database was made")
		}
		if name := ask(t, db, "SELECT current_database()"); name == first {
			t.Error("the name is that of before")
		}
		for _, query := range []string{
			"SELECT count(*) FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'",
			"SELECT count(*) FROM pg_type JOIN pg_namespace n ON n.oid = typnamespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'",
			"SELECT count(*) FROM pg_namespace WHERE nspname = 'more'",
		} {
			if left := ask(t, db, query); left != "0" {
				t.Errorf("%s: %s", query, left)
			}
		}
		exec(t, db, "CREATE TABLE things (id int)") // in the schema that is always there
	})
}

func TestADatabaseThatCannotBeEmptiedIsDropped(t *testing.T) {
	Postgres(t)
	s := keeping(t)
	var name string
	t.Run("a test that leaves what is in no schema", func(t *testing.T) {
		db := connect(t, "pgx", Postgres(t))
		exec(t, db, "CREATE PUBLICATION p")
		name = ask(t, db, "SELECT current_database()")
	})
	if len(s.names) > 0 {
		t.Errorf("%q are kept", s.names)
	}
	if slices.Contains(list(t, postgresServer()), name) {
		t.Errorf("%s is still there", name)
	}
}

func TestWhatIsKeptIsDroppedInTheEnd(t *testing.T) {
	Postgres(t)
	s := keeping(t)
	t.Run("a test", func(t *testing.T) { Postgres(t) })
	must(t, s.dropAll())
	for _, name := range s.names {
		if slices.Contains(list(t, postgresServer()), name) {
			t.Errorf("%s is still there", name)
		}
	}
	if len(s.names) != 1 {
		t.Errorf("%q were kept", s.names)
	}
}
