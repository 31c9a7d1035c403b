package cycle_test

import (
	"math"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia/cycle"
	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/project"
)

func TestDecide(t *testing.T) {
	t.Parallel()
	better := project.Promotion{Rule: project.Better, Metric: "roc_auc", Guards: map[string]float64{"f1": 0.01, "brier": 0.002}}
	surely := better
	surely.Rule = project.SurelyBetter
	brier := project.Promotion{Rule: project.SurelyBetter, Metric: "brier"}
	differences := func(auc, low, high, f1, brier float64) learn.Intervals {
		return learn.Intervals{
			"roc_auc": {Value: auc, Low: low, High: high}, "f1": {Value: f1}, "brier": {Value: brier, Low: brier - .001, High: brier + .001},
		}
	}
	for name, c := range map[string]struct {
		rule        project.Promotion
		differences learn.Intervals
		outcome, en string
	}{
		"no champion":               {surely, nil, cycle.Promoted, "There was no champion"},
		"better":                    {better, differences(.01, -.01, .03, 0, 0), cycle.Promoted, "Better on the same 25,974 rows: roc_auc +0.0100 (95% interval −0.0100 to +0.0300)."},
		"better, but not surely":    {surely, differences(.01, -.01, .03, 0, 0), cycle.Kept, "Challenger not surely better on the same 25,974 rows"},
		"surely better":             {surely, differences(.018, .015, .021, 0, 0), cycle.Promoted, "Surely better"},
		"equal":                     {better, differences(0, 0, 0, 0, 0), cycle.Kept, "Challenger not better"},
		"a guard of a gain":         {better, differences(.02, .01, .03, -.011, 0), cycle.Kept, "f1 is worse by 0.0110; the guard-rail allows 0.0100"},
		"a guard of a loss":         {better, differences(.02, .01, .03, 0, .003), cycle.Kept, "brier is worse by 0.0030"},
		"within the guards":         {better, differences(.02, .01, .03, -.01, .002), cycle.Promoted, "Better"},
		"a guard cannot be told":    {better, differences(.02, .01, .03, math.NaN(), 0), cycle.Kept, "f1"},
		"the metric cannot be told": {project.Promotion{Rule: project.Better, Metric: "roc_auc"}, learn.Intervals{"f1": {}}, cycle.Kept, "not better"},
		"lower is better":           {brier, differences(0, 0, 0, 0, -.005), cycle.Promoted, "brier +0.0050 (95% interval +0.0040 to +0.0060)"},
		"lower is better, worse":    {brier, differences(0, 0, 0, 0, .005), cycle.Kept, "not surely better"},
	} {
		d := cycle.Decide(c.rule, c.differences, 25_974)
		if d.Outcome != c.outcome || !strings.Contains(d.Reason.In("en"), c.en) {
			t.Errorf("%s: %s, %q; want %s, %q", name, d.Outcome, d.Reason.In("en"), c.outcome, c.en)
		}
		if es := d.Reason["es"]; es == "" || es == d.Reason["en"] {
			t.Errorf("%s: in Spanish it is %q", name, es)
		}
	}
}
