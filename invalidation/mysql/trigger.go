package mysql

import (
	"github.com/sqlc-dev/marino/ast"

	"github.com/seed92106438/cacheops/invalidation"
)

// written returns the tables that a trigger writes, beside its own. A body
// that is not understood may write any.
func (b *builder) written(t trigger) []string {
	everything := []string{invalidation.AllTables}
	text := scan("CREATE TRIGGER t BEFORE INSERT ON t FOR EACH ROW " + t.body)
	if !knownModes(t.mode) || text.special || text.odd || text.depth > maxDepth || text.doubt > maxDoubt ||
		len(text.sql) > maxLength {
		return everything
	}
	stmt, ok := parseTrigger(text.sql)
	if !ok {
		return everything
	}
	body := body{reader: newReader(text), catalog: b.catalog}
	body.statement(stmt.Body)
	if body.unclear || body.reader.unread || len(body.reader.called) > 0 {
		return everything
	}
	return body.tables
}

func parseTrigger(sql string) (stmt *ast.CreateTriggerStmt, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	stmt, ok = parseOne(sql).(*ast.CreateTriggerStmt)
	return stmt, ok
}

// body is the reading of a trigger's body.
type body struct {
	reader  *reader
	catalog invalidation.Catalog
	tables  []string // that it writes
	unclear bool
}

func (b *body) statements(list []ast.StmtNode) {
	for _, stmt := range list {
		b.statement(stmt)
	}
}

// statement notes what a statement writes. One that is not listed may write
// anything.
func (b *body) statement(stmt ast.StmtNode) {
	switch stmt := stmt.(type) {
	case nil:
	case *ast.SelectStmt, *ast.SetOprStmt, *ast.InsertStmt, *ast.UpdateStmt, *ast.DeleteStmt:
		b.rows(stmt)
	case *ast.SetStmt:
		for _, v := range stmt.Variables {
			b.reader.optional(v.Value)
			b.unclear = b.unclear || v.IsGlobal
		}
	case *ast.SignalStmt, *ast.ResignalStmt:
	case *ast.ProcedureBlock:
		b.unclear = b.unclear || len(stmt.ProcedureVars) > 0
		b.statements(stmt.ProcedureProcStmts)
	case *ast.ProcedureIfInfo:
		b.conditional(stmt.IfBody)
	case *ast.ProcedureElseIfBlock:
		b.conditional(stmt.ProcedureIfStmt)
	case *ast.ProcedureElseBlock:
		b.statements(stmt.ProcedureIfStmts)
	default:
		b.unclear = true
	}
}

func (b *body) conditional(block *ast.ProcedureIfBlock) {
	b.reader.optional(block.IfExpr)
	b.statements(block.ProcedureIfStmts)
	b.statement(block.ProcedureElseStmt)
}

// rows notes what a statement about rows writes.
func (b *body) rows(stmt ast.StmtNode) {
	shape := b.reader.read(stmt)
	if shape.Verb != invalidation.Query && shape.Verb != invalidation.Mutation {
		b.unclear = true
	}
	for i := range shape.Writes {
		b.tables = append(b.tables, b.catalog.Canonical(shape.Writes[i].Table))
	}
}
