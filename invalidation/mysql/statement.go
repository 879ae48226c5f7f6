package mysql

import (
	"github.com/sqlc-dev/marino/ast"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/invalidation/internal/syntax"
)

// read returns the shape of stmt, but for its parameters.
//
// Most statements that are not about rows commit an open transaction before
// they do their work: definitions, TRUNCATE, the statements that care for
// tables, those that lock them. The shape says so by Commits.
func (r *reader) read(stmt ast.StmtNode) *invalidation.Shape {
	switch stmt := stmt.(type) {
	case *ast.SelectStmt, *ast.SetOprStmt:
		return r.shape(r.query(stmt))
	case *ast.InsertStmt:
		return r.shape(r.insert(stmt))
	case *ast.UpdateStmt:
		return r.shape(r.update(stmt))
	case *ast.DeleteStmt:
		return r.shape(r.delete(stmt))
	case *ast.LoadDataStmt:
		return r.touch(stmt.Table)
	case *ast.LoadXMLStmt:
		return r.touch(stmt.Table)
	case *ast.TruncateTableStmt:
		return committing(r.touch(stmt.Table))
	case *ast.SetStmt:
		return r.set(stmt)
	case *ast.UseStmt:
		return shapeOf(invalidation.Session)
	}
	if shape := transaction(stmt); shape != nil {
		return shape
	}
	return r.administration(stmt)
}

// shapeOf is the shape of a statement that is no query and of which only the
// verb counts.
func shapeOf(verb invalidation.Verb) *invalidation.Shape {
	return &invalidation.Shape{Verb: verb, Refusal: syntax.NotAQuery}
}

func committing(shape *invalidation.Shape) *invalidation.Shape {
	shape.Commits = true
	return shape
}

// touch is the shape of a statement that writes a table in ways that are not
// described.
func (r *reader) touch(table *ast.TableName) *invalidation.Shape {
	return r.shape(&syntax.Touch{Tables: []syntax.Table{*r.table(table, "")}})
}

// transaction returns the shape of a statement that governs a transaction, and
// nil for all others. BEGIN commits the transaction before. After AND CHAIN
// there is one that no BEGIN has told of.
func transaction(stmt ast.StmtNode) *invalidation.Shape {
	switch stmt := stmt.(type) {
	case *ast.BeginStmt:
		return committing(shapeOf(invalidation.Begin))
	case *ast.CommitStmt:
		if stmt.CompletionType != ast.CompletionTypeDefault {
			return committing(shapeOf(invalidation.Session))
		}
		return shapeOf(invalidation.Commit)
	case *ast.RollbackStmt:
		switch {
		case stmt.SavepointName != "":
			return savepoint(invalidation.RollbackTo, stmt.SavepointName)
		case stmt.CompletionType != ast.CompletionTypeDefault:
			return committing(shapeOf(invalidation.Session))
		}
		return shapeOf(invalidation.Rollback)
	case *ast.SavepointStmt:
		return savepoint(invalidation.Savepoint, stmt.Name)
	case *ast.ReleaseSavepointStmt:
		return savepoint(invalidation.Release, stmt.Name)
	}
	return nil
}

func savepoint(verb invalidation.Verb, name string) *invalidation.Shape {
	shape := shapeOf(verb)
	shape.Name = lower(name)
	return shape
}

// administration reads what is neither about rows nor about transactions.
func (r *reader) administration(stmt ast.StmtNode) *invalidation.Shape {
	switch stmt := stmt.(type) {
	case *ast.ShowStmt, *ast.ExplainForStmt, *ast.HelpStmt, *ast.KillStmt, *ast.DeallocateStmt:
		return shapeOf(invalidation.Neutral)
	case *ast.ExplainStmt:
		return explain(stmt)
	case *ast.AnalyzeTableStmt, *ast.CheckTableStmt, *ast.ChecksumTableStmt, *ast.FlushStmt:
		return committing(shapeOf(invalidation.Neutral))
	case *ast.OptimizeTableStmt, *ast.RepairTableStmt, *ast.RepairTablesStmt, *ast.RenameTableStmt:
		return committing(shapeOf(invalidation.Definition))
	case *ast.LockTablesStmt, *ast.UnlockTablesStmt:
		return opaque(syntax.NotAQuery)
	case *ast.CreateTableStmt:
		return createTable(stmt)
	case *ast.DropTableStmt:
		if stmt.TemporaryKeyword != ast.TemporaryNone {
			return shapeOf(invalidation.Definition)
		}
	}
	if _, ok := stmt.(ast.DDLNode); ok {
		return committing(shapeOf(invalidation.Definition))
	}
	return opaque(syntax.NotAQuery)
}

// createTable reads CREATE TABLE. That of a temporary table does not commit.
func createTable(stmt *ast.CreateTableStmt) *invalidation.Shape {
	shape := shapeOf(invalidation.Definition)
	if stmt.TemporaryKeyword == ast.TemporaryNone {
		return committing(shape)
	}
	shape.Temporary = tableKey(stmt.Table)
	return shape
}

// explain reads EXPLAIN and DESCRIBE. ANALYZE carries the statement out.
func explain(stmt *ast.ExplainStmt) *invalidation.Shape {
	if stmt.Analyze {
		return opaque(syntax.NotAQuery)
	}
	return shapeOf(invalidation.Neutral)
}
