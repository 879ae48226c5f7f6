package cacheops_test

import (
	"testing"

	"gorm.io/gorm"
)

// text reads the rows of a query that is written out.
func text(sql string, args ...any) func(*gorm.DB) answer {
	return into(func(db *gorm.DB, rows *[]map[string]any) *gorm.DB { return db.Raw(sql, args...).Find(rows) })
}

// What all databases have in common.
func TestKeptQueriesAsText(t *testing.T) {
	retitle := func(id uint) func(*gorm.DB) error { return set(id, "title", "new") }
	views := set(1, "views", 999) // is not looked at
	eachKeeping(t, keptPosts, []keeping{{
		name: "UNION", outside: all(views, retitle(2), exec("UPDATE tags SET name = 'new' WHERE id = 2")),
		inside: exec("UPDATE tags SET name = 'golang' WHERE id = 1"),
		read:   text("SELECT title FROM posts WHERE category_id = 1 UNION SELECT name FROM tags WHERE id = 1 ORDER BY 1"),
	}, {
		name: "EXCEPT", outside: all(views, retitle(2)), inside: set(1, "hidden", false),
		read: text("SELECT id FROM posts WHERE category_id = 1 EXCEPT SELECT id FROM posts WHERE hidden = ? ORDER BY 1", true),
	}, {
		name: "a common table expression", outside: all(views, retitle(2), exec("UPDATE authors SET email = 'x' WHERE id = 1")),
		inside: retitle(1),
		read: text("WITH first AS (SELECT author_id, title FROM posts WHERE category_id = ?) "+
			"SELECT first.title, authors.name FROM first JOIN authors ON authors.id = first.author_id ORDER BY 1", 1),
	}, {
		name: "a recursive one", outside: all(views, exec("UPDATE posts SET body = 'new' WHERE id = 3")), inside: retitle(3),
		read: text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) " +
			"SELECT posts.title FROM posts JOIN n ON n.i = posts.id ORDER BY posts.id"),
	}, {
		name: "a window", outside: all(retitle(1), set(2, "score", 100)), inside: set(1, "score", 100),
		read: text("SELECT id, RANK() OVER (PARTITION BY category_id ORDER BY score) AS place FROM posts WHERE category_id = 1 ORDER BY id"),
	}, {
		name: "a query in FROM", outside: all(views, retitle(2)), inside: retitle(1),
		read: text("SELECT t.title FROM (SELECT id, title FROM posts WHERE category_id = 1) AS t ORDER BY t.id"),
	}, {
		name: "groups", outside: all(retitle(1), set(2, "views", 1)), inside: set(1, "views", 1),
		read: text("SELECT author_id, SUM(views) AS n FROM posts WHERE category_id = 1 GROUP BY author_id HAVING COUNT(*) > 0 ORDER BY 1"),
	}, {
		name: "a table beside itself", after: 2, outside: all(views, set(12, "score", 0.1), retitle(8)), inside: retitle(5),
		read: text("SELECT a.title AS one, b.title AS other FROM posts a JOIN posts b ON b.author_id = a.author_id " +
			"WHERE a.id = 2 AND b.category_id = 1 ORDER BY b.id"),
	}, {
		name: "EXISTS", outside: all(views, retitle(2)), inside: set(5, "author_id", 1),
		read: text("SELECT name FROM authors a WHERE EXISTS (SELECT 1 FROM posts p WHERE p.author_id = a.id AND p.id = 5)"),
	}, {
		name: "NOT EXISTS", outside: all(views, retitle(2)), inside: set(5, "author_id", 1),
		read: text("SELECT name FROM authors a WHERE NOT EXISTS (SELECT 1 FROM posts p WHERE p.author_id = a.id AND p.id = 5) ORDER BY a.id"),
	}, {
		name: "a scalar", outside: all(views, retitle(2)), inside: retitle(1),
		read: text("SELECT id, (SELECT title FROM posts WHERE id = 1) AS title FROM notes ORDER BY id"),
	}, {
		name: "row values", outside: all(retitle(1), retitle(3)), inside: retitle(2),
		read: text("SELECT * FROM posts WHERE (id, category_id) IN ((1, 2), (2, 2)) ORDER BY id"), given: set(1, "category_id", 5),
	}, {
		name: "an ON condition of a column under another name", outside: all(views, retitle(2)), inside: retitle(1),
		read: text("SELECT p.title AS words FROM posts AS p INNER JOIN authors AS w ON p.author_id = w.id WHERE p.category_id IN (1) ORDER BY p.id"),
	}, {
		name: "CASE and COALESCE", outside: all(views, retitle(2)), inside: retitle(1),
		read: text("SELECT CASE WHEN score > 1 THEN 'high' ELSE COALESCE(title, 'none') END AS word FROM posts WHERE category_id = 1 ORDER BY id"),
	}})
}
