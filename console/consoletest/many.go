package consoletest

import (
	"fmt"
	"math"
	"strconv"
	"testing"

	"github.com/pluvia-ml/pluvia"
)

// Many adds an experiment with so many runs of somebody's own training, each
// with 10 params, 10 metrics and a tag, and gives back its id. The first
// Histories of them have a metric with a history.
func (d *Demo) Many(t testing.TB, runs int) string {
	t.Helper()
	e := &pluvia.Experiment{Name: "Search for trees", Tags: []pluvia.Tag{{Key: "team", Value: "forecasts"}}}
	must(t, d.Store.CreateExperiment(t.Context(), e))
	d.Trials = nil
	trial := func(i int) *pluvia.Run {
		r := &pluvia.Run{
			ID: fmt.Sprintf("%032x", 0xace0_0000+i), ExperimentID: e.ID, Stage: pluvia.Active, Name: fmt.Sprintf("trial %05d", i), User: "ada", Status: pluvia.Finished,
			Start: pluvia.Millis(Now) - int64(runs-i)*60_000, Tags: []pluvia.Tag{{Key: pluvia.TagSourceName, Value: "search.py"}},
		}
		r.ArtifactURI = pluvia.URI(pluvia.MLflowBucket, e.ID+"/"+r.ID+"/artifacts")
		r.End = r.Start + 1000 + int64(i%7)*700
		depth, rate := 3+i%6, []float64{0.3, 0.1, 0.03, 0.01}[i/6%4]
		r.Params = []pluvia.Param{{Key: "depth", Value: strconv.Itoa(depth)}, {Key: "learning_rate", Value: fmt.Sprint(rate)}, {Key: "learner", Value: []string{"boost", "forest"}[i%2]}}
		for k := range 7 {
			r.Params = append(r.Params, pluvia.Param{Key: fmt.Sprint("fixed_", k), Value: strconv.Itoa(k)})
		}
		auc := 0.8 + 0.05*math.Sin(float64(i)) + 0.004*float64(depth)
		r.Metrics = []pluvia.Metric{{Key: "roc_auc", Value: auc}, {Key: "log_loss", Value: 1.2 - auc}}
		for k := range 8 {
			r.Metrics = append(r.Metrics, pluvia.Metric{Key: fmt.Sprint("fold_", k), Value: auc + 0.01*math.Cos(float64(i*k))})
		}
		if i < Histories {
			for step := range int64(40) {
				r.Metrics = append(r.Metrics, pluvia.Metric{Key: "loss", Value: 0.3 + 0.4*math.Exp(-float64(step)*rate/2) + 0.01*float64(i), Step: step, Timestamp: r.Start + step})
			}
		}
		if i == 1 {
			r.Metrics = append(r.Metrics, pluvia.Metric{Key: "odd", Value: math.NaN()})
		}
		return r
	}
	// A parcel is one transaction.
	for first := 0; first < runs; first += parcelOfMany {
		var parcel pluvia.Parcel
		for i := first; i < min(first+parcelOfMany, runs); i++ {
			r := trial(i)
			parcel.Runs = append(parcel.Runs, r)
			if i < Histories {
				d.Trials = append(d.Trials, r.ID)
			}
		}
		must(t, d.Store.Import(t.Context(), parcel))
	}
	return e.ID
}

// Histories is how many of the runs of [Demo.Many] have a history.
const Histories = 5

const parcelOfMany = 1000
