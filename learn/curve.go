package learn

import (
	"fmt"
	"math"
	"slices"
)

// Point is one point of a curve: what comes of saying yes from Threshold on.
type Point struct {
	X         float64
	Y         float64
	Threshold float64 // +Inf for the answer that is always no
}

// Curve is a curve for a picture, from left to right.
type Curve struct {
	Points []Point
	Of     int // how many points there were before thinning
}

// ROC is the receiver operating characteristic: share of negatives (X) and of
// positives (Y) that are called positive, from (0, 0) to (1, 1). At most bound
// points are kept, evenly along the curve, both ends always; 0 keeps all. A
// class that is missing leaves no curve.
func ROC(y []bool, p []float64, bound int) Curve {
	steps := rankSteps(y, p)
	if len(steps) == 0 {
		return Curve{}
	}
	last := steps[len(steps)-1]
	if last.tp == 0 || last.fp == 0 {
		return Curve{}
	}
	points := []Point{{0, 0, math.Inf(1)}}
	for _, s := range steps {
		points = append(points, Point{ratio(s.fp, last.fp), ratio(s.tp, last.tp), s.threshold})
	}
	return thin(points, bound)
}

// PrecisionRecall is precision (Y) against recall (X), from the highest
// threshold to the lowest. It begins at (0, 1) by convention. Thinned as ROC; no
// positives leave no curve.
func PrecisionRecall(y []bool, p []float64, bound int) Curve {
	steps := rankSteps(y, p)
	if len(steps) == 0 {
		return Curve{}
	}
	positives := steps[len(steps)-1].tp
	if positives == 0 {
		return Curve{}
	}
	points := []Point{{0, 1, math.Inf(1)}}
	for _, s := range steps {
		points = append(points, Point{ratio(s.tp, positives), ratio(s.tp, s.tp+s.fp), s.threshold})
	}
	return thin(points, bound)
}

// BestThreshold is the threshold that maximises F1, one of the probabilities,
// and that F1. Of several that are equally good it is the highest, which says
// yes least often. Without positives F1 has no maximum worth the name: both are
// NaN.
func BestThreshold(y []bool, p []float64) (threshold, f1 float64) {
	steps := rankSteps(y, p)
	if len(steps) == 0 || steps[len(steps)-1].tp == 0 {
		return math.NaN(), math.NaN()
	}
	positives := steps[len(steps)-1].tp
	f1 = -1
	for _, s := range steps {
		// 2 TP + FP + FN is yes answers plus positives
		if f := ratio(2*s.tp, s.tp+s.fp+positives); f > f1 {
			threshold, f1 = s.threshold, f
		}
	}
	return threshold, f1
}

// step is the count of positives and negatives from threshold on.
type step struct {
	threshold float64
	tp, fp    int
}

// rankSteps are the steps at each distinct probability, falling. A probability
// that is NaN or outside 0 to 1 leaves none.
func rankSteps(y []bool, p []float64) []step {
	if len(p) != len(y) {
		panic(fmt.Sprintf("learn: %d probabilities for %d labels", len(p), len(y)))
	}
	order := make([]step, len(p))
	for i, v := range p {
		if !(v >= 0 && v <= 1) {
			return nil
		}
		order[i].threshold = v
		if y[i] {
			order[i].tp = 1
		} else {
			order[i].fp = 1
		}
	}
	slices.SortFunc(order, func(a, b step) int {
		switch {
		case a.threshold > b.threshold:
			return -1
		case a.threshold < b.threshold:
			return 1
		default:
			return 0
		}
	})
	var steps []step
	var seen step
	for i, s := range order {
		seen = step{s.threshold, seen.tp + s.tp, seen.fp + s.fp}
		if i+1 == len(order) || order[i+1].threshold != s.threshold {
			steps = append(steps, seen)
		}
	}
	return steps
}

// thin keeps at most bound points at even distances along the curve, measured
// as |dx| + |dy|, and both ends.
func thin(points []Point, bound int) Curve {
	all := len(points)
	if bound <= 0 || all <= bound {
		return Curve{points, all}
	}
	bound = max(bound, 2)
	along := make([]float64, all)
	for i := 1; i < all; i++ {
		along[i] = along[i-1] + math.Abs(points[i].X-points[i-1].X) + math.Abs(points[i].Y-points[i-1].Y)
	}
	kept := make([]Point, 0, bound)
	for i, pt := range points[:all-1] {
		if along[i] >= float64(len(kept))*along[all-1]/float64(bound-1) && len(kept) < bound-1 {
			kept = append(kept, pt)
		}
	}
	return Curve{append(kept, points[all-1]), all}
}

// ReliabilityBins is the number of bins of equal width from 0 to 1 in which
// probabilities are compared with outcomes. A probability on an edge belongs to
// the upper bin, 1 to the last.
const ReliabilityBins = 15

// Bin is one bin of a reliability picture.
type Bin struct {
	From, To float64 // probabilities
	Rows     int
	Mean     float64 // of the probabilities; NaN without rows
	Share    float64 // of positives; NaN without rows
}

func reliabilityBin(p float64) int { return min(int(p*ReliabilityBins), ReliabilityBins-1) }

// Reliability compares probabilities with outcomes in [ReliabilityBins] bins.
// Rows whose probability is NaN or outside 0 to 1 leave no bins at all.
func Reliability(y []bool, p []float64) []Bin {
	if len(p) != len(y) {
		panic(fmt.Sprintf("learn: %d probabilities for %d labels", len(p), len(y)))
	}
	bins := make([]Bin, ReliabilityBins)
	for i, v := range p {
		if !(v >= 0 && v <= 1) {
			return nil
		}
		b := &bins[reliabilityBin(v)]
		b.Rows++
		b.Mean += v
		if y[i] {
			b.Share++
		}
	}
	for i := range bins {
		b := &bins[i]
		b.From, b.To = float64(i)/ReliabilityBins, float64(i+1)/ReliabilityBins
		b.Mean /= float64(b.Rows)
		b.Share /= float64(b.Rows)
	}
	return bins
}
