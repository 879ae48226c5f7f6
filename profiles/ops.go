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

	All = Get | Fetch | Count | Aggregate | Exists
)

var opNames = []string{"Get", "Fetch", "Count", "Aggregate", "Exists"}

// String lists the members, as in "Get|Count"; the empty set is "none" and
// the full one "All".
func (o Ops) String() string {
	switch o {
	case 0:
		return "none"
	case All:
		return "All"
	}
	var names []string
	for i, name := range opNames {
		if o&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	if unknown := o &^ All; unknown != 0 {
		names = append(names, fmt.Sprintf("%#x", uint8(unknown)))
	}
	return strings.Join(names, "|")
}
