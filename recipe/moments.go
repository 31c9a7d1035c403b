package recipe

import "math"

// moments is a mergeable summary of numbers that are not missing: count, mean, and sum of squared
// differences from the mean.
type moments struct{ n, mean, m2 float64 }

// momentsOf summarises x. It sums chunks of fixed size in two passes each and merges
// them in order, so that rounding errors grow with the chunk and not with x,
// and the bits depend on x alone.
func momentsOf(x []float64) moments {
	var all moments
	for lo := 0; lo < len(x); lo += chunkRows {
		all = all.merge(chunkMoments(x[lo:min(lo+chunkRows, len(x))]))
	}
	return all
}

func chunkMoments(x []float64) (m moments) {
	sum := 0.0
	for _, v := range x {
		if v == v {
			sum += v
			m.n++
		}
	}
	if m.n == 0 {
		return m
	}
	m.mean = sum / m.n
	rest := 0.0 // what the rounded mean has left over
	for _, v := range x {
		if v == v {
			d := v - m.mean
			rest += d
			m.m2 += float64(d * d)
		}
	}
	m.mean += rest / m.n
	m.m2 -= float64(rest*rest) / m.n
	return m
}

// merge is the summary of both parts together (Chan, Golub and LeVeque 1983).
func (m moments) merge(o moments) moments {
	if m.n == 0 {
		return o
	}
	if o.n == 0 {
		return m
	}
	n, d := m.n+o.n, o.mean-m.mean
	return moments{
		n:    n,
		mean: m.mean + float64(d*(o.n/n)),
		m2:   m.m2 + o.m2 + float64(d*d)*(float64(m.n*o.n)/n),
	}
}

// deviation is the population standard deviation, and 1 for numbers that
// differ by no more than rounding, so that dividing by it changes nothing. The limit is
// scikit-learn's (StandardScaler, _is_constant_feature).
func (m moments) deviation() float64 {
	const eps = 0x1p-52
	variance := m.m2 / m.n
	limit := m.n * m.mean * eps
	if variance <= m.n*eps*variance+float64(limit*limit) && !math.IsInf(variance, 1) {
		return 1
	}
	return math.Sqrt(variance)
}
