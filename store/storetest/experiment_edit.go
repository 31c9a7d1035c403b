package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/pluvia-ml/pluvia"
)

var experimentEditTests = map[string]func(*testing.T, pluvia.Tracking){
	"EditExperiment": func(t *testing.T, s pluvia.Tracking) {
		e := &pluvia.Experiment{Name: "a"}
		ok(t, s.CreateExperiment(t.Context(), e))
		ok(t, s.RenameExperiment(t.Context(), e.ID, "b"))
		ok(t, s.RenameExperiment(t.Context(), e.ID, "b"))
		coded(t, s.RenameExperiment(t.Context(), e.ID, "Default"), pluvia.Exists, "Default")
		for _, bad := range []string{"", strings.Repeat("n", 501), "a\x00", "\xff"} {
			coded(t, s.RenameExperiment(t.Context(), e.ID, bad), pluvia.Invalid)
		}
		ok(t, s.SetExperimentTag(t.Context(), e.ID, pluvia.Tag{Key: "k", Value: "1"}))
		ok(t, s.SetExperimentTag(t.Context(), e.ID, pluvia.Tag{Key: "k", Value: "2"}))
		ok(t, s.SetExperimentTag(t.Context(), e.ID, pluvia.Tag{Key: "empty"}))
		for _, bad := range []pluvia.Tag{{Value: "v"}, {Key: strings.Repeat("k", 251)}, {Key: "k", Value: strings.Repeat("v", 5001)}, {Key: "k", Value: "\x00"}} {
			coded(t, s.SetExperimentTag(t.Context(), e.ID, bad), pluvia.Invalid)
		}
		got := must(s.Experiment(t.Context(), e.ID))(t)
		equal(t, "name", got.Name, "b")
		equal(t, "tags", got.Tags, []pluvia.Tag{{Key: "empty"}, {Key: "k", Value: "2"}})
		ok(t, s.DeleteExperimentTag(t.Context(), e.ID, "empty"))
		for _, key := range []string{"empty", "", "\x00", "'"} {
			coded(t, s.DeleteExperimentTag(t.Context(), e.ID, key), pluvia.NotFound)
		}
		for _, id := range []string{"77", "-1"} {
			for _, err := range []error{
				s.RenameExperiment(t.Context(), id, "n"), s.DeleteExperiment(t.Context(), id), s.RestoreExperiment(t.Context(), id),
				s.SetExperimentTag(t.Context(), id, pluvia.Tag{Key: "k"}), s.DeleteExperimentTag(t.Context(), id, "k"),
			} {
				coded(t, err, pluvia.NotFound, id)
			}
		}
		coded(t, s.DeleteExperiment(t.Context(), "x"), pluvia.Invalid, "x")
	},
	"DeleteExperiment": func(t *testing.T, s pluvia.Tracking) {
		e := &pluvia.Experiment{Name: "a"}
		ok(t, s.CreateExperiment(t.Context(), e))
		r := &pluvia.Run{ExperimentID: e.ID}
		ok(t, s.CreateRun(t.Context(), r))
		elsewhere := newRun(t, s)
		coded(t, s.RestoreExperiment(t.Context(), e.ID), pluvia.NotFound, e.ID)
		ok(t, s.DeleteExperiment(t.Context(), e.ID))
		coded(t, s.DeleteExperiment(t.Context(), e.ID), pluvia.NotFound, e.ID)
		equal(t, "its run", must(s.Run(t.Context(), r.ID))(t).Stage, pluvia.Deleted)
		equal(t, "another run", must(s.Run(t.Context(), elsewhere.ID))(t).Stage, pluvia.Active)
		equal(t, "by name", must(s.ExperimentByName(t.Context(), "a"))(t).Stage, pluvia.Deleted)
		coded(t, s.CreateExperiment(t.Context(), &pluvia.Experiment{Name: "a"}), pluvia.Exists, "a")
		for _, err := range []error{
			s.RenameExperiment(t.Context(), e.ID, "n"), s.SetExperimentTag(t.Context(), e.ID, pluvia.Tag{Key: "k"}), s.DeleteExperimentTag(t.Context(), e.ID, "k"),
			s.CreateRun(t.Context(), &pluvia.Run{ExperimentID: e.ID}), s.CreateLoggedModel(t.Context(), &pluvia.LoggedModel{ExperimentID: e.ID, Name: "m"}),
		} {
			coded(t, err, pluvia.Conflict, "active", e.ID)
		}
		ok(t, s.RestoreExperiment(t.Context(), e.ID))
		equal(t, "its run again", must(s.Run(t.Context(), r.ID))(t), r)
		ok(t, s.CreateRun(t.Context(), &pluvia.Run{ExperimentID: e.ID}))
	},
	"Datasets": func(t *testing.T, s pluvia.Tracking) {
		e := &pluvia.Experiment{Name: "a"}
		ok(t, s.CreateExperiment(t.Context(), e))
		input := func(digest, context string) pluvia.Input {
			in := pluvia.Input{Dataset: pluvia.Dataset{Name: "d", Digest: digest}, Tags: []pluvia.Tag{{Key: "other", Value: "x"}}}
			if context != "" {
				in.Tags = append(in.Tags, pluvia.Tag{Key: pluvia.TagDataContext, Value: context})
			}
			return in
		}
		for range 2 {
			ok(t, s.CreateRun(t.Context(), &pluvia.Run{ExperimentID: e.ID, Inputs: []pluvia.Input{input("2", ""), input("1", "training")}}))
			ok(t, s.CreateRun(t.Context(), &pluvia.Run{ExperimentID: e.ID, Inputs: []pluvia.Input{input("1", "evaluation")}}))
		}
		ok(t, s.CreateRun(t.Context(), &pluvia.Run{ExperimentID: "0", Inputs: []pluvia.Input{input("3", "")}}))
		gone := &pluvia.Run{ExperimentID: "0", Inputs: []pluvia.Input{input("4", "")}}
		ok(t, s.CreateRun(t.Context(), gone))
		ok(t, s.DeleteRun(t.Context(), gone.ID))
		equal(t, "data sets", must(s.Datasets(t.Context(), []string{e.ID, "0", "0", "77"}))(t), []pluvia.DatasetSummary{
			{ExperimentID: "0", Name: "d", Digest: "3"},
			{ExperimentID: e.ID, Name: "d", Digest: "1", Context: "evaluation"}, {ExperimentID: e.ID, Name: "d", Digest: "1", Context: "training"}, {ExperimentID: e.ID, Name: "d", Digest: "2"},
		})
		equal(t, "of none", len(must(s.Datasets(t.Context(), nil))(t)), 0)
		_, err := s.Datasets(t.Context(), []string{"x"})
		coded(t, err, pluvia.Invalid, "x")
		var many []pluvia.Input
		for i := range 1003 {
			many = append(many, input(strings.Repeat("m", 30)+string(rune('a'+i%26))+string(rune('a'+i/26%26))+string(rune('a'+i/676)), ""))
		}
		ok(t, s.CreateRun(t.Context(), &pluvia.Run{ExperimentID: "0", Inputs: many}))
		equal(t, "at most", len(must(s.Datasets(t.Context(), []string{"0"}))(t)), 1000)
	},
	"Purge": func(t *testing.T, s pluvia.Tracking) {
		later := time.Now().Add(time.Hour).UnixMilli()
		e := &pluvia.Experiment{Name: "e"}
		ok(t, s.CreateExperiment(t.Context(), e))
		newModel(t, s, "m", 0)
		var runs []*pluvia.Run
		for i := range 105 { // more than one step
			r := &pluvia.Run{ExperimentID: "0", Metrics: []pluvia.Metric{{Key: "m"}}, Inputs: []pluvia.Input{{Dataset: pluvia.Dataset{Name: "d", Digest: "1"}}}}
			ok(t, s.CreateRun(t.Context(), r))
			if i > 3 {
				ok(t, s.DeleteRun(t.Context(), r.ID))
			}
			runs = append(runs, r)
		}
		// One is needed by a version, as a folder below and by its ID.
		ok(t, s.AddVersion(t.Context(), &pluvia.Version{Model: "m", Source: runs[4].ArtifactURI + "/model"}))
		ok(t, s.AddVersion(t.Context(), &pluvia.Version{Model: "m", Source: "runs:/" + runs[5].ID + "/model"}))
		ok(t, s.AddVersion(t.Context(), &pluvia.Version{Model: "m", Source: "models:/x", Storage: runs[6].ArtifactURI}))
		equal(t, "nothing was deleted so long ago", len(must(s.Purge(t.Context(), 1))(t)), 0)
		equal(t, "runs", must(s.CountRuns(t.Context(), pluvia.RunFilter{Stage: pluvia.Deleted}))(t), 101)
		artifacts := must(s.Purge(t.Context(), later))(t)
		equal(t, "artifacts", len(artifacts), 101-3)
		for _, uri := range artifacts {
			for _, r := range runs[:7] {
				if uri == r.ArtifactURI {
					t.Errorf("%s is needed", uri)
				}
			}
		}
		equal(t, "runs after", must(s.CountRuns(t.Context(), pluvia.RunFilter{Stage: pluvia.Deleted}))(t), 0)
		equal(t, "active runs after", must(s.CountRuns(t.Context(), pluvia.RunFilter{}))(t), 4)
		_, err := s.Run(t.Context(), runs[10].ID)
		coded(t, err, pluvia.NotFound)
		equal(t, "again", len(must(s.Purge(t.Context(), later))(t)), 0)

		// An experiment goes with what is in it, and its name is free.
		r := &pluvia.Run{ExperimentID: e.ID}
		ok(t, s.CreateRun(t.Context(), r))
		model := &pluvia.LoggedModel{ExperimentID: e.ID, Name: "x"}
		ok(t, s.CreateLoggedModel(t.Context(), model))
		gone := &pluvia.LoggedModel{ExperimentID: "0", Name: "x", SourceRunID: r.ID}
		ok(t, s.CreateLoggedModel(t.Context(), gone))
		ok(t, s.DeleteLoggedModel(t.Context(), gone.ID))
		ok(t, s.DeleteExperiment(t.Context(), e.ID))
		ok(t, s.RestoreRun(t.Context(), r.ID))
		equal(t, "with an active run", must(s.Purge(t.Context(), later))(t), []string{gone.ArtifactURI})
		ok(t, s.DeleteRun(t.Context(), r.ID))
		equal(t, "of the experiment", must(s.Purge(t.Context(), later))(t), []string{e.ArtifactLocation, r.ArtifactURI, model.ArtifactURI})
		_, err = s.ExperimentByName(t.Context(), "e")
		coded(t, err, pluvia.NotFound)
		_, err = s.LoggedModel(t.Context(), model.ID)
		coded(t, err, pluvia.NotFound)
		ok(t, s.CreateExperiment(t.Context(), &pluvia.Experiment{Name: "e"}))

		// The default experiment is never purged.
		ok(t, s.DeleteExperiment(t.Context(), "0"))
		must(s.Purge(t.Context(), later))(t)
		ok(t, s.RestoreExperiment(t.Context(), "0"))
	},
}
