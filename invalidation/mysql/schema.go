package mysql

import (
	"context"
	"database/sql"
	"strings"

	"github.com/seed92106438/cacheops/invalidation"
)

// schema is what the server says of the current database.
type schema struct {
	settings   settings
	grants     grants
	tables     []table
	columns    []column
	keys       []key
	references []reference
	triggers   []trigger
	views      []view
	functions  []function
}

type table struct{ schema, name, kind, engine string }

// key is a unique key. A part that is no column in full, but an expression or
// the beginning of one, has no name.
type key struct {
	table, name string
	columns     []string
}

// reference is a foreign key of any database that acts on its table.
type reference struct {
	schema, name, table string
	columns             []string
	parent              string
	parents             []string
	onDelete, onUpdate  string
}

type trigger struct{ schema, table, body, mode string }

type view struct {
	name, definition string
	updatable        bool
}

type function struct {
	schema, name string
	own          bool // of the current database
}

const (
	tablesQuery = `SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, COALESCE(ENGINE, '')
FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()`

	columnsQuery = `SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, IS_NULLABLE = 'YES',
COALESCE(EXTRA, ''), COALESCE(GENERATION_EXPRESSION, ''), COALESCE(COLLATION_NAME, ''), COALESCE(NUMERIC_SCALE, 0)
FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()`

	keysQuery = `SELECT TABLE_NAME, INDEX_NAME, IF(SUB_PART IS NULL, COALESCE(COLUMN_NAME, ''), '')
FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND NON_UNIQUE = 0
ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX`

	referencesQuery = `SELECT k.TABLE_SCHEMA, k.CONSTRAINT_NAME, k.TABLE_NAME, k.COLUMN_NAME,
k.REFERENCED_TABLE_NAME, k.REFERENCED_COLUMN_NAME, r.DELETE_RULE, r.UPDATE_RULE
FROM information_schema.KEY_COLUMN_USAGE k JOIN information_schema.REFERENTIAL_CONSTRAINTS r
ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME
WHERE k.REFERENCED_TABLE_SCHEMA = DATABASE()
AND (r.DELETE_RULE NOT IN ('RESTRICT', 'NO ACTION') OR r.UPDATE_RULE NOT IN ('RESTRICT', 'NO ACTION'))
ORDER BY k.TABLE_SCHEMA, k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION`

	triggersQuery = `SELECT EVENT_OBJECT_SCHEMA, EVENT_OBJECT_TABLE, ACTION_STATEMENT, SQL_MODE
FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = DATABASE()`

	viewsQuery = `SELECT TABLE_NAME, VIEW_DEFINITION, IS_UPDATABLE <> 'NO'
FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE()`

	functionsQuery = `SELECT ROUTINE_SCHEMA, ROUTINE_NAME, ROUTINE_SCHEMA = DATABASE()
FROM information_schema.ROUTINES WHERE ROUTINE_TYPE <> 'PROCEDURE'`
)

func readSchema(ctx context.Context, q invalidation.Querier) (*schema, error) {
	s := &schema{settings: settings{}}
	for _, read := range []struct {
		query string
		row   func(*sql.Rows) error
	}{
		{settingsQuery, s.setting},
		{"SHOW GRANTS", s.grant},
		{tablesQuery, s.table},
		{columnsQuery, s.column},
		{keysQuery, s.key},
		{referencesQuery, s.reference},
		{triggersQuery, s.trigger},
		{viewsQuery, s.view},
		{functionsQuery, s.function},
	} {
		if err := each(ctx, q, read.query, read.row); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// each calls row for every row of a query.
func each(ctx context.Context, q invalidation.Querier, query string, row func(*sql.Rows) error) error {
	rows, err := q.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (s *schema) setting(rows *sql.Rows) error {
	var name, value string
	err := rows.Scan(&name, &value)
	s.settings[strings.ToLower(name)] = value
	return err
}

func (s *schema) grant(rows *sql.Rows) error {
	var line string
	err := rows.Scan(&line)
	s.grants = append(s.grants, line)
	return err
}

func (s *schema) table(rows *sql.Rows) error {
	var t table
	err := rows.Scan(&t.schema, &t.name, &t.kind, &t.engine)
	s.tables = append(s.tables, t)
	return err
}

func (s *schema) column(rows *sql.Rows) error {
	var c column
	err := rows.Scan(&c.table, &c.name, &c.dataType, &c.fullType, &c.nullable, &c.extra, &c.generated, &c.collation,
		&c.scale)
	s.columns = append(s.columns, c)
	return err
}

// key reads one column of a unique key. Those of one key come together.
func (s *schema) key(rows *sql.Rows) error {
	var k key
	var column string
	err := rows.Scan(&k.table, &k.name, &column)
	if n := len(s.keys); n == 0 || s.keys[n-1].table != k.table || s.keys[n-1].name != k.name {
		s.keys = append(s.keys, k)
	}
	last := &s.keys[len(s.keys)-1]
	last.columns = append(last.columns, column)
	return err
}

// reference reads one column of a foreign key. Those of one key come together.
func (s *schema) reference(rows *sql.Rows) error {
	var r reference
	var column, parent string
	err := rows.Scan(&r.schema, &r.name, &r.table, &column, &r.parent, &parent, &r.onDelete, &r.onUpdate)
	if n := len(s.references) - 1; n < 0 || s.references[n].schema != r.schema ||
		s.references[n].table != r.table || s.references[n].name != r.name {
		s.references = append(s.references, r)
	}
	last := &s.references[len(s.references)-1]
	last.columns = append(last.columns, invalidation.Name(column))
	last.parents = append(last.parents, invalidation.Name(parent))
	return err
}

func (s *schema) trigger(rows *sql.Rows) error {
	var t trigger
	err := rows.Scan(&t.schema, &t.table, &t.body, &t.mode)
	s.triggers = append(s.triggers, t)
	return err
}

func (s *schema) view(rows *sql.Rows) error {
	var v view
	err := rows.Scan(&v.name, &v.definition, &v.updatable)
	s.views = append(s.views, v)
	return err
}

func (s *schema) function(rows *sql.Rows) error {
	var f function
	err := rows.Scan(&f.schema, &f.name, &f.own)
	s.functions = append(s.functions, f)
	return err
}
