package mysql

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/seed92106438/cacheops/invalidation"
)

// ReadCatalog reads from the server's information_schema what it says of the
// tables of the current database. Those of other databases are unknown: they
// are not cached, and to write one is to write every table.
//
// It fails if the session reads SQL in a way that the analyser does not know,
// or commits nothing by itself.
//
// Triggers are shown to those alone who may make some. For a user without the
// TRIGGER privilege a table may have any trigger, so that to write it is to
// write every table.
func ReadCatalog(ctx context.Context, q invalidation.Querier) (invalidation.Catalog, error) {
	s, err := readSchema(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("cacheops: read the MySQL schema: %w", err)
	}
	if err := s.settings.check(); err != nil {
		return nil, fmt.Errorf("cacheops: read the MySQL schema: %w", err)
	}
	b := builder{schema: s, catalog: invalidation.Catalog{}}
	b.tables()
	b.columns()
	b.keys()
	b.serials()
	b.references()
	b.triggers()
	b.views()
	b.functions()
	b.finish()
	return b.catalog, nil
}

// builder makes a catalogue of a schema.
type builder struct {
	*schema
	catalog invalidation.Catalog
}

// relation returns a table of the current database.
func (b *builder) relation(table string) *invalidation.Relation {
	return b.catalog[invalidation.Name(table)]
}

// qualified is the canonical name of a table.
func qualified(schema, table string) string {
	return invalidation.Name(schema + "." + table)
}

// engines are those whose rows others see at the COMMIT and not before, and
// only this server changes.
var engines = setOf(`innodb rocksdb`)

// tables enters tables and views under both their names. Two whose names
// differ in letter case are one, of which nothing is known.
func (b *builder) tables() {
	for _, t := range b.schema.tables {
		name := qualified(t.schema, t.name)
		if twin := b.catalog[name]; twin != nil {
			twin.Base = false
			twin.Triggered = append(twin.Triggered, invalidation.AllTables)
			continue
		}
		r := &invalidation.Relation{
			Name:    name,
			Written: t.schema + "." + t.name,
			Lasting: t.kind != "VIEW" && !engines[lower(t.engine)],
			Base:    t.kind == "BASE TABLE" && engines[lower(t.engine)],
			Columns: map[string]invalidation.Column{},
			Keys:    [][]string{},
		}
		b.catalog[name] = r
		b.catalog[invalidation.Name(t.name)] = r
		if t.kind != "VIEW" && !b.schema.grants.triggers(t.schema, t.name) {
			r.Triggered = append(r.Triggered, invalidation.AllTables)
		}
	}
}

func (b *builder) columns() {
	for i := range b.schema.columns {
		c := &b.schema.columns[i]
		r := b.relation(c.table)
		if r == nil {
			continue
		}
		name := invalidation.Name(c.name)
		if _, twice := r.Columns[name]; twice {
			r.Base = false
			continue
		}
		r.Columns[name] = c.describe(b.settings)
		r.Base = r.Base && !c.varies()
	}
}

// keys notes the unique keys.
func (b *builder) keys() {
	for _, key := range b.schema.keys {
		r := b.relation(key.table)
		if r == nil {
			continue
		}
		var names []string
		for _, column := range key.columns {
			if column != "" {
				names = append(names, invalidation.Name(column))
			}
		}
		r.Keys = append(r.Keys, names)
		if key.name == "PRIMARY" && len(names) == len(key.columns) {
			r.Primary = names
		}
		if len(key.columns) > 1 || len(names) == 0 {
			continue
		}
		if column, known := r.Columns[names[0]]; known {
			column.Unique = true
			r.Columns[names[0]] = column
		}
	}
}

// serials sees to the columns with AUTO_INCREMENT that are no unique key by
// themselves: zero, like NULL, makes the server choose a value.
func (b *builder) serials() {
	for _, c := range b.schema.columns {
		r, name := b.relation(c.table), invalidation.Name(c.name)
		if r == nil || !strings.Contains(lower(c.extra), "auto_increment") {
			continue
		}
		if column := r.Columns[name]; !column.Unique || column.Kind != invalidation.Int {
			column.Coerced = true
			r.Columns[name] = column
		}
	}
}

// references hands the foreign keys that act on their tables to those that
// they refer to. A table of another database is entered for what may follow
// from its rows in turn, which is not known.
func (b *builder) references() {
	for _, key := range b.schema.references {
		parent := b.relation(key.parent)
		if parent == nil {
			continue
		}
		child := qualified(key.schema, key.table)
		if b.catalog[child] == nil {
			b.catalog[child] = &invalidation.Relation{Name: child, Triggered: []string{invalidation.AllTables}}
		}
		parent.Children = append(parent.Children, invalidation.ForeignKey{
			Child:    child,
			Columns:  key.columns,
			Parent:   key.parents,
			OnDelete: acts(key.onDelete),
			Deletes:  key.onDelete == "CASCADE",
			OnUpdate: acts(key.onUpdate),
		})
	}
}

// acts reports whether the rule of a foreign key rewrites the child's rows.
func acts(rule string) bool { return rule != "RESTRICT" && rule != "NO ACTION" }

func (b *builder) triggers() {
	for _, t := range b.schema.triggers {
		if r := b.relation(t.table); r != nil {
			r.Triggered = append(r.Triggered, r.Name)
			r.Triggered = append(r.Triggered, b.written(t)...)
		}
	}
}

// views notes the tables that can be written through a view.
func (b *builder) views() {
	for _, v := range b.schema.views {
		if r := b.relation(v.name); r != nil && v.updatable {
			r.Triggered = append(r.Triggered, b.behind(v)...)
		}
	}
}

// behind returns the tables that a view is made of.
func (b *builder) behind(v view) []string {
	shape := Analyzer{}.Analyze(v.definition)
	if shape.Verb != invalidation.Query || shape.Refusal != "" || len(shape.Uses) == 0 {
		return []string{invalidation.AllTables}
	}
	var tables []string
	for i := range shape.Uses {
		tables = append(tables, b.catalog.Canonical(shape.Uses[i].Table))
	}
	return tables
}

// functions enters the stored functions that this database can call by their
// names alone, and all others by that and their database's. What they declare
// about the data that they touch is binding on no one.
func (b *builder) functions() {
	for _, f := range b.schema.functions {
		name := invalidation.FunctionName(f.schema + "." + f.name)
		r := &invalidation.Relation{Name: name, Triggered: []string{invalidation.AllTables}}
		b.catalog[name] = r
		if f.own {
			b.catalog[invalidation.FunctionName(f.name)] = r
		}
	}
}

func (b *builder) finish() {
	for _, r := range b.catalog {
		slices.Sort(r.Triggered)
		r.Triggered = slices.Compact(r.Triggered)
	}
}
