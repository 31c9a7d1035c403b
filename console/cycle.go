package console

import (
	"cmp"
	"context"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pluvia-ml/pluvia"
)

// Tags by which the record of a cycle is read. Package cycle writes them.
const (
	tagStep     = "pluvia.step"
	tagDecision = "pluvia.decision"
	tagReason   = "pluvia.reason" // with ".es" behind it in Spanish
	tagError    = "pluvia.error"
	tagVersion  = "pluvia.version"

	stepCycle   = "cycle"
	stepCompare = "compare"
	stepPromote = "promote"
)

// startCycle begins a cycle and shows the overview, where it can be watched.
func (c *Console) startCycle(w http.ResponseWriter, r *http.Request) error {
	// The cycle outlives this request.
	if err := c.Cycle.Start(context.WithoutCancel(r.Context())); err != nil {
		return err
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

// happened is a cycle that is over, or a promotion by hand, as a line of the log.
type happened struct {
	Run      *pluvia.Run
	Decision string // promoted or kept; "" when it got that far not
	Version  string
	Reason   string
}

// happenings are the last of the project's cycles, newest first.
func (c *Console) happenings(ctx context.Context, p *page, experiment string, most int) ([]happened, error) {
	runs, err := c.Store.Runs(ctx, pluvia.RunFilter{ExperimentID: experiment, Tags: map[string]string{tagStep: stepCycle}, Limit: most})
	if err != nil {
		return nil, err
	}
	// A promotion by hand is a promote step without a cycle around it.
	steps, err := c.Store.Runs(ctx, pluvia.RunFilter{ExperimentID: experiment, Tags: map[string]string{tagStep: stepPromote}, Limit: 2 * most})
	if err != nil {
		return nil, err
	}
	for _, run := range steps {
		if run.Tag(pluvia.TagParentRun) == "" {
			runs = append(runs, run)
		}
	}
	slices.SortStableFunc(runs, func(a, b *pluvia.Run) int { return cmp.Compare(b.Start, a.Start) })
	// The figures behind a decision are those of the comparison within the cycle.
	compared, err := c.Store.Runs(ctx, pluvia.RunFilter{ExperimentID: experiment, Tags: map[string]string{tagStep: stepCompare}, Limit: most})
	if err != nil {
		return nil, err
	}
	comparison := map[string]*pluvia.Run{}
	for _, run := range compared {
		comparison[run.Tag(pluvia.TagParentRun)] = run
	}
	var log []happened
	for _, run := range runs[:min(len(runs), most)] {
		if !run.Status.Done() {
			continue
		}
		log = append(log, happened{run, run.Tag(tagDecision), run.Tag(tagVersion), p.reason(run, comparison[run.ID])})
	}
	return log, nil
}

// decided says what a run has decided, "" when it has decided nothing.
func (p *page) decided(run *pluvia.Run) string {
	switch run.Tag(tagDecision) {
	case "promoted", "first":
		if run.Tag(tagStep) == stepCompare {
			return p.T("happened.better", run.Tag(tagVersion))
		}
		return p.T("happened.promoted", run.Tag(tagVersion))
	case "kept":
		return p.T("happened.kept")
	}
	return ""
}

// word is a name as it may stand in a sentence.
var word = regexp.MustCompile(`\w+`)

// reason is why a run ended as it did, in the page's language where it was
// recorded in it, with the metrics by their names for people. The comparison
// that it goes back to may be nil.
func (p *page) reason(run, compared *pluvia.Run) string {
	if compared != nil && run.Status == pluvia.Finished && same(compared) {
		rows, _ := strconv.Atoi(compared.Param("test_rows"))
		return p.N("reason.same", rows)
	}
	recorded := cmp.Or(run.Tag(tagReason+"."+p.Code), run.Tag(tagReason))
	if recorded == "" {
		return run.Tag(tagError)
	}
	return word.ReplaceAllStringFunc(recorded, func(name string) string {
		if slices.Contains(shown, name) {
			return p.Metric(name)
		}
		return name
	})
}

// comparisonOf is the run of the comparison that a run's decision goes back
// to, nil for none.
func (c *Console) comparisonOf(ctx context.Context, run *pluvia.Run) (*pluvia.Run, error) {
	cycle := run.ID
	switch run.Tag(tagStep) {
	case stepCompare:
		return run, nil
	case stepCycle:
	case stepPromote:
		cycle = run.Tag(pluvia.TagParentRun)
	default:
		return nil, nil
	}
	if cycle == "" {
		return nil, nil
	}
	found, err := c.Store.Runs(ctx, pluvia.RunFilter{Tags: map[string]string{tagStep: stepCompare, pluvia.TagParentRun: cycle}, Limit: 1})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

// Estimate is a metric with its 95 % interval.
type Estimate struct {
	Name      string
	Value     float64
	Low, High float64
	Interval  bool // Low and High are known
}

// estimates are the metrics of tags or runs as name -> text or number, those
// called name.low and name.high folded into name.
func estimates(value func(name string) (float64, bool), names []string) []Estimate {
	var out []Estimate
	for _, name := range names {
		if strings.HasSuffix(name, ".low") || strings.HasSuffix(name, ".high") {
			if _, ok := value(strings.TrimSuffix(strings.TrimSuffix(name, ".low"), ".high")); ok {
				continue
			}
		}
		v, ok := value(name)
		if !ok {
			continue
		}
		low, hasLow := value(name + ".low")
		high, hasHigh := value(name + ".high")
		out = append(out, Estimate{name, v, low, high, hasLow && hasHigh})
	}
	return out
}

// tagNumber reads a number that stands in a tag of a version.
func tagNumber(v *pluvia.Version) func(string) (float64, bool) {
	return func(name string) (float64, bool) {
		x, err := strconv.ParseFloat(v.Tag(name), 64)
		return x, err == nil
	}
}

// Value writes a metric; one with an interval is a share and gets three decimals.
func (t *tongue) Value(e Estimate) string {
	if e.Interval {
		return t.Num(e.Value, 3)
	}
	if math.IsNaN(e.Value) || math.IsInf(e.Value, 0) {
		return t.Figure(e.Value)
	}
	return t.Short(e.Value)
}

// Signed writes a difference, with its sign.
func (t *tongue) Signed(v float64, decimals int) string {
	if v > 0 {
		return "+" + t.Num(v, decimals)
	}
	return t.Num(v, decimals)
}

// estimateView is an estimate as a cell of a table.
type estimateView struct {
	Estimate
	Page     *page
	Decimals int
	Signed   bool // a difference
}

// Estimate is an estimate to be written with so many decimals.
func (p *page) Estimate(e Estimate, decimals int, signed bool) estimateView {
	return estimateView{e, p, decimals, signed}
}

// Metric is the name of a metric for people.
func (t *tongue) Metric(name string) string {
	if t.Has("metric." + name) {
		return t.T("metric." + name)
	}
	for _, prefix := range []string{"champion", "difference", "validation"} {
		if rest, ok := strings.CutPrefix(name, prefix+"."); ok && t.Has("metric."+rest) {
			return t.T("metric.of."+prefix, t.T("metric."+rest))
		}
	}
	return name
}
