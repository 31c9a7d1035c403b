package boost

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/table"
)

// TestBesideLightGBM compares with testdata/lightgbm.json, which golden.py
// made from the same rows: numbers and a category, interactions, missing values.
func TestBesideLightGBM(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/lightgbm.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Made    [][]*float64
		Results map[string]struct {
			AUC     float64
			LogLoss float64 `json:"log_loss"`
		}
	}
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	const rows, learnt = 6000, 4000
	uniform := func(state uint64) float64 { // splitmix64
		z := state * 0x9e3779b97f4a7c15
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		return float64((z^z>>31)>>11) / (1 << 53)
	}
	var x [6][]float64
	codes, y := make([]int32, rows), make([]bool, rows)
	for i := range rows {
		var u [8]float64
		for k := range u {
			u[k] = uniform(uint64(i*8 + k + 1))
		}
		a, b, c, d := u[0]*4-2, math.Floor(u[1]*12), u[2]*u[2], math.Floor(u[3]*20)
		sign := -1.0
		if b > 7 {
			sign = 1
		}
		z := a + sign*a*a/2 + (c-0.3)*3 + (math.Mod(d*7, 20)-9.5)/5
		if u[6] < 0.15 {
			a = math.NaN()
			z++
		}
		for j, v := range []float64{a, b, c, d, u[4], u[5]} {
			x[j] = append(x[j], v)
		}
		codes[i], y[i] = int32(d), u[7] < 1/(1+math.Exp(-z))
	}
	for k, row := range golden.Made {
		for j, want := range row {
			if got := x[j][k+1]; want == nil && !math.IsNaN(got) || want != nil && got != *want {
				t.Fatalf("row %d, column %d is %v here, not as in Python", k+1, j, got)
			}
		}
	}
	columns := make([]*table.Column, len(x))
	for j := range x {
		columns[j] = table.Numbers(string(rune('a'+j)), x[j])
	}
	part := make([]int, rows)
	for i := range part {
		part[i] = i
	}
	for name, want := range golden.Results {
		if name == "categories" {
			columns[3] = table.Categories("d", codes, make([]string, 20))
		} else {
			columns[3] = table.Numbers("d", x[3])
		}
		all := table.New(columns...)
		m := fitted(t, Default(), learn.Train{X: all.Take(part[:learnt]), Y: y[:learnt]})
		s := learn.Evaluate(y[learnt:], m.Probabilities(nil, all.Take(part[learnt:])), 0.5)
		if math.Abs(s.ROCAUC-want.AUC) > 0.005 || s.LogLoss > want.LogLoss+0.01 {
			t.Errorf("%s: AUC %.4f, log loss %.4f; LightGBM has %.4f, %.4f", name, s.ROCAUC, s.LogLoss, want.AUC, want.LogLoss)
		} else {
			t.Logf("%s: AUC %.4f, log loss %.4f; LightGBM has %.4f, %.4f", name, s.ROCAUC, s.LogLoss, want.AUC, want.LogLoss)
		}
	}
}
