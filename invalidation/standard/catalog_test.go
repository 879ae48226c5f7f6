package standard

import (
	"database/sql"
	"slices"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/seed92106438/cacheops/internal/testdb"
	"github.com/seed92106438/cacheops/invalidation"
)

// PostgreSQL has the views of the standard, so it can stand for a database
// that nothing else is known of.
func TestCatalogueComesFromTheInformationSchema(t *testing.T) {
	db, err := sql.Open("pgx", testdb.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range []string{
		`CREATE TABLE authors (id int PRIMARY KEY)`,
		`CREATE TABLE posts (id int PRIMARY KEY, author_id int REFERENCES authors ON DELETE CASCADE)`,
		`CREATE TABLE notes (id int PRIMARY KEY, author_id int REFERENCES authors)`,
		`CREATE VIEW recent AS SELECT * FROM posts`,
		`CREATE SCHEMA app`, `CREATE TABLE app.posts (id int)`,
		`CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'`,
		`CREATE TRIGGER t BEFORE UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION touch()`,
	} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	catalog, err := Dialect{}.ReadCatalog(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]invalidation.Relation{
		"authors":        {Name: "public.authors", Base: true, Triggered: []string{"public.authors", "public.posts"}},
		"public.authors": {Name: "public.authors", Base: true, Triggered: []string{"public.authors", "public.posts"}},
		"public.posts":   {Name: "public.posts", Base: true},
		"app.posts":      {Name: "app.posts", Base: true},
		"posts":          {Name: "posts", Triggered: []string{"*"}}, // which one?
		"notes":          {Name: "public.notes", Base: true, Triggered: []string{"public.notes", "*"}},
		"recent":         {Name: "public.recent", Triggered: []string{"*"}},
		"touch()":        {Name: "touch()", Triggered: []string{"*"}},
	} {
		got := catalog[key]
		if got == nil || got.Name != want.Name || got.Base != want.Base || !slices.Equal(got.Triggered, want.Triggered) {
			t.Errorf("%s: got %+v, want %+v", key, got, want)
		}
	}
}
