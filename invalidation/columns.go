package invalidation

import "slices"

// Columns is a set of columns of one table. The zero value is the empty set.
type Columns struct {
	All   bool
	Names []string // sorted, lower case; meaningless if All
}

// Has reports whether the column is in the set.
func (c Columns) Has(name string) bool {
	if c.All {
		return true
	}
	_, found := slices.BinarySearch(c.Names, name)
	return found
}

// Intersects reports whether some column may be in both sets. All columns and
// none have none in common.
func (c Columns) Intersects(other Columns) bool {
	switch {
	case c.All:
		return other.All || len(other.Names) > 0
	case other.All:
		return len(c.Names) > 0
	}
	a, b := c.Names, other.Names
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] == b[0]:
			return true
		case a[0] < b[0]:
			a = a[1:]
		default:
			b = b[1:]
		}
	}
	return false
}

// Covers reports whether every column of other is in the set.
func (c Columns) Covers(other Columns) bool {
	if c.All || other.All {
		return c.All
	}
	for _, name := range other.Names {
		if !c.Has(name) {
			return false
		}
	}
	return true
}

// Union returns the columns of both sets.
func (c Columns) Union(other Columns) Columns {
	if c.All || other.All {
		return Columns{All: true}
	}
	names := slices.Concat(c.Names, other.Names)
	slices.Sort(names)
	return Columns{Names: slices.Compact(names)}
}

// Intersect returns the columns that are in both sets.
func (c Columns) Intersect(other Columns) Columns {
	switch {
	case c.All:
		return other
	case other.All:
		return c
	}
	var both Columns
	for _, name := range c.Names {
		if other.Has(name) {
			both.Names = append(both.Names, name)
		}
	}
	return both
}

// Add puts a column, in lower case, into the set. It may write to the array
// of c.Names.
func (c *Columns) Add(name string) {
	if i, found := slices.BinarySearch(c.Names, name); !c.All && !found {
		c.Names = slices.Insert(c.Names, i, name)
	}
}

// equal reports whether the sets are the same.
func (c Columns) equal(other Columns) bool {
	return c.Covers(other) && other.Covers(c)
}
