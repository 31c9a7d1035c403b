package tree

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestBinsKeepOrderAndShareRows(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 2, 254, 255, 256, 257, 511, 10_000, sampleSize + 1, 2*sampleSize + 77} {
		for name, draw := range map[string]func() float64{
			"distinct": random.Float64,
			"few":      func() float64 { return float64(random.IntN(20)) },
			"skewed":   func() float64 { return math.Floor(math.Exp(8 * random.NormFloat64())) },
			"heavy":    func() float64 { return max(0, math.Round(1000*random.NormFloat64())) },
			"extreme": func() float64 {
				return []float64{-math.MaxFloat64, -5e-324, 0, 5e-324, math.MaxFloat64}[random.IntN(5)]
			},
			"holes": func() float64 {
				if random.IntN(3) == 0 {
					return math.NaN()
				}
				return random.NormFloat64()
			},
		} {
			values := make([]float64, n)
			distinct, known := map[float64]bool{}, 0
			for i := range values {
				if values[i] = draw(); !math.IsNaN(values[i]) {
					distinct[values[i]] = true
					known++
				}
			}
			c := cutNumbers(values)
			exact := len(distinct) <= maxBins && known <= sampleSize
			if len(c.low) != len(c.high) || len(c.low) > min(maxBins, len(distinct)) || (exact && len(c.low) != len(distinct)) {
				t.Fatalf("%d %s: %d bins of %d values", n, name, len(c.low), len(distinct))
			}
			rows := make([]int, 256)
			for i, b := range c.assign(values) {
				rows[b]++
				if math.IsNaN(values[i]) != (b == missing) {
					t.Fatalf("%d %s: %v is in bin %d", n, name, values[i], b)
				}
				if b != missing && !(c.low[b] <= values[i] && values[i] <= c.high[b]) {
					t.Fatalf("%d %s: %v is in bin %d, from %v to %v", n, name, values[i], b, c.low[b], c.high[b])
				}
			}
			for b := 1; b < len(c.low); b++ {
				if at := c.threshold(uint8(b-1), uint8(b)); !(c.high[b-1] <= at && at < c.low[b]) {
					t.Errorf("%d %s: threshold %v between %v and %v", n, name, at, c.high[b-1], c.low[b])
				}
			}
			for b := range c.low {
				if c.low[b] != c.high[b] && rows[b] > 2*known/maxBins+2 {
					t.Errorf("%d %s: bin %d of several values has %d of %d rows", n, name, b, rows[b], known)
				}
			}
		}
	}
}
