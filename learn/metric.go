package learn

import "math"

// Metric is one way to judge probabilities by what came true.
type Metric struct {
	Name    string // as in scikit-learn and MLflow: roc_auc
	Greater bool   // greater is better
	field   func(*Scores) *float64
}

// Metrics are all the metrics, in the order in which they are shown. What each
// one is, and where it is undefined, stands at the fields of [Scores].
var Metrics = []Metric{
	{"f1", true, func(s *Scores) *float64 { return &s.F1 }},
	{"precision", true, func(s *Scores) *float64 { return &s.Precision }},
	{"recall", true, func(s *Scores) *float64 { return &s.Recall }},
	{"accuracy", true, func(s *Scores) *float64 { return &s.Accuracy }},
	{"roc_auc", true, func(s *Scores) *float64 { return &s.ROCAUC }},
	{"average_precision", true, func(s *Scores) *float64 { return &s.AveragePrecision }},
	{"log_loss", false, func(s *Scores) *float64 { return &s.LogLoss }},
	{"brier", false, func(s *Scores) *float64 { return &s.Brier }},
	{"ece", false, func(s *Scores) *float64 { return &s.ECE }},
}

// MetricByName is the metric called name, and whether there is one.
func MetricByName(name string) (Metric, bool) {
	for _, m := range Metrics {
		if m.Name == name {
			return m, true
		}
	}
	return Metric{}, false
}

// MetricNames are the names of Metrics, for messages that say which there are.
func MetricNames() []string {
	names := make([]string, len(Metrics))
	for i, m := range Metrics {
		names[i] = m.Name
	}
	return names
}

// Of is the metric among scores.
func (m Metric) Of(s Scores) float64 { return *m.field(&s) }

// Score is the metric of probabilities p against the labels y, NaN where it is
// undefined. Whoever wants several calls [Evaluate] once.
func (m Metric) Score(y []bool, p []float64, threshold float64) float64 {
	return m.Of(Evaluate(y, p, threshold))
}

// Better says whether score a is better than b. A number is better than NaN,
// and nothing is better than itself.
func (m Metric) Better(a, b float64) bool {
	switch {
	case math.IsNaN(a):
		return false
	case math.IsNaN(b):
		return true
	case m.Greater:
		return a > b
	default:
		return a < b
	}
}

// Gain is by how much a is better than b, negative when it is worse.
func (m Metric) Gain(a, b float64) float64 {
	if m.Greater {
		return a - b
	}
	return b - a
}
