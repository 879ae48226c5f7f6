package semantics

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/seed92106438/cacheops/invalidation"
)

// TestNoCollationUnitesMoreThanTheFold groups all texts of two printable ASCII
// characters by each collation of which the catalogue makes a Text: each group
// must be one under the fold of that kind, letter case and trailing blanks.
func TestNoCollationUnitesMoreThanTheFold(t *testing.T) {
	s := servers["MySQL"](t)
	s.must(t, "CREATE TABLE texts (c varchar(2) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin, folded varchar(2) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin)")
	for a := byte(' '); a <= '~'; a++ {
		var rows []string
		for b := byte(' '); b <= '~'; b++ {
			text := string([]byte{a, b})
			rows = append(rows, fmt.Sprintf("(x'%x', x'%x')", text, strings.ToLower(strings.TrimRight(text, " "))))
		}
		s.must(t, "INSERT INTO texts VALUES "+strings.Join(rows, ","))
	}
	s.must(t, "INSERT INTO texts SELECT DISTINCT left(c, 1), lower(rtrim(left(c, 1))) FROM texts")

	var definitions, names []string
	for _, c := range s.collations(t) {
		name := fmt.Sprintf("c%d", len(names))
		names = append(names, c[0])
		definitions = append(definitions, fmt.Sprintf("%s varchar(2) CHARACTER SET %s COLLATE %s", name, c[1], c[0]))
	}
	s.must(t, "CREATE TABLE collations ("+strings.Join(definitions, ", ")+")")
	columns := s.tableOf(t, "collations").Columns
	texts := 0
	for i, collation := range names {
		column := columns[fmt.Sprintf("c%d", i)]
		if column.Kind != invalidation.Text {
			continue
		}
		texts++
		charset, _, _ := strings.Cut(collation, "_")
		if charset == "uca1400" {
			charset = "utf8mb4"
		}
		var one, other string
		err := s.pools[0].QueryRowContext(t.Context(), fmt.Sprintf(
			"SELECT min(folded), max(folded) FROM texts GROUP BY CONVERT(c USING %s) COLLATE %s HAVING min(folded) <> max(folded) LIMIT 1", charset, collation)).Scan(&one, &other)
		if err == nil {
			t.Errorf("%s: %q = %q", collation, one, other)
		} else if err != sql.ErrNoRows {
			t.Errorf("%s: %v", collation, err)
		}
	}
	if texts == 0 {
		t.Error("no collation makes a Text")
	}
	t.Logf("%d of %d collations", texts, len(names))
}

// collations are the server's, each with a character set that it is for.
func (s *server) collations(t *testing.T) [][2]string {
	t.Helper()
	rows, err := s.pools[0].QueryContext(t.Context(), "SELECT collation_name, coalesce(character_set_name, 'utf8mb4') FROM information_schema.collations")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all [][2]string
	for rows.Next() {
		var c [2]string
		if err := rows.Scan(&c[0], &c[1]); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

func (s *server) tableOf(t *testing.T, name string) *invalidation.Relation {
	t.Helper()
	r := s.catalog(t)[name]
	if r == nil {
		t.Fatalf("no table %s", name)
	}
	return r
}
