package console

import (
	"net/http"
	"strconv"

	"github.com/pluvia-ml/pluvia"
)

// runsPerPage is how many runs a page of the list shows.
const runsPerPage = 50

// runsPage is the list of runs, newest first.
type runsPage struct {
	*page
	Runs     []runRow
	Count    int
	At, Last int // pages, from 1
	From, To int // runs on this page, from 1
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
	Step    string
	Metrics []Estimate
}

// Took is how long the run took, in milliseconds, -1 while it is not known.
func (r runRow) Took() int64 {
	if r.End == 0 || r.Start == 0 {
		return -1
	}
	return r.End - r.Start
}

// Nested says whether the run is part of another one.
func (r runRow) Nested() bool { return r.Tag(pluvia.TagParentRun) != "" }

func (c *Console) runs(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	p := &runsPage{page: c.page(w, r, "runs"), At: 1}
	p.Title = p.T("nav.runs")
	if text := r.URL.Query().Get("page"); text != "" {
		var err error
		if p.At, err = strconv.Atoi(text); err != nil || p.At < 1 {
			return pluvia.Errorf(pluvia.Invalid, "page is %.40q: want a number from 1 on", text)
		}
	}
	var err error
	if p.Count, err = c.Store.CountRuns(ctx, pluvia.RunFilter{}); err != nil {
		return err
	}
	p.Last = max(1, (p.Count+runsPerPage-1)/runsPerPage)
	if p.At > p.Last {
		return pluvia.Errorf(pluvia.NotFound, "page %d is behind the last one, %d", p.At, p.Last)
	}
	runs, err := c.Store.Runs(ctx, pluvia.RunFilter{Limit: runsPerPage, Offset: (p.At - 1) * runsPerPage})
	if err != nil {
		return err
	}
	p.Runs = c.rows(runs)
	p.From, p.To = (p.At-1)*runsPerPage+1, (p.At-1)*runsPerPage+len(runs)
	return c.show(w, r, http.StatusOK, "runs.html", p)
}

// metricsShown is how many metrics of a run a list shows.
const metricsShown = 3

// rows are runs with the first of the metrics that matter: those of the test
// part, or those of the validation part where there are no others.
func (c *Console) rows(runs []*pluvia.Run) []runRow {
	rows := make([]runRow, len(runs))
	for i, run := range runs {
		found := estimates(run.Metric, shown)
		if len(found) == 0 {
			found = estimates(func(name string) (float64, bool) { return run.Metric("validation." + name) }, shown)
		}
		rows[i] = runRow{run, run.Tag(tagStep), found[:min(metricsShown, len(found))]}
	}
	return rows
}
