package mysql

import (
	"slices"
	"strings"

	"github.com/seed92106438/cacheops/invalidation"
)

// column is a column as information_schema describes it.
type column struct {
	table, name, dataType, fullType string
	nullable                        bool
	extra, generated, collation     string
	scale                           int16
}

// describe returns what the catalogue says of the column.
func (c *column) describe(s settings) invalidation.Column {
	extra := lower(c.extra)
	d := invalidation.Column{
		Kind:      c.kind(),
		Generated: c.generated != "" || strings.Contains(extra, "on update") || strings.Contains(extra, " generated"),
		Coerced:   c.dataType == "enum" || !s.strict(),
	}
	d.Canonical = c.canonical(s)
	d.Scale = c.scale
	if c.isTime() && !c.nullable {
		d.ZeroIsNull = true
		d.Coerced = d.Coerced || c.dataType == "timestamp" && s["explicit_defaults_for_timestamp"] != "ON"
	}
	return d
}

// varies reports whether the column may have another value each time it is read,
// though no row has changed. MariaDB lets it be computed from the date, or by
// whom it is read. A name that is not known may be such a function's. MySQL, which
// allows none, tells the expression with a backslash before each quote.
func (c *column) varies() bool {
	if !strings.Contains(lower(c.extra), "virtual") {
		return false
	}
	text := scan(strings.ReplaceAll(c.generated, `\'`, "'"))
	return text.odd || strings.Contains(text.sql, "@@") || slices.ContainsFunc(text.calls, func(f call) bool {
		return f.qualified || !knownFunction(f.name) || volatileFunctions[f.name] || f.name == "unix_timestamp"
	})
}

// canonical reports whether what the driver reads tells what is stored. It does
// not for 2026-00-15 or 2026-02-30, which the driver reads as other days, nor for a
// TIMESTAMP that is shown in a zone with two hours of one name.
func (c *column) canonical(s settings) bool {
	switch c.dataType {
	case "date", "datetime":
		return s.strict() && s.has("no_zero_in_date") && !s.has("allow_invalid_dates")
	case "timestamp":
		return s.fixedZone()
	}
	return true
}

func (c *column) isTime() bool {
	switch c.dataType {
	case "date", "datetime", "timestamp":
		return true
	}
	return false
}

// kind returns the domain in which values of the column are compared.
//
// A FLOAT and a DOUBLE(M,D) hold other numbers than they are given, a YEAR reads
// 26 as 2026: of these, of bits, sets and the like nothing is known.
func (c *column) kind() invalidation.Kind {
	switch lower(c.dataType) {
	case "tinyint", "smallint", "mediumint", "int", "bigint":
		return invalidation.Int
	case "double":
		if !strings.Contains(c.fullType, "(") {
			return invalidation.Float
		}
	case "decimal":
		return invalidation.Decimal
	case "char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum":
		return textKind(c.collation)
	case "binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob":
		return invalidation.Bytes
	case "date":
		return invalidation.Day
	case "datetime":
		return invalidation.Wall
	case "timestamp":
		return invalidation.Clock
	case "uuid":
		return invalidation.UUID
	}
	return invalidation.Unknown
}

// textKind returns how texts are compared under a collation. Those that go by
// code points are exact. Of the others some hold more for equal than the fold
// of [invalidation.Text] does: "ccs" and "cscs" in Hungarian, "i" and "y" in
// Lithuanian. Those that are named here do not, and no one can add another.
func textKind(collation string) invalidation.Kind {
	charset, order, found := strings.Cut(lower(collation), "_")
	if !found {
		return invalidation.Unknown
	}
	switch charset {
	case "ascii", "latin1", "utf8", "utf8mb3", "utf8mb4", "uca1400":
	default:
		return invalidation.Unknown
	}
	switch {
	case order == "bin", order == "nopad_bin", order == "0900_bin":
		return invalidation.Exact
	case foldedOrders[order], charset == "uca1400" && foldedOrders["uca1400_"+order]:
		return invalidation.Text
	}
	return invalidation.Unknown
}

var foldedOrders = setOf(`
	general_ci general_cs general_nopad_ci general_mysql500_ci
	general_mysql500_nopad_ci general1400_as_ci unicode_ci unicode_nopad_ci
	unicode_520_ci unicode_520_nopad_ci swedish_ci swedish_nopad_ci german1_ci
	0900_ai_ci 0900_as_ci 0900_as_cs uca1400_ai_ci uca1400_ai_cs uca1400_as_ci
	uca1400_as_cs uca1400_nopad_ai_ci uca1400_nopad_ai_cs uca1400_nopad_as_ci
	uca1400_nopad_as_cs`)
