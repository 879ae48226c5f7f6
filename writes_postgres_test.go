package cacheops_test

import (
	"testing"

	"gorm.io/gorm"
)

// rowsAre reads some rows of a table by text.
func rowsAre(name, sql string) view { return view{name, text(sql)} }

func doc(id int) view {
	return view{"doc", text("SELECT name FROM docs WHERE id = ?", id)}
}

var docs = rowsAre("docs", "SELECT id, name FROM docs ORDER BY id")

// eachWritingOn is eachWriting in a fixture of one's own.
func eachWritingOn(t *testing.T, open func(*testing.T) *fixture, writings []writing) {
	for _, w := range writings {
		t.Run(w.name+"/alone", func(t *testing.T) { t.Parallel(); w.checkAlone(open(t)) })
		t.Run(w.name+"/in a transaction", func(t *testing.T) { t.Parallel(); w.checkInTransaction(open(t)) })
	}
}

func TestWritesOfPostgres(t *testing.T) {
	onlyOn(t, "postgres", "its own syntax")
	rename := "UPDATE docs SET name = 'new' WHERE id = 1"
	eachWritingOn(t, newDocs, []writing{{
		name: "UPDATE FROM", write: exec("UPDATE docs SET name = p.title FROM posts p WHERE p.id = docs.id AND docs.id = 1"),
		fresh: []view{doc(1), docs}, kept: []view{doc(2), post(1)},
	}, {
		name: "DELETE USING", write: exec("DELETE FROM docs USING posts p WHERE p.id = docs.id AND docs.id = 3"),
		fresh: []view{doc(3), docs}, kept: []view{doc(2), post(3)},
	}, {
		name: "RETURNING", write: func(db *gorm.DB) error {
			return db.Raw(rename + " RETURNING name").Find(&[]string{}).Error
		},
		fresh: []view{doc(1), docs}, kept: []view{doc(2), post(1)},
	}, {
		name: "ON CONFLICT DO UPDATE", write: exec("INSERT INTO docs (id, name) VALUES (1, 'new') ON CONFLICT (id) DO UPDATE SET name = excluded.name"),
		fresh: []view{doc(1), docs}, kept: []view{doc(2), post(1)},
	}, {
		name: "ON CONFLICT ON CONSTRAINT", write: exec("INSERT INTO docs (id, name) VALUES (1, 'new') ON CONFLICT ON CONSTRAINT docs_pkey DO UPDATE SET name = excluded.name"),
		fresh: []view{doc(1), docs}, kept: []view{post(1)},
	}, {
		name: "ON CONFLICT DO NOTHING", write: exec("INSERT INTO docs (id, name) VALUES (1, 'new') ON CONFLICT DO NOTHING"),
		kept: []view{doc(1), docs, post(1)},
	}, {
		name: "INSERT of a query", write: exec("INSERT INTO docs (id, name) SELECT id + 10, name FROM docs WHERE id = 1"),
		fresh: []view{docs}, kept: []view{post(1), tag(1)},
	}, {
		name: "MERGE", write: exec("MERGE INTO docs USING (VALUES (1, 'new')) AS v (id, name) ON v.id = docs.id WHEN MATCHED THEN UPDATE SET name = v.name"),
		fresh: []view{doc(1), docs}, kept: []view{post(1), tag(1)},
	}, {
		name: "a common table expression that writes", write: exec("WITH gone AS (DELETE FROM notes WHERE id = 1 RETURNING text) UPDATE docs SET name = gone.text FROM gone WHERE docs.id = 1"),
		fresh: []view{doc(1), docs, note(1), notes}, kept: []view{note(2), tag(1)},
	}, {
		name: "a query with one that writes", write: func(db *gorm.DB) error {
			return db.Raw("WITH changed AS (" + rename + " RETURNING id) SELECT id FROM changed").Find(&[]int{}).Error
		},
		fresh: []view{doc(1), docs}, kept: []view{post(1), tag(1)},
	}, {
		name: "TRUNCATE", write: exec("TRUNCATE docs"),
		fresh: []view{doc(1), docs}, kept: []view{post(1), tag(1)},
	}, {
		name: "COPY", write: exec("COPY docs (id, name) FROM PROGRAM 'printf \"7\\tcopied\"'"),
		fresh: []view{docs}, kept: []view{post(1), tag(1)},
	}, {
		name: "a procedure", given: exec("CREATE PROCEDURE rename() LANGUAGE sql AS $$ " + rename + " $$"), write: exec("CALL rename()"),
		fresh: []view{doc(1), docs},
	}, {
		name: "a function that writes", given: exec("CREATE FUNCTION rename() RETURNS int LANGUAGE sql AS $$ " + rename + "; SELECT 1 $$"),
		write: func(db *gorm.DB) error { return db.Raw("SELECT rename()").Find(new(int)).Error },
		fresh: []view{doc(1), docs},
	}, {
		name: "a view that is written", write: exec("UPDATE names SET name = 'new' WHERE name = 'Ant'"),
		fresh: []view{doc(1), docs}, kept: []view{post(1), tag(1)},
	}, {
		name: "a table of another schema", write: exec("UPDATE app.docs SET name = 'new'"),
		fresh: []view{rowsAre("app.docs", "SELECT name FROM app.docs")}, kept: []view{doc(1), docs},
	}, {
		name: "an array", write: exec("UPDATE docs SET words[1] = 'new' WHERE id = 1"),
		fresh: []view{rowsAre("words", "SELECT words FROM docs WHERE id = 1")}, kept: []view{doc(1), docs},
	}, {
		name: "part of a JSON value", write: exec(`UPDATE docs SET data = jsonb_set(data, '{kind}', '"new"') WHERE id = 1`),
		fresh: []view{rowsAre("kinds", "SELECT data->>'kind' AS kind FROM docs ORDER BY id")}, kept: []view{doc(1), docs},
	}})
}

// A block may end the transaction that it is sent in, so it changes everything
// at once.
func TestBlocksOfPostgres(t *testing.T) {
	onlyOn(t, "postgres", "its own syntax")
	f := newDocs(t)
	changed, other := f.hold([]view{doc(1)})[0], f.watch("post 1", firstPost(1)).isCached()
	must(t, f.db.Exec("DO $$ BEGIN UPDATE docs SET name = 'new' WHERE id = 1; END $$").Error)
	changed.isChanged()
	other.isFresh()
}
