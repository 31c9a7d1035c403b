package storetest

import (
	"math"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia"
)

// parcel is one of each kind.
func parcel() pluvia.Parcel {
	run := strings.Repeat("a", 32)
	model := "m-" + strings.Repeat("b", 32)
	return pluvia.Parcel{
		Experiments: []*pluvia.Experiment{{ID: "41", Name: "imported", Stage: pluvia.Deleted, Created: 5, Updated: 6, Tags: []pluvia.Tag{{Key: "k", Value: "v"}}}},
		Runs: []*pluvia.Run{{
			ID: run, ExperimentID: "41", Name: "r", User: "u", Status: pluvia.Running, Start: 7, ArtifactURI: "s3://mlflow/41/r/artifacts", Stage: pluvia.Deleted,
			Params: []pluvia.Param{{Key: "p", Value: strings.Repeat("x", 7000)}}, Tags: []pluvia.Tag{{Key: "t", Value: "v"}},
			Inputs:      []pluvia.Input{{Dataset: pluvia.Dataset{Name: "d", Digest: "1", SourceType: "local", Source: "s"}, Tags: []pluvia.Tag{{Key: "c", Value: "training"}}}},
			InputModels: []string{model}, Outputs: []pluvia.ModelOutput{{ModelID: model, Step: 3}},
		}},
		Points: []pluvia.RunMetric{
			{RunID: run, Metric: pluvia.Metric{Key: "m", Value: 2, Timestamp: 1, Step: 1}},
			{RunID: run, Metric: pluvia.Metric{Key: "m", Value: math.NaN(), Timestamp: 1}},
			{RunID: run, Metric: pluvia.Metric{Key: "m", Value: 2, Timestamp: 1, Step: 1}},
		},
		LoggedModels: []*pluvia.LoggedModel{{
			ID: model, ExperimentID: "41", Name: "m", Type: "t", SourceRunID: run, Status: pluvia.ModelPending, ArtifactURI: "s3://mlflow/41/models/x/artifacts",
			Created: 8, Updated: 9, Stage: pluvia.Deleted, Params: []pluvia.Param{{Key: "p", Value: "1"}}, Tags: []pluvia.Tag{{Key: "t", Value: "2"}},
			Metrics: []pluvia.ModelMetric{{Metric: pluvia.Metric{Key: "m", Value: 1, Timestamp: 2, Step: 3}, ModelID: model, RunID: run, Dataset: pluvia.DatasetRef{Name: "d", Digest: "1"}}},
		}},
		Models:      []*pluvia.Model{{Name: "reg", Description: "d", Created: 10, Updated: 11, Tags: []pluvia.Tag{{Key: "t", Value: "v"}}}},
		Versions:    []*pluvia.Version{{Model: "reg", Number: 3, Description: "v", Source: "s3://mlflow/x/y", RunID: run, Created: 12, Updated: 13, Stage: "Production", Aliases: []string{"champion"}, Tags: []pluvia.Tag{{Key: "t", Value: "v"}}}},
		LastNumbers: map[string]int{"reg": 5},
	}
}

var importTests = map[string]func(*testing.T, pluvia.Tracking){
	"Import": func(t *testing.T, s pluvia.Tracking) {
		ctx := t.Context()
		p := parcel()
		ok(t, s.Import(ctx, p))
		ok(t, s.Import(ctx, parcel())) // no change
		e := *p.Experiments[0]
		equal(t, "location", e.ArtifactLocation, "s3://mlflow/41")
		equal(t, "experiment", must(s.Experiment(ctx, "41"))(t), &e)
		r := *p.Runs[0]
		r.Metrics = []pluvia.Metric{{Key: "m", Value: 2, Timestamp: 1, Step: 1}}
		equal(t, "run", must(s.Run(ctx, r.ID))(t), &r)
		history := must(s.MetricHistory(ctx, r.ID, "m"))(t)
		if len(history) != 2 || !math.IsNaN(history[0].Value) || history[1].Value != 2 {
			t.Errorf("history is %v", history)
		}
		equal(t, "logged model", must(s.LoggedModel(ctx, p.LoggedModels[0].ID))(t), p.LoggedModels[0])
		m := *p.Models[0]
		m.Aliases = []pluvia.Alias{{Name: "champion", Version: 3}}
		equal(t, "model", must(s.Model(ctx, "reg"))(t), &m)
		equal(t, "version", must(s.Version(ctx, "reg", 3))(t), p.Versions[0])

		v := &pluvia.Version{Model: "reg"}
		ok(t, s.AddVersion(ctx, v))
		equal(t, "the next number", v.Number, 6)
		next := &pluvia.Experiment{Name: "next"} // on a database that counts apart from what it was given
		ok(t, s.CreateExperiment(ctx, next))
		for range 50 {
			ok(t, s.CreateExperiment(ctx, &pluvia.Experiment{Name: next.Name + "+"}))
			next.Name += "+"
		}
	},
	"ImportKeepsWhatIsHere": func(t *testing.T, s pluvia.Tracking) {
		ctx := t.Context()
		ok(t, s.Import(ctx, parcel()))
		p := parcel()
		p.Experiments[0].Tags[0].Value, p.Experiments[0].Stage = "other", pluvia.Active
		r := p.Runs[0]
		r.Params[0].Value, r.Tags[0].Value = "other", "other"
		r.Status, r.End, r.Name, r.Start = pluvia.Finished, 99, "done", 1
		p.Versions[0].Stage, p.Versions[0].Aliases = "None", []string{"champion", "new"}
		p.LoggedModels[0].Status = pluvia.ModelReady
		ok(t, s.Import(ctx, p))
		equal(t, "stage", must(s.Experiment(ctx, "41"))(t).Stage, pluvia.Deleted)
		got := must(s.Run(ctx, r.ID))(t)
		if got.Status != pluvia.Finished || got.End != 99 || got.Name != "done" || got.Start != 7 || got.Tag("t") != "v" || got.Param("p") == "other" {
			t.Errorf("run is %+v", got)
		}
		r.Status = pluvia.Failed
		ok(t, s.Import(ctx, p))
		equal(t, "status of a run that is done", must(s.Run(ctx, r.ID))(t).Status, pluvia.Finished)
		v := must(s.Version(ctx, "reg", 3))(t)
		equal(t, "stage", v.Stage, "Production")
		equal(t, "aliases", v.Aliases, []string{"champion", "new"})
		equal(t, "status", must(s.LoggedModel(ctx, p.LoggedModels[0].ID))(t).Status, pluvia.ModelReady)
	},
	"ImportRefuses": func(t *testing.T, s pluvia.Tracking) {
		ctx := t.Context()
		ok(t, s.Import(ctx, parcel()))
		for name, c := range map[string]struct {
			spoil func(*pluvia.Parcel)
			code  pluvia.Code
		}{
			"number of another experiment": {func(p *pluvia.Parcel) { p.Experiments[0].Name = "other" }, pluvia.Conflict},
			"name of another experiment":   {func(p *pluvia.Parcel) { p.Experiments[0].ID = "42" }, pluvia.Conflict},
			"run elsewhere":                {func(p *pluvia.Parcel) { p.Runs[0].ExperimentID = "0" }, pluvia.Conflict},
			"run of no experiment":         {func(p *pluvia.Parcel) { p.Runs[0].ExperimentID = "77" }, pluvia.NotFound},
			"run ID":                       {func(p *pluvia.Parcel) { p.Runs[0].ID = "../x" }, pluvia.Invalid},
			"status":                       {func(p *pluvia.Parcel) { p.Runs[0].Status = "ODD" }, pluvia.Invalid},
			"stage":                        {func(p *pluvia.Parcel) { p.Runs[0].Stage = "" }, pluvia.Invalid},
			"points of no run":             {func(p *pluvia.Parcel) { p.Points[0].RunID = strings.Repeat("c", 32) }, pluvia.NotFound},
			"logged model elsewhere":       {func(p *pluvia.Parcel) { p.LoggedModels[0].ExperimentID = "0" }, pluvia.Conflict},
			"logged model ID":              {func(p *pluvia.Parcel) { p.LoggedModels[0].ID = "m-1" }, pluvia.Invalid},
			"another version":              {func(p *pluvia.Parcel) { p.Versions[0].Created++ }, pluvia.Conflict},
			"number of a version":          {func(p *pluvia.Parcel) { p.Versions[0].Number = 0 }, pluvia.Invalid},
			"NUL":                          {func(p *pluvia.Parcel) { p.Models[0].Description = "a\x00" }, pluvia.Invalid},
		} {
			p := parcel()
			p.Models = append(p.Models, &pluvia.Model{Name: "not to be"})
			c.spoil(&p)
			if err := s.Import(ctx, p); pluvia.ErrorCode(err) != c.code {
				t.Errorf("%s: %v, want %s", name, err, c.code)
			}
			if _, err := s.Model(ctx, "not to be"); pluvia.ErrorCode(err) != pluvia.NotFound {
				t.Errorf("%s: part of the parcel was written", name)
			}
		}
	},
}
