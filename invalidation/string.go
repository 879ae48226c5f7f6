package invalidation

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The texts of this file are for people who ask why a result was dropped.
// They show values, so they do not belong in errors or logs.

// maxListed is the number of points that a text lists one by one.
const maxListed = 8

// String names the kind of change as SQL does.
func (k ChangeKind) String() string {
	switch k {
	case Insert:
		return "insert"
	case Update:
		return "update"
	case Delete:
		return "delete"
	case Redefinition:
		return "redefinition"
	}
	return "any"
}

// String returns the value as a literal.
func (v Value) String() string {
	switch v.kind {
	case Int:
		if v.hi < 0 {
			return strconv.FormatInt(int64(v.lo), 10)
		}
		return strconv.FormatUint(v.lo, 10)
	case Float:
		return strconv.FormatFloat(v.float(), 'g', 6, 64)
	case Text, Exact:
		return strconv.Quote(v.text)
	case Verbatim:
		if v.text == "" {
			return "a number"
		}
		return strconv.Quote(v.text)
	case Bytes:
		return fmt.Sprintf("x'%x'", v.text)
	case Decimal:
		return decimalString(v)
	case UUID:
		return uuidString(v)
	case Time, Clock, Wall:
		return time.Unix(v.hi, int64(v.lo)).UTC().Format(time.RFC3339Nano)
	case Day:
		return time.Unix(v.hi*secondsOfDay, 0).UTC().Format(time.DateOnly)
	}
	return "null"
}

// String describes the set as a condition on a column named value.
func (s Set) String() string { return s.on("value") }

// on describes the set as a condition on a column.
func (s Set) on(column string) string {
	var parts []string
	switch s.form {
	case everything:
		if !s.notNull {
			return column + " is anything"
		}
		return column + " is not null"
	case finite:
		return s.pointsOn(column)
	case intervals:
		for i := range s.spans {
			parts = append(parts, s.spans[i].on(column))
		}
	case allBut:
		parts = append(parts, column+" not in "+list(s.values))
	case prefixes:
		for _, p := range s.values {
			parts = append(parts, column+" like "+strconv.Quote(p.text+"%"))
		}
	}
	if !s.notNull {
		parts = append(parts, column+" is null")
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return "(" + strings.Join(parts, " or ") + ")"
}

func (s Set) pointsOn(column string) string {
	switch {
	case len(s.values) == 0:
		return column + " is nothing"
	case len(s.values) > 1:
		return column + " in " + list(s.values)
	case s.values[0].isNull():
		return column + " is null"
	}
	return column + " = " + s.values[0].String()
}

func (s *span) on(column string) string {
	lower, upper := " <= ", " <= "
	if s.openLo {
		lower = " < "
	}
	if s.openHi {
		upper = " < "
	}
	switch lo, hi := s.lo.String(), s.hi.String(); {
	case s.lo.isNull() && s.hi.isNull():
		return column + " is not null"
	case s.hi.isNull():
		return column + strings.Replace(lower, "<", ">", 1) + lo
	case s.lo.isNull():
		return column + upper + hi
	case lo == hi: // the neighbours of one float
		return column + " = " + lo
	default:
		return lo + lower + column + upper + hi
	}
}

func list(values []Value) string {
	var b strings.Builder
	for i, v := range values {
		switch {
		case i == maxListed:
			fmt.Fprintf(&b, ", and %d more)", len(values)-i)
			return "(" + b.String()
		case i > 0:
			b.WriteString(", ")
		}
		b.WriteString(v.String())
	}
	return "(" + b.String() + ")"
}

// String describes the box as a conjunction: {category_id = 3, price > 10}.
func (b Box) String() string {
	if len(b) == 0 {
		return "{any row}"
	}
	terms := make([]string, len(b))
	for i, term := range b {
		terms[i] = term.Set.on(term.Column)
	}
	return "{" + strings.Join(terms, ", ") + "}"
}

func describe(boxes []Box) string {
	if len(boxes) == 0 {
		return "{no row}"
	}
	texts := make([]string, len(boxes))
	for i, b := range boxes {
		texts[i] = b.String()
	}
	return strings.Join(texts, " or ")
}

// text names the table without its database.
func (t Table) text() string {
	if t.Name == AllTables {
		return "all tables"
	}
	return t.Name
}

// String lists the columns.
func (c Columns) String() string {
	switch {
	case c.All:
		return "all columns"
	case len(c.Names) == 0:
		return "no column"
	}
	return strings.Join(c.Names, ", ")
}

// String describes the change: update posts (title): {id = 3} -> {id = 3}.
func (c Change) String() string {
	head := c.Kind.String() + " " + c.Table.text()
	switch c.Kind {
	case Insert:
		return head + ": " + describe(c.After)
	case Update:
		return head + " (" + c.Columns.String() + "): " + describe(c.Before) + " -> " + describe(c.After)
	case Delete:
		return head + ": " + describe(c.Before)
	}
	return "any change of " + c.Table.text()
}

// String describes the dependency: posts (id, title): {category_id = 3}.
func (d TableDependency) String() string {
	parts := make([]string, len(d.Parts))
	for i := range d.Parts {
		parts[i] = d.Parts[i].String()
	}
	return d.Table.text() + " " + strings.Join(parts, "; ")
}

// String describes the part, and on which side of a change it looks if that is
// one: (id, title) after: {category_id = 3}.
func (p Part) String() string {
	side := map[Side]string{Before: " before", After: " after"}[p.Side]
	return "(" + p.Columns.String() + ")" + side + ": " + describe(p.Boxes)
}

// String describes the dependencies on the tables, a line for each.
func (d *Dependency) String() string {
	lines := make([]string, len(d.Tables))
	for i := range d.Tables {
		lines[i] = d.Tables[i].String()
	}
	return strings.Join(lines, "\n")
}
