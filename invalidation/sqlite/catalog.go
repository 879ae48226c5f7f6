package sqlite

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sqlc-dev/meyer/ast"

	"github.com/seed92106438/cacheops/invalidation"
)

// schemaQuery reads the schema, and how the driver gives the [samples].
const schemaQuery = `SELECT 0, type, name, tbl_name, coalesce(sql, '') FROM sqlite_master
UNION ALL SELECT 1, type, name, tbl_name, coalesce(sql, '') FROM sqlite_temp_master
UNION ALL SELECT 2, '=' || ?, '=' || ?, '=' || ?, '=' || ?`

// ReadCatalog reads, with one query, what the database's schema says of its
// tables. Attached databases are not read, so that their tables are unknown.
// Temporary tables are those of the connection that q happens to use.
//
// A table whose definition is not understood counts as no base table, so that
// no query of it is cached, and as one that any write may reach.
func ReadCatalog(ctx context.Context, q invalidation.Querier) (invalidation.Catalog, error) {
	objects, times, err := readSchema(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("cacheops: read the SQLite schema: %w", err)
	}
	b := builder{times: times, catalog: invalidation.Catalog{}, keys: map[string][]string{}}
	// A temporary table hides one that is not, and an index or a trigger is
	// of a table: each of them comes after the other.
	for _, temporary := range []bool{false, true} {
		for _, o := range objects {
			if o.temporary == temporary && (o.kind == "table" || o.kind == "view") {
				b.relation(o)
			}
		}
	}
	for _, o := range objects {
		switch o.kind {
		case "index":
			b.index(o)
		case "trigger":
			b.trigger(o)
		}
	}
	b.finish()
	return b.catalog, nil
}

// object is one row of the schema.
type object struct {
	temporary         bool
	kind, name, table string
	sql               string
}

func readSchema(ctx context.Context, q invalidation.Querier) (objects []object, times invalidation.Kind, err error) {
	rows, err := q.QueryContext(ctx, schemaQuery, samples...)
	if err != nil {
		return nil, times, err
	}
	defer rows.Close()
	for rows.Next() {
		var part int
		var o object
		if err := rows.Scan(&part, &o.kind, &o.name, &o.table, &o.sql); err != nil {
			return nil, times, err
		}
		if part == 2 {
			times = timesKind(o.kind, o.name, o.table, o.sql)
			continue
		}
		o.temporary = part == 1
		o.name, o.table = invalidation.Name(o.name), invalidation.Name(o.table)
		objects = append(objects, o)
	}
	return objects, times, rows.Err()
}

// builder makes a catalogue of a schema.
type builder struct {
	catalog invalidation.Catalog
	times   invalidation.Kind // of columns of times
	// children are the foreign keys with an action, by the table referred to.
	children map[string][]invalidation.ForeignKey
	// keys are the primary keys, by table.
	keys    map[string][]string
	virtual []string // the virtual tables
	unread  []string // the tables of which not even that is known
}

// relation enters a table or view. A temporary one hides the other of its
// name, which then is not cached but keeps what it does to others.
func (b *builder) relation(o object) {
	if strings.HasPrefix(o.name, "sqlite_") {
		return
	}
	r := b.catalog[o.name]
	if r == nil {
		r = &invalidation.Relation{Name: o.name, Columns: map[string]invalidation.Column{}}
		b.catalog[o.name] = r
	}
	r.Base = false
	if o.temporary || o.kind == "view" {
		return
	}
	stmt, _ := parse(o.sql)
	switch stmt := stmt.(type) {
	default:
		b.unread = append(b.unread, o.name)
	case *ast.CreateTableStmt:
		r.Base, r.Returns = true, true
		b.table(r, stmt)
	case *ast.CreateVirtualTableStmt:
		b.virtual = append(b.virtual, o.name)
		if !ownModules[lowerName(stmt.Module)] {
			r.Triggered = append(r.Triggered, invalidation.AllTables)
		}
	}
}

// ownModules are the virtual tables that write no table but those that they
// keep for themselves.
var ownModules = setOf(`fts3 fts4 fts5 geopoly rtree rtree_i32`)

func (b *builder) table(r *invalidation.Relation, stmt *ast.CreateTableStmt) {
	r.Keys = [][]string{}
	for _, def := range stmt.Columns {
		name := lowerName(def.Name)
		column := invalidation.Column{Kind: kindOf(def.Type, b.times)}
		for _, c := range def.Constraints {
			switch c.Kind {
			case ast.ColumnPrimaryKey:
				column.Unique = true
				r.Keys = append(r.Keys, []string{name})
				b.keys[r.Name] = []string{name}
			case ast.ColumnUnique:
				column.Unique = true
				r.Keys = append(r.Keys, []string{name})
			case ast.ColumnGenerated:
				column.Generated = true
			case ast.ColumnReferences:
				b.reference(r, []string{name}, c.References)
			case ast.ColumnCollate:
				collation := lowerName(c.Collation)
				if !collations[collation] || column.Kind == invalidation.Verbatim && collation != "binary" {
					column.Kind = invalidation.Unknown
				}
			}
			replaces(r, c.OnConflict)
		}
		r.Columns[name] = column
		if name == "true" || name == "false" {
			r.Base = false // the analyser takes the name for a literal
		}
	}
	for _, c := range stmt.Constraints {
		switch c.Kind {
		case ast.TablePrimaryKey:
			unique(r, c.Columns)
			for _, part := range c.Columns {
				b.keys[r.Name] = append(b.keys[r.Name], keyColumn(part.Expr))
			}
		case ast.TableUnique:
			unique(r, c.Columns)
		case ast.TableForeignKey:
			b.reference(r, indexedNames(c.FKColumns), c.References)
		}
		replaces(r, c.OnConflict)
	}
}

// collations are SQLite's own. One that the application registered may hold
// any two texts for equal, "+1 555-0100" and "15550100", say.
var collations = setOf(`binary nocase rtrim`)

// replaces notes a constraint by which a statement deletes or alters rows that
// it does not name: in that a write is like a trigger.
func replaces(r *invalidation.Relation, action ast.ConflictAction) {
	if action == ast.ConflictReplace {
		r.Triggered = append(r.Triggered, r.Name)
	}
}

// unique notes a unique key. What a key of expressions holds for equal is not
// known, except in the columns beside them.
func unique(r *invalidation.Relation, key []*ast.OrderingTerm) {
	var names []string
	for _, term := range key {
		if name := keyColumn(term.Expr); name != "" && isOwn(term.Expr) {
			names = append(names, name)
		}
	}
	r.Keys = append(r.Keys, names)
	if len(key) == 1 && len(names) == 1 {
		alone(r, names[0])
	}
}

// isOwn reports whether a part of a key compares under a collation of SQLite's.
func isOwn(e ast.Expr) bool {
	c, ok := e.(*ast.CollateExpr)
	return !ok || collations[lowerName(c.Name)]
}

// alone notes a column that is a unique key by itself.
func alone(r *invalidation.Relation, name string) {
	if column, known := r.Columns[name]; known {
		column.Unique = true
		r.Columns[name] = column
	}
}

// keyColumn returns the column that a key is made of, if it is one. What is
// unique under some collation is unique. SQLite also takes a text for a name.
func keyColumn(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.CollateExpr:
		return keyColumn(e.X)
	case *ast.Ident:
		return lowerName(e)
	case *ast.Literal:
		return strings.ToLower(e.Value)
	}
	return ""
}

func (b *builder) index(o object) {
	stmt, _ := parse(o.sql)
	index, ok := stmt.(*ast.CreateIndexStmt)
	r := b.catalog[o.table]
	switch {
	case !ok || r == nil || !index.Unique:
	case index.Where == nil:
		unique(r, index.Columns)
	default:
		r.Keys = append(r.Keys, nil) // rows are alike in it that are not in others
	}
}

// reference notes a foreign key of the child, if it acts on it.
func (b *builder) reference(child *invalidation.Relation, columns []string, clause *ast.ForeignKeyClause) {
	key := invalidation.ForeignKey{Child: child.Name, Columns: columns, Parent: indexedNames(clause.Columns)}
	for _, arg := range clause.Args {
		switch arg.Action {
		case ast.FKCascade, ast.FKSetNull, ast.FKSetDefault:
		default:
			continue
		}
		switch arg.Event {
		case "DELETE":
			key.OnDelete = true
			key.Deletes = arg.Action == ast.FKCascade
		case "UPDATE":
			key.OnUpdate = true
		}
	}
	if key.OnDelete || key.OnUpdate {
		if b.children == nil {
			b.children = map[string][]invalidation.ForeignKey{}
		}
		parent := lowerName(clause.Table)
		b.children[parent] = append(b.children[parent], key)
	}
}

func indexedNames(columns []*ast.IndexedColumn) []string {
	var names []string
	for _, c := range columns {
		names = append(names, lowerName(c.Name))
	}
	return names
}

// trigger notes what a trigger may write. Its own table is listed because a
// trigger may also put other values into the row, or ignore it.
func (b *builder) trigger(o object) {
	r := b.catalog[o.table]
	if r == nil {
		return
	}
	r.Triggered = append(r.Triggered, o.table)
	stmt, _ := parse(o.sql)
	trigger, ok := stmt.(*ast.CreateTriggerStmt)
	if !ok {
		r.Triggered = append(r.Triggered, invalidation.AllTables)
		return
	}
	for _, step := range trigger.Body {
		shape := read(step)
		if shape.Verb == invalidation.Opaque {
			r.Triggered = append(r.Triggered, invalidation.AllTables)
		}
		for _, w := range shape.Writes {
			r.Triggered = append(r.Triggered, w.Table)
		}
	}
}

// finish hands the foreign keys to the tables that they refer to, and takes
// the virtual tables' own tables out. Those of a table that was not read may
// refer to any table.
func (b *builder) finish() {
	for name, r := range b.catalog {
		r.Children = b.children[name]
		for i := range r.Children {
			// A reference that names no columns means the primary key.
			key := &r.Children[i]
			if primary := b.keys[name]; len(key.Parent) == 0 && r.Base && len(primary) == len(key.Columns) {
				key.Parent = primary
			}
		}
		r.Triggered = append(r.Triggered, b.unread...)
		slices.Sort(r.Triggered)
		r.Triggered = slices.Compact(r.Triggered)
		for _, owner := range b.virtual {
			if strings.HasPrefix(name, owner+"_") {
				r.Base = false
			}
		}
	}
}
