package console

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/chart"
)

// comparison is what the pages read of the file that a comparison leaves among
// its artifacts: the curves of the challenger, then of the champion.
type comparison struct {
	Rows   int          `json:"rows"`
	Curves []modelCurve `json:"curves"` // none in those of older programs
}

type modelCurve struct {
	Name            string       `json:"name"`
	ROC             [][2]float64 `json:"roc"`              // share of the negatives, of the positives
	PrecisionRecall [][2]float64 `json:"precision_recall"` // recall, precision
	Reliability     []calibrated `json:"reliability"`
}

// calibrated is what came true of the forecasts of one bin.
type calibrated struct {
	Forecast float64 `json:"forecast"`
	Observed float64 `json:"observed"`
	Low      float64 `json:"low"`
	High     float64 `json:"high"`
	Rows     int     `json:"rows"`
}

const (
	comparisonFile = "comparison.json"
	comparisonMost = 4 << 20 // bytes
)

// comparison reads the numbers behind the pictures of a comparison, nil when
// the run has left none.
func (c *Console) comparison(ctx context.Context, run *pluvia.Run) (*comparison, error) {
	bucket, prefix, err := pluvia.ParseURI(run.ArtifactURI)
	if err != nil {
		return nil, nil
	}
	object, about, err := c.Buckets.Open(ctx, bucket, strings.TrimSuffix(prefix, "/")+"/"+comparisonFile)
	if pluvia.ErrorCode(err) == pluvia.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer object.Close()
	key := fmt.Sprint(run.ID, about.Size, about.Modified.UnixNano())
	return c.comparisons.of(key, func() (*comparison, error) {
		read := new(comparison)
		if err := json.NewDecoder(io.LimitReader(object, comparisonMost)).Decode(read); err != nil {
			return nil, fmt.Errorf("read %s of run %s: %w", comparisonFile, run.ID, err)
		}
		return read, nil
	})
}

// plot is a chart with its table.
type plot struct {
	Title, About string // what it shows, and what it is
	Chart        chart.Chart
	Head         []string
	Rows         [][]string
	File         string // address of all numbers; "" for none
}

// plotView is a chart within a page.
type plotView struct {
	*page
	Of plot
}

// Plot is a chart within the page.
func (p *page) Plot(of plot) plotView { return plotView{p, of} }

// plots draws a comparison in the page's language. What the titles say is said
// of the first model, and it is read off the numbers.
func (c *Console) plots(p *page, run *pluvia.Run, compared *comparison) []plot {
	if compared == nil || len(compared.Curves) == 0 || len(compared.Curves[0].Reliability) == 0 {
		return nil
	}
	models := compared.Curves[:min(2, len(compared.Curves))]
	part := p.T("plot.part", p.Int(compared.Rows))
	plots := []plot{reliability(p, models, part), roc(p, run, models, part), precisionRecall(p, run, models, part)}
	for i := range plots {
		plots[i].File = artifactURL(run.ID, comparisonFile)
	}
	return plots
}

// spoken is the probability at which a reliability diagram is put into words:
// far enough from what is usual to say something.
const spoken = 0.7

func reliability(p *page, models []modelCurve, part string) plot {
	share := chart.Axis{Max: 1, Unit: "%"}
	ch := chart.Intervals{X: share, Y: share, Counts: p.T("rows"), Diagonal: true}
	ch.X.Label, ch.Y.Label = p.T("plot.forecast"), p.T("plot.observed")
	t := plot{Head: []string{p.T("plot.model"), ch.X.Label, ch.Y.Label, p.T("interval.head"), p.T("rows")}}
	var near calibrated
	held, distance := 0, math.Inf(1)
	for i, m := range models {
		var points []chart.Interval
		for _, bin := range m.Reliability {
			points = append(points, chart.Interval{X: bin.Forecast, Y: bin.Observed, Low: bin.Low, High: bin.High, Count: bin.Rows})
			t.Rows = append(t.Rows, []string{p.Model(m.Name), p.Percent(bin.Forecast, 1), p.Percent(bin.Observed, 1), p.T("range", p.Percent(bin.Low, 1), p.Percent(bin.High, 1)), p.Int(bin.Rows)})
			if i > 0 {
				continue
			}
			if bin.Low <= bin.Forecast && bin.Forecast <= bin.High {
				held++
			}
			if d := math.Abs(bin.Forecast - spoken); d < distance {
				near, distance = bin, d
			}
		}
		if i == 0 {
			ch.Points = points
		} else {
			ch.Name, ch.Second, ch.Versus = p.Model(models[0].Name), points, p.Model(m.Name)
		}
	}
	t.Title = p.T("plot.reliability", p.Percent(near.Forecast, 0), p.Percent(near.Observed, 0))
	t.About = p.T("plot.reliability.about", part, p.Int(held), p.Int(len(models[0].Reliability)))
	ch.Caption = p.caption(t.Title, t.About)
	t.Chart = ch
	return t
}

func roc(p *page, run *pluvia.Run, models []modelCurve, part string) plot {
	share := chart.Axis{Max: 1, Unit: "%"}
	ch := chart.Curves{X: share, Y: share, Diagonal: true}
	ch.X.Label, ch.Y.Label = p.T("plot.fpr"), p.T("plot.tpr")
	t := plot{Title: p.T("picture.roc"), About: p.T("plot.roc.about", part)}
	if auc, ok := run.Metric("roc_auc"); ok {
		t.Title = p.T("plot.roc", p.Int(int(math.Round(auc*100))))
	}
	// The share of the positives that are found while at most so many negatives are taken for one.
	t.table(p, p.T("plot.fpr.most"), ch.Y.Label, models, func(m modelCurve, x float64) (best float64) {
		for _, q := range m.ROC {
			if q[0] <= x {
				best = max(best, q[1])
			}
		}
		return best
	})
	for i, m := range models {
		ch.Series = append(ch.Series, line(p.Model(m.Name), m.ROC, i > 0))
	}
	ch.Caption = p.caption(t.Title, t.About)
	t.Chart = ch
	return t
}

func precisionRecall(p *page, run *pluvia.Run, models []modelCurve, part string) plot {
	share := chart.Axis{Max: 1, Unit: "%"}
	ch := chart.Curves{X: share, Y: share}
	ch.X.Label, ch.Y.Label = p.T("metric.recall"), p.T("metric.precision")
	t := plot{Title: p.T("picture.test_precision_recall"), About: p.T("plot.pr.about", part)}
	precision, ok := run.Metric("precision")
	if recall, has := run.Metric("recall"); ok && has {
		t.Title = p.T("plot.pr", p.Percent(recall, 0), p.Percent(precision, 0))
	}
	// The best precision at which at least so many of the positives are found.
	t.table(p, p.T("plot.recall.least"), ch.Y.Label, models, func(m modelCurve, x float64) (best float64) {
		for _, q := range m.PrecisionRecall {
			if q[0] >= x {
				best = max(best, q[1])
			}
		}
		return best
	})
	for i, m := range models {
		ch.Series = append(ch.Series, line(p.Model(m.Name), m.PrecisionRecall, i > 0))
	}
	ch.Caption = p.caption(t.Title, t.About)
	t.Chart = ch
	return t
}

// table writes a curve down at every twentieth of its x axis.
func (t *plot) table(p *page, x, y string, models []modelCurve, at func(m modelCurve, x float64) float64) {
	t.Head = []string{x}
	for _, m := range models {
		t.Head = append(t.Head, p.T("plot.of", y, p.Model(m.Name)))
	}
	for i := range 21 {
		x := float64(i) / 20
		row := []string{p.Percent(x, 0)}
		for _, m := range models {
			row = append(row, p.Percent(at(m, x), 1))
		}
		t.Rows = append(t.Rows, row)
	}
}

func line(name string, points [][2]float64, second bool) chart.Series {
	s := chart.Series{Name: name, Second: second}
	for _, q := range points {
		s.Points = append(s.Points, chart.Point{X: q[0], Y: q[1]})
	}
	return s
}

// Model is the name of a model in the page's language: a cycle writes
// "version 3".
func (t *tongue) Model(name string) string {
	var version int
	if n, err := fmt.Sscanf(name, "version %d", &version); n == 1 && err == nil {
		return t.T("version", version)
	}
	return name
}
