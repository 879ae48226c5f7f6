package postgres

import (
	"strings"

	"github.com/sqlc-dev/oliphant/ast"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/invalidation/internal/syntax"
)

// harmlessSettings change no answer, only how long it takes, how it is found
// and what is logged of it.
var harmlessSettings = setOf(`
	application_name client_min_messages commit_delay commit_siblings
	cpu_index_tuple_cost cpu_operator_cost cpu_tuple_cost deadlock_timeout
	effective_cache_size effective_io_concurrency from_collapse_limit
	idle_in_transaction_session_timeout idle_session_timeout jit
	join_collapse_limit lock_timeout log_duration log_min_duration_statement
	log_min_messages log_statement maintenance_work_mem
	max_parallel_workers_per_gather plan_cache_mode random_page_cost
	seq_page_cost statement_timeout temp_buffers temp_file_limit
	transaction_timeout work_mem`)

// isHarmless reports whether a setting, in lower case, changes no answer.
func isHarmless(name string) bool {
	return harmlessSettings[name] || strings.HasPrefix(name, "enable_")
}

// setting reads SET and RESET. SET TRANSACTION tells of one transaction what
// it may see, and nothing is cached there.
func setting(stmt *ast.VariableSetStmt) *invalidation.Shape {
	verb := invalidation.Session
	switch name := strings.ToLower(stmt.GetName()); {
	case isHarmless(name), strings.HasPrefix(stmt.GetName(), "TRANSACTION"):
		verb = invalidation.Neutral
	case stmt.GetIsLocal():
		verb = invalidation.Local
	}
	return refused(verb, syntax.NotAQuery)
}
