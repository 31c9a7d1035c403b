package storetest

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia"
)

var runTests = map[string]func(*testing.T, pluvia.Store){
	"Run": func(t *testing.T, s pluvia.Store) {
		r := &pluvia.Run{
			ExperimentID: "0", Name: "first", User: "ada",
			Params:  []pluvia.Param{{Key: "b", Value: "2"}, {Key: "a", Value: ""}},
			Metrics: []pluvia.Metric{{Key: "auc", Value: 0.8, Step: 1}, {Key: "auc", Value: 0.9, Step: 2}},
			Tags:    []pluvia.Tag{{Key: "t", Value: "old"}, {Key: "t", Value: "new"}},
			Inputs: []pluvia.Input{{
				Dataset: pluvia.Dataset{Name: "d", Digest: "1", SourceType: "s3", Source: "s3://data/d", Schema: "{}", Profile: "{}"},
				Tags:    []pluvia.Tag{{Key: pluvia.TagDataContext, Value: "training"}},
			}},
		}
		inputs := r.Inputs
		ok(t, s.CreateRun(t.Context(), r))
		if len(r.ID) != 32 || strings.Trim(r.ID, "0123456789abcdef") != "" {
			t.Errorf("ID is %q", r.ID)
		}
		if r.Status != pluvia.Running || r.Stage != pluvia.Active || r.Start == 0 || r.End != 0 {
			t.Errorf("made %+v", r)
		}
		equal(t, "artifact URI", r.ArtifactURI, "s3://mlflow/0/"+r.ID+"/artifacts")
		equal(t, "params by key", r.Params, []pluvia.Param{{Key: "a"}, {Key: "b", Value: "2"}})
		equal(t, "latest metrics", r.Metrics, []pluvia.Metric{{Key: "auc", Value: 0.9, Step: 2}})
		equal(t, "tags", r.Tags, []pluvia.Tag{{Key: pluvia.TagRunName, Value: "first"}, {Key: "t", Value: "new"}})
		equal(t, "inputs", r.Inputs, inputs)
		equal(t, "as read", must(s.Run(t.Context(), r.ID))(t), r)
		equal(t, "as listed", must(s.Runs(t.Context(), pluvia.RunFilter{}))(t), []*pluvia.Run{r})

		given := &pluvia.Run{ID: strings.Repeat("ab", 16), ExperimentID: "0", Status: pluvia.Finished, Start: 5, End: 6, ArtifactURI: "s3://x/y",
			Tags: []pluvia.Tag{{Key: pluvia.TagRunName, Value: "by tag"}}}
		want := *given
		want.Name, want.Stage = "by tag", pluvia.Active
		ok(t, s.CreateRun(t.Context(), given))
		equal(t, "what is given stays", *given, want)
		coded(t, s.CreateRun(t.Context(), &pluvia.Run{ID: given.ID, ExperimentID: "0"}), pluvia.Exists, given.ID)
	},
	"RunErrors": func(t *testing.T, s pluvia.Store) {
		for _, bad := range []pluvia.Run{
			{ExperimentID: ""}, {ExperimentID: "x"}, {ExperimentID: "0", ID: "short"}, {ExperimentID: "0", ID: strings.Repeat("AB", 16)},
			{ExperimentID: "0", Status: "DONE"}, {ExperimentID: "0", Name: "a\x00b"}, {ExperimentID: "0", User: "\xff"},
			{ExperimentID: "0", Name: "a", Tags: []pluvia.Tag{{Key: pluvia.TagRunName, Value: "b"}}},
			{ExperimentID: "0", Params: []pluvia.Param{{Key: "../x", Value: "1"}}},
		} {
			coded(t, s.CreateRun(t.Context(), &bad), pluvia.Invalid)
		}
		coded(t, s.CreateRun(t.Context(), &pluvia.Run{ExperimentID: "77"}), pluvia.NotFound, "77")
		// All faults are said at once.
		coded(t, s.CreateRun(t.Context(), &pluvia.Run{ExperimentID: "0", Status: "DONE", ID: "short"}), pluvia.Invalid, "DONE", "short")
		// A conflict within takes the run with it.
		coded(t, s.CreateRun(t.Context(), &pluvia.Run{ExperimentID: "0", Params: []pluvia.Param{{Key: "a", Value: "1"}, {Key: "a", Value: "2"}}}), pluvia.Conflict)
		equal(t, "runs", must(s.CountRuns(t.Context(), pluvia.RunFilter{}))(t), 0)

		for _, id := range []string{strings.Repeat("0", 32), "", "'", strings.Repeat("x", 10_000), "a\x00", "\xff"} {
			_, err := s.Run(t.Context(), id)
			coded(t, err, pluvia.NotFound)
			coded(t, s.UpdateRun(t.Context(), id, pluvia.RunUpdate{Status: pluvia.Failed}), pluvia.NotFound)
			coded(t, s.DeleteRun(t.Context(), id), pluvia.NotFound)
			coded(t, s.RestoreRun(t.Context(), id), pluvia.NotFound)
			coded(t, s.Log(t.Context(), id, pluvia.Batch{}), pluvia.NotFound)
			_, err = s.MetricHistory(t.Context(), id, "m")
			coded(t, err, pluvia.NotFound)
		}
		for _, none := range []pluvia.RunFilter{{Name: "a\x00"}, {Status: "\xff"}, {Tags: map[string]string{"a\x00": "b"}}, {Tags: map[string]string{"a": "\xff"}}} {
			equal(t, "runs of what cannot be stored", len(must(s.Runs(t.Context(), none))(t)), 0)
			equal(t, "count of what cannot be stored", must(s.CountRuns(t.Context(), none))(t), 0)
		}
		for _, bad := range []pluvia.RunFilter{{Limit: -1}, {Offset: -1}, {Stage: "gone"}, {ExperimentID: "x"}} {
			_, err := s.Runs(t.Context(), bad)
			coded(t, err, pluvia.Invalid)
		}
	},
	"UpdateRun": func(t *testing.T, s pluvia.Store) {
		r := &pluvia.Run{ExperimentID: "0", Name: "old", Start: 10}
		ok(t, s.CreateRun(t.Context(), r))
		ok(t, s.UpdateRun(t.Context(), r.ID, pluvia.RunUpdate{}))
		equal(t, "nothing changed", must(s.Run(t.Context(), r.ID))(t), r)
		ok(t, s.UpdateRun(t.Context(), r.ID, pluvia.RunUpdate{Status: pluvia.Finished, End: 1 << 41}))
		ok(t, s.UpdateRun(t.Context(), r.ID, pluvia.RunUpdate{Name: "new"}))
		got := must(s.Run(t.Context(), r.ID))(t)
		if got.Name != "new" || got.Tag(pluvia.TagRunName) != "new" || got.Status != pluvia.Finished || got.End != 1<<41 || got.Start != 10 {
			t.Errorf("updated to %+v", got)
		}
		ok(t, s.Log(t.Context(), r.ID, pluvia.Batch{Tags: []pluvia.Tag{{Key: pluvia.TagRunName, Value: "by tag"}}}))
		equal(t, "renamed by the tag", must(s.Run(t.Context(), r.ID))(t).Name, "by tag")
		coded(t, s.UpdateRun(t.Context(), r.ID, pluvia.RunUpdate{Status: "DONE"}), pluvia.Invalid, "DONE")
	},
	"DeleteRun": func(t *testing.T, s pluvia.Store) {
		r := &pluvia.Run{ExperimentID: "0", Metrics: []pluvia.Metric{{Key: "m", Value: 1}}}
		ok(t, s.CreateRun(t.Context(), r))
		for range 2 {
			ok(t, s.DeleteRun(t.Context(), r.ID))
		}
		equal(t, "stage", must(s.Run(t.Context(), r.ID))(t).Stage, pluvia.Deleted)
		equal(t, "active", len(must(s.Runs(t.Context(), pluvia.RunFilter{}))(t)), 0)
		equal(t, "deleted", ids(must(s.Runs(t.Context(), pluvia.RunFilter{Stage: pluvia.Deleted}))(t)), []string{r.ID})
		coded(t, s.UpdateRun(t.Context(), r.ID, pluvia.RunUpdate{Name: "x"}), pluvia.Conflict, "active")
		coded(t, s.Log(t.Context(), r.ID, pluvia.Batch{Tags: []pluvia.Tag{{Key: "a", Value: "b"}}}), pluvia.Conflict, "deleted")
		equal(t, "history", len(must(s.MetricHistory(t.Context(), r.ID, "m"))(t)), 1)
		for range 2 {
			ok(t, s.RestoreRun(t.Context(), r.ID))
		}
		equal(t, "restored", must(s.Run(t.Context(), r.ID))(t), r)
	},
	"RunFilter": func(t *testing.T, s pluvia.Store) {
		other := &pluvia.Experiment{Name: "other"}
		ok(t, s.CreateExperiment(t.Context(), other))
		var all []*pluvia.Run
		for i := range 23 {
			r := &pluvia.Run{ExperimentID: []string{"0", other.ID}[i%2], Name: fmt.Sprintf("run %d", i%5), Status: []pluvia.RunStatus{pluvia.Finished, pluvia.Failed, pluvia.Running}[i%3],
				Start: int64(100 + i/4), Tags: []pluvia.Tag{{Key: "colour", Value: []string{"red", "Red", "blue"}[i%3]}, {Key: "n", Value: fmt.Sprint(i)}}}
			ok(t, s.CreateRun(t.Context(), r))
			if i%7 == 0 {
				ok(t, s.DeleteRun(t.Context(), r.ID))
				r.Stage = pluvia.Deleted
			}
			all = append(all, r)
		}
		for _, f := range []pluvia.RunFilter{
			{}, {ExperimentID: "0"}, {ExperimentID: other.ID}, {ExperimentID: "77"}, {Name: "run 3"}, {Name: "RUN 3"}, {Status: pluvia.Failed}, {Stage: pluvia.Deleted},
			{Tags: map[string]string{"colour": "red"}}, {Tags: map[string]string{"colour": "red", "n": "3"}}, {Tags: map[string]string{"colour": "' OR 1=1 --"}},
			{ExperimentID: "0", Status: pluvia.Finished, Name: "run 1", Tags: map[string]string{"colour": "red"}},
		} {
			var want []*pluvia.Run
			for _, r := range all {
				if naiveMatch(r, f) {
					want = append(want, r)
				}
			}
			slices.SortFunc(want, func(a, b *pluvia.Run) int {
				if a.Start != b.Start {
					return int(b.Start - a.Start)
				}
				return strings.Compare(a.ID, b.ID)
			})
			equal(t, fmt.Sprintf("%+v", f), ids(must(s.Runs(t.Context(), f))(t)), ids(want))
			equal(t, fmt.Sprintf("count %+v", f), must(s.CountRuns(t.Context(), f))(t), len(want))
			var paged []*pluvia.Run
			for f.Limit = 3; ; f.Offset += 3 {
				page := must(s.Runs(t.Context(), f))(t)
				if len(page) == 0 {
					break
				}
				paged = append(paged, page...)
			}
			equal(t, fmt.Sprintf("pages of %+v", f), ids(paged), ids(want))
		}
	},
	"ManyRuns": func(t *testing.T, s pluvia.Store) {
		// More than one query can name at once.
		const n = 1203
		for i := range n {
			r := &pluvia.Run{ExperimentID: "0", Start: int64(n - i), Params: []pluvia.Param{{Key: "i", Value: fmt.Sprint(i)}}, Metrics: []pluvia.Metric{{Key: "m", Value: float64(i)}}}
			ok(t, s.CreateRun(t.Context(), r))
		}
		all := must(s.Runs(t.Context(), pluvia.RunFilter{}))(t)
		equal(t, "runs", len(all), n)
		for i, r := range all {
			if m, _ := r.Metric("m"); r.Param("i") != fmt.Sprint(i) || m != float64(i) {
				t.Fatalf("run %d is %+v", i, r)
			}
		}
	},
	"Cancelled": func(t *testing.T, s pluvia.Store) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for what, err := range map[string]error{
			"Run":       second(s.Run(ctx, strings.Repeat("0", 32))),
			"Runs":      second(s.Runs(ctx, pluvia.RunFilter{})),
			"CreateRun": s.CreateRun(ctx, &pluvia.Run{ExperimentID: "0"}),
		} {
			if err != context.Canceled {
				t.Errorf("%s: %v, want context.Canceled", what, err)
			}
		}
		equal(t, "runs", must(s.CountRuns(t.Context(), pluvia.RunFilter{}))(t), 0)
		ok(t, s.CreateRun(t.Context(), &pluvia.Run{ExperimentID: "0", Start: math.MaxInt64}))
	},
}

func second[T any](_ T, err error) error { return err }

func naiveMatch(r *pluvia.Run, f pluvia.RunFilter) bool {
	stage := f.Stage
	if stage == "" {
		stage = pluvia.Active
	}
	match := r.Stage == stage && (f.ExperimentID == "" || r.ExperimentID == f.ExperimentID) && (f.Name == "" || r.Name == f.Name) && (f.Status == "" || r.Status == f.Status)
	for key, value := range f.Tags {
		match = match && r.Tag(key) == value
	}
	return match
}
