package table

import (
	"math"
	"strconv"
)

// The powers of ten that a float64 holds exactly.
var powersOfTen = [...]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

// ParseNumber reads a decimal number: digits with an optional sign, point and
// exponent, as in -0.5 or 1e3. It gives the bits that [strconv.ParseFloat]
// gives, but takes neither hexadecimal digits, underscores, infinities nor
// NaN; ok is false for those and for numbers that overflow.
//
// A number of at most 15 digits is a quotient of two integers that a float64
// holds exactly, and IEEE division rounds it correctly: W. D. Clinger, "How to
// read floating point numbers accurately", PLDI 1990. All others go to strconv.
func ParseNumber[T string | []byte](text T) (v float64, ok bool) {
	i := 0
	negative := false
	if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		negative = text[0] == '-'
		i = 1
	}
	first := i
	var mantissa uint64
	for i < len(text) && text[i]-'0' <= 9 {
		mantissa = 10*mantissa + uint64(text[i]-'0')
		i++
	}
	digits, fraction := i-first, 0
	if i < len(text) && text[i] == '.' {
		i++
		point := i
		for i < len(text) && text[i]-'0' <= 9 {
			mantissa = 10*mantissa + uint64(text[i]-'0')
			i++
		}
		fraction = i - point
		digits += fraction
	}
	if i != len(text) || digits == 0 || digits > 15 {
		return parseNumberSlow(string(text))
	}
	v = float64(mantissa) / powersOfTen[fraction]
	if negative {
		v = -v
	}
	return v, true
}

func parseNumberSlow(text string) (float64, bool) {
	for i := range len(text) {
		switch c := text[i]; {
		case c >= '0' && c <= '9', c == '.', c == '-', c == '+', c == 'e', c == 'E':
		default:
			return Missing, false
		}
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(v, 0) {
		return Missing, false
	}
	return v, true
}
