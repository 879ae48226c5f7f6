package sqlite

import (
	"fmt"
	"strings"

	"github.com/seed92106438/cacheops/invalidation"
)

// These functions write shapes as people would say them. Tests compare what
// they write.

var verbs = map[invalidation.Verb]string{
	invalidation.Opaque: "opaque", invalidation.Query: "query",
	invalidation.Mutation: "mutation", invalidation.Definition: "definition",
	invalidation.Begin: "begin", invalidation.Commit: "commit",
	invalidation.Rollback: "rollback", invalidation.Savepoint: "savepoint",
	invalidation.RollbackTo: "rollback to", invalidation.Release: "release",
	invalidation.Neutral: "neutral",
}

var ops = map[invalidation.Op]string{
	invalidation.Eq: "=", invalidation.NotEq: "<>", invalidation.Less: "<",
	invalidation.LessEq: "<=", invalidation.Greater: ">",
	invalidation.GreaterEq: ">=", invalidation.Like: "like",
	invalidation.In: "in", invalidation.NotIn: "not in",
	invalidation.IsNull: "is null", invalidation.IsNotNull: "is not null",
}

func printShape(s *invalidation.Shape) string {
	var b strings.Builder
	b.WriteString(verbs[s.Verb])
	if s.Name != "" {
		b.WriteString(" " + s.Name)
	}
	if s.Params > 0 {
		fmt.Fprintf(&b, " of %d", s.Params)
	}
	if s.Refusal != "" {
		b.WriteString(", refused: " + s.Refusal)
	}
	b.WriteByte('\n')
	for i := range s.Uses {
		fmt.Fprintf(&b, "  %s\n", printUse(&s.Uses[i]))
	}
	for i := range s.Writes {
		fmt.Fprintf(&b, "  %s\n", printWrite(&s.Writes[i]))
	}
	return b.String()
}

func printUse(u *invalidation.Use) string {
	columns := strings.Join(u.Columns.Names, ", ")
	if u.Columns.All {
		columns = "*"
	}
	return u.Table + "(" + columns + ")" + printWhere(u.Where)
}

func printWrite(w *invalidation.Write) string {
	switch w.Kind {
	case invalidation.Insert:
		s := "insert " + w.Table + "(" + strings.Join(w.Names, ", ") + ")"
		for _, row := range w.Rows {
			s += " (" + printOperands(row) + ")"
		}
		if w.Chosen {
			s += " chosen"
		}
		return s
	case invalidation.Update:
		var set []string
		for _, a := range w.Set {
			set = append(set, a.Column+" = "+strings.ReplaceAll(printOperands(a.Values), ", ", " or "))
		}
		return "update " + w.Table + " set " + strings.Join(set, ", ") + printWhere(w.Where)
	case invalidation.Delete:
		return "delete " + w.Table + printWhere(w.Where)
	}
	return "any " + w.Table
}

func printWhere(p *predicate) string {
	if p == nil {
		return ""
	}
	return " where " + printPredicate(*p)
}

func printPredicate(p predicate) string {
	switch p.Op {
	case invalidation.And:
		return printTerms(p.Terms, " and ", "true")
	case invalidation.Or:
		return printTerms(p.Terms, " or ", "false")
	case invalidation.IsNull, invalidation.IsNotNull:
		return p.Column + " " + ops[p.Op]
	case invalidation.In, invalidation.NotIn:
		return p.Column + " " + ops[p.Op] + " (" + printOperands(p.Operands) + ")"
	case invalidation.Joined:
		return p.Column + " joins " + p.Table + "[" + printPredicate(p.Terms[0]) + "]"
	}
	return p.Column + " " + ops[p.Op] + " " + printOperands(p.Operands)
}

func printTerms(terms []predicate, conjunction, none string) string {
	if len(terms) == 0 {
		return none
	}
	var parts []string
	for _, term := range terms {
		part := printPredicate(term)
		if len(term.Terms) > 0 && term.Op != invalidation.Joined {
			part = "(" + part + ")"
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, conjunction)
}

func printOperands(operands []invalidation.Operand) string {
	var parts []string
	for _, o := range operands {
		switch literal := o.Literal.(type) {
		case nil:
			switch {
			case o.Param > 0:
				parts = append(parts, fmt.Sprintf("?%d", o.Param))
			case o.Known:
				parts = append(parts, "null")
			default:
				parts = append(parts, "unknown")
			}
		case string:
			parts = append(parts, fmt.Sprintf("%q", literal))
		case []byte:
			parts = append(parts, fmt.Sprintf("x'%x'", literal))
		case float64:
			parts = append(parts, fmt.Sprintf("%g (float)", literal))
		default:
			parts = append(parts, fmt.Sprint(literal))
		}
	}
	return strings.Join(parts, ", ")
}
