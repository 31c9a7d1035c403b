package table

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// TestQuantile compares with NumPy and pandas, bit for bit; testdata/quantile.py made the goldens.
func TestQuantile(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/quantile.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Cases []struct {
			Values, Q, Quantiles []float64
			Median               float64
		}
	}
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden.Cases) < 30 {
		t.Fatalf("only %d cases", len(golden.Cases))
	}
	for _, c := range golden.Cases {
		groups, _ := tally(c.Values, nil)
		counted := groupQuantiles(groups, len(c.Values), c.Q...)
		for i, q := range c.Q {
			if got := Quantile(c.Values, q); got != c.Quantiles[i] {
				t.Errorf("%d values, q %v: %v, want %v", len(c.Values), q, got, c.Quantiles[i])
			}
			if counted[i] != c.Quantiles[i] {
				t.Errorf("%d values, counted, q %v: %v, want %v", len(c.Values), q, counted[i], c.Quantiles[i])
			}
		}
		if got := Median(c.Values); got != c.Median {
			t.Errorf("%d values: median %v, want %v", len(c.Values), got, c.Median)
		}
	}
	if !math.IsNaN(Quantile(nil, 0.5)) || !math.IsNaN(Median(nil)) {
		t.Error("no values must have no quantile")
	}
}
