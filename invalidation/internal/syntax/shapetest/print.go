// Package shapetest is for the tests of dialects: it writes shapes as people
// would say them, compares what a corpus is read as with a golden file, and
// checks what holds for every shape.
package shapetest

import (
	"fmt"
	"strings"

	"github.com/seed92106438/cacheops/invalidation"
)

var verbs = map[invalidation.Verb]string{
	invalidation.Opaque: "opaque", invalidation.Query: "query",
	invalidation.Mutation: "mutation", invalidation.Definition: "definition",
	invalidation.Begin: "begin", invalidation.Commit: "commit",
	invalidation.Rollback: "rollback", invalidation.Savepoint: "savepoint",
	invalidation.RollbackTo: "rollback to", invalidation.Release: "release",
	invalidation.Session: "session", invalidation.Local: "local",
	invalidation.Neutral: "neutral",
}

var ops = map[invalidation.Op]string{
	invalidation.Eq: "=", invalidation.NotEq: "<>", invalidation.Less: "<",
	invalidation.LessEq: "<=", invalidation.Greater: ">",
	invalidation.GreaterEq: ">=", invalidation.Like: "like",
	invalidation.In: "in", invalidation.NotIn: "not in",
	invalidation.IsNull: "is null", invalidation.IsNotNull: "is not null",
}

// Print writes a shape.
func Print(s *invalidation.Shape) string {
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
	if s.Commits {
		b.WriteString(", commits")
	}
	if s.Uncounted {
		b.WriteString(", uncounted")
	}
	b.WriteByte('\n')
	for _, call := range s.Calls {
		fmt.Fprintf(&b, "  calls %s\n", call)
	}
	if s.Temporary != "" {
		fmt.Fprintf(&b, "  temporary %s\n", s.Temporary)
	}
	for i := range s.Uses {
		fmt.Fprintf(&b, "  %s\n", Use(&s.Uses[i]))
	}
	for _, e := range s.Edges {
		fmt.Fprintf(&b, "  %s\n", Edge(s, e))
	}
	if s.Page != nil {
		fmt.Fprintf(&b, "  %s\n", Page(s))
	}
	for _, show := range s.Shows {
		fmt.Fprintf(&b, "  %s\n", Showing(s, show))
	}
	for i := range s.Writes {
		fmt.Fprintf(&b, "  %s\n", Write(&s.Writes[i]))
	}
	return b.String()
}

// Edge writes which rows count beside which: t.a among u.b as in c.
func Edge(s *invalidation.Shape, e invalidation.Edge) string {
	text := fmt.Sprintf("%s.%s among %s.%s", s.Uses[e.Use].Table, e.Column, s.Uses[e.Other].Table, e.OtherColumn)
	if e.Shown != "" {
		text += " as in " + e.Shown
	}
	if e.Side == invalidation.After {
		text = "new " + text
	}
	if e.Nulls {
		text += ", or with NULL"
	}
	if e.OrNull != "" {
		text += ", or " + e.OrNull + " is null"
	}
	return text
}

// Showing writes which rows a result shows: shows t by a, b as c, placed by d.
func Showing(s *invalidation.Shape, show invalidation.Showing) string {
	var columns []string
	if show.Star {
		columns = append(columns, "*")
	}
	for _, c := range show.Columns {
		name := c.Column
		if c.Result != name {
			name += " as " + c.Result
		}
		columns = append(columns, name)
	}
	return "shows " + s.Uses[show.Use].Table + " by " + strings.Join(columns, ", ") + ", placed by " + show.Place.String()
}

// Use writes one use of a table: t(a, b) where a = 1.
func Use(u *invalidation.Use) string {
	columns := strings.Join(u.Columns.Names, ", ")
	if u.Columns.All {
		columns = "*"
	}
	return u.Table + "(" + columns + ")" + Where(u.Where)
}

// Write writes one change of a table.
func Write(w *invalidation.Write) string {
	switch w.Kind {
	case invalidation.Insert:
		s := "insert " + w.Table + "(" + strings.Join(w.Names, ", ") + ")"
		for _, row := range w.Rows {
			s += " (" + operands(row) + ")"
		}
		if w.Chosen {
			s += " chosen"
		}
		return s
	case invalidation.Update:
		var set []string
		for _, a := range w.Set {
			old := map[int]string{1: a.Column + " + ", -1: a.Column + " - "}[a.Shift]
			set = append(set, a.Column+" = "+old+strings.ReplaceAll(operands(a.Values), ", ", " or "))
		}
		return "update " + w.Table + " set " + strings.Join(set, ", ") + Where(w.Where) + conflict(w)
	case invalidation.Delete:
		return "delete " + w.Table + Where(w.Where)
	}
	return "any " + w.Table
}

// conflict writes which rows an upsert changes.
func conflict(w *invalidation.Write) string {
	switch {
	case !w.Conflict:
		return ""
	case len(w.Key) == 0:
		return " in the way in any key"
	}
	return " in the way in " + strings.Join(w.Key, ", ")
}

// Where writes a restriction, or nothing if there is none.
func Where(p *invalidation.Predicate) string {
	if p == nil {
		return ""
	}
	return " where " + Predicate(*p)
}

// Predicate writes a condition.
func Predicate(p invalidation.Predicate) string {
	switch p.Op {
	case invalidation.And:
		return terms(p.Terms, " and ", "true")
	case invalidation.Or:
		return terms(p.Terms, " or ", "false")
	case invalidation.IsNull, invalidation.IsNotNull:
		return p.Column + " " + ops[p.Op]
	case invalidation.In, invalidation.NotIn:
		return p.Column + " " + ops[p.Op] + " (" + operands(p.Operands) + ")"
	case invalidation.Joined:
		return p.Column + " joins " + p.Table + "[" + Predicate(p.Terms[0]) + "]"
	}
	return p.Column + " " + ops[p.Op] + " " + operands(p.Operands)
}

func terms(list []invalidation.Predicate, conjunction, none string) string {
	if len(list) == 0 {
		return none
	}
	var parts []string
	for _, term := range list {
		part := Predicate(term)
		if len(term.Terms) > 0 && term.Op != invalidation.Joined {
			part = "(" + part + ")"
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, conjunction)
}

func operands(list []invalidation.Operand) string {
	var parts []string
	for _, o := range list {
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

// Page writes the page that a query gives: first 10 of t by a desc as b.
func Page(s *invalidation.Shape) string {
	text := fmt.Sprintf("first %s of %s by %s",
		operands([]invalidation.Operand{s.Page.Limit}), s.Uses[s.Page.Use].Table, s.Page.Column)
	if s.Page.Desc {
		text += " desc"
	}
	switch s.Page.Result {
	case "":
		text += " alone"
	case s.Page.Column:
	default:
		text += " as " + s.Page.Result
	}
	if place := s.Page.Place; len(place.Names) > 0 {
		text += ", placed by " + place.String()
	}
	return text
}
