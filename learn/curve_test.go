package learn

import (
	"math"
	"testing"
)

func TestBestThresholdIsTheBestOfAll(t *testing.T) {
	t.Parallel()
	for _, steps := range []int{2, 9, 500} {
		y, p := sample(uint64(steps), 300, steps)
		threshold, f1 := BestThreshold(y, p)
		want, at := -1.0, 0.0
		for _, v := range p {
			if f := Evaluate(y, p, v).F1; f > want || (f == want && v > at) {
				want, at = f, v
			}
		}
		if threshold != at || f1 != want {
			t.Errorf("%d steps: %v with F1 %v, want %v with %v", steps, threshold, f1, at, want)
		}
	}
}

func TestBestThresholdTakesTheHighestOfEquals(t *testing.T) {
	t.Parallel()
	// From .9 on F1 is 2/3; from .4 on it is 2*2/(4+2), 2/3 again.
	y := []bool{true, false, false, true}
	p := []float64{.9, .6, .5, .4}
	if threshold, f1 := BestThreshold(y, p); threshold != .9 || f1 != 2./3 {
		t.Errorf("%v with F1 %v, want .9 with 2/3", threshold, f1)
	}
}

func TestCurvesAgreeWithTheScores(t *testing.T) {
	t.Parallel()
	y, p := sample(3, 2000, 300)
	scores := Evaluate(y, p, .5)
	area, roc := 0.0, ROC(y, p, 0).Points
	for i := 1; i < len(roc); i++ {
		area += (roc[i].X - roc[i-1].X) * (roc[i].Y + roc[i-1].Y) / 2
	}
	if !near(area, scores.ROCAUC, 1e-12) {
		t.Errorf("area under ROC %v, want %v", area, scores.ROCAUC)
	}
	steps, pr := 0.0, PrecisionRecall(y, p, 0).Points
	for i := 1; i < len(pr); i++ {
		steps += (pr[i].X - pr[i-1].X) * pr[i].Y
	}
	if !near(steps, scores.AveragePrecision, 1e-12) {
		t.Errorf("steps under precision-recall %v, want %v", steps, scores.AveragePrecision)
	}
	for _, pt := range pr[1:] {
		s := Evaluate(y, p, pt.Threshold)
		if s.Precision != pt.Y || s.Recall != pt.X {
			t.Fatalf("at %v: (%v, %v), want (%v, %v)", pt.Threshold, pt.X, pt.Y, s.Recall, s.Precision)
		}
	}
}

func TestCurvesAreThinned(t *testing.T) {
	t.Parallel()
	y, p := sample(4, 5000, 1<<40)
	whole := ROC(y, p, 0)
	for _, bound := range []int{1, 2, 3, 50, 200, 4999} {
		c := ROC(y, p, bound)
		if c.Of != len(whole.Points) || len(c.Points) > max(bound, 2) || len(c.Points) < min(bound, 100)*9/10 {
			t.Fatalf("bound %d: %d points of %d", bound, len(c.Points), c.Of)
		}
		if first, last := c.Points[0], c.Points[len(c.Points)-1]; first != whole.Points[0] || last != whole.Points[len(whole.Points)-1] {
			t.Errorf("bound %d: ends %v and %v", bound, first, last)
		}
		for i := 1; i < len(c.Points); i++ {
			gap := math.Abs(c.Points[i].X-c.Points[i-1].X) + math.Abs(c.Points[i].Y-c.Points[i-1].Y)
			if bound >= 50 && gap > 2.1/float64(bound-1)+.001 {
				t.Errorf("bound %d: a gap of %v", bound, gap)
			}
		}
	}
	one := make([]bool, 5)
	if c := ROC(one, make([]float64, 5), 10); c.Points != nil {
		t.Errorf("a ROC of one class: %v", c)
	}
	if c := PrecisionRecall(one, make([]float64, 5), 10); c.Points != nil {
		t.Errorf("a precision-recall curve without positives: %v", c)
	}
}

func TestReliabilityAddsUpToECE(t *testing.T) {
	t.Parallel()
	y, p := sample(5, 1000, 64)
	p[0], p[1] = 0, 1
	ece, rows := 0.0, 0
	for i, b := range Reliability(y, p) {
		if b.From != float64(i)/ReliabilityBins {
			t.Errorf("bin %d begins at %v", i, b.From)
		}
		rows += b.Rows
		if b.Rows > 0 {
			ece += float64(b.Rows) / 1000 * math.Abs(b.Share-b.Mean)
		}
	}
	if want := Evaluate(y, p, .5).ECE; rows != 1000 || !near(ece, want, 1e-13) {
		t.Errorf("ECE %v of %d rows, want %v of 1000", ece, rows, want)
	}
	if bins := Reliability([]bool{true}, []float64{math.NaN()}); bins != nil {
		t.Errorf("bins of NaN: %v", bins)
	}
}
