package storetest

import (
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia"
)

var experimentTests = map[string]func(*testing.T, pluvia.Store){
	"DefaultExperiment": func(t *testing.T, s pluvia.Store) {
		e := must(s.Experiment(t.Context(), "0"))(t)
		if e.ID != "0" || e.Name != "Default" || e.ArtifactLocation != "s3://mlflow/0" || e.Stage != pluvia.Active || e.Created == 0 {
			t.Errorf("default experiment is %+v", e)
		}
	},
	"Experiments": func(t *testing.T, s pluvia.Store) {
		a := &pluvia.Experiment{Name: "a", Tags: []pluvia.Tag{{Key: "k", Value: "2"}, {Key: "k", Value: "1"}}}
		ok(t, s.CreateExperiment(t.Context(), a))
		if a.ID != "1" || a.ArtifactLocation != "s3://mlflow/1" || a.Stage != pluvia.Active || a.Created == 0 || a.Updated != a.Created {
			t.Errorf("made %+v", a)
		}
		b := &pluvia.Experiment{Name: "b", ArtifactLocation: "s3://elsewhere/x"}
		ok(t, s.CreateExperiment(t.Context(), b))
		equal(t, "location", b.ArtifactLocation, "s3://elsewhere/x")

		got := must(s.Experiment(t.Context(), a.ID))(t)
		equal(t, "last tag wins", got.Tags, []pluvia.Tag{{Key: "k", Value: "1"}})
		equal(t, "by name", must(s.ExperimentByName(t.Context(), "a"))(t), got)
		all := must(s.Experiments(t.Context(), pluvia.ExperimentFilter{}))(t)
		if len(all) != 3 || all[0].Name != "Default" || all[1].Name != "a" || all[2].Name != "b" {
			t.Errorf("all are %v", all)
		}
		equal(t, "with tags", all[1], got)
		named := must(s.Experiments(t.Context(), pluvia.ExperimentFilter{Name: "b"}))(t)
		if len(named) != 1 || named[0].ID != b.ID {
			t.Errorf("named b are %v", named)
		}
		if gone := must(s.Experiments(t.Context(), pluvia.ExperimentFilter{Stage: pluvia.Deleted}))(t); len(gone) != 0 {
			t.Errorf("deleted are %v", gone)
		}
	},
	"ExperimentErrors": func(t *testing.T, s pluvia.Store) {
		for _, bad := range []pluvia.Experiment{
			{}, {Name: strings.Repeat("n", 501)}, {Name: "nul\x00"}, {Name: "\xff"},
			{Name: "n", ArtifactLocation: strings.Repeat("l", 2049)},
			{Name: "n", Tags: []pluvia.Tag{{Key: "", Value: "v"}}},
			{Name: "n", Tags: []pluvia.Tag{{Key: "k", Value: strings.Repeat("v", 5001)}}},
			{Name: "n", Tags: []pluvia.Tag{{Key: strings.Repeat("k", 251), Value: "v"}}},
		} {
			coded(t, s.CreateExperiment(t.Context(), &bad), pluvia.Invalid)
			if bad.ID != "" {
				t.Errorf("a refused experiment has got the ID %s", bad.ID)
			}
		}
		coded(t, s.CreateExperiment(t.Context(), &pluvia.Experiment{Name: "Default"}), pluvia.Exists, "Default")
		_, err := s.Experiment(t.Context(), "77")
		coded(t, err, pluvia.NotFound, "77")
		_, err = s.Experiment(t.Context(), "x")
		coded(t, err, pluvia.Invalid, "x")
		_, err = s.Experiment(t.Context(), "9223372036854775808")
		coded(t, err, pluvia.Invalid)
		_, err = s.ExperimentByName(t.Context(), "nobody")
		coded(t, err, pluvia.NotFound, "nobody")
		for _, name := range []string{"a\x00", "\xff"} {
			_, err = s.ExperimentByName(t.Context(), name)
			coded(t, err, pluvia.NotFound)
			equal(t, "of a name that cannot be stored", len(must(s.Experiments(t.Context(), pluvia.ExperimentFilter{Name: name}))(t)), 0)
		}
		_, err = s.Experiments(t.Context(), pluvia.ExperimentFilter{Stage: "gone"})
		coded(t, err, pluvia.Invalid, "gone")
		if all := must(s.Experiments(t.Context(), pluvia.ExperimentFilter{}))(t); len(all) != 1 {
			t.Errorf("refused experiments were stored: %v", all)
		}
	},
	"ExperimentHostile": func(t *testing.T, s pluvia.Store) {
		for _, name := range hostile {
			e := &pluvia.Experiment{Name: name, Tags: []pluvia.Tag{{Key: name[:min(len(name), 9)/3*3], Value: name}}}
			if e.Tags[0].Key == "" || name[0] > 0x7f {
				e.Tags[0].Key = "k"
			}
			ok(t, s.CreateExperiment(t.Context(), e))
			equal(t, name, must(s.ExperimentByName(t.Context(), name))(t), e)
			coded(t, s.CreateExperiment(t.Context(), &pluvia.Experiment{Name: name}), pluvia.Exists)
		}
		// A name is itself: upper case and composed letters are others.
		for _, name := range []string{"default", "ünïcødé 雨 🌧️ \u00e9"} {
			ok(t, s.CreateExperiment(t.Context(), &pluvia.Experiment{Name: name}))
		}
	},
}
