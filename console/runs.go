package console

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/pluvia-ml/pluvia"
)

// runsPerPage is how many runs a page of the list shows.
const runsPerPage = 50

// runsPage is the list of runs of an experiment: as a table of choice, or, for
// the project's own as long as nothing else is asked, with the steps of each
// cycle behind it, newest first.
type runsPage struct {
	*page
	*runsTable                    // nil for the steps
	Experiment *pluvia.Experiment // nil before the first run of the project
	Own        bool               // it is the project's
	Runs       []runRow           // of the steps
	Count      int
	At, Last   int // pages of the steps, from 1
	From, To   int // runs on this page, from 1
}

// Newer is the number of the page before this one.
func (p *runsPage) Newer() int { return p.At - 1 }

// Older is the number of the page behind this one.
func (p *runsPage) Older() int { return p.At + 1 }

// runList is a table of runs within a page.
type runList struct {
	*page
	Rows []runRow
}

// List makes a table of runs.
func (p *page) List(rows []runRow) runList { return runList{p, rows} }

// runRow is a run as a row of a list.
type runRow struct {
	*pluvia.Run
	Step   string
	Depth  int    // 0, or how many runs it is part of
	Again  bool   // it heads its parts here and is counted on another page
	Result string // what came of it, in a few words
}

// Took is how long the run took, in milliseconds, -1 while it is not known.
func (r runRow) Took() int64 {
	if r.End == 0 || r.Start == 0 {
		return -1
	}
	return r.End - r.Start
}

func (c *Console) runs(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	p := &runsPage{page: c.page(w, r, "runs"), At: 1}
	p.Title = p.T("nav.runs")
	l, err := readListing(r)
	if err != nil {
		return err
	}
	own, err := c.experiment(ctx)
	if err != nil {
		return err
	}
	if l.Experiment == "" {
		l.Experiment = own
	}
	p.Own = l.Experiment == own
	if l.Experiment == "" {
		return c.show(w, r, http.StatusOK, "runs.html", p)
	}
	if p.Experiment, err = c.Store.Experiment(ctx, l.Experiment); err != nil {
		return err
	}
	if p.Count, err = c.Store.CountRuns(ctx, pluvia.RunFilter{ExperimentID: l.Experiment}); err != nil {
		return err
	}
	status := http.StatusOK
	if p.Own && l.Plain() {
		err = c.steps(ctx, p, r.URL.Query().Get("page"))
		p.runsTable = newRunsTable(l)
	} else {
		p.runsTable, status, err = c.table(ctx, p.page, l)
	}
	if err != nil {
		return err
	}
	return c.show(w, r, status, "runs.html", p)
}

// steps fills in a page of runs with their parts behind them.
func (c *Console) steps(ctx context.Context, p *runsPage, at string) error {
	if at != "" {
		var err error
		if p.At, err = strconv.Atoi(at); err != nil || p.At < 1 {
			return pluvia.Errorf(pluvia.Invalid, "page is %.40q: want a number from 1 on", at)
		}
	}
	p.Last = max(1, (p.Count+runsPerPage-1)/runsPerPage)
	if p.At > p.Last {
		return pluvia.Errorf(pluvia.NotFound, "page %d is behind the last one, %d", p.At, p.Last)
	}
	runs, err := c.Store.Runs(ctx, pluvia.RunFilter{ExperimentID: p.Experiment.ID, Limit: runsPerPage, Offset: (p.At - 1) * runsPerPage})
	if err != nil {
		return err
	}
	p.From, p.To = (p.At-1)*runsPerPage+1, (p.At-1)*runsPerPage+len(runs)
	p.Runs, err = c.family(ctx, p.page, runs)
	return err
}

// deepest bounds how far parts of parts are indented.
const deepest = 3

// family orders runs, newest first, so that the parts of each follow it in the
// order in which they were done. A run whose parts have come to stand on
// another page than itself heads them on both.
func (c *Console) family(ctx context.Context, p *page, runs []*pluvia.Run) ([]runRow, error) {
	here := map[string]bool{}
	for _, run := range runs {
		here[run.ID] = true
	}
	parts := map[string][]*pluvia.Run{}
	var heads []*pluvia.Run
	again := map[string]bool{}
	for _, run := range runs {
		id := run.Tag(pluvia.TagParentRun)
		if id != "" && !here[id] && !again[id] {
			parent, err := c.Store.Run(ctx, id)
			switch {
			case err == nil:
				again[id] = true
				heads = append(heads, parent)
			case pluvia.ErrorCode(err) != pluvia.NotFound:
				return nil, err
			default:
				id = ""
			}
		}
		if id == "" || id == run.ID {
			heads = append(heads, run)
		} else {
			parts[id] = append(parts[id], run)
		}
	}
	var rows []runRow
	var add func(run *pluvia.Run, depth int)
	add = func(run *pluvia.Run, depth int) {
		row := c.rows(p, []*pluvia.Run{run})[0]
		row.Depth, row.Again = min(depth, deepest), again[run.ID]
		rows = append(rows, row)
		own := parts[run.ID]
		delete(parts, run.ID) // runs that are part of each other end here
		for _, part := range slices.Backward(own) {
			add(part, depth+1)
		}
	}
	for _, head := range heads {
		add(head, 0)
	}
	for _, run := range runs { // what is left is part of itself, by a detour
		if _, ok := parts[run.ID]; ok {
			add(run, 0)
		}
	}
	return rows, nil
}

const (
	metricsShown = 2   // of a run in a list
	reasonShown  = 160 // characters of why one failed
)

// rows are runs with what came of each.
func (c *Console) rows(p *page, runs []*pluvia.Run) []runRow {
	rows := make([]runRow, len(runs))
	for i, run := range runs {
		rows[i] = runRow{Run: run, Step: run.Tag(tagStep), Result: c.result(p, run)}
	}
	return rows
}

// result says in a few words what came of a run: why it failed, what was
// decided, or the first of the metrics that matter, and on which part.
func (c *Console) result(p *page, run *pluvia.Run) string {
	if run.Status == pluvia.Failed || run.Status == pluvia.Killed {
		reason := []rune(p.reason(run, nil))
		if len(reason) > reasonShown {
			reason = append(reason[:reasonShown-1], '…')
		}
		return string(reason)
	}
	if step := run.Tag(tagStep); step == stepCycle || step == stepPromote {
		if decided := p.decided(run); decided != "" {
			return decided
		}
	}
	key := "%s"
	if run.Tag(tagStep) == stepCompare {
		key = p.T("result.test")
	}
	found := estimates(run.Metric, c.metrics())
	if len(found) == 0 {
		key = p.T("result.validation")
		found = estimates(func(name string) (float64, bool) { return run.Metric("validation." + name) }, c.metrics())
	}
	var figures []string
	for _, e := range found[:min(metricsShown, len(found))] {
		figures = append(figures, p.Metric(e.Name)+"\u00a0"+p.Num(e.Value, 3))
	}
	if len(figures) > 0 {
		return fmt.Sprintf(key, strings.Join(figures, " · "))
	}
	if rows, ok := run.Metric("rows"); ok {
		return p.N("runs.rows", int(rows))
	}
	return ""
}
