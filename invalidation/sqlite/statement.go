package sqlite

import (
	"strings"

	"github.com/sqlc-dev/meyer/ast"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/invalidation/internal/syntax"
)

// read returns the shape of stmt, but for its parameters.
func read(stmt ast.Stmt) *invalidation.Shape {
	switch stmt := stmt.(type) {
	case *ast.SelectStmt, *ast.InsertStmt, *ast.UpdateStmt, *ast.DeleteStmt:
		return readRows(stmt)
	case *ast.BeginStmt:
		return shapeOf(invalidation.Begin)
	case *ast.CommitStmt:
		return shapeOf(invalidation.Commit)
	case *ast.RollbackStmt:
		if stmt.Savepoint != nil {
			return savepoint(invalidation.RollbackTo, stmt.Savepoint)
		}
		return shapeOf(invalidation.Rollback)
	case *ast.SavepointStmt:
		return savepoint(invalidation.Savepoint, stmt.Name)
	case *ast.ReleaseStmt:
		return savepoint(invalidation.Release, stmt.Name)
	case *ast.PragmaStmt:
		return readPragma(stmt)
	case *ast.ExplainStmt, *ast.AnalyzeStmt, *ast.ReindexStmt:
		return shapeOf(invalidation.Neutral)
	case *ast.CreateTableStmt, *ast.CreateIndexStmt, *ast.CreateViewStmt,
		*ast.CreateTriggerStmt, *ast.CreateVirtualTableStmt, *ast.AlterTableStmt,
		*ast.DropTableStmt, *ast.DropIndexStmt, *ast.DropViewStmt,
		*ast.DropTriggerStmt, *ast.AttachStmt, *ast.DetachStmt:
		return shapeOf(invalidation.Definition)
	case *ast.VacuumStmt:
		if stmt.Into != nil {
			return shapeOf(invalidation.Neutral) // into another file
		}
		// VACUUM numbers the rows anew where no INTEGER PRIMARY KEY holds
		// their rowids, so a result that shows rowids changes.
		return shapeOf(invalidation.Definition)
	}
	return shapeOf(invalidation.Opaque)
}

// readRows returns the shape of a statement that reads or writes rows.
func readRows(stmt ast.Stmt) *invalidation.Shape {
	var t translator
	var tree syntax.Statement
	switch stmt := stmt.(type) {
	case *ast.SelectStmt:
		tree = t.query(stmt)
	case *ast.InsertStmt:
		tree = t.insert(stmt)
	case *ast.UpdateStmt:
		tree = t.update(stmt)
	case *ast.DeleteStmt:
		tree = t.delete(stmt)
	}
	shape := syntax.Read(tree, rules, t.refusal)
	for _, use := range shape.Uses {
		if isSystemTable(use.Table) {
			return &invalidation.Shape{Verb: invalidation.Query, Refusal: syntax.SystemTable}
		}
	}
	for _, w := range shape.Writes {
		if w.Table == "" || isSchemaTable(w.Table) {
			return shapeOf(invalidation.Opaque)
		}
	}
	return shape
}

// isSystemTable reports whether SQLite itself keeps the table, or computes it.
// It is asked of the tables that are read, and so of no common table
// expression.
func isSystemTable(table string) bool {
	name := table[strings.LastIndexByte(table, '.')+1:]
	return strings.HasPrefix(name, "sqlite_") || strings.HasPrefix(name, "pragma_")
}

// isSchemaTable reports whether SQLite itself keeps the table. To write to
// its schema by hand may change anything; AUTOINCREMENT's counters are no
// one's rows.
func isSchemaTable(table string) bool {
	return strings.HasPrefix(table, "sqlite_") && table != "sqlite_sequence"
}

// shapeOf is the shape of a statement that is no query and of which only the
// verb counts.
func shapeOf(verb invalidation.Verb) *invalidation.Shape {
	return &invalidation.Shape{Verb: verb, Refusal: syntax.NotAQuery}
}

func savepoint(verb invalidation.Verb, name *ast.Ident) *invalidation.Shape {
	shape := shapeOf(verb)
	shape.Name = lowerName(name)
	return shape
}

// pragmas that touch no row and change no query's answer, whether they read a
// setting or set it.
var pragmas = setOf(`
	analysis_limit auto_vacuum automatic_index busy_timeout cache_size
	cache_spill collation_list compile_options data_version database_list
	defer_foreign_keys foreign_key_check foreign_key_list foreign_keys
	freelist_count function_list incremental_vacuum index_info index_list
	index_xinfo integrity_check journal_mode journal_size_limit locking_mode
	max_page_count mmap_size module_list optimize page_count page_size
	pragma_list query_only quick_check recursive_triggers secure_delete
	soft_heap_limit synchronous table_info table_list table_xinfo temp_store
	threads wal_autocheckpoint wal_checkpoint`)

// readingPragmas are harmless as long as they set nothing.
var readingPragmas = setOf(`
	application_id encoding read_uncommitted schema_version user_version`)

func readPragma(stmt *ast.PragmaStmt) *invalidation.Shape {
	name := lowerName(stmt.Name.Name)
	if pragmas[name] || readingPragmas[name] && !stmt.HasValue {
		return shapeOf(invalidation.Neutral)
	}
	return shapeOf(invalidation.Opaque)
}

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(words) {
		set[word] = true
	}
	return set
}
