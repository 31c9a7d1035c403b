package cycle_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	pluvia "github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/bucket"
	"github.com/pluvia-ml/pluvia/cycle"
	"github.com/pluvia-ml/pluvia/project"
	"github.com/pluvia-ml/pluvia/source"
	"github.com/pluvia-ml/pluvia/store"
	"github.com/pluvia-ml/pluvia/table"
	"github.com/pluvia-ml/pluvia/table/parquet"
)

// readings is a data set for testdata/pumps.yaml: three pumps, five years. Heat
// and load tell something of what comes, the season a little.
func readings(seed uint64) string {
	r := rand.New(rand.NewPCG(seed, 1))
	var text strings.Builder
	text.WriteString("day,pump,heat,load,hours_lost,stops\n")
	for day := table.NewDay(2010, 1, 1); day < table.NewDay(2015, 1, 1); day++ {
		for i, pump := range []string{"north", "south", "west"} {
			heat, load := 60+20*r.NormFloat64(), 100*r.Float64()
			lost := heat/30 + load/50 + float64(i)/2 + 0.7*r.NormFloat64() - 4.6
			stops := "No"
			if lost = math.Round(100*min(max(0, lost), 24)) / 100; lost > 0 {
				stops = "Yes"
			}
			cell := fmt.Sprintf("%.1f", min(heat, 199))
			if r.IntN(20) == 0 {
				cell = "NA"
			}
			fmt.Fprintf(&text, "%s,%s,%s,%.0f,%.2f,%s\n", day, pump, cell, load, lost, stops)
		}
	}
	return text.String()
}

// house is one in a directory of its own.
type house struct {
	t       *testing.T
	dir     string
	project *project.Project
	store   *store.Store
	buckets pluvia.Buckets
	data    string // the CSV that the source gives
	swapped int
	now     time.Time
}

func newHouse(t *testing.T) *house {
	t.Helper()
	p, err := project.Load(os.DirFS("testdata"), "pumps.yaml")
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, dir: t.TempDir(), project: p, data: readings(1), now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	if h.store, err = store.Open(t.Context(), filepath.Join(h.dir, "pluvia.db")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.store.Close(); err != nil {
			t.Error(err)
		}
	})
	if h.buckets, err = bucket.OpenFolder(filepath.Join(h.dir, "buckets")); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *house) runner(progress func(cycle.Status)) *cycle.Runner {
	return cycle.New(cycle.Config{
		Project: h.project, Store: h.store, Buckets: h.buckets, Progress: progress,
		Source: func(ctx context.Context) (*source.Source, error) {
			name := filepath.Join(h.dir, "readings.csv")
			if err := os.WriteFile(name, []byte(h.data), 0o644); err != nil {
				return nil, err
			}
			return source.Open(ctx, name, h.dir, source.Options{})
		},
		Swap: func(context.Context) (string, error) { h.swapped++; return "taken", nil },
		Now:  func() time.Time { h.now = h.now.Add(time.Millisecond); return h.now },
	})
}

func (h *house) run(steps ...cycle.Step) error { return h.runner(nil).Run(h.t.Context(), steps...) }

// runs are the runs of a step, newest first.
func (h *house) runs(step string, status pluvia.RunStatus) []*pluvia.Run {
	h.t.Helper()
	runs, err := h.store.Runs(h.t.Context(), pluvia.RunFilter{Status: status, Tags: map[string]string{cycle.TagStep: step}})
	if err != nil {
		h.t.Fatal(err)
	}
	return runs
}

func (h *house) champion() *pluvia.Version {
	h.t.Helper()
	v, err := h.store.VersionByAlias(h.t.Context(), h.project.Names.ModelProd, pluvia.Champion)
	if err != nil {
		h.t.Fatal(err)
	}
	return v
}

// digest is that of the champion's model.
func (h *house) digest() string {
	h.t.Helper()
	run, err := h.store.Run(h.t.Context(), h.champion().RunID)
	if err != nil {
		h.t.Fatal(err)
	}
	return run.Tag(cycle.TagDigest)
}

// objects are all objects of a bucket, with what is in them.
func (h *house) objects(bucket string) map[string]string {
	h.t.Helper()
	list, err := h.buckets.List(h.t.Context(), bucket, "")
	if err != nil {
		h.t.Fatal(err)
	}
	all := map[string]string{}
	for _, o := range list {
		r, _, err := h.buckets.Open(h.t.Context(), bucket, o.Key)
		if err != nil {
			h.t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil {
			h.t.Fatal(err)
		}
		all[o.Key] = string(text)
	}
	return all
}

func TestFirstCycle(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if err := h.run(cycle.Steps...); err != nil {
		t.Fatal(err)
	}
	v := h.champion()
	if v.Number != 1 || !slices.Equal(v.Aliases, []string{pluvia.Champion}) || v.Tag(cycle.TagDecision) != cycle.Promoted {
		t.Errorf("champion is %+v", v)
	}
	if auc := v.Tag("roc_auc"); auc < "0.7" || auc > "0.99" || v.Tag("roc_auc.low") >= auc || v.Tag("roc_auc.high") <= auc {
		t.Errorf("roc_auc %s, from %s to %s", auc, v.Tag("roc_auc.low"), v.Tag("roc_auc.high"))
	}
	if h.swapped != 1 {
		t.Errorf("the service was told %d times", h.swapped)
	}

	parent := h.runs("cycle", pluvia.Finished)[0]
	for step, name := range map[cycle.Step]string{
		cycle.ETL: "ETL_2026-11-23", cycle.Train: "Challenger_2026-11-23", cycle.Compare: "Comparison_2026-11-23",
		cycle.Promote: "Promotion_2026-11-23", cycle.Swap: "Swap_2026-11-23",
	} {
		runs := h.runs(string(step), pluvia.Finished)
		if len(runs) != 1 || runs[0].Name != name || runs[0].Tag(pluvia.TagParentRun) != parent.ID || runs[0].End == 0 {
			t.Errorf("runs of %s: %+v", step, runs)
		}
	}
	etl := h.runs("etl", pluvia.Finished)[0]
	if etl.Param("Train observations") != "4383" || etl.Param("Test observations") != "1095" || etl.Tag("experiment") != "etl" {
		t.Errorf("the ETL says %+v, %+v", etl.Params, etl.Tags)
	}
	if len(etl.Inputs) != 2 || etl.Inputs[0].Dataset.Name != "readings" || etl.Inputs[1].Dataset.Name != "readings_ready" {
		t.Errorf("inputs of the ETL: %+v", etl.Inputs)
	}
	if parent.Tag("experiment") != "whole" {
		t.Errorf("the cycle has the tags %+v", parent.Tags)
	}
	if got := len(h.runs("candidate", pluvia.Finished)); got != len(h.project.Learners) {
		t.Errorf("%d candidates, want %d", got, len(h.project.Learners))
	}

	data := h.objects(pluvia.DataBucket)
	for _, key := range []string{
		"raw/readings.csv", "raw/readings.parquet", "raw/readings_fixed.csv", "raw/rejected.csv", "info/data.json", "info/recipe.json",
		"final/train/x.csv", "final/train/x.parquet", "final/train/y.csv", "final/test/x.csv", "final/test/y.parquet",
	} {
		if data[key] == "" {
			t.Errorf("%s is not in the bucket: it has %q", key, slices.Sorted(maps.Keys(data)))
		}
	}
	if header, _, _ := strings.Cut(data["final/train/x.csv"], "\n"); strings.Contains(header, "hours_lost") || strings.Contains(header, "stops") {
		t.Errorf("the features are %s", header)
	}
	info, err := cycle.ReadDataInfo(t.Context(), h.buckets, h.project)
	if err != nil {
		t.Fatal(err)
	}
	if info.Rows != 5478 || info.Split.Train != 3288 || info.Split.Validate != 1095 || info.Split.Test != 1095 || len(info.ScalerMean) == 0 {
		t.Errorf("data.json says %+v", info)
	}
	if len(info.Leaks) != 1 || info.Leaks[0].Column != "hours_lost" {
		t.Errorf("leaks found: %+v", info.Leaks)
	}

	compared := h.runs("compare", pluvia.Finished)[0]
	prefix := strings.TrimPrefix(compared.ArtifactURI, "s3://mlflow/")
	artifacts := h.objects(pluvia.MLflowBucket)
	for _, name := range []string{"pictures/test_roc.svg", "pictures/test_precision_recall.svg", "pictures/test_reliability.svg"} {
		if !strings.Contains(artifacts[prefix+"/"+name], "</svg>") {
			t.Errorf("no picture %s", name)
		}
	}
	var c cycle.Comparison
	if err := json.Unmarshal([]byte(artifacts[prefix+"/comparison.json"]), &c); err != nil {
		t.Fatal(err)
	}
	if len(c.Curves) != 1 || len(c.Curves[0].ROC) < 10 || len(c.Curves[0].Reliability) < 5 {
		t.Errorf("curves: %+v", c.Curves)
	}
	if c.Rows != 1095 || c.Days != 365 || c.Original.Winner != "Challenger" || c.Champion != nil || compared.Param("Winner") != "Challenger" {
		t.Errorf("comparison: %+v", c)
	}
	// What early stopping has decided is what was fitted, and what is recorded.
	if trained := h.runs("train", pluvia.Finished)[0]; trained.Param("family") == "boost" && trained.Param("early_stopping") != "0" {
		t.Errorf("the final boosting has stopped early: %+v", trained.Params)
	}
	if trained := h.runs("train", pluvia.Finished)[0]; v.Tag("model") != trained.Param("family") || len(v.Tags) < 5 {
		t.Errorf("the version's tags %+v are not the run's parameters %+v", v.Tags, trained.Params)
	}
	// Hyper-parameters are parameters of the run and tags of the version, by
	// their own names; nothing else is both.
	for _, p := range h.runs("train", pluvia.Finished)[0].Params {
		fact := slices.Contains([]string{"learner", "family", "recipe", "threshold", "rows"}, p.Key)
		if tag := v.Tag(p.Key); fact != (tag == "") || !fact && tag != p.Value {
			t.Errorf("parameter %s is %q, the version's tag %q", p.Key, p.Value, tag)
		}
	}
	model := h.champion().Source[len("s3://mlflow/"):]
	for _, name := range []string{"MLmodel", "recipe.json", "classifier.json"} {
		if artifacts[model+"/"+name] == "" {
			t.Errorf("the model folder has no %s", name)
		}
	}
}

// TestSecondCycle: the same data make the same model, which is not better than
// itself; other data make another one, and the champion is judged on them too.
func TestSecondCycle(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for range 2 {
		if err := h.run(cycle.Steps...); err != nil {
			t.Fatal(err)
		}
	}
	if v := h.champion(); v.Number != 1 {
		t.Fatalf("version %d is champion: a model was found better than itself", v.Number)
	}
	m, err := h.store.Model(t.Context(), h.project.Names.ModelProd)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Aliases) != 1 {
		t.Errorf("the loser has kept its alias: %+v", m.Aliases)
	}
	compared := h.runs("compare", pluvia.Finished)[0]
	mine, _ := compared.Metric("test_f1_challenger")
	theirs, ok := compared.Metric("test_f1_champion")
	difference, _ := compared.Metric("difference.roc_auc")
	if !ok || mine != theirs || difference != 0 || compared.Param("Winner") != "Champion" || compared.Tag(cycle.TagDecision) != cycle.Kept {
		t.Errorf("comparison with itself: %+v %+v %+v", compared.Metrics, compared.Params, compared.Tags)
	}
	trained := h.runs("train", pluvia.Finished)
	if trained[0].Tag(cycle.TagDigest) != trained[1].Tag(cycle.TagDigest) {
		t.Error("the same data, seed and project have made two different models")
	}

	changed, err := h.runner(nil).SourceChanged(t.Context())
	if err != nil || changed {
		t.Errorf("source changed: %v, %v; it has not", changed, err)
	}
	h.data = readings(2)
	if changed, err = h.runner(nil).SourceChanged(t.Context()); err != nil || !changed {
		t.Errorf("source changed: %v, %v; it has", changed, err)
	}
	if err := h.run(cycle.Steps...); err != nil {
		t.Fatal(err)
	}
	if newest := h.runs("train", pluvia.Finished)[0]; newest.Tag(cycle.TagDigest) == trained[0].Tag(cycle.TagDigest) {
		t.Error("other data have made the same model")
	}
}

// TestResume cuts a cycle off at every change of its status, as a crash would,
// and carries it on in a new runner on the same directory.
func TestResume(t *testing.T) {
	t.Parallel()
	whole := newHouse(t)
	changes := 0
	if err := whole.runner(func(cycle.Status) { changes++ }).Run(t.Context(), cycle.Steps...); err != nil {
		t.Fatal(err)
	}
	want := whole.digest()
	if changes < 20 {
		t.Fatalf("only %d changes of status", changes)
	}
	for cut := 1; cut < changes; cut += max(1, changes/24) {
		t.Run(fmt.Sprint(cut), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			seen := 0
			err := h.runner(func(cycle.Status) {
				if seen++; seen == cut {
					cancel()
				}
			}).Run(ctx, cycle.Steps...)
			if err == nil {
				return // cut off after the last thing that could be
			}
			resumed, err := h.runner(nil).Resume(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if !resumed { // cut off before there was a cycle
				err = h.run(cycle.Steps...)
			}
			if err != nil {
				t.Fatal(err)
			}
			if h.digest() != want || h.champion().Number != 1 {
				t.Errorf("champion is version %d, %s; uninterrupted it is %s", h.champion().Number, h.digest(), want)
			}
			for _, step := range cycle.Steps {
				if runs := h.runs(string(step), pluvia.Finished); len(runs) != 1 {
					t.Errorf("%s finished %d times", step, len(runs))
				}
			}
			if open := h.runs("cycle", pluvia.Running); len(open) != 0 {
				t.Errorf("%d cycles are still open", len(open))
			}
			if again, err := h.runner(nil).Resume(t.Context()); again || err != nil {
				t.Errorf("resumed again: %v, %v", again, err)
			}
		})
	}
}

// TestBadData: what is wrong with the data fails the run with the report, and
// nothing downstream changes.
// heatless is where a line of readings has its heat.
var heatless = regexp.MustCompile(`(?m)^(\d[^,]*,[^,]*,)[^,]*,`)

func TestBadData(t *testing.T) {
	t.Parallel()
	good := readings(1)
	lines := strings.Count(good, "\n") - 1
	for name, c := range map[string]struct {
		data string
		says []string
	}{
		"too many bad rows": {
			strings.Replace(good, ",north,", ",nroth,", lines/50),
			[]string{"nroth", "pump", "north", "1"},
		},
		"a missing column": {strings.Replace(good, "heat,load,", "load,", 1), []string{"heat"}},
		"one class only":   {strings.ReplaceAll(good, ",Yes", ",No"), []string{"training part", "0 of them positive"}},
		"an empty column":  {heatless.ReplaceAllString(good, "${1}NA,"), []string{"recipe flat", "heat", "no value"}},
		"no rows":          {good[:strings.Index(good, "\n")+1], []string{"no rows"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			if err := h.run(cycle.Steps...); err != nil {
				t.Fatal(err)
			}
			before, champion := h.objects(pluvia.DataBucket), h.digest()
			h.data = c.data
			err := h.run(cycle.Steps...)
			if code := pluvia.ErrorCode(err); err == nil || code != pluvia.Invalid {
				t.Fatalf("error %v with code %s, want invalid", err, code)
			}
			for _, word := range c.says {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("the error does not say %q: %v", word, err)
				}
			}
			if !maps.Equal(before, h.objects(pluvia.DataBucket)) || h.digest() != champion {
				t.Error("something downstream has changed")
			}
			failed := h.runs("etl", pluvia.Failed)
			if len(failed) != 1 || failed[0].Tag(cycle.TagError) == "" || len(h.runs("cycle", pluvia.Failed)) != 1 {
				t.Errorf("failed runs: %+v", failed)
			}
		})
	}
}

// TestSameModelAtAnyGOMAXPROCS is about the whole of a cycle; the learners have
// tests of their own.
func TestSameModelAtAnyGOMAXPROCS(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	digests := map[string]int{}
	for _, n := range []int{1, 2, 5} {
		runtime.GOMAXPROCS(n)
		h := newHouse(t)
		if err := h.run(cycle.Steps...); err != nil {
			t.Fatal(err)
		}
		digests[h.digest()] = n
	}
	if len(digests) != 1 {
		t.Errorf("models differ with GOMAXPROCS: %v", digests)
	}
}

func TestRejectedRowsAreListed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.data = strings.Replace(h.data, ",north,", ",nroth,", 3)
	h.data = strings.ReplaceAll(strings.Replace(h.data, "day,", "note,day,", 1), "\n20", "\nx,20") // a column of no field
	if err := h.run(cycle.ETL); err != nil {
		t.Fatal(err)
	}
	listed := h.objects(pluvia.DataBucket)["raw/rejected.csv"]
	if lines := strings.Split(strings.TrimSpace(listed), "\n"); len(lines) != 4 || !strings.Contains(lines[1], "nroth") {
		t.Errorf("rejected.csv:\n%s", listed)
	}
	info, err := cycle.ReadDataInfo(t.Context(), h.buckets, h.project)
	if err != nil || info.Rejected.Rows != 3 || info.Rejected.Key != "raw/rejected.csv" || info.Rows != 5475 || !slices.Equal(info.Ignored, []string{"note"}) {
		t.Errorf("%+v, %v", info, err)
	}
}

func TestLatestRowOfEachPlace(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.project.Catalogue = &project.Catalogue{Field: "pump"}
	h.data = strings.Replace(h.data, "2014-12-31,west,", "2014-12-31,none,", 1) // the last row of one place is set aside
	if err := h.run(cycle.ETL); err != nil {
		t.Fatal(err)
	}
	info, err := cycle.ReadDataInfo(t.Context(), h.buckets, h.project)
	if err != nil {
		t.Fatal(err)
	}
	file := h.objects(pluvia.DataBucket)[info.Latest]
	latest, _, err := parquet.Read(strings.NewReader(file), int64(len(file)), &h.project.Schema)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for row := range latest.Rows() {
		got[latest.Column("pump").Text(row)] = latest.Column("day").Text(row)
	}
	if want := map[string]string{"north": "2014-12-31", "south": "2014-12-31", "west": "2014-12-30"}; !maps.Equal(got, want) {
		t.Errorf("latest rows %v, want %v", got, want)
	}
}

func TestLeakIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.project.Leaks = nil // as if nobody had known of it
	err := h.run(cycle.ETL)
	if pluvia.ErrorCode(err) != pluvia.Invalid || !strings.Contains(err.Error(), "hours_lost") || !strings.Contains(err.Error(), "leaks") {
		t.Errorf("a column that decides the target went through: %v", err)
	}
	if data := h.objects(pluvia.DataBucket); len(data) != 0 {
		t.Errorf("the bucket has %q", slices.Sorted(maps.Keys(data)))
	}
}

// fullDisk refuses every object whose key has a part of its name.
type fullDisk struct {
	pluvia.Buckets
	part string
}

func (f *fullDisk) Put(ctx context.Context, bucket, key string, r io.Reader) error {
	if f.part != "" && strings.Contains(key, f.part) {
		io.CopyN(io.Discard, r, 10)
		return pluvia.Errorf(pluvia.Full, "no space left for %s: free some, then run the cycle again", key)
	}
	return f.Buckets.Put(ctx, bucket, key, r)
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	for _, part := range []string{"final/train/x.csv", "classifier.json", "pictures/test_roc", "comparison.json"} {
		t.Run(filepath.Base(part), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			disk := &fullDisk{Buckets: h.buckets}
			h.buckets = disk
			if err := h.run(cycle.Steps...); err != nil {
				t.Fatal(err)
			}
			want := h.digest()
			disk.part, h.data = part, readings(3)
			if err := h.run(cycle.Steps...); pluvia.ErrorCode(err) != pluvia.Full {
				t.Fatalf("error %v, want one with the code full", err)
			}
			if h.digest() != want || len(h.runs("cycle", pluvia.Failed)) != 1 {
				t.Error("a full disk has changed the champion, or the run is not failed")
			}
			disk.part = ""
			if err := h.run(cycle.Steps...); err != nil {
				t.Errorf("with space again: %v", err)
			}
		})
	}
}

func TestOneAtATime(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	r := h.runner(nil)
	work, err := r.Begin(cycle.ETL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Begin(cycle.ETL); pluvia.ErrorCode(err) != pluvia.Conflict {
		t.Errorf("a second cycle: %v, want a conflict", err)
	}
	if !r.Status().Running {
		t.Error("a cycle that has begun does not say so")
	}
	if err := work(t.Context()); err != nil {
		t.Error(err)
	}
	if s := r.Status(); s.Running || s.Err != nil {
		t.Errorf("status after it: %+v", s)
	}
	if err := r.Run(t.Context(), "elt"); pluvia.ErrorCode(err) != pluvia.Invalid {
		t.Errorf("an unknown step: %v", err)
	}
}

func TestStepsBuildOnEarlierCycles(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if err := h.run(cycle.Train); pluvia.ErrorCode(err) != pluvia.Conflict || !strings.Contains(err.Error(), "etl") {
		t.Errorf("training without an ETL: %v", err)
	}
	if err := h.run(cycle.ETL); err != nil {
		t.Fatal(err)
	}
	if err := h.run(cycle.Train, cycle.Compare, cycle.Promote, cycle.Swap); err != nil {
		t.Fatal(err)
	}
	if h.champion().Number != 1 {
		t.Error("no champion")
	}
}

func TestPromoteByHand(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for range 2 {
		if err := h.run(cycle.Steps...); err != nil {
			t.Fatal(err)
		}
	}
	if moved, err := h.runner(nil).PromoteByHand(t.Context(), 2); err != nil || !moved {
		t.Fatal(moved, err)
	}
	if moved, err := h.runner(nil).PromoteByHand(t.Context(), 2); err != nil || moved {
		t.Errorf("the champion again: moved %v, %v", moved, err)
	}
	if byHand := len(h.runs("promote", "")) - 2; byHand != 1 {
		t.Errorf("%d promotions by hand are recorded, want 1", byHand)
	}
	if run := h.runs("promote", "")[0]; run.Tag("experiment") != "promotion" {
		t.Errorf("the promotion by hand has the tags %+v", run.Tags)
	}
	if v := h.champion(); v.Number != 2 || v.Tag(cycle.TagReason+".es") != "Promovida a mano." {
		t.Errorf("champion is %+v", v)
	}
	if _, err := h.runner(nil).PromoteByHand(t.Context(), 9); pluvia.ErrorCode(err) != pluvia.NotFound {
		t.Errorf("a version that is not there: %v", err)
	}
}

// TestStatusTells follows the status from outside, as a page does.
func TestStatusTells(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var seen bytes.Buffer
	last := cycle.Step("")
	err := h.runner(func(s cycle.Status) {
		if s.Step != last {
			last = s.Step
			fmt.Fprint(&seen, s.Step, " ")
		}
		if s.Done > s.Total && s.Total > 0 {
			t.Errorf("%d of %d done", s.Done, s.Total)
		}
	}).Run(t.Context(), cycle.Steps...)
	if err != nil || seen.String() != "etl train compare promote swap " {
		t.Errorf("%q, %v", seen.String(), err)
	}
}
