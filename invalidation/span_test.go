package invalidation

import "testing"

// TestSpans tries every pair of spans over a few ends, open, closed and absent,
// at the ends and between them.
func TestSpans(t *testing.T) {
	at := func(n int) Value { return Value{kind: Int, lo: uint64(n)} }
	var spans []span
	for lo := range 4 {
		for hi := range 4 {
			for _, open := range [][2]bool{{false, false}, {false, true}, {true, false}, {true, true}} {
				s := span{openLo: open[0], openHi: open[1]}
				if lo > 0 {
					s.lo = at(2 * lo)
				}
				if hi > 0 {
					s.hi = at(2 * hi)
				}
				if lo == 0 && s.openLo || hi == 0 && s.openHi {
					continue
				}
				if lo > 0 && hi > 0 && (lo > hi || lo == hi && (s.openLo || s.openHi)) {
					continue
				}
				spans = append(spans, s)
			}
		}
	}
	// inside is what contains should be, in numbers.
	inside := func(s *span, n uint64) bool {
		return (s.lo.isNull() || n > s.lo.lo || n == s.lo.lo && !s.openLo) &&
			(s.hi.isNull() || n < s.hi.lo || n == s.hi.lo && !s.openHi)
	}
	for i := range spans {
		for j := range spans {
			a, b := &spans[i], &spans[j]
			hull, meet := a.hull(b), false
			for n := range uint64(9) {
				inA, inB := inside(a, n), inside(b, n)
				meet = meet || inA && inB
				if a.contains(at(int(n))) != inA {
					t.Errorf("%d in %s: %v", n, a.on("v"), !inA)
				}
				if (inA || inB) && !hull.contains(at(int(n))) {
					t.Errorf("%d is not in the hull of %s and %s", n, a.on("v"), b.on("v"))
				}
				if !a.meets(b) {
					continue
				}
				if both := a.intersect(b); both.contains(at(int(n))) != (inA && inB) {
					t.Errorf("%d in both %s and %s: %v", n, a.on("v"), b.on("v"), !(inA && inB))
				}
			}
			if a.meets(b) != meet {
				t.Errorf("%s meets %s: %v", a.on("v"), b.on("v"), !meet)
			}
		}
	}
}
