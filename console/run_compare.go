package console

import (
	"context"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/chart"
)

// Bounds of a comparison of runs; what is left out is said.
const (
	comparedMost  = 20
	axesOfParams  = 5
	axesOfMetrics = 3
	pointsShown   = 20_000 // of one metric, of all runs
	stepsInTable  = 21     // rows of the table behind a curve
)

// comparePage answers: in what do these runs differ, and what came of it.
type comparePage struct {
	*page
	Runs     []comparedRun
	Groups   []differences
	Parallel chart.Chart // nil when there is nothing to draw
	Curves   []plot
	MoreOf   int // metrics with a history that are not drawn
}

type comparedRun struct {
	*pluvia.Run
	Without string // address of the comparison without it; "" when two are left
}

// differences are the values of one kind by run: the rows that differ, and
// those that do not.
type differences struct {
	Title        string
	Differ, Same []valueRow
	Summary      string
}

type valueRow struct {
	Name   string
	Values []cell
}

func (c *Console) compare(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	p := &comparePage{page: c.page(w, r, "runs")}
	p.Title = p.T("compare")
	var ids []string
	for _, id := range r.URL.Query()["run"] {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if len(ids) < 2 || len(ids) > comparedMost {
		return pluvia.Errorf(pluvia.Invalid, "%s", p.T("compare.count", p.Int(len(ids)), p.Int(comparedMost)))
	}
	var runs []*pluvia.Run
	for i, id := range ids {
		run, err := c.Store.Run(ctx, id)
		if err != nil {
			return err
		}
		runs = append(runs, run)
		without := ""
		if len(ids) > 2 {
			without = "/compare?" + url.Values{"run": slices.Delete(slices.Clone(ids), i, i+1)}.Encode()
		}
		p.Runs = append(p.Runs, comparedRun{run, without})
	}
	keys := runKeys(runs)
	p.Groups = []differences{
		p.differ("run.params", keys.params, runs), p.differ("run.metrics", keys.metrics, runs), p.differ("run.tags", keys.tags, runs),
	}
	p.Parallel = c.parallel(p.page, keys, runs)
	var err error
	if p.Curves, p.MoreOf, err = c.curves(ctx, p.page, runs); err != nil {
		return err
	}
	return c.show(w, r, http.StatusOK, "compare.html", p)
}

// differ lays out the values of columns by run.
func (p *page) differ(title string, ids []string, runs []*pluvia.Run) differences {
	d := differences{Title: p.T(title)}
	for _, id := range ids {
		row := valueRow{Name: keyOf(id)}
		if strings.HasPrefix(id, "metrics.") {
			row.Name = p.Metric(row.Name)
		}
		same := true
		for _, run := range runs {
			value := runCell(p, run, id)
			same = same && (len(row.Values) == 0 || value == row.Values[0])
			row.Values = append(row.Values, value)
		}
		if same {
			d.Same = append(d.Same, row)
		} else {
			d.Differ = append(d.Differ, row)
		}
	}
	d.Summary = p.T("compare.differ", p.Int(len(d.Differ)), p.Int(len(ids)))
	return d
}

// parallel draws the params that differ, then the metrics.
func (c *Console) parallel(p *page, k keys, runs []*pluvia.Run) chart.Chart {
	ch := chart.Parallel{Caption: p.caption(p.T("compare.parallel"), p.T("compare.parallel.about", runs[0].Name))}
	for _, run := range runs {
		ch.Names = append(ch.Names, run.Name)
	}
	chosen := picked(runs, k, c.metrics())
	params, metrics := 0, 0
	for _, id := range slices.Backward(chosen) { // params stand behind metrics there
		if kind, key, _ := strings.Cut(id, "."); kind == "params" && params < axesOfParams {
			params++
			ch.Axes = append(ch.Axes, paramAxis(key, runs))
		}
	}
	for _, id := range chosen {
		if kind, key, _ := strings.Cut(id, "."); kind == "metrics" && metrics < axesOfMetrics {
			metrics++
			axis := chart.Upright{Name: p.Metric(key)}
			for _, run := range runs {
				v, ok := run.Metric(key)
				if !ok {
					v = math.NaN()
				}
				axis.Values = append(axis.Values, v)
			}
			ch.Axes = append(ch.Axes, axis)
		}
	}
	if len(ch.Axes) < 2 {
		return nil
	}
	return ch
}

// paramAxis is an axis of numbers when all values are, else one of texts.
func paramAxis(key string, runs []*pluvia.Run) chart.Upright {
	axis := chart.Upright{Name: key}
	numbers := true
	for _, run := range runs {
		text := run.Param(key)
		v, err := strconv.ParseFloat(text, 64)
		if text == "" {
			v = math.NaN()
		}
		numbers = numbers && (text == "" || err == nil)
		axis.Values = append(axis.Values, v)
		if text != "" && !slices.Contains(axis.Levels, text) {
			axis.Levels = append(axis.Levels, text)
		}
	}
	if numbers {
		axis.Levels = nil
		return axis
	}
	slices.Sort(axis.Levels)
	for i, run := range runs {
		axis.Values[i] = math.NaN()
		if text := run.Param(key); text != "" {
			axis.Values[i] = float64(slices.Index(axis.Levels, text))
		}
	}
	return axis
}

// curves are the metrics of runs that were measured more than once, by step. A
// metric whose latest point is not at step 0 has a history. The number is of
// those that are not drawn.
func (c *Console) curves(ctx context.Context, p *page, runs []*pluvia.Run) (plots []plot, more int, err error) {
	var names, ids []string
	for _, run := range runs {
		ids = append(ids, run.ID)
		for _, m := range run.Metrics {
			if m.Step != 0 && !slices.Contains(names, m.Key) {
				names = append(names, m.Key)
			}
		}
	}
	for _, name := range names[:min(len(names), historiesShown)] {
		points, err := c.Store.MetricHistories(ctx, ids, name, nil, nil, pointsShown)
		if err != nil {
			return nil, 0, err
		}
		about := p.T("history.about")
		if len(points) == pointsShown {
			about = p.T("history.cut", p.Int(pointsShown))
		}
		plots = append(plots, history(p, p.Metric(name), about, runs, points))
	}
	return plots, max(0, len(names)-historiesShown), nil
}

// history draws one metric of some runs, by step. The first one is in the hue;
// a second one is in the other, and more than two are quiet.
func history(p *page, title, about string, runs []*pluvia.Run, points []pluvia.RunMetric) plot {
	t := plot{Title: title, About: about, Head: []string{p.T("history.step")}}
	ch := chart.Curves{Caption: p.caption(title, about), X: chart.Axis{Label: p.T("history.step")}}
	latest := make([]map[int64]float64, len(runs)) // by step
	var steps []int64
	for i, run := range runs {
		line := chart.Series{Name: run.Name, Second: i == 1 && len(runs) == 2, Quiet: i > 0 && len(runs) > 2}
		if len(runs) == 1 {
			line.Name = ""
		}
		t.Head = append(t.Head, run.Name)
		latest[i] = map[int64]float64{}
		for _, at := range points {
			if at.RunID == run.ID {
				line.Points = append(line.Points, chart.Point{X: float64(at.Step), Y: at.Value})
				latest[i][at.Step] = at.Value
				steps = append(steps, at.Step)
			}
		}
		ch.Series = append(ch.Series, line)
	}
	slices.Sort(steps)
	steps = slices.Compact(steps)
	for i := range min(len(steps), stepsInTable) {
		step := steps[i]
		if len(steps) > stepsInTable {
			step = steps[i*(len(steps)-1)/(stepsInTable-1)]
		}
		row := []string{p.Int(int(step))}
		for i := range runs {
			text := ""
			if v, ok := latest[i][step]; ok {
				text = p.Figure(v)
			}
			row = append(row, text)
		}
		t.Rows = append(t.Rows, row)
	}
	t.Chart = ch
	return t
}
