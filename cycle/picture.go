package cycle

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"path"
	"slices"
	"strings"

	pluvia "github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/chart"
	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/modelfile"
)

// curvePoints bounds the points of a curve in a picture; more cannot be seen.
const curvePoints = 400

// Curves are the numbers behind the pictures of one model on one part of the
// rows, for whoever draws them again: {"roc": [[x, y], ...], ...}.
type Curves struct {
	Name            string        `json:"name"`             // of the model: "version 3"
	ROC             [][2]float64  `json:"roc"`              // false positive rate, true positive rate
	PrecisionRecall [][2]float64  `json:"precision_recall"` // recall, precision
	Reliability     []Reliability `json:"reliability"`
}

// Reliability is how often what was forecast came true, for the forecasts of
// one bin, with its 95 % interval (Wilson 1927).
type Reliability struct {
	Forecast float64 `json:"forecast"` // mean probability
	Observed float64 `json:"observed"` // share of positives
	Low      float64 `json:"low"`
	High     float64 `json:"high"`
	Rows     int     `json:"rows"`
}

func curvesOf(m judged) Curves {
	c := Curves{
		Name: m.name,
		ROC:  points(learn.ROC(m.y, m.P, curvePoints)), PrecisionRecall: points(learn.PrecisionRecall(m.y, m.P, curvePoints)),
	}
	for _, bin := range learn.Reliability(m.y, m.P) {
		if bin.Rows > 0 {
			low, high := wilson(bin.Share, bin.Rows)
			c.Reliability = append(c.Reliability, Reliability{bin.Mean, bin.Share, low, high, bin.Rows})
		}
	}
	return c
}

func points(c learn.Curve) [][2]float64 {
	out := make([][2]float64, len(c.Points))
	for i, p := range c.Points {
		out[i] = [2]float64{p.X, p.Y}
	}
	return out
}

// pictures draws one or two models on a part of the rows, the first one in the
// foreground, and gives back the numbers drawn.
func (r *Runner) pictures(ctx context.Context, run *pluvia.Run, part string, models ...judged) ([]Curves, error) {
	roc := chart.Curves{
		Caption:  chart.Caption{Title: "ROC curve", Subtitle: rowsOf(part, models)},
		X:        chart.Axis{Label: "False positive rate", Min: 0, Max: 1},
		Y:        chart.Axis{Label: "True positive rate", Min: 0, Max: 1},
		Diagonal: true,
	}
	precision := chart.Curves{
		Caption: chart.Caption{Title: "Precision and recall", Subtitle: rowsOf(part, models)},
		X:       chart.Axis{Label: "Recall", Min: 0, Max: 1},
		Y:       chart.Axis{Label: "Precision", Min: 0, Max: 1},
	}
	reliability := chart.Intervals{
		X:      chart.Axis{Label: "Forecast probability", Min: 0, Max: 1},
		Y:      chart.Axis{Label: "Observed frequency", Min: 0, Max: 1},
		Counts: "rows", Diagonal: true,
	}
	var drawn []Curves
	for i, m := range models {
		scores, c := learn.Evaluate(m.y, m.P, m.Threshold), curvesOf(m)
		roc.Series = append(roc.Series, series(fmt.Sprintf("%s, AUC %.3f", m.name, scores.ROCAUC), c.ROC, i > 0))
		precision.Series = append(precision.Series, series(fmt.Sprintf("%s, AP %.3f", m.name, scores.AveragePrecision), c.PrecisionRecall, i > 0))
		if i == 0 {
			reliability.Caption = chart.Caption{
				Title:    fmt.Sprintf("Reliability, ECE %.4f", scores.ECE),
				Subtitle: "Observed frequency by forecast probability, " + rowsOf(part, models[:1]),
			}
			for _, bin := range c.Reliability {
				reliability.Points = append(reliability.Points, chart.Interval{X: bin.Forecast, Y: bin.Observed, Low: bin.Low, High: bin.High, Count: bin.Rows})
			}
		}
		drawn = append(drawn, c)
	}
	for name, picture := range map[string]chart.Chart{"roc": roc, "precision_recall": precision, "reliability": reliability} {
		if err := r.artifact(ctx, run, path.Join("pictures", part+"_"+name+".svg"), writer(chart.Standalone(picture))); err != nil {
			return nil, err
		}
	}
	return drawn, nil
}

// importance draws how much each feature counted.
func (r *Runner) importance(ctx context.Context, run *pluvia.Run, m *modelfile.Model) error {
	bars := chart.Bars{
		Caption: chart.Caption{Title: "Importance of features", Subtitle: m.Learner + ", share of the total"},
		X:       chart.Axis{Unit: "%"},
	}
	features := m.Features()
	for i, share := range m.Classifier.Importance() {
		bars.Bars = append(bars.Bars, chart.Bar{Name: features[i].Name, Value: share})
	}
	slices.SortStableFunc(bars.Bars, func(a, b chart.Bar) int { return cmp.Compare(b.Value, a.Value) })
	return r.artifact(ctx, run, "pictures/importance.svg", writer(chart.Standalone(bars)))
}

func series(name string, curve [][2]float64, second bool) chart.Series {
	s := chart.Series{Name: name, Second: second, Points: make([]chart.Point, len(curve))}
	for i, p := range curve {
		s.Points[i] = chart.Point{X: p[0], Y: p[1]}
	}
	return s
}

func rowsOf(part string, models []judged) string {
	names := make([]string, len(models))
	for i, m := range models {
		names[i] = m.name
	}
	return fmt.Sprintf("%s part, %s rows, %s", part, chart.Number(float64(len(models[0].y)), 0, "en"), strings.Join(names, " and "))
}

// wilson is the 95 % score interval of a share of n rows (Wilson 1927).
func wilson(share float64, n int) (low, high float64) {
	const z = 1.959963984540054
	rows := float64(n)
	middle := (share + z*z/(2*rows)) / (1 + z*z/rows)
	half := z / (1 + z*z/rows) * math.Sqrt(share*(1-share)/rows+z*z/(4*rows*rows))
	return middle - half, middle + half
}
