package invalidation

import "slices"

// Hull returns a change that covers c and takes less room: it has one box for the
// rows as they were, and one for the rows as they are.
func (c Change) Hull() Change {
	c.Before, c.After = hulled(c.Before), hulled(c.After)
	return c
}

func hulled(boxes []Box) []Box {
	if len(boxes) < 2 {
		return boxes
	}
	return []Box{hull(boxes)}
}

// Unanalysed returns one change for each table of changes, in their order, of which
// nothing is known but the table. Together they cover the changes.
func Unanalysed(changes []Change) []Change {
	var all []Change
	for i := range changes {
		c := &changes[i]
		at := slices.IndexFunc(all, func(other Change) bool { return other.Table == c.Table })
		if at < 0 {
			at = len(all)
			all = append(all, Change{Table: c.Table, Kind: Any})
		}
		all[at].add(c)
	}
	return all
}

// add makes c, of which nothing is known but the table, cover other as well.
func (c *Change) add(other *Change) {
	if other.Kind == Redefinition {
		c.Kind = Redefinition
	}
	if c.Rows < 0 || other.Rows < 0 {
		c.Rows = -1
	} else {
		c.Rows += other.Rows
	}
}
