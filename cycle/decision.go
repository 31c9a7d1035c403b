package cycle

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/pluvia-ml/pluvia/chart"
	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/project"
)

// The outcomes of a comparison.
const (
	Promoted = "promoted" // the challenger becomes champion
	Kept     = "kept"     // the champion stays
)

// Decision is whether a challenger becomes champion, and why.
type Decision struct {
	Outcome string       // Promoted or Kept
	Reason  project.Text // a sentence
}

// Decide applies the rule of promotion to the differences, challenger less
// champion, that were measured on the same rows. No differences at all means
// that there is no champion.
func Decide(rule project.Promotion, differences learn.Intervals, rows int) Decision {
	if len(differences) == 0 {
		return Decision{Promoted, project.Text{
			"en": "There was no champion before it.",
			"es": "No había un campeón anterior.",
		}}
	}
	for _, name := range slices.Sorted(maps.Keys(rule.Guards)) {
		limit, worse := rule.Guards[name], -gain(differences, name).Value
		if !(worse <= limit) { // a difference that is not a number is no better than a bad one
			return Decision{Kept, project.Text{
				"en": fmt.Sprintf("The challenger's %s is worse by %s; the guard-rail allows %s.", name, decimal(worse, "en"), decimal(limit, "en")),
				"es": fmt.Sprintf("La métrica %s del aspirante empeora en %s; la salvaguarda permite %s.", name, decimal(worse, "es"), decimal(limit, "es")),
			}}
		}
	}

	d := gain(differences, rule.Metric)
	won, outcome := d.Value > 0, Kept
	if rule.Rule == project.SurelyBetter {
		won = d.Low > 0
	}
	if won {
		outcome = Promoted
	}
	reason := project.Text{}
	for _, language := range []string{"en", "es"} {
		word := map[string]string{
			"en.better.promoted":        "Better",
			"en.better.kept":            "Challenger not better",
			"en.surely_better.promoted": "Surely better",
			"en.surely_better.kept":     "Challenger not surely better",
			"es.better.promoted":        "Mejor",
			"es.better.kept":            "El aspirante no es mejor",
			"es.surely_better.promoted": "Mejor con seguridad",
			"es.surely_better.kept":     "El aspirante no es mejor con seguridad",
		}[language+"."+rule.Rule+"."+outcome]
		sentence := map[string]string{
			"en": "%s on the same %s rows: %s %s (95%% interval %s to %s).",
			"es": "%s en las mismas %s filas: %s %s (intervalo del 95 %%: de %s a %s).",
		}[language]
		reason[language] = fmt.Sprintf(sentence, word, chart.Number(float64(rows), 0, language), rule.Metric,
			signed(d.Value, language), signed(d.Low, language), signed(d.High, language))
	}
	return Decision{outcome, reason}
}

// gain is the difference of a metric such that more is better; all NaN when it
// is not defined.
func gain(differences learn.Intervals, name string) learn.Interval {
	d, ok := differences[name]
	if !ok {
		return learn.Interval{Value: math.NaN(), Low: math.NaN(), High: math.NaN()}
	}
	if metric, ok := learn.MetricByName(name); ok && !metric.Greater {
		d.Value, d.Low, d.High = -d.Value, -d.High, -d.Low
	}
	return d
}

func decimal(x float64, language string) string { return chart.Number(x, 4, language) }

func signed(x float64, language string) string {
	if x >= 0 {
		return "+" + decimal(x, language)
	}
	return decimal(x, language)
}
