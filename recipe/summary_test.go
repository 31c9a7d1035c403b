package recipe

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/pluvia-ml/pluvia/table"
)

var sizes = []int{1, 2, 3, 4, 5, 7, 8, 9, 63, 64, 65, 511, 512, 513, 1023, 2000, 5000}

// values are n numbers of some repetition, with a NaN, and zeros of
// both signs among them, at least one of them not NaN.
func values(r *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		switch r.IntN(12) {
		case 0:
			x[i] = math.NaN()
		case 1:
			x[i] = math.Copysign(0, -1)
		case 2:
			x[i] = 0
		case 3:
			x[i] = r.NormFloat64() * 1e6
		default:
			x[i] = float64(r.IntN(300)) / 10
		}
	}
	x[r.IntN(n)] = 1
	return x
}

func TestQuantilesAgreeWithSorting(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range sizes {
		x := values(r, n)
		var sorted []float64
		for _, v := range x {
			if v == v {
				sorted = append(sorted, v)
			}
		}
		slices.Sort(sorted)
		whole := newTally()
		whole.add(x)
		merged, rest := newTally(), newTally()
		merged.add(x[:n/3])
		rest.add(x[n/3:])
		merged.merge(rest)
		for _, q := range []float64{0, 0.1, 0.25, 0.5, 0.75, 0.9, 1} {
			want := table.Quantile(sorted, q)
			for _, counted := range []*tally{whole, merged} {
				if got := quantile(counted.sorted(), q); got != want {
					t.Errorf("n %d, q %v: %v, sorting gives %v", n, q, got, want)
				}
			}
		}
		if got, want := median(whole.sorted()), table.Median(sorted); got != want {
			t.Errorf("n %d: median %v, sorting gives %v", n, got, want)
		}
	}
}

func TestMomentsAgreeWithExactSums(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for _, n := range sizes {
		for _, shift := range []float64{0, 1013, 1e8} {
			x := values(r, n)
			for i := range x {
				x[i] += shift
			}
			mean, variance := exactMoments(x)
			m := momentsOf(x)
			if math.Abs(m.mean-mean) > 1e-14*(math.Abs(mean)+math.Sqrt(variance)) {
				t.Errorf("n %d, shift %v: mean %v, exactly %v", n, shift, m.mean, mean)
			}
			if !near(m.m2/m.n, variance, 1e-11) && variance > 0 {
				t.Errorf("n %d, shift %v: variance %v, exactly %v", n, shift, m.m2/m.n, variance)
			}
			parts := momentsOf(x[:n/3]).merge(momentsOf(x[n/3:]))
			// Two means are known to an ulp each, so their distance is to as much of the deviation.
			if ulps := math.Abs(mean) / math.Sqrt(variance); parts.n != m.n || math.Abs(parts.mean-m.mean) > 1e-14*(math.Abs(mean)+math.Sqrt(variance)) || variance > 0 && !near(parts.m2, m.m2, 1e-12+1e-15*ulps) {
				t.Errorf("n %d, shift %v: merged %+v, whole %+v", n, shift, parts, m)
			}
		}
	}
}

// Numbers that are large beside their spread: without the second pass over what
// the rounded mean leaves over, the variance is off by one part in a thousand.
func TestMomentsFarFromZero(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	for range 20 {
		x := make([]float64, chunkRows)
		for i := range x {
			x[i] = 1e13 + float64(r.IntN(8))/8
		}
		mean, variance := exactMoments(x)
		m := momentsOf(x)
		if ulp := math.Nextafter(mean, math.Inf(1)) - mean; math.Abs(m.mean-mean) > ulp {
			t.Errorf("mean is %v ulps from %v", math.Abs(m.mean-mean)/ulp, mean)
		}
		if !near(m.m2/m.n, variance, 1e-12) {
			t.Errorf("variance %v, exactly %v", m.m2/m.n, variance)
		}
	}
}

// exactMoments is the mean and the population variance by 400-bit sums.
func exactMoments(x []float64) (mean, variance float64) {
	exact := func(v float64) *big.Float { return new(big.Float).SetPrec(400).SetFloat64(v) }
	sum, n := exact(0), 0.0
	for _, v := range x {
		if v == v {
			sum.Add(sum, exact(v))
			n++
		}
	}
	sum.Quo(sum, exact(n))
	squares := exact(0)
	for _, v := range x {
		if v == v {
			d := exact(v)
			d.Sub(d, sum)
			squares.Add(squares, d.Mul(d, d))
		}
	}
	mean, _ = sum.Float64()
	variance, _ = squares.Quo(squares, exact(n)).Float64()
	return mean, variance
}

func TestDeviationOfConstants(t *testing.T) {
	t.Parallel()
	for _, constant := range []float64{0, 0.1, -7.3, 1e-300, 1e12, 1013.25} {
		for _, n := range sizes {
			if d := momentsOf(slices.Repeat([]float64{constant}, n)).deviation(); d != 1 {
				t.Errorf("%d times %v: deviation %v, want 1", n, constant, d)
			}
		}
	}
}

func TestSincos(t *testing.T) {
	t.Parallel()
	for i := range 16 {
		x := float64(i) * 22.5 * (math.Pi / 180)
		s, c := sincos(x)
		if wantS, wantC := math.Sincos(x); math.Abs(s-wantS) > 5e-16 || math.Abs(c-wantC) > 5e-16 {
			t.Errorf("%v: %v and %v, package math has %v and %v", x, s, c, wantS, wantC)
		}
	}
	// NumPy 2.4: np.sin(np.pi), np.cos(np.pi/2), np.cos(3*np.pi/2)
	for _, known := range []struct{ got, want float64 }{
		{first(sincos(math.Pi)), 1.2246467991473532e-16},
		{second(sincos(math.Pi / 2)), 6.123233995736766e-17},
		{second(sincos(3 * math.Pi / 2)), -1.8369701987210297e-16},
	} {
		if known.got != known.want {
			t.Errorf("%v beside a zero, want %v", known.got, known.want)
		}
	}
}

func first(a, _ float64) float64  { return a }
func second(_, b float64) float64 { return b }
