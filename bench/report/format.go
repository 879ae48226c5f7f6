package report

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// grouped writes a figure with commas between thousands, and digits behind the point
// only where they tell something.
func grouped(figure float64) string {
	switch size := math.Abs(figure); {
	case size < 1:
		return strconv.FormatFloat(figure, 'g', 3, 64)
	case size < 100:
		return strings.TrimSuffix(strconv.FormatFloat(figure, 'f', 1, 64), ".0")
	}
	text := strconv.FormatFloat(figure, 'f', 0, 64)
	for at := len(text) - 3; at > 0 && text[at-1] != '-'; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}
