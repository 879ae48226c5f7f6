package report

import (
	"maps"
	"math"
	"slices"
	"strconv"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// grouped writes a figure with commas between thousands, and digits behind the point
// only where they tell something.
func grouped(figure float64) string {
	if math.Abs(figure) < 100 {
		return strconv.FormatFloat(figure, 'f', digitsBehind(figure), 64)
	}
	text := strconv.FormatFloat(figure, 'f', 0, 64)
	for at := len(text) - 3; at > 0 && text[at-1] != '-'; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

func digitsBehind(figure float64) int {
	switch {
	case figure == math.Trunc(figure):
		return 0
	case math.Abs(figure) < 1:
		return 3
	default:
		return 1
	}
}
