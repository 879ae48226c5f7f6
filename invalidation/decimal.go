package invalidation

import (
	"database/sql/driver"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// unit is how many parts an integer has: a Decimal is the next lower integer
// and a number of parts. So each has 19 digits after the point.
const unit = 1e19

const unitDigits = 19

// maxDecimal bounds the Decimals that are understood, so that what is near one
// can be written down too.
const maxDecimal = 1 << 62

// decimalValue reads a number. A float is known to the last part, which
// [Value.near] allows for; what else has more digits is not understood.
func decimalValue(v driver.Value) (Value, bool) {
	switch v := v.(type) {
	case int64:
		return Value{kind: Decimal, hi: v}, v > -maxDecimal && v < maxDecimal
	case uint64:
		return Value{kind: Decimal, hi: int64(v)}, v < maxDecimal
	case float64:
		if !(v > -maxDecimal && v < maxDecimal) {
			return Value{}, false
		}
		s := strconv.FormatFloat(v, 'f', -1, 64)
		if at := strings.IndexByte(s, '.'); at >= 0 && len(s)-at-1 > unitDigits {
			s = s[:at+1+unitDigits]
		}
		return parseDecimal(s)
	case string:
		return parseDecimal(v)
	}
	return Value{}, false
}

// parseDecimal reads digits with a sign before them and a point among them, as
// every database does.
func parseDecimal(s string) (Value, bool) {
	digits, negative := strings.CutPrefix(s, "-")
	whole, fraction, point := strings.Cut(digits, ".")
	fraction = strings.TrimRight(fraction, "0")
	if !allDigits(whole) || whole == "" || !allDigits(fraction) || len(fraction) > unitDigits || point && strings.HasSuffix(digits, ".") {
		return Value{}, false
	}
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n >= maxDecimal {
		return Value{}, false
	}
	var rest uint64
	if fraction != "" {
		rest, err = strconv.ParseUint(fraction+strings.Repeat("0", unitDigits-len(fraction)), 10, 64)
		if err != nil {
			return Value{}, false
		}
	}
	value := Value{kind: Decimal, hi: n, lo: rest}
	if negative {
		value = value.negative()
	}
	return value, true
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// negative returns -v.
func (v Value) negative() Value {
	v.hi = -v.hi
	if v.lo > 0 {
		v.hi, v.lo = v.hi-1, unit-v.lo
	}
	return v
}

// plus returns v and some parts more, fewer than an integer has.
func (v Value) plus(parts uint64) Value {
	sum, carry := bits.Add64(v.lo, parts, 0)
	if carry > 0 || sum >= unit {
		v.hi++
		sum -= unit
	}
	v.lo = sum
	return v
}

// minus returns v and some parts less, fewer than an integer has.
func (v Value) minus(parts uint64) Value {
	if v.lo < parts {
		v.hi--
		v.lo += unit - parts
		return v
	}
	v.lo -= parts
	return v
}

// decimal returns the number as a float, for all but the last few bits.
func (v Value) decimal() float64 { return float64(v.hi) + float64(v.lo)/unit }

// widened covers v and all that is as near to it as slack, which is less than
// [maxDecimal].
func (v Value) widened(slack float64) span {
	whole, fraction := math.Modf(slack)
	parts := min(uint64(fraction*unit), unit-1)
	lo, hi := v.minus(parts), v.plus(parts)
	lo.hi -= int64(whole)
	hi.hi += int64(whole)
	return span{lo: lo, hi: hi}
}

// asDecimal covers the Decimals that a database may hold for equal to v, which
// is the value of an argument.
//
// An integer is compared as it is. MySQL compares all else as a double, so that
// each is equal to whatever has that double for its nearest. A number that fits
// into a float32 may have been one, which a driver may write with as few digits
// as tell it from its neighbours.
func (v Value) asDecimal(argument driver.Value) span {
	var share float64
	switch argument := argument.(type) {
	case int64, uint64:
		return span{lo: v, hi: v}
	case float64:
		share = 1. / (1 << 50)
		if float64(float32(argument)) == argument {
			share = 1. / (1 << 22)
		}
	default:
		share = 1. / (1 << 50)
	}
	return v.widened(math.Abs(v.decimal())*share + 2/unit)
}

// rounded covers what a column may hold after v, the value of an argument, was
// written to it, if it surely keeps as many digits after the point as scale
// says. Only a float may lose digits on its way there.
func (v Value) rounded(argument driver.Value, scale int) Set {
	s := span{lo: v, hi: v}
	if _, ok := argument.(float64); ok {
		s = v.asDecimal(argument)
	}
	if scale >= unitDigits || v.lo%pow10(unitDigits-max(scale, 0)) == 0 {
		return s.set() // no digit is lost
	}
	half := pow10(unitDigits-max(scale, 0)) / 2
	return spanSet(false, span{lo: s.lo.minus(half), hi: s.hi.plus(half)})
}

// pow10 returns 10 to the power n, up to [unitDigits].
func pow10(n int) uint64 {
	p := uint64(1)
	for range n {
		p *= 10
	}
	return p
}

// decimalString writes a Decimal.
func decimalString(v Value) string {
	sign := ""
	if v.hi < 0 {
		sign, v = "-", v.negative()
	}
	s := sign + strconv.FormatInt(v.hi, 10)
	if v.lo > 0 {
		digits := strconv.FormatUint(v.lo, 10)
		s += "." + strings.TrimRight(strings.Repeat("0", unitDigits-len(digits))+digits, "0")
	}
	return s
}
