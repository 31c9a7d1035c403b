package console

import (
	"math"
	"strconv"
	"strings"

	"github.com/pluvia-ml/pluvia"
)

// duel is a comparison in figures: the statistic of the original and the
// honest one side by side, and every metric of both models.
type duel struct {
	Challenger, Champion string // names of the models; the second "" when there was no champion
	Original             struct {
		Challenger, Champion, Difference float64
		Winner                           string // Challenger or Champion
	}
	Metric     string // that decided
	Rule       string
	Honest     Estimate // of the challenger
	Against    Estimate // of the champion
	Gain       Estimate // challenger less champion
	Decision   string
	Replicates int
	Metrics    []duelMetric
}

// About names what is said of the rule.
func (d *duel) About() string {
	switch {
	case d.Champion == "":
		return "first"
	case d.Rule == "better":
		return "better"
	}
	return "surely_better"
}

type duelMetric struct{ Challenger, Champion, Difference Estimate }

// duelOf reads the figures of a comparison's run; nil for any other.
func (c *Console) duelOf(run *pluvia.Run) *duel {
	challenger, ok := run.Metric("test_f1_challenger")
	if run.Tag(tagStep) != "compare" || !ok {
		return nil
	}
	d := &duel{Rule: run.Param("rule"), Metric: run.Param("rule_metric"), Decision: run.Tag(tagDecision)}
	d.Replicates, _ = strconv.Atoi(run.Param("bootstrap_replicates"))
	d.Challenger = "version " + run.Param("challenger_version")
	d.Original.Challenger, d.Original.Winner = challenger, run.Param("Winner")
	if d.Original.Champion, ok = run.Metric("test_f1_champion"); ok {
		d.Champion = "version " + run.Param("champion_version")
		d.Original.Difference = challenger - d.Original.Champion
	}
	of := func(name string) Estimate {
		if found := estimates(run.Metric, []string{name}); len(found) > 0 {
			return found[0]
		}
		return Estimate{Name: name, Value: math.NaN()}
	}
	d.Honest, d.Against, d.Gain = of(d.Metric), of("champion."+d.Metric), of("difference."+d.Metric)
	for _, name := range c.metrics() {
		if _, ok := run.Metric(name); ok {
			d.Metrics = append(d.Metrics, duelMetric{of(name), of("champion." + name), of("difference." + name)})
		}
	}
	return d
}

// same says whether the two models of a comparison answered every row alike,
// as far as its figures can tell: no metric differs, in no replicate.
func same(run *pluvia.Run) bool {
	found := false
	for _, m := range run.Metrics {
		if strings.HasPrefix(m.Key, "difference.") {
			if m.Value != 0 {
				return false
			}
			found = true
		}
	}
	return found
}
