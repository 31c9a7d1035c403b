package learn

import (
	"fmt"
	"math"
	"slices"
)

// Scores are all the metrics of one set of probabilities. A metric that the
// rows do not define is NaN, never a convenient number; no rows leave all of
// them undefined, and so does a probability that is NaN or outside 0 to 1.
//
// NaN has no form in JSON: Values leaves the undefined ones out.
type Scores struct {
	Confusion Confusion
	Threshold float64 // from which probability on the answer was taken as positive

	Accuracy  float64 // share of right answers
	Precision float64 // share of positives among positive answers; undefined without such answers
	Recall    float64 // share of positive answers among positives; undefined without positives
	F1        float64 // 2 TP / (2 TP + FP + FN); undefined without positives and positive answers

	// ROCAUC is the probability that a positive is ranked before a negative,
	// ties counting one half. Undefined unless both classes are there.
	ROCAUC float64
	// AveragePrecision is the sum of precision times the step in recall over
	// the thresholds, without interpolation. Undefined without positives.
	AveragePrecision float64
	// LogLoss is the mean of -ln of the probability given to what came true,
	// probabilities clipped to [eps, 1-eps], eps = 2^-52.
	LogLoss float64
	// Brier is the mean squared difference between probability and outcome.
	Brier float64
	// ECE is the expected calibration error over [ReliabilityBins] bins of equal
	// width: the mean, weighted by rows, of |share of positives - mean
	// probability| in a bin.
	ECE float64
}

// Values are the scores that are defined, by the name of the metric.
func (s Scores) Values() map[string]float64 {
	values := make(map[string]float64, len(Metrics))
	for _, m := range Metrics {
		if v := m.Of(s); !math.IsNaN(v) {
			values[m.Name] = v
		}
	}
	return values
}

// Confusion counts answers by what was said and what came true.
type Confusion struct {
	TP int `json:"tp"` // said positive, was positive
	FP int `json:"fp"` // said positive, was negative
	FN int `json:"fn"` // said negative, was positive
	TN int `json:"tn"` // said negative, was negative
}

// Evaluate computes every metric of the probabilities p of the positive class
// against the labels y. From threshold on an answer is positive. It panics if
// y and p differ in length.
func Evaluate(y []bool, p []float64, threshold float64) Scores {
	return newSheet(y, Predictions{p, threshold}, make([]int, len(y)), 1).scores([]uint32{1})
}

// Predictions are what one model says of some rows: the probability of the
// positive class of each, and from which probability on that is a yes.
type Predictions struct {
	P         []float64
	Threshold float64
}

const logEps = 0x1p-52 // of float64, as scikit-learn clips

// sheet is the predictions of a model prepared so that the scores of the rows
// can be taken again and again, each time with another weight for each group of
// rows: what only adds up is summed by group, and what needs the ranking is
// kept as the ranking.
type sheet struct {
	threshold float64
	defined   bool
	ranked    []rankedRow // by falling probability
	groups    []groupSums
}

// rankedRow is group<<2 | last of its tie<<1 | positive.
type rankedRow uint32

// groupSums is what of the rows of a group only needs to be added up.
type groupSums struct {
	confusion      Confusion
	logLoss, brier float64
	gap            [ReliabilityBins]float64 // sum of outcome - probability, by bin
}

// newSheet ranks the rows. The group of each row is from 0 to groups-1.
func newSheet(y []bool, by Predictions, group []int, groups int) *sheet {
	p := by.P
	if len(p) != len(y) {
		panic(fmt.Sprintf("learn: %d probabilities for %d labels", len(p), len(y)))
	}
	s := &sheet{threshold: by.Threshold, defined: len(y) > 0, groups: make([]groupSums, groups)}
	type entry struct {
		p   float64
		row int32
	}
	order := make([]entry, len(p))
	for i, v := range p {
		order[i] = entry{v, int32(i)}
		if !(v >= 0 && v <= 1) {
			s.defined = false
			continue
		}
		s.groups[group[i]].add(y[i], v, by.Threshold)
	}
	if !s.defined {
		return s
	}
	slices.SortFunc(order, func(a, b entry) int {
		switch {
		case a.p > b.p:
			return -1
		case a.p < b.p:
			return 1
		default:
			return 0
		}
	})
	s.ranked = make([]rankedRow, len(order))
	for i, e := range order {
		r := rankedRow(group[e.row]) << 2
		if i+1 == len(order) || order[i+1].p != e.p {
			r |= 2
		}
		if y[e.row] {
			r |= 1
		}
		s.ranked[i] = r
	}
	return s
}

func (g *groupSums) add(y bool, p, threshold float64) {
	outcome, told := 0.0, 1-p
	if y {
		outcome, told = 1, p
	}
	switch yes := p >= threshold; {
	case yes && y:
		g.confusion.TP++
	case yes:
		g.confusion.FP++
	case y:
		g.confusion.FN++
	default:
		g.confusion.TN++
	}
	g.logLoss -= math.Log(min(max(told, logEps), 1-logEps))
	g.brier += (outcome - p) * (outcome - p)
	g.gap[reliabilityBin(p)] += outcome - p
}

// scores are the scores of the rows when each counts as often as weights says
// of its group.
func (s *sheet) scores(weights []uint32) Scores {
	out := Scores{Threshold: s.threshold}
	if !s.defined {
		for _, m := range Metrics {
			*m.field(&out) = math.NaN()
		}
		return out
	}
	var logLoss, brier float64
	var gap [ReliabilityBins]float64
	for g := range s.groups {
		if weights[g] == 0 {
			continue
		}
		sums, n, w := &s.groups[g], int(weights[g]), float64(weights[g])
		out.Confusion.TP += n * sums.confusion.TP
		out.Confusion.FP += n * sums.confusion.FP
		out.Confusion.FN += n * sums.confusion.FN
		out.Confusion.TN += n * sums.confusion.TN
		logLoss += float64(w * sums.logLoss)
		brier += float64(w * sums.brier)
		for b := range gap {
			gap[b] += float64(w * sums.gap[b])
		}
	}
	c := out.Confusion
	rows := c.TP + c.FP + c.FN + c.TN
	out.Accuracy = ratio(c.TP+c.TN, rows)
	out.Precision = ratio(c.TP, c.TP+c.FP)
	out.Recall = ratio(c.TP, c.TP+c.FN)
	out.F1 = ratio(2*c.TP, 2*c.TP+c.FP+c.FN)
	out.LogLoss = logLoss / float64(rows)
	out.Brier = brier / float64(rows)
	for _, d := range gap {
		out.ECE += math.Abs(d)
	}
	out.ECE /= float64(rows)
	out.ROCAUC, out.AveragePrecision = s.ranking(weights)
	return out
}

// ranking walks down the ranking once. Positives and negatives seen so far are
// counted in one word, 32 bits each, so that a row costs one addition; the
// arithmetic of a threshold is done where a tie ends.
func (s *sheet) ranking(weights []uint32) (auc, averagePrecision float64) {
	counts := make([]uint64, 2*len(weights)) // what a row adds, by group and label
	for g, w := range weights {
		counts[2*g] = uint64(w)
		counts[2*g+1] = uint64(w) << 32
	}
	var seen, before uint64
	var twiceArea, precision float64
	for _, r := range s.ranked {
		seen += counts[r&1|r>>2<<1]
		if r&2 == 0 || seen == before {
			continue
		}
		tp, fp := seen>>32, seen&math.MaxUint32
		tpBefore, fpBefore := before>>32, before&math.MaxUint32
		twiceArea += float64((fp - fpBefore) * (tp + tpBefore))
		if tp != tpBefore {
			precision += float64(float64(tp-tpBefore) * float64(tp) / float64(tp+fp))
		}
		before = seen
	}
	positives, negatives := float64(seen>>32), float64(seen&math.MaxUint32)
	return twiceArea / (2 * positives * negatives), precision / positives
}

// ratio is a / b, NaN when b is 0.
func ratio(a, b int) float64 { return float64(a) / float64(b) }
