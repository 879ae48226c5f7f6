package sqlite

import (
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"

	"github.com/seed92106438/cacheops/invalidation"
)

// row is a row of the test database; a nil row is one that is not there.
type row map[string]any

// evaluator decides predicates for rows, as far as they can be decided. What
// it does not know it takes for true.
type evaluator struct {
	kinds map[string]map[string]invalidation.Kind // of the columns of each table
	args  []any
}

func (ev evaluator) holds(p *invalidation.Predicate, table string, r row) bool {
	if p == nil {
		return true
	}
	switch p.Op {
	case invalidation.And:
		return !slices.ContainsFunc(p.Terms, func(t invalidation.Predicate) bool { return !ev.holds(&t, table, r) })
	case invalidation.Or:
		return slices.ContainsFunc(p.Terms, func(t invalidation.Predicate) bool { return ev.holds(&t, table, r) })
	}
	value, exists := r[p.Column]
	return !exists || ev.atom(p, ev.kinds[table][p.Column], value)
}

func (ev evaluator) atom(p *invalidation.Predicate, kind invalidation.Kind, value any) bool {
	equal := func(o invalidation.Operand) bool { return ev.compare(invalidation.Eq, kind, value, o) }
	differs := func(o invalidation.Operand) bool { return ev.compare(invalidation.NotEq, kind, value, o) }
	switch p.Op {
	case invalidation.IsNull:
		return value == nil
	case invalidation.IsNotNull:
		return value != nil
	case invalidation.In:
		return slices.ContainsFunc(p.Operands, equal)
	case invalidation.NotIn:
		return !slices.ContainsFunc(p.Operands, func(o invalidation.Operand) bool { return !differs(o) })
	case invalidation.Joined:
		term := &p.Terms[0]
		same := ev.kinds[p.Table][term.Column] == kind && kind != invalidation.Unknown
		return !same || ev.atom(term, kind, value)
	}
	return ev.compare(p.Op, kind, value, p.Operands[0])
}

func (ev evaluator) compare(op invalidation.Op, kind invalidation.Kind, value any, o invalidation.Operand) bool {
	operand, known := ev.value(o)
	switch {
	case !known:
		return true
	case value == nil || operand == nil:
		return false
	}
	switch kind {
	case invalidation.Int:
		x, ok1 := value.(int64)
		y, ok2 := operand.(int64)
		return !ok1 || !ok2 || op == invalidation.Like || ordered(op, x, y)
	case invalidation.Text:
		x, ok1 := value.(string)
		y, ok2 := operand.(string)
		if ok1 && ok2 && op == invalidation.Like {
			return like(strings.ToLower(y), strings.ToLower(x))
		}
		return !ok1 || !ok2 || ordered(op, x, y)
	}
	return true
}

func (ev evaluator) value(o invalidation.Operand) (driver.Value, bool) {
	if o.Param > 0 {
		return ev.args[o.Param-1], true
	}
	return o.Literal, o.Known
}

func ordered[T int64 | string](op invalidation.Op, x, y T) bool {
	switch op {
	case invalidation.Eq:
		return x == y
	case invalidation.NotEq:
		return x != y
	case invalidation.Less:
		return x < y
	case invalidation.LessEq:
		return x <= y
	case invalidation.Greater:
		return x > y
	case invalidation.GreaterEq:
		return x >= y
	}
	panic(fmt.Sprint("no comparison: ", op))
}

func like(pattern, text string) bool {
	switch {
	case pattern == "":
		return text == ""
	case pattern[0] == '%':
		return like(pattern[1:], text) || text != "" && like(pattern, text[1:])
	case text == "":
		return false
	}
	return (pattern[0] == '_' || pattern[0] == text[0]) && like(pattern[1:], text[1:])
}

// touches reports whether the use says that it may notice the change of a row.
func (ev evaluator) touches(use *invalidation.Use, table string, before, after row) bool {
	if use.Table != table {
		return false
	}
	looked := before == nil || after == nil
	for column := range before {
		if after != nil && before[column] != after[column] {
			looked = looked || use.Columns.All || slices.Contains(use.Columns.Names, column)
		}
	}
	return looked && (before != nil && ev.holds(use.Where, table, before) ||
		after != nil && ev.holds(use.Where, table, after))
}

// covers reports whether the write says that it may make the change.
func (ev evaluator) covers(w *invalidation.Write, table string, before, after row) bool {
	switch {
	case w.Table != table:
		return false
	case w.Kind == invalidation.Any:
		return true
	case w.Kind == invalidation.Insert && before == nil:
		return w.Rows == nil || slices.ContainsFunc(w.Rows, func(values []invalidation.Operand) bool {
			for i, name := range w.Names {
				if !ev.stored(table, name, after[name], values[i]) {
					return false
				}
			}
			return true
		})
	case w.Kind == invalidation.Delete && after == nil:
		return ev.holds(w.Where, table, before)
	case w.Kind == invalidation.Update && before != nil && after != nil:
		return ev.holds(w.Where, table, before) && ev.assigned(w, table, before, after)
	case w.Kind == invalidation.Update && after != nil:
		// A row that the same statement inserted, and then hit again.
		return ev.holds(w.Where, table, after)
	}
	return false
}

// assigned reports whether each column has kept its value, or has one that
// was assigned to it.
func (ev evaluator) assigned(w *invalidation.Write, table string, before, after row) bool {
	for column, value := range after {
		i := slices.IndexFunc(w.Set, func(a invalidation.Assignment) bool { return a.Column == column })
		if i < 0 && value != before[column] {
			return false
		}
		if i >= 0 && !slices.ContainsFunc(w.Set[i].Values, func(o invalidation.Operand) bool {
			return ev.stored(table, column, value, o)
		}) {
			return false
		}
	}
	return true
}

// stored reports whether the operand may be stored in the column as value.
func (ev evaluator) stored(table, column string, value any, o invalidation.Operand) bool {
	operand, known := ev.value(o)
	if !known {
		return true
	}
	if operand == nil || value == nil {
		return operand == value
	}
	return ev.compare(invalidation.Eq, ev.kinds[table][column], value, o)
}
