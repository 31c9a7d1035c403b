package chart

import (
	"math"
	"strconv"
	"strings"
)

// Number writes v with that many decimals as the language ("en", "es") writes
// numbers: a real minus sign, 12,480.5 in English and 12 480,5 in Spanish
// (narrow no-break space, from five digits on). What is not finite is "–".
// It is exported so that the text around a chart writes numbers alike.
func Number(v float64, decimals int, language string) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "–"
	}
	text := strconv.FormatFloat(math.Abs(v), 'f', decimals, 64)
	whole, fraction, _ := strings.Cut(text, ".")
	point, comma, from := ".", ",", 4
	if language == "es" {
		point, comma, from = ",", "\u202f", 5
	}
	var b strings.Builder
	if v < 0 && strings.Trim(text, "0.") != "" {
		b.WriteString("−")
	}
	for i := range len(whole) {
		if left := len(whole) - i; i > 0 && left%3 == 0 && len(whole) >= from {
			b.WriteString(comma)
		}
		b.WriteByte(whole[i])
	}
	if fraction != "" {
		b.WriteString(point + fraction)
	}
	return b.String()
}

// Short writes v in few characters: thousands of thousands as k, M, G, T, and
// three significant digits of what is not whole.
func Short(v float64, language string) string {
	a := math.Abs(v)
	switch {
	case !finite(v):
		return Number(math.NaN(), 0, language)
	case a >= 1e15 || a > 0 && a < 1e-4:
		return strings.Replace(strconv.FormatFloat(v, 'g', 3, 64), "-", "−", 1)
	case a >= 1e5:
		for _, p := range []struct {
			from   float64
			suffix string
		}{{1e12, " T"}, {1e9, " G"}, {1e6, " M"}, {1e3, " k"}} {
			if a >= p.from {
				return trim(Number(v/p.from, 1, language)) + p.suffix
			}
		}
	case v == math.Trunc(v):
		return Number(v, 0, language)
	}
	return Number(v, max(0, 2-int(math.Floor(math.Log10(a)))), language)
}

// trim takes a decimal zero away.
func trim(s string) string {
	return strings.TrimSuffix(strings.TrimSuffix(s, ".0"), ",0")
}
