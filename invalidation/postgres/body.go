package postgres

import (
	"encoding/json"
	"regexp"
	"strings"

	"github.com/sqlc-dev/oliphant"

	"github.com/seed92106438/cacheops/invalidation"
)

// function is one that is stored in the database.
type function struct {
	ID           int64
	Schema, Name string
	Own          bool // PostgreSQL's own
	Volatile     bool
	Language     string
	Extension    string // of which it is a part, if any
	Operates     bool   // by way of an operator too
	// Body is the text of a function in SQL, and the whole definition of one
	// in PL/pgSQL or stored in parsed form.
	Body string
}

// knownExtensions have no function that writes to a table.
var knownExtensions = setOf(`
	btree_gin btree_gist citext cube earthdistance fuzzystrmatch hstore
	intarray isn ltree pg_trgm pgcrypto seg tcn unaccent uuid-ossp vector`)

// writes reports whether the function itself may write to a table. PostgreSQL
// lets none that is declared to be other than volatile.
func (f *function) writes() bool {
	return !f.Own && f.Volatile && !knownExtensions[f.Extension] && !f.harmless()
}

// harmless reports whether all that the function does is known, and none of it
// writes.
func (f *function) harmless() bool {
	switch f.Language {
	case "plpgsql":
		return harmlessBlock(f.Body)
	case "sql":
		return harmlessBody(f.Body)
	}
	return false
}

// impersonates reports whether the function may change as whom the session acts,
// so that it may see less than the catalogue says.
func (f *function) impersonates() bool {
	switch {
	case f.Own, knownExtensions[f.Extension]:
		return false
	case f.Language != "plpgsql" && f.Language != "sql":
		return true
	}
	return acting.MatchString(f.Body)
}

// acting finds the words by which a function may do that, or run a text that does.
var acting = regexp.MustCompile(`(?i)\bset\s+(local\s+|session\s+)?role\b|\b(authorization|set_config|execute)\b`)

// called reports whether a text, in lower case, may call the function.
func (f *function) called(text string) bool {
	if f.Operates {
		return true
	}
	name := strings.ToLower(f.Name)
	return strings.Contains(text, name) && regexp.MustCompile(`\b`+regexp.QuoteMeta(name)+`"?\s*\(`).MatchString(text)
}

// harmlessBody reports whether the statements of a function write nothing. One
// that is stored in parsed form is not looked into.
func harmlessBody(body string) bool {
	statements, err := oliphant.SplitWithParser(body, true)
	if err != nil || len(body) > maxLength || len(statements) == 0 {
		return false
	}
	for _, sql := range statements {
		if !harmlessText(sql) {
			return false
		}
	}
	return true
}

// harmlessText reports whether a statement is a query that writes nothing.
func harmlessText(sql string) bool {
	shape := Dialect{}.Analyze(sql)
	return shape.Verb == invalidation.Query && len(shape.Calls) == 0
}

// harmlessBlock reports whether a function in PL/pgSQL writes nothing: all
// that it is made of is known, and each expression is harmless.
func harmlessBlock(definition string) bool {
	if len(definition) > maxLength || depth(definition) > maxDepth {
		return false
	}
	text, err := oliphant.ParsePlPgSqlToJSON(definition)
	if err != nil {
		return false
	}
	var tree any
	if err := json.Unmarshal([]byte(withNulls.Replace(text)), &tree); err != nil {
		return false
	}
	return harmlessTree(tree)
}

// withNulls mends what the parser writes, as the one that it is made after
// does, for each variable that it leaves out. Where the same stands in an
// expression it is within quotes.
var withNulls = strings.NewReplacer("[{}}", "[null", ",{}}", ",null")

// knownSteps are the statements of PL/pgSQL that run no SQL but that of their
// expressions.
var knownSteps = setOf(`
	PLpgSQL_stmt_assert PLpgSQL_stmt_assign PLpgSQL_stmt_block
	PLpgSQL_stmt_case PLpgSQL_stmt_execsql PLpgSQL_stmt_exit
	PLpgSQL_stmt_fori PLpgSQL_stmt_fors PLpgSQL_stmt_getdiag PLpgSQL_stmt_if
	PLpgSQL_stmt_loop PLpgSQL_stmt_perform PLpgSQL_stmt_raise
	PLpgSQL_stmt_return PLpgSQL_stmt_return_next PLpgSQL_stmt_while`)

func harmlessTree(tree any) bool {
	switch tree := tree.(type) {
	case []any:
		for _, part := range tree {
			if !harmlessTree(part) {
				return false
			}
		}
	case map[string]any:
		for name, part := range tree {
			if strings.HasPrefix(name, "PLpgSQL_stmt_") && !knownSteps[name] ||
				name == "PLpgSQL_expr" && !harmlessExpression(part) || !harmlessTree(part) {
				return false
			}
		}
	}
	return true
}

// assignment is what stands before the expression of an assignment. A target
// with an index has an expression of its own and is not among them.
var assignment = regexp.MustCompile(`^\s*[\w.]+\s*:?=`)

// The modes in which PL/pgSQL has an expression parsed. The higher ones are of
// assignments.
const (
	statementMode  = 0
	expressionMode = 2
)

// harmlessExpression reads an expression as what its mode says that it is: the
// text alone does not tell, DELETE FROM t being an expression as well.
func harmlessExpression(expr any) bool {
	parts, _ := expr.(map[string]any)
	text, ok := parts["query"].(string)
	mode, ok2 := parts["parseMode"].(float64)
	switch {
	case !ok || !ok2:
		return false
	case mode == statementMode:
		return harmlessText(text)
	case mode > expressionMode && assignment.MatchString(text):
		text = assignment.ReplaceAllString(text, "")
	case mode != expressionMode:
		return false
	}
	return harmlessText("SELECT " + text)
}
