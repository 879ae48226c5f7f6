package invalidation

import (
	"bytes"
	"cmp"
	"database/sql/driver"
	"math"
	"strconv"
	"strings"
	"time"
)

// This file is a tiny database with the habits of SQLite: values of any class
// in any column, converted by the column's affinity; times kept as text; a
// driver that makes something of what it reads by the column's declared type.
// It knows nothing of boxes, so the laws can be checked against it.

// modelColumn is a column of the tiny database.
type modelColumn struct {
	kind    Kind
	boolean bool                // Int: declared boolean, so that the driver reads booleans
	single  bool                // Float: kept in four bytes
	collate func(string) string // Text: equal if this is
}

func bytewise(s string) string { return s }
func nocase(s string) string   { return strings.ToLower(s) }
func rtrim(s string) string    { return strings.TrimRight(s, " ") }

// general is a collation that is blind to case, trailing blanks and accents,
// and that expands ß.
func general(s string) string {
	return strings.NewReplacer("é", "e", "ß", "ss", "É", "e").Replace(rtrim(nocase(s)))
}

const timeText = "2006-01-02 15:04:05.999999999-07:00"

// store returns v as the column keeps it: nil, int64, float64, string, []byte.
func (c *modelColumn) store(v driver.Value) driver.Value {
	switch x := v.(type) {
	case bool:
		v = int64(0)
		if x {
			v = int64(1)
		}
	case time.Time:
		v = x.Format(timeText)
	}
	switch c.kind {
	case Int, Time: // NUMERIC affinity
		return numeric(v)
	case Float:
		v = numeric(v)
		if n, ok := v.(int64); ok {
			v = float64(n)
		}
		if f, ok := v.(float64); ok && c.single {
			v = float64(float32(f))
		}
	case Text:
		switch x := v.(type) {
		case int64:
			return strconv.FormatInt(x, 10)
		case float64:
			return strconv.FormatFloat(x, 'g', -1, 64)
		}
	}
	return v
}

// numeric makes a number of a text that looks like one, and an integer of a
// float without fraction.
func numeric(v driver.Value) driver.Value {
	if s, ok := v.(string); ok {
		if n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64); err == nil {
			return n
		}
		f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
		if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			return s
		}
		v = f
	}
	if f, ok := v.(float64); ok && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return int64(f)
	}
	return v
}

// load returns what the driver reads for a stored value.
func (c *modelColumn) load(stored driver.Value) driver.Value {
	switch x := stored.(type) {
	case int64:
		switch {
		case c.kind == Time:
			return time.Unix(x, 0).UTC()
		case c.boolean:
			return x > 0
		}
	case string:
		if c.kind == Time {
			for _, format := range []string{timeText, "2006-01-02T15:04:05.999999999-07:00", "2006-01-02 15:04:05", "2006-01-02"} {
				if t, err := time.ParseInLocation(format, strings.TrimSuffix(x, "Z"), time.UTC); err == nil {
					return t
				}
			}
			return time.Time{}
		}
	}
	return stored
}

// compare compares two stored values, neither of them NULL.
func (c *modelColumn) compare(a, b driver.Value) int {
	if d := cmp.Compare(class(a), class(b)); d != 0 {
		return d
	}
	switch x := a.(type) {
	case string:
		collate := c.collate
		if collate == nil {
			collate = bytewise
		}
		return strings.Compare(collate(x), collate(b.(string)))
	case []byte:
		return bytes.Compare(x, b.([]byte))
	case int64:
		if y, ok := b.(int64); ok {
			return cmp.Compare(x, y)
		}
	}
	return cmp.Compare(number(a), number(b))
}

func class(v driver.Value) int {
	switch v.(type) {
	case string:
		return 2
	case []byte:
		return 3
	}
	return 1
}

func number(v driver.Value) float64 {
	if n, ok := v.(int64); ok {
		return float64(n)
	}
	return v.(float64)
}

// truth is one of SQL's three.
type truth int

const (
	isFalse truth = iota
	isUnknown
	isTrue
)

func truthOf(b bool) truth {
	if b {
		return isTrue
	}
	return isFalse
}

func (t truth) not() truth { return isTrue - t }

// modelTable is one table of the tiny database.
type modelTable map[string]*modelColumn

// modelRow is a row as stored.
type modelRow map[string]driver.Value

// holds evaluates a predicate of which every operand is known.
func (m modelTable) holds(p *Predicate, row modelRow, args []driver.Value) truth {
	switch p.Op {
	case And:
		all := isTrue
		for i := range p.Terms {
			all = min(all, m.holds(&p.Terms[i], row, args))
		}
		return all
	case Or:
		some := isFalse
		for i := range p.Terms {
			some = max(some, m.holds(&p.Terms[i], row, args))
		}
		return some
	case IsNull:
		return truthOf(row[p.Column] == nil)
	case IsNotNull:
		return truthOf(row[p.Column] != nil)
	case In, NotIn:
		in := isFalse
		for _, o := range p.Operands {
			in = max(in, m.atom(Eq, p.Column, row, argument(o, args)))
		}
		if p.Op == NotIn {
			return in.not()
		}
		return in
	}
	return m.atom(p.Op, p.Column, row, argument(p.Operands[0], args))
}

func argument(o Operand, args []driver.Value) driver.Value {
	if o.Param > 0 {
		return args[o.Param-1]
	}
	return o.Literal
}

func (m modelTable) atom(op Op, name string, row modelRow, arg driver.Value) truth {
	column, value := m[name], row[name]
	if value == nil || arg == nil {
		return isUnknown
	}
	if op == Like {
		return truthOf(likes(nocase(text(arg)), nocase(text(value))))
	}
	unrounded := *column
	unrounded.single = false
	c := column.compare(value, unrounded.store(arg))
	switch op {
	case Eq:
		return truthOf(c == 0)
	case NotEq:
		return truthOf(c != 0)
	case Less:
		return truthOf(c < 0)
	case LessEq:
		return truthOf(c <= 0)
	case Greater:
		return truthOf(c > 0)
	}
	return truthOf(c >= 0)
}

func text(v driver.Value) string {
	switch x := v.(type) {
	case string:
		return x
	case []byte:
		return string(x)
	case int64:
		return strconv.FormatInt(x, 10)
	case float64:
		return strconv.FormatFloat(x, 'g', -1, 64)
	case bool:
		return text((&modelColumn{}).store(x))
	case time.Time:
		return x.Format(timeText)
	}
	return ""
}

func likes(pattern, s string) bool {
	switch {
	case pattern == "":
		return s == ""
	case pattern[0] == '%':
		return likes(pattern[1:], s) || s != "" && likes(pattern, s[1:])
	case s == "":
		return false
	}
	return (pattern[0] == '_' || pattern[0] == s[0]) && likes(pattern[1:], s[1:])
}
