package mysql

import (
	"strings"

	"github.com/sqlc-dev/marino/ast"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/invalidation/internal/syntax"
)

// harmlessVariables change neither what a statement does nor what it gives,
// only how long it takes and what it reports. Without foreign_key_checks less
// is done than what the catalogue lets expect.
var harmlessVariables = setOf(`
	deadlock_search_depth_long deadlock_search_depth_short foreign_key_checks
	innodb_lock_wait_timeout interactive_timeout join_buffer_size
	lock_wait_timeout long_query_time max_error_count max_execution_time
	max_heap_table_size max_statement_time min_examined_row_limit
	net_buffer_length net_read_timeout net_retry_count net_write_timeout
	optimizer_prune_level optimizer_search_depth optimizer_switch
	optimizer_trace profiling read_buffer_size read_rnd_buffer_size
	slow_query_log sort_buffer_size tmp_table_size
	transaction_prealloc_size tx_read_only transaction_read_only wait_timeout`)

// isolationVariables are harmless as long as only what is committed is read.
var isolationVariables = setOf(`tx_isolation tx_isolation_one_shot transaction_isolation`)

// isolates reports whether an assignment has the session, or all sessions, read
// what is committed.
func isolates(v *ast.VariableAssignment) bool {
	value, ok := v.Value.(*ast.ValueExprBase)
	if !ok || !isolationVariables[lower(v.Name)] {
		return false
	}
	switch strings.ToUpper(value.GetString()) {
	case "READ-COMMITTED", "REPEATABLE-READ", "SERIALIZABLE":
		return true
	}
	return false
}

// set reads SET. One that may change what later texts of the session mean
// makes the session another; autocommit also ends a transaction. What is set
// for the whole server may concern any session, and the catalogue too.
func (r *reader) set(stmt *ast.SetStmt) *invalidation.Shape {
	shape := shapeOf(invalidation.Neutral)
	for _, v := range stmt.Variables {
		r.optional(v.Value)
		shape.Commits = shape.Commits || lower(v.Name) == "autocommit"
		switch {
		case !v.IsSystem && v.Name != ast.SetNames && v.Name != ast.SetCharset: // a user variable
		case harmlessVariables[lower(v.Name)], isolates(v):
		case isolationVariables[lower(v.Name)]:
			shape.Verb = invalidation.Session
		case v.IsGlobal, v.IsInstance:
			return opaque(syntax.NotAQuery)
		default:
			shape.Verb = invalidation.Session
		}
	}
	shape.Calls = unknownCalls(r.called)
	return shape
}
