package console

import (
	"context"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/mlflow/filter"
)

// runsTable is a list of runs as a table: columns, filter and order of choice.
type runsTable struct {
	listing
	Heads  []column
	Offers []offers
	Rows   []listRow
	Next   string
	Fault  *fault
	Hint   string // an example of a filter
}

func newRunsTable(l listing) *runsTable {
	return &runsTable{listing: l, Hint: "metrics.roc_auc > 0.85 and params.learner = 'boost'"}
}

// runAttributes are the columns of runs besides metrics, params and tags: what
// they are called in an order, "" for those that cannot be sorted by.
var runAttributes = map[string]string{
	"status": "status", "start": "start_time", "end": "end_time", "took": "", "user": "user_id", "id": "run_id", "name": "run_name", "source": "tags." + pluvia.TagSourceName,
}

var (
	runAttributesOffered = []string{"status", "start", "end", "took", "user", "source", "id"}
	runKinds             = map[string]string{"status": "status", "start": "time", "end": "time", "took": "n"} // of cells; others are texts
)

// Metrics and params that a table shows when no columns are chosen.
const (
	metricsPicked = 4
	paramsPicked  = 3
)

// table searches runs of an experiment and lays them out.
func (c *Console) table(ctx context.Context, p *page, l listing) (*runsTable, int, error) {
	t := newRunsTable(l)
	search, fault, err := l.search(filter.Runs, runAttributes)
	if err != nil {
		return nil, 0, err
	}
	status := http.StatusOK
	var found []*pluvia.Run
	if t.Fault = fault; fault != nil {
		status = http.StatusUnprocessableEntity
	} else {
		var next string
		search.Experiments = []string{l.Experiment}
		if found, next, err = c.Store.SearchRuns(ctx, search); err != nil {
			return nil, 0, err
		}
		t.Next = l.next(next)
	}
	keys := runKeys(found)
	chosen := l.Chosen
	if chosen == nil {
		chosen = picked(found, keys, c.metrics())
		// What the list is sorted by is to be seen.
		if _, err := l.runHead(p, l.Order); err == nil && !slices.Contains(chosen, l.Order) {
			chosen = append(chosen, l.Order)
		}
	}
	for _, id := range chosen {
		head, err := l.runHead(p, id)
		if err != nil {
			return nil, 0, err
		}
		t.Heads = append(t.Heads, head)
	}
	for _, run := range found {
		row := listRow{ID: run.ID, Name: run.Name, URL: "/runs/" + run.ID}
		for _, head := range t.Heads {
			row.Cells = append(row.Cells, runCell(p, run, head.ID))
		}
		t.Rows = append(t.Rows, row)
	}
	t.Offers = []offers{
		offered(p.T("columns.attributes"), runAttributesOffered, func(id string) string { return p.T("column." + id) }, t.Heads),
		offered(p.T("run.metrics"), keys.metrics, keyOf, t.Heads),
		offered(p.T("run.params"), keys.params, keyOf, t.Heads),
		offered(p.T("run.tags"), keys.tags, keyOf, t.Heads),
	}
	return t, status, nil
}

// runHead is the head of a column of runs.
func (l listing) runHead(p *page, id string) (column, error) {
	kind, key, dotted := strings.Cut(id, ".")
	switch {
	case dotted && key != "" && kind == "metrics":
		return l.head(id, p.Metric(key), "n", true), nil
	case dotted && key != "" && (kind == "params" || kind == "tags"):
		return l.head(id, key, "text", true), nil
	}
	name, ok := runAttributes[id]
	if !ok || id == "name" {
		return column{}, pluvia.Errorf(pluvia.Invalid, "columns: %.80q: want metrics.KEY, params.KEY, tags.KEY or one of %s", id, strings.Join(runAttributesOffered, ", "))
	}
	shown := runKinds[id]
	if shown == "" {
		shown = "text"
	}
	return l.head(id, p.T("column."+id), shown, name != ""), nil
}

func runCell(p *page, run *pluvia.Run, id string) cell {
	switch id {
	case "status":
		return cell{Kind: "status", Text: string(run.Status)}
	case "start":
		return cell{Kind: "time", Text: p.Stamp(run.Start), MS: run.Start}
	case "end":
		return cell{Kind: "time", Text: p.Stamp(run.End), MS: run.End}
	case "took":
		return cell{Kind: "n", Text: p.Duration(runRow{Run: run}.Took())}
	case "user":
		return textCell(run.User)
	case "id":
		return cell{Kind: "text", Text: run.ID}
	case "source":
		return textCell(run.Tag(pluvia.TagSourceName))
	}
	switch kind, key, _ := strings.Cut(id, "."); kind {
	case "metrics":
		if v, ok := run.Metric(key); ok {
			return cell{Kind: "n", Text: p.Figure(v)}
		}
		return cell{Kind: "n"}
	case "params":
		return textCell(run.Param(key))
	default:
		return textCell(run.Tag(key))
	}
}

// keys are the names of columns that runs have values in, in order.
type keys struct{ metrics, params, tags []string }

func runKeys(runs []*pluvia.Run) keys {
	metrics, params, tags := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, run := range runs {
		for _, m := range run.Metrics {
			metrics["metrics."+m.Key] = true
		}
		for _, q := range run.Params {
			params["params."+q.Key] = true
		}
		for _, t := range run.Tags {
			tags["tags."+t.Key] = true
		}
	}
	return keys{slices.Sorted(maps.Keys(metrics)), slices.Sorted(maps.Keys(params)), slices.Sorted(maps.Keys(tags))}
}

// picked are the columns of a table for which none were chosen: of metrics and
// params those that most of the runs have and that differ between them, the
// metrics that are known to matter first.
func picked(runs []*pluvia.Run, k keys, known []string) []string {
	metrics := telling(k.metrics, runs, func(run *pluvia.Run, key string) (any, bool) {
		v, ok := run.Metric(key)
		return v, ok && v == v
	})
	place := func(id string) int {
		if i := slices.Index(known, keyOf(id)); i >= 0 {
			return i
		}
		return len(known)
	}
	slices.SortStableFunc(metrics, func(a, b string) int { return place(a) - place(b) })
	params := telling(k.params, runs, func(run *pluvia.Run, key string) (any, bool) {
		v := run.Param(key)
		return v, v != ""
	})
	// What came of the runs is seen without scrolling in a narrow window too.
	return slices.Concat(metrics[:min(metricsPicked, len(metrics))], params[:min(paramsPicked, len(params))], []string{"status", "start", "took"})
}

// telling are the columns that tell runs apart, those that most runs have first.
func telling(ids []string, runs []*pluvia.Run, value func(*pluvia.Run, string) (any, bool)) []string {
	score := map[string]int{}
	for _, id := range ids {
		if strings.HasSuffix(id, ".low") || strings.HasSuffix(id, ".high") {
			continue // the ends of an interval
		}
		distinct, have := map[any]bool{}, 0
		for _, run := range runs {
			if v, ok := value(run, keyOf(id)); ok {
				have++
				distinct[v] = true
			}
		}
		if len(distinct) > 1 || len(runs) == 1 && have == 1 {
			score[id] = have
		}
	}
	best := slices.Sorted(maps.Keys(score))
	slices.SortStableFunc(best, func(a, b string) int { return score[b] - score[a] })
	return best
}

// Figure writes a value that was measured, with five significant digits.
func (t *tongue) Figure(v float64) string {
	a := math.Abs(v)
	switch {
	case math.IsNaN(v):
		return t.T("figure.none")
	case math.IsInf(v, 1):
		return "∞"
	case math.IsInf(v, -1):
		return "−∞"
	case v == math.Trunc(v) && a < 1e9:
		return t.Num(v, 0)
	case a < 1e-4 || a >= 1e9:
		return t.Short(v)
	}
	return t.Num(v, min(max(4-int(math.Floor(math.Log10(a))), 0), 6))
}
