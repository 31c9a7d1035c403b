// Package consoletest makes consoles with made-up runs and data for tests: the
// handler tests of package console and the browser tests use the same ones. It
// is never part of the program.
package consoletest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/bucket"
	"github.com/pluvia-ml/pluvia/chart"
	"github.com/pluvia-ml/pluvia/console"
	"github.com/pluvia-ml/pluvia/internal/web"
	"github.com/pluvia-ml/pluvia/project"
	"github.com/pluvia-ml/pluvia/project/rain"
	"github.com/pluvia-ml/pluvia/store"
	"github.com/pluvia-ml/pluvia/table"
	"github.com/pluvia-ml/pluvia/table/parquet"
)

// Now is the clock of every demo.
var Now = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)

// Demo is a console over a real store and real buckets.
type Demo struct {
	http.Handler // with the middleware of a server
	Console      *console.Console
	Project      *project.Project
	Store        pluvia.Tracking
	Buckets      pluvia.Buckets
	Cycle        *Cycle
	Champion     *console.Champion // what serves; nil for nothing

	Train, Compare, Parent string   // ids of runs of the last cycle
	Same                   string   // id of a comparison of a model with itself
	Older                  string   // id of a comparison by an older program: pictures without numbers
	Trials                 []string // ids of the runs with a history that Many has made
}

// Cycle is a runner that does nothing but say what it is told to.
type Cycle struct {
	Now     console.Status
	Started int
	Refuse  error
}

// Status is what the test has set.
func (c *Cycle) Status() console.Status { return c.Now }

// Start counts, or refuses.
func (c *Cycle) Start(context.Context) error {
	if c.Refuse == nil {
		c.Started++
	}
	return c.Refuse
}

// Empty is a console before the first cycle.
func Empty(t testing.TB) *Demo {
	t.Helper()
	p, err := rain.Project()
	must(t, err)
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "pluvia.db"))
	must(t, err)
	t.Cleanup(func() { s.Close() })
	b, err := bucket.OpenFolder(t.TempDir())
	must(t, err)
	d := &Demo{Project: p, Store: s, Buckets: b, Cycle: new(Cycle)}
	d.Console, err = console.New(console.Config{
		Project: p, Store: s, Buckets: b, Cycle: d.Cycle, Version: "v0.0.0-demo",
		Champion: func() *console.Champion { return d.Champion },
		Now:      func() time.Time { return Now },
	})
	must(t, err)
	e := d.Console.Errors()
	d.Handler = e.Recover(web.Secure(e.SameOrigin(e.Limit(d.Console, 1<<20))))
	return d
}

// Filled is a console after a few cycles, with data, a champion and pictures.
func Filled(t testing.TB) *Demo {
	t.Helper()
	d := Empty(t)
	d.data(t)
	d.cycle(t, 20, 1, 0.871, "promoted", "There was no champion before it.", "No había un campeón anterior.")
	d.cycle(t, 10, 2, 0.874, "kept", "Challenger not surely better on the same 25,974 rows: roc_auc +0.0009 (95 % −0.0004 to +0.0021).", "El aspirante no es mejor con seguridad en las mismas 25.974 filas: roc_auc +0,0009 (95 % de −0,0004 a +0,0021).")
	failed := &pluvia.Run{ExperimentID: d.experiment(t), Name: "Cycle_run_2026-11-18", Start: pluvia.Millis(Now.AddDate(0, 0, -5)),
		Tags: []pluvia.Tag{{Key: "pluvia.step", Value: "cycle"}, {Key: "pluvia.error", Value: `etl: 2,100 of 142,193 rows break the schema: over 1 %; see s3://data/rejected.csv`}}}
	must(t, d.Store.CreateRun(t.Context(), failed))
	must(t, d.Store.UpdateRun(t.Context(), failed.ID, pluvia.RunUpdate{Status: pluvia.Failed, End: failed.Start + 1234}))
	d.cycle(t, 2, 3, 0.883, "promoted", "Surely better on the same 25,974 rows: roc_auc +0.0118 (95 % +0.0102 to +0.0133).", "Mejor con seguridad en las mismas 25.974 filas: roc_auc +0,0118 (95 % de +0,0102 a +0,0133).")
	d.Champion = &console.Champion{Model: d.Project.Names.ModelProd, Version: 3, RunID: d.Train, Threshold: 0.38, Probability: humid(d.Project)}
	return d
}

// humid is a model that looks at one thing only.
func humid(p *project.Project) func([]float64) float64 {
	at := p.Schema.Field("Humidity3pm")
	return func(row []float64) float64 {
		if math.IsNaN(row[at]) {
			return 0.224
		}
		return 1 / (1 + math.Exp(-(row[at]-65)/12))
	}
}

func (d *Demo) experiment(t testing.TB) string {
	t.Helper()
	e, err := d.Store.ExperimentByName(t.Context(), d.Project.Names.Experiment)
	if pluvia.ErrorCode(err) == pluvia.NotFound {
		e = &pluvia.Experiment{Name: d.Project.Names.Experiment}
		err = d.Store.CreateExperiment(t.Context(), e)
	}
	must(t, err)
	return e.ID
}

// cycle records a whole cycle of so many days ago.
func (d *Demo) cycle(t testing.TB, ago, version int, auc float64, decision, en, es string) {
	t.Helper()
	ctx := t.Context()
	start := pluvia.Millis(Now.AddDate(0, 0, -ago))
	decided := []pluvia.Tag{{Key: "pluvia.decision", Value: decision}, {Key: "pluvia.reason", Value: en}, {Key: "pluvia.reason.es", Value: es}, {Key: "pluvia.version", Value: strconv.Itoa(version)}}
	run := func(step, parent string, at, took int64, r pluvia.Run) string {
		r.ExperimentID, r.Start = d.experiment(t), start+at
		r.Name = strings.ToUpper(step[:1]) + step[1:] + "_run_" + pluvia.Time(start).Format(time.DateOnly)
		r.Tags = append(r.Tags, pluvia.Tag{Key: "pluvia.step", Value: step})
		if parent != "" {
			r.Tags = append(r.Tags, pluvia.Tag{Key: pluvia.TagParentRun, Value: parent})
		}
		must(t, d.Store.CreateRun(ctx, &r))
		must(t, d.Store.UpdateRun(ctx, r.ID, pluvia.RunUpdate{Status: pluvia.Finished, End: r.Start + took}))
		return r.ID
	}
	var metrics []pluvia.Metric
	for name, v := range map[string][2]float64{"roc_auc": {auc, .004}, "f1": {auc - .23, .007}, "brier": {.98 - auc, .002}, "ece": {.0071, .0021}, "log_loss": {1.21 - auc, .005}, "average_precision": {auc - .15, .008}, "precision": {.612, .009}, "recall": {.689, .008}, "accuracy": {.851, .003}} {
		metrics = append(metrics, pluvia.Metric{Key: name, Value: v[0]}, pluvia.Metric{Key: name + ".low", Value: v[0] - v[1]}, pluvia.Metric{Key: name + ".high", Value: v[0] + v[1]})
	}
	d.Parent = run("cycle", "", 0, 14_200, pluvia.Run{Tags: decided, Params: []pluvia.Param{{Key: "project", Value: d.Project.Name}}})
	run("etl", d.Parent, 10, 1_900, pluvia.Run{
		Params:  []pluvia.Param{{Key: "Train observations", Value: "106644"}, {Key: "Test observations", Value: "35549"}, {Key: "Standard Scaler mean values", Value: "[12.18, 23.22, 1.64, 4.61, 7.73, 39.82, 13.9, 18.6, 68.8, 51.4, 1017.7, 1015.3, 4.63, 4.69, 16.98, 21.67]"}},
		Metrics: []pluvia.Metric{{Key: "rows", Value: 142193}, {Key: "rows_rejected", Value: 3}},
		Inputs:  []pluvia.Input{{Dataset: pluvia.Dataset{Name: "weather_data_complete", Digest: "a4f2b071", SourceType: "local", Source: `{"uri": "snapshot"}`}}},
	})
	train := pluvia.Run{Params: []pluvia.Param{{Key: "learner", Value: "gradient boosting"}, {Key: "family", Value: "boost"}, {Key: "recipe", Value: "native"}, {Key: "threshold", Value: "0.38"}},
		Inputs: []pluvia.Input{{Dataset: pluvia.Dataset{Name: "weather_data_ready", Digest: "9be1c344", SourceType: "s3", Source: `{"uri": "s3://data/train.parquet"}`}}}}
	for i := range 60 {
		train.Metrics = append(train.Metrics, pluvia.Metric{Key: "validation_log_loss", Value: .3 + .3*math.Exp(-float64(i)/12), Step: int64(i)})
	}
	d.Train = run("train", d.Parent, 1_950, 6_400, train)
	candidate := run("candidate", d.Train, 2_000, 900, pluvia.Run{Metrics: metrics[:3]})
	must(t, d.Store.UpdateRun(ctx, candidate, pluvia.RunUpdate{Name: "<script>alert(1)</script>"}))
	d.Compare = run("compare", d.Parent, 8_400, 5_100, d.compared(version, decided, metrics))
	run("promote", d.Parent, 13_600, 40, pluvia.Run{Tags: decided})
	run("swap", d.Parent, 13_700, 20, pluvia.Run{Params: []pluvia.Param{{Key: "status", Value: "Modelo actualizado"}}})

	d.pictures(t, auc, version)
	switch version {
	case 1:
		d.Older = d.Compare
	case 2:
		d.Same = d.Compare
	}
	name := d.Project.Names.ModelProd
	if version == 1 {
		must(t, d.Store.CreateModel(ctx, &pluvia.Model{Name: name}))
	}
	v := &pluvia.Version{Model: name, RunID: d.Train, Source: "s3://mlflow/model"}
	must(t, d.Store.CreateVersion(ctx, v))
	update := pluvia.VersionUpdate{Tags: decided}
	for _, m := range metrics {
		update.Tags = append(update.Tags, pluvia.Tag{Key: m.Key, Value: strconv.FormatFloat(m.Value, 'f', 6, 64)})
	}
	if decision == "promoted" {
		update.Aliases = []string{pluvia.Champion}
	}
	must(t, d.Store.UpdateVersion(ctx, name, v.Number, update))
}

// compared is the run of a comparison: the first version has no champion before
// it, the second is the first one again.
func (d *Demo) compared(version int, decided []pluvia.Tag, metrics []pluvia.Metric) pluvia.Run {
	run := pluvia.Run{
		Tags: decided, Metrics: append(metrics[:len(metrics):len(metrics)], pluvia.Metric{Key: "test_f1_challenger", Value: .6486}),
		Params: []pluvia.Param{{Key: "Winner", Value: "Challenger"}, {Key: "challenger_version", Value: strconv.Itoa(version)}, {Key: "rule", Value: "surely_better"}, {Key: "rule_metric", Value: "roc_auc"}, {Key: "test_rows", Value: "25974"}, {Key: "bootstrap_replicates", Value: "1000"}},
	}
	if version == 1 {
		return run
	}
	run.Params = append(run.Params, pluvia.Param{Key: "champion_version", Value: "1"})
	run.Metrics = append(run.Metrics, pluvia.Metric{Key: "test_f1_champion", Value: .6402})
	gain := 0.0118 * float64(version-2)
	for _, m := range metrics {
		difference := gain
		if strings.HasSuffix(m.Key, ".low") {
			difference -= gain / 8
		} else if strings.HasSuffix(m.Key, ".high") {
			difference += gain / 8
		}
		run.Metrics = append(run.Metrics, pluvia.Metric{Key: "champion." + m.Key, Value: m.Value - gain}, pluvia.Metric{Key: "difference." + m.Key, Value: difference})
	}
	return run
}

// pictures leaves artifacts of several kinds in the run of the comparison.
func (d *Demo) pictures(t testing.TB, auc float64, version int) {
	t.Helper()
	run, err := d.Store.Run(t.Context(), d.Compare)
	must(t, err)
	bucket, prefix, err := pluvia.ParseURI(run.ArtifactURI)
	must(t, err)
	roc := chart.Curves{Caption: chart.Caption{Title: "ROC curve", Subtitle: "test part, 25,974 rows"}, X: chart.Axis{Label: "False positive rate", Max: 1}, Y: chart.Axis{Label: "True positive rate", Max: 1}, Diagonal: true,
		Series: []chart.Series{{Name: fmt.Sprintf("version 3, AUC %.3f", auc)}, {Name: "version 1, AUC 0.871", Second: true}}}
	reliability := chart.Intervals{Caption: chart.Caption{Title: "Reliability, ECE 0.0071", Subtitle: "Observed frequency by forecast probability"}, X: chart.Axis{Label: "Forecast probability", Max: 1}, Y: chart.Axis{Label: "Observed frequency", Max: 1}, Counts: "rows", Diagonal: true}
	importance := chart.Bars{Caption: chart.Caption{Title: "Importance"}, X: chart.Axis{Unit: "%"}}
	for i := range 401 {
		x := float64(i) / 400
		roc.Series[0].Points = append(roc.Series[0].Points, chart.Point{X: x, Y: math.Pow(x, 1/auc-1)})
		roc.Series[1].Points = append(roc.Series[1].Points, chart.Point{X: x, Y: math.Pow(x, 1/.871-.98)})
	}
	for i := range 10 {
		x := float64(i)/10 + .05
		reliability.Points = append(reliability.Points, chart.Interval{X: x, Y: x + .01, Low: x - .02, High: x + .04, Count: 9000 / (i + 1)})
		importance.Bars = append(importance.Bars, chart.Bar{Name: d.Project.Schema.Fields[i+2].Name, Value: .3 / float64(i+1)})
	}
	numbers := map[string]any{"rows": 25974}
	if version > 1 {
		var curves []map[string]any
		for i, s := range roc.Series {
			var xy, pr [][2]float64
			var bins []map[string]any
			for _, p := range s.Points {
				xy, pr = append(xy, [2]float64{p.X, p.Y}), append(pr, [2]float64{p.X, 1 - .77*math.Pow(p.X, 2-.2*float64(i))})
			}
			for _, p := range reliability.Points {
				shift := .02 * float64(i)
				bins = append(bins, map[string]any{"forecast": p.X, "observed": p.Y - shift, "low": p.Low - shift, "high": p.High - shift, "rows": p.Count})
			}
			curves = append(curves, map[string]any{"name": []string{"version " + strconv.Itoa(version), "version 1"}[i], "roc": xy, "precision_recall": pr, "reliability": bins})
		}
		numbers["curves"] = curves
	}
	file, err := json.Marshal(numbers)
	must(t, err)
	for name, content := range map[string][]byte{
		"pictures/test_roc.svg": chart.Standalone(roc), "pictures/test_reliability.svg": chart.Standalone(reliability), "pictures/importance.svg": chart.Standalone(importance),
		"comparison.json": file, "model/page.html": []byte("<script>alert(1)</script>"), "model/a b#c.bin": {0, 1, 2},
		"report/report.html": []byte(`<!doctype html><title>Report</title><style>p{color:teal}</style><p id="said">Written by hand</p><script>document.getElementById("said").textContent = "script ran"; parent.document.title = "taken"</script>`),
		"report/worst.csv":   []byte("place,error\n\"Hobart, Ellerslie\",0.41\n<b>Cobar</b>,0.38\n"), "report/logged.json": []byte(`{"columns": ["question", "score"], "data": [["<i>dry</i>", 0.5], [null, 1]]}`),
		"report/notes.md": []byte("# Notes\n\n<script>alert(1)</script> and ñandú\n"), "report/MLmodel": []byte("flavors:\n  python_function: {}\n"),
	} {
		must(t, d.Buckets.Put(t.Context(), bucket, prefix+"/"+name, bytes.NewReader(content)))
	}
}

// data leaves a made-up data set's description in the bucket "data".
func (d *Demo) data(t testing.TB) {
	t.Helper()
	const rows = 3000
	random := rand.New(rand.NewPCG(1, 2))
	var columns []*table.Column
	for i, f := range d.Project.Schema.Fields {
		missing := func() bool { return !f.Required && random.IntN(60) < i }
		switch f.Type.Kind() {
		case table.Category:
			codes := make([]int32, rows)
			for row := range codes {
				codes[row] = int32(random.IntN(len(f.Categories)))
				if missing() {
					codes[row] = table.MissingCode
				}
			}
			columns = append(columns, table.Categories(f.Name, codes, f.Categories))
		case table.Date:
			days := make([]table.Day, rows)
			for row := range days {
				days[row] = table.NewDay(2008, 1, 1+row)
			}
			columns = append(columns, table.Dates(f.Name, days))
		default:
			values := make([]float64, rows)
			for row := range values {
				values[row] = math.Round(100+150*random.NormFloat64()) / 10
				if f.Unit == "%" {
					values[row] = 100 * random.Float64()
				}
				if f.Min != nil && f.Max != nil { // as the schema wants it
					values[row] = math.Round(min(max(values[row], *f.Min), *f.Max))
				}
				if missing() {
					values[row] = table.Missing
				}
			}
			columns = append(columns, table.Numbers(f.Name, values))
		}
	}
	all := table.New(columns...)
	places := all.Column(d.Project.Catalogue.Field)
	latest := make([]int, 0, len(places.Levels))
	for level := range places.Levels {
		for row := rows - 1; row >= 0; row-- {
			if places.Codes[row] == int32(level) {
				latest = append(latest, row)
				break
			}
		}
	}
	var file bytes.Buffer
	must(t, parquet.Write(&file, all.Take(latest)))
	must(t, d.Buckets.Put(t.Context(), pluvia.DataBucket, "raw/latest.parquet", &file))
	info, err := json.Marshal(map[string]any{
		"latest":  "raw/latest.parquet",
		"columns": d.Project.Schema.Names(), "dtypes": map[string]string{"MinTemp": "float64"}, "rows": rows,
		"rejected": map[string]any{"rows": 3, "key": "rejected.csv"},
		"source":   map[string]any{"name": "weatherAUS.csv", "type": "snapshot", "uri": "snapshot:weatherAUS.csv", "sha256": d.Project.Source.SHA256},
		"split":    map[string]int{"train": 2000, "validate": 400, "test": 590, "no_target": 10},
		"leaks":    []map[string]string{{"column": "RISK_MM", "why": "> 1 exactly where the target is Yes"}},
		"summary":  table.Summarize(all),
	})
	must(t, err)
	must(t, d.Buckets.Put(t.Context(), pluvia.DataBucket, d.Project.Names.KeyInfo, bytes.NewReader(info)))
	must(t, d.Buckets.Put(t.Context(), pluvia.DataBucket, "rejected.csv", strings.NewReader("line,row,column,value,rule\n7,6,Date,2023-02-30,a date\n")))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
