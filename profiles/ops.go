package profiles

import (
	"fmt"
	"strings"
)

// Ops is a set of kinds of reading. The zero value is the empty set.
type Ops uint8

// The kinds of reading. Each GORM call is of exactly one kind.
const (
	Get       Ops = 1 << iota // one row: First, Take, Last
	Fetch                     // many rows: Find, Pluck, and reads into maps
	Count                     // Count
	Aggregate                 // sums, averages and other computed rows
	Exists                    // whether there is a row at all

	// Rows are reads whose rows the caller scans: Scan, Row and Rows, of raw
	// SQL too. They must be asked for by name, as in All|Rows, for caching
	// changes what they are. All rows, as far as they fit into MaxBytes, are
	// read before the caller gets the first; and rows that are held open show
	// what the database was when they were read, not when they are scanned.
	Rows

	// All is every kind but Rows.
	All = Get | Fetch | Count | Aggregate | Exists

	known = All | Rows
)

var opNames = []string{"Get", "Fetch", "Count", "Aggregate", "Exists", "Rows"}

// String lists the members, as in "Get|Count"; the empty set is "none", and
// all kinds but Rows are "All".
func (o Ops) String() string {
	switch o {
	case 0:
		return "none"
	case All:
		return "All"
	case All | Rows:
		return "All|Rows"
	}
	var names []string
	for i, name := range opNames {
		if o&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	if unknown := o &^ known; unknown != 0 {
		names = append(names, fmt.Sprintf("%#x", uint8(unknown)))
	}
	return strings.Join(names, "|")
}
