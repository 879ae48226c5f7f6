package postgres

import "github.com/seed92106438/cacheops/invalidation"

// columnType is what the database says of a column's type. A domain is given
// as the type that it is made of.
type columnType struct {
	Type string // pg_type.typname
	// Sort is pg_type.typtype: b for base types, e for enums, c for rows.
	Sort string
	// Own is true for PostgreSQL's own types.
	Own bool
	// Modifier is pg_attribute.atttypmod, or that of the domain.
	Modifier int
	// Deterministic is false for a collation by which texts can be equal
	// whose bytes are not, be it the column's or that of a unique key.
	Deterministic bool
}

// kind returns the domain in which a column compares, and whether each of its
// values has one stored form.
func (c columnType) kind() (kind invalidation.Kind, canonical bool) {
	switch {
	case c.Sort == "e":
		return invalidation.Exact, true
	case c.Type == "citext" && !c.Own && c.Deterministic:
		return invalidation.Text, false
	case !c.Own || c.Sort != "b":
		return invalidation.Unknown, false
	}
	switch c.Type {
	case "int2", "int4", "int8", "bool":
		return invalidation.Int, true
	case "float8":
		return invalidation.Float, false
	case "numeric":
		return c.numeric()
	case "text", "varchar":
		// What a nondeterministic collation holds for equal is not even
		// bounded by Text: it may ignore accents and punctuation.
		if c.Deterministic {
			return invalidation.Exact, true
		}
	case "bpchar":
		if c.Deterministic {
			return invalidation.Text, false
		}
	case "uuid":
		return invalidation.UUID, true
	case "bytea":
		return invalidation.Bytes, true
	case "timestamptz":
		return invalidation.Time, true
	case "timestamp":
		// The drivers write down the clock of a time's own zone.
		return invalidation.Wall, true
	case "date":
		return invalidation.Day, true
	}
	// Left out on purpose: oid, to which -1 is 4294967295; float4, whose
	// values equal no argument that is written with fewer digits; char and
	// name, which cut off what is too long; json, whose texts are not
	// compared at all.
	return invalidation.Unknown, false
}

// modifierBase is what is added to the precision and scale of a numeric.
const modifierBase = 4

// anyScale is more than any number has that is understood.
const anyScale = 1000

// scale returns how many digits after the point a numeric column keeps.
func (c columnType) scale() int16 {
	if c.Modifier < modifierBase {
		return anyScale
	}
	const bits = 11 // of a number in two's complement
	return int16((c.Modifier-modifierBase)&(1<<bits-1)^(1<<(bits-1))) - 1<<(bits-1)
}

// numeric tells of a numeric column. One without a scale keeps 1.0 and 1.00
// apart. One with a negative scale rounds away digits before the point.
func (c columnType) numeric() (invalidation.Kind, bool) {
	switch scale := c.scale(); {
	case scale < 0:
		return invalidation.Unknown, false
	case scale == anyScale:
		return invalidation.Decimal, false
	}
	return invalidation.Decimal, true
}
