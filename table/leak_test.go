package table

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// accuracyByTrying is the best balanced accuracy of any interval or its
// complement, with missing values counted as either, by trying all of them.
func accuracyByTrying(values []float64, y []bool) float64 {
	var edges []float64
	for _, v := range values {
		if v == v {
			edges = append(edges, v)
		}
	}
	edges = append(edges, math.Inf(1))
	best := 0.0
	for _, low := range edges {
		for _, high := range edges {
			for rule := range 4 {
				var right, all [2]float64
				for i, v := range values {
					says := (v >= low && v <= high) != (rule&1 > 0)
					if v != v {
						says = rule&2 > 0
					}
					class := 0
					if y[i] {
						class = 1
					}
					all[class]++
					if says == y[i] {
						right[class]++
					}
				}
				best = max(best, (right[0]/all[0]+right[1]/all[1])/2)
			}
		}
	}
	return best
}

func TestIntervalIsTheBest(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 3))
	for range 300 {
		n := 2 + rng.IntN(25)
		values, y := make([]float64, n), make([]bool, n)
		for i := range values {
			values[i], y[i] = float64(rng.IntN(8)), rng.IntN(2) == 0
			if rng.IntN(5) == 0 {
				values[i] = Missing
			}
		}
		y[0], y[1] = true, false
		positives := 0
		for _, v := range y {
			if v {
				positives++
			}
		}
		groups, missing := tally(values, y)
		got, rule := gains{float64(positives), float64(n - positives)}.interval(Numbers("", values), groups, missing)
		if want := accuracyByTrying(values, y); math.Abs(got-want) > 1e-12 {
			t.Fatalf("%v %v: %v (%s), want %v", values, y, got, rule, want)
		}
	}
}

func TestLeaks(t *testing.T) {
	t.Parallel()
	const n = 5000
	rng := rand.New(rand.NewPCG(9, 9))
	y := make([]bool, n)
	amount, noisy, band, gap := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	id, code, free := make([]int32, n), make([]int32, n), make([]int32, n)
	day, dayOff := make([]Day, n), make([]Day, n)
	names := make([]string, n)
	for i := range n {
		amount[i] = rng.ExpFloat64()
		y[i] = amount[i] > 1
		noisy[i] = amount[i] + rng.NormFloat64()/5
		band[i] = 10 + rng.Float64()
		day[i] = Day(i)
		code[i] = int32(rng.IntN(3))
		free[i] = int32(rng.IntN(3))
		gap[i] = rng.Float64()
		if y[i] {
			band[i] = []float64{-50, 50}[i%2] // outside of an interval
			code[i] = 3 + int32(rng.IntN(2))
			gap[i] = Missing // missing tells
			dayOff[i] = 1_000
		}
		id[i], names[i] = int32(i), string(rune('a'+i%26))+string(rune(0x4e00+i))
	}
	table := New(
		Numbers("amount", amount), Numbers("noisy", noisy), Numbers("band", band), Numbers("gap", gap),
		Categories("id", id, names), Categories("code", code, []string{"a", "b", "c", "d", "e"}), Categories("free", free, []string{"a", "b", "c"}),
		Dates("day", day), Dates("dayOff", dayOff), Numbers("empty", slices.Repeat([]float64{Missing}, n)),
	)
	leaks := Leaks(table, y, append(table.Names(), "nobody"))
	var found []string
	for _, l := range leaks {
		found = append(found, l.Column)
		if l.Accuracy < LeakAccuracy || l.Accuracy > 1+1e-12 {
			t.Errorf("%v", l)
		}
	}
	if !slices.IsSortedFunc(leaks, func(a, b Leak) int { return cmp.Compare(b.Accuracy, a.Accuracy) }) {
		t.Error("the surest comes first")
	}
	slices.Sort(found)
	if want := []string{"amount", "band", "code", "dayOff", "gap"}; !slices.Equal(found, want) {
		t.Errorf("found %q, want %q", found, want)
	}
	if few := Leaks(table.Take([]int{0, 1, 2, 3}), y[:4], table.Names()); few != nil {
		t.Errorf("four rows prove nothing: %v", few)
	}
}
