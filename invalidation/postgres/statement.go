package postgres

import (
	"strings"

	"github.com/sqlc-dev/oliphant/ast"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/invalidation/internal/syntax"
)

// rules are PostgreSQL's.
var rules = syntax.Rules{Hidden: hidden, Booleans: true}

// read returns the shape of a statement.
func read(stmt *ast.Node) *invalidation.Shape {
	s := surveyOf(stmt)
	if s.unread != "" {
		return refused(invalidation.Opaque, s.unread)
	}
	shape := readStatement(stmt, s)
	shape.Params = len(s.params)
	switch {
	case shape.Verb == invalidation.Query && s.unclear != "":
		shape = refused(invalidation.Query, s.unclear)
	case shape.Verb == invalidation.Mutation && s.unclear != "":
		return refused(invalidation.Opaque, s.unclear)
	case shape.Verb != invalidation.Query && shape.Verb != invalidation.Mutation:
		return shape
	}
	shape.Calls = s.calls
	s.config(shape)
	return shape
}

// config alters the shape of a statement that calls set_config, which is a SET
// in the form of a function.
func (s *survey) config(shape *invalidation.Shape) {
	switch {
	case s.configs == 0:
	case shape.Verb == invalidation.Mutation, len(s.calls) > 0:
		*shape = *refused(invalidation.Opaque, shape.Refusal)
	case s.local:
		*shape = *refused(invalidation.Local, shape.Refusal)
	default:
		*shape = *refused(invalidation.Session, shape.Refusal)
	}
}

// readStatement returns the shape of a statement, but for its parameters and
// the functions that it calls.
func readStatement(stmt *ast.Node, s *survey) *invalidation.Shape {
	t := translator{survey: s}
	switch {
	case stmt.GetSelectStmt() != nil:
		return t.selection(stmt.GetSelectStmt(), s)
	case stmt.GetTruncateStmt() != nil:
		return truncation(stmt.GetTruncateStmt())
	case stmt.GetCopyStmt() != nil:
		return copying(stmt.GetCopyStmt())
	case stmt.GetInsertStmt() != nil, stmt.GetUpdateStmt() != nil,
		stmt.GetDeleteStmt() != nil, stmt.GetMergeStmt() != nil:
		return t.shape(t.write(stmt), s)
	case stmt.GetCreateStmt() != nil:
		return definition(stmt.GetCreateStmt().GetRelation(), true)
	case stmt.GetViewStmt() != nil:
		return definition(stmt.GetViewStmt().GetView(), true)
	case stmt.GetCreateTableAsStmt() != nil:
		as := stmt.GetCreateTableAsStmt()
		return definition(as.GetInto().GetRel(), harmless(as.GetQuery()))
	case stmt.GetTransactionStmt() != nil:
		return transaction(stmt.GetTransactionStmt())
	case stmt.GetVariableSetStmt() != nil:
		return setting(stmt.GetVariableSetStmt())
	case stmt.GetDiscardStmt() != nil:
		return refused(invalidation.Session, syntax.NotAQuery)
	case stmt.GetExplainStmt() != nil:
		return explanation(stmt.GetExplainStmt())
	}
	return refused(utility(stmt), syntax.NotAQuery)
}

// shape reads what was translated. What the translation does not know refuses
// a query, and leaves of a write nothing known.
func (t *translator) shape(stmt syntax.Statement, s *survey) *invalidation.Shape {
	if t.opaque {
		return refused(invalidation.Opaque, syntax.NotUnderstood)
	}
	if s.refusal == "" {
		s.refusal = t.refusal
	}
	return syntax.Read(stmt, rules, s.refusal)
}

// selection reads a SELECT. SELECT INTO makes a table.
func (t *translator) selection(stmt *ast.SelectStmt, s *survey) *invalidation.Shape {
	into := stmt.GetIntoClause()
	for left := stmt; into == nil && left.GetLarg() != nil; {
		left = left.GetLarg()
		into = left.GetIntoClause()
	}
	shape := t.shape(t.query(stmt), s)
	if into != nil {
		return definition(into.GetRel(), shape.Verb == invalidation.Query && len(s.calls) == 0)
	}
	return shape
}

// harmless reports whether a statement, of whatever kind, writes no table.
func harmless(stmt *ast.Node) bool {
	shape := read(stmt)
	return shape.Verb == invalidation.Query && len(shape.Calls) == 0
}

// definition is the shape of a statement that makes a relation. If the
// relation is temporary, and the statement does nothing else, no one but the
// connection sees it.
func definition(r *ast.RangeVar, nothingElse bool) *invalidation.Shape {
	shape := refused(invalidation.Definition, syntax.NotAQuery)
	if nothingElse && (r.GetRelpersistence() == "t" || isTemporary(r)) {
		shape.Temporary = invalidation.Name(r.GetRelname())
	}
	return shape
}

// truncation reads TRUNCATE. CASCADE goes on to all tables that refer to
// these, whatever their foreign keys say.
func truncation(stmt *ast.TruncateStmt) *invalidation.Shape {
	touch := &syntax.Touch{}
	for _, node := range stmt.GetRelations() {
		if isSystem(node.GetRangeVar()) {
			return refused(invalidation.Opaque, syntax.SystemTable)
		}
		touch.Tables = append(touch.Tables, *target(node.GetRangeVar()))
	}
	if stmt.GetBehavior() == ast.DropBehavior_DROP_CASCADE {
		return refused(invalidation.Opaque, syntax.Writes)
	}
	return syntax.Read(touch, rules, "")
}

// copying reads COPY, which fills a table or shows one, or a query.
func copying(stmt *ast.CopyStmt) *invalidation.Shape {
	switch {
	case stmt.GetIsFrom() && isSystem(stmt.GetRelation()):
		return refused(invalidation.Opaque, syntax.SystemTable)
	case stmt.GetIsFrom():
		return syntax.Read(&syntax.Touch{Tables: []syntax.Table{*target(stmt.GetRelation())}}, rules, "")
	case stmt.GetQuery() != nil && !harmless(stmt.GetQuery()):
		return refused(invalidation.Opaque, syntax.NotAQuery)
	}
	return refused(invalidation.Neutral, syntax.NotAQuery)
}

// explanation reads EXPLAIN, which with ANALYZE runs the statement.
func explanation(stmt *ast.ExplainStmt) *invalidation.Shape {
	for _, option := range stmt.GetOptions() {
		if option.GetDefElem().GetDefname() == "analyze" && !harmless(stmt.GetQuery()) {
			return refused(invalidation.Opaque, syntax.NotAQuery)
		}
	}
	return refused(invalidation.Neutral, syntax.NotAQuery)
}

// transactions are the statements that begin and end transactions. Those of
// two-phase commit are not among them: who prepared what is not known.
var transactions = map[ast.TransactionStmtKind]invalidation.Verb{
	ast.TransactionStmtKind_TRANS_STMT_BEGIN:       invalidation.Begin,
	ast.TransactionStmtKind_TRANS_STMT_START:       invalidation.Begin,
	ast.TransactionStmtKind_TRANS_STMT_COMMIT:      invalidation.Commit,
	ast.TransactionStmtKind_TRANS_STMT_ROLLBACK:    invalidation.Rollback,
	ast.TransactionStmtKind_TRANS_STMT_SAVEPOINT:   invalidation.Savepoint,
	ast.TransactionStmtKind_TRANS_STMT_RELEASE:     invalidation.Release,
	ast.TransactionStmtKind_TRANS_STMT_ROLLBACK_TO: invalidation.RollbackTo,
}

func transaction(stmt *ast.TransactionStmt) *invalidation.Shape {
	verb, known := transactions[stmt.GetKind()]
	if !known || stmt.GetChain() {
		verb = invalidation.Opaque // AND CHAIN begins the next at once
	}
	shape := refused(verb, syntax.NotAQuery)
	shape.Name = strings.ToLower(stmt.GetSavepointName())
	return shape
}

// utility returns the verb of a statement that is none of the above.
func utility(stmt *ast.Node) invalidation.Verb {
	switch stmt.GetNode().(type) {
	case *ast.Node_VariableShowStmt, *ast.Node_ListenStmt, *ast.Node_UnlistenStmt, *ast.Node_NotifyStmt,
		*ast.Node_VacuumStmt, *ast.Node_ClusterStmt, *ast.Node_ReindexStmt, *ast.Node_LockStmt,
		*ast.Node_CheckPointStmt, *ast.Node_ConstraintsSetStmt, *ast.Node_PrepareStmt,
		*ast.Node_DeallocateStmt, *ast.Node_ClosePortalStmt:
		return invalidation.Neutral
	case *ast.Node_RefreshMatViewStmt, *ast.Node_IndexStmt, *ast.Node_RenameStmt, *ast.Node_CommentStmt,
		*ast.Node_GrantStmt, *ast.Node_GrantRoleStmt, *ast.Node_RuleStmt, *ast.Node_DefineStmt,
		*ast.Node_CompositeTypeStmt, *ast.Node_SecLabelStmt, *ast.Node_ReassignOwnedStmt,
		*ast.Node_ImportForeignSchemaStmt, *ast.Node_ReplicaIdentityStmt:
		return invalidation.Definition
	}
	for _, word := range []string{"Create", "Alter", "Drop"} {
		if strings.HasPrefix(nodeName(stmt), word) {
			return invalidation.Definition
		}
	}
	return invalidation.Opaque
}

// nodeName returns the name of the message that a node holds.
func nodeName(node *ast.Node) string {
	m := node.ProtoReflect()
	field := m.WhichOneof(m.Descriptor().Oneofs().Get(0))
	if field == nil {
		return ""
	}
	return string(field.Message().Name())
}
