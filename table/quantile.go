package table

import "math"

// Quantile is the q-quantile, from 0 to 1, of values in ascending order, which
// must have no NaN among them. Between two values it interpolates linearly,
// with the very bits of NumPy's default method (Hyndman and Fan's number 7;
// numpy/lib/_function_base_impl.py, _lerp) and so of pandas. It is NaN when
// there are no values.
func Quantile(sorted []float64, q float64) float64 {
	return quantile(len(sorted), q, func(i int) float64 { return sorted[i] })
}

// Median is the middle of values in ascending order, or the mean of the two in
// the middle, as NumPy and pandas have it; its last bit may differ from that of
// Quantile. It is NaN when there are no values.
func Median(sorted []float64) float64 {
	n := len(sorted)
	switch {
	case n == 0:
		return Missing
	case n%2 == 1:
		return sorted[n/2]
	default:
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
}

func quantile(n int, q float64, at func(i int) float64) float64 {
	if n == 0 || q != q {
		return Missing
	}
	virtual := float64(n-1) * q
	switch {
	case virtual <= 0:
		return at(0)
	case virtual >= float64(n-1):
		return at(n - 1)
	}
	low := math.Floor(virtual)
	a, b := at(int(low)), at(int(low)+1)
	t := virtual - low
	if math.IsInf(b-a, 0) { // where NumPy gives an infinity or NaN
		return a*(1-t) + b*t
	}
	// The conversions keep a compiler from fusing a multiplication with an
	// addition, which would round once where NumPy rounds twice.
	if t >= 0.5 {
		return b - float64((b-a)*(1-t))
	}
	return a + float64((b-a)*t)
}
