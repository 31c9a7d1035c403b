package storetest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia"
)

// measuredText is metrics of logged models as text, in which NaN is itself.
func measuredText(points []pluvia.ModelMetric) (list []string) {
	for _, p := range points {
		list = append(list, fmt.Sprintf("%s of %s in %q on %v", bits([]pluvia.Metric{p.Metric})[0], p.ModelID, p.RunID, p.Dataset))
	}
	return list
}

var loggedModelTests = map[string]func(*testing.T, pluvia.Tracking){
	"LoggedModel": func(t *testing.T, s pluvia.Tracking) {
		m := &pluvia.LoggedModel{ExperimentID: "0", Name: "m", Type: "tree", SourceRunID: "r", Params: []pluvia.Param{{Key: "b", Value: "2"}, {Key: "a"}}, Tags: []pluvia.Tag{{Key: "t", Value: "v"}},
			Metrics: []pluvia.ModelMetric{{Metric: pluvia.Metric{Key: "x", Value: math.Inf(1)}}}}
		ok(t, s.CreateLoggedModel(t.Context(), m))
		if hex, found := strings.CutPrefix(m.ID, "m-"); !found || len(hex) != 32 || m.Status != pluvia.ModelPending || m.Created == 0 || m.Updated != m.Created || m.Stage != pluvia.Active {
			t.Errorf("made %+v", m)
		}
		equal(t, "artifacts", m.ArtifactURI, "s3://mlflow/0/models/"+m.ID+"/artifacts")
		equal(t, "params by key", m.Params, []pluvia.Param{{Key: "a"}, {Key: "b", Value: "2"}})
		equal(t, "as read", must(s.LoggedModel(t.Context(), m.ID))(t), m)
		given := &pluvia.LoggedModel{ID: "m-" + strings.Repeat("0a", 16), ExperimentID: "0", Name: "n", Status: pluvia.ModelReady, ArtifactURI: "s3://x/y", Created: 5, Updated: 6}
		want := *given
		want.Stage = pluvia.Active
		ok(t, s.CreateLoggedModel(t.Context(), given))
		equal(t, "what is given stays", *given, want)
		coded(t, s.CreateLoggedModel(t.Context(), &pluvia.LoggedModel{ID: given.ID, ExperimentID: "0", Name: "n"}), pluvia.Exists, given.ID)

		ok(t, s.FinishLoggedModel(t.Context(), m.ID, pluvia.ModelReady))
		ok(t, s.SetLoggedModelTags(t.Context(), m.ID, []pluvia.Tag{{Key: "t", Value: "new"}, {Key: "long", Value: strings.Repeat("雨", 9000)}}))
		ok(t, s.DeleteLoggedModelTag(t.Context(), m.ID, "long"))
		for range 2 {
			ok(t, s.LogModelParams(t.Context(), m.ID, []pluvia.Param{{Key: "c", Value: strings.Repeat("雨", 6001)}}))
		}
		coded(t, s.LogModelParams(t.Context(), m.ID, []pluvia.Param{{Key: "new"}, {Key: "b", Value: "3"}}), pluvia.Conflict, "'b'", "'2'", "'3'")
		got := must(s.LoggedModel(t.Context(), m.ID))(t)
		if got.Status != pluvia.ModelReady || len(got.Params) != 3 || len([]rune(got.Params[2].Value)) != 6000 {
			t.Errorf("changed to %+v", got)
		}
		equal(t, "tags", got.Tags, []pluvia.Tag{{Key: "t", Value: "new"}})

		ok(t, s.DeleteLoggedModel(t.Context(), m.ID))
		equal(t, "deleted", must(s.LoggedModel(t.Context(), m.ID))(t).Stage, pluvia.Deleted)
		_, err := s.LoggedModel(t.Context(), "m-none")
		coded(t, err, pluvia.NotFound, "m-none")
		for _, id := range []string{m.ID, "none", "", "\x00", "\xff"} {
			for _, err := range []error{
				s.FinishLoggedModel(t.Context(), id, pluvia.ModelReady), s.DeleteLoggedModel(t.Context(), id), s.SetLoggedModelTags(t.Context(), id, nil),
				s.DeleteLoggedModelTag(t.Context(), id, "t"), s.LogModelParams(t.Context(), id, nil), s.LogModelMetrics(t.Context(), []pluvia.ModelMetric{{ModelID: id, Metric: pluvia.Metric{Key: "k"}}}),
			} {
				coded(t, err, pluvia.NotFound)
			}
		}
	},
	"LoggedModelErrors": func(t *testing.T, s pluvia.Tracking) {
		for _, bad := range []pluvia.LoggedModel{
			{ExperimentID: "0"}, {ExperimentID: "x", Name: "m"}, {ExperimentID: "0", Name: "a/b"}, {ExperimentID: "0", Name: "a:b"}, {ExperimentID: "0", Name: "a.b"},
			{ExperimentID: "0", Name: "a%"}, {ExperimentID: "0", Name: `a"`}, {ExperimentID: "0", Name: "a'"}, {ExperimentID: "0", Name: "a\x00"}, {ExperimentID: "0", Name: strings.Repeat("n", 501)},
			{ExperimentID: "0", Name: "m", ID: "short"}, {ExperimentID: "0", Name: "m", Status: "DONE"}, {ExperimentID: "0", Name: "m", Params: []pluvia.Param{{Key: "../x"}}},
			{ExperimentID: "0", Name: "m", Tags: []pluvia.Tag{{Key: ""}}}, {ExperimentID: "0", Name: "m", Metrics: []pluvia.ModelMetric{{}}},
		} {
			coded(t, s.CreateLoggedModel(t.Context(), &bad), pluvia.Invalid)
		}
		coded(t, s.CreateLoggedModel(t.Context(), &pluvia.LoggedModel{ExperimentID: "77", Name: "m"}), pluvia.NotFound, "77")
		coded(t, s.CreateLoggedModel(t.Context(), &pluvia.LoggedModel{ExperimentID: "0", Name: "m", Params: []pluvia.Param{{Key: "a", Value: "1"}, {Key: "a", Value: "2"}}}), pluvia.Conflict)
		found, _, err := s.SearchLoggedModels(t.Context(), pluvia.Search{Experiments: []string{"0"}, Limit: 9}, nil)
		if len(found) != 0 || err != nil {
			t.Errorf("refused models were stored: %v, %v", found, err)
		}
		m := &pluvia.LoggedModel{ExperimentID: "0", Name: "m"}
		ok(t, s.CreateLoggedModel(t.Context(), m))
		coded(t, s.FinishLoggedModel(t.Context(), m.ID, "DONE"), pluvia.Invalid, "DONE")
		coded(t, s.SetLoggedModelTags(t.Context(), m.ID, []pluvia.Tag{{Key: "a\n"}}), pluvia.Invalid)
		coded(t, s.DeleteLoggedModelTag(t.Context(), m.ID, "none"), pluvia.NotFound, "none")
		coded(t, s.LogModelParams(t.Context(), m.ID, []pluvia.Param{{Key: "a", Value: "\xff"}}), pluvia.Invalid)
		point := pluvia.Metric{Key: "k"}
		for _, bad := range []pluvia.ModelMetric{{ModelID: m.ID}, {ModelID: m.ID, Metric: point, RunID: "\x00"}, {ModelID: m.ID, Metric: point, Dataset: pluvia.DatasetRef{Name: "\xff"}},
			{ModelID: m.ID, Metric: point, Dataset: pluvia.DatasetRef{Name: "d", Digest: strings.Repeat("d", 37)}}, {ModelID: m.ID, Metric: pluvia.Metric{Key: "k", Timestamp: -1}}} {
			coded(t, s.LogModelMetrics(t.Context(), []pluvia.ModelMetric{{ModelID: m.ID, Metric: point}, bad}), pluvia.Invalid)
		}
		coded(t, s.LogModelMetrics(t.Context(), []pluvia.ModelMetric{{ModelID: m.ID, Metric: point}, {ModelID: "none", Metric: point}}), pluvia.NotFound)
		equal(t, "metrics", len(must(s.LoggedModel(t.Context(), m.ID))(t).Metrics), 0)
	},
	"LoggedModelMetrics": func(t *testing.T, s pluvia.Tracking) {
		m := &pluvia.LoggedModel{ExperimentID: "0", Name: "m"}
		ok(t, s.CreateLoggedModel(t.Context(), m))
		d := pluvia.DatasetRef{Name: "d", Digest: "1"}
		at := func(timestamp, step int64, value float64, d pluvia.DatasetRef) pluvia.ModelMetric {
			return pluvia.ModelMetric{ModelID: m.ID, RunID: "r", Dataset: d, Metric: pluvia.Metric{Key: "k", Timestamp: timestamp, Step: step, Value: value}}
		}
		points := []pluvia.ModelMetric{at(1, 1, 5, d), at(2, 0, 1, d), at(2, 0, math.NaN(), pluvia.DatasetRef{}), at(1, 9, 9, pluvia.DatasetRef{}), at(2, 0, 0.5, d), at(0, 0, 1, pluvia.DatasetRef{Name: "d", Digest: "2"})}
		want := measuredText([]pluvia.ModelMetric{points[2], points[1], points[5]})
		for range 2 {
			ok(t, s.LogModelMetrics(t.Context(), points))
			equal(t, "the latest of each", measuredText(must(s.LoggedModel(t.Context(), m.ID))(t).Metrics), want)
		}
	},
	"SearchLoggedModels": func(t *testing.T, s pluvia.Tracking) {
		random := rand.New(rand.NewPCG(12, 13))
		var all []subject
		refs := []pluvia.DatasetRef{{}, {Name: "d", Digest: "1"}, {Name: "d", Digest: "2"}, {Name: "e", Digest: "1"}}
		for range 40 {
			sub := subject{params: randomTexts(random), tags: randomTexts(random)}
			m := &pluvia.LoggedModel{ExperimentID: "0", Name: pick(random, []string{"a", "A", "b", "雨", "l_l"}), Type: pick(random, storedWords()), SourceRunID: pick(random, []string{"", "r1", "r2"}),
				Created: 1 + random.Int64N(4), Updated: 1 + random.Int64N(4), Params: paramsOf(sub.params), Tags: tagsOf(sub.tags)}
			for _, d := range refs {
				for _, k := range []string{"a", "b"} {
					if random.IntN(2) > 0 {
						// Each at another time, so that one is the latest.
						p := measured{key: k, value: pick(random, numbers), timestamp: int64(len(sub.metrics) + 1), dataset: d}
						sub.metrics = append(sub.metrics, p)
						m.Metrics = append(m.Metrics, pluvia.ModelMetric{Dataset: d, Metric: pluvia.Metric{Key: k, Value: p.value, Timestamp: p.timestamp}})
					}
				}
			}
			ok(t, s.CreateLoggedModel(t.Context(), m))
			sub.id = m.ID
			sub.texts = map[string]string{"model_id": m.ID, "name": m.Name, "status": string(m.Status)}
			for key, value := range map[string]string{"model_type": m.Type, "source_run_id": m.SourceRunID} {
				if value != "" {
					sub.texts[key] = value
				}
			}
			sub.numbers = map[string]float64{"creation_timestamp": float64(m.Created), "last_updated_timestamp": float64(m.Updated)}
			all = append(all, sub)
		}
		measuredOn := func(key string, d pluvia.DatasetRef) pluvia.Field {
			return pluvia.Field{Of: pluvia.MetricPart, Key: key, Dataset: &d}
		}
		metrics := []pluvia.Field{metricOf("a"), metricOf("b"), metricOf("none"), measuredOn("a", refs[1]), measuredOn("a", pluvia.DatasetRef{Name: "d"}), measuredOn("b", pluvia.DatasetRef{Name: "\x00"})}
		v := vocabulary{
			texts:   append(fields(attribute, "name", "model_id", "model_type", "status", "source_run_id"), append(fields(paramOf, "a", "b"), tagOf("a"))...),
			numbers: append(fields(attribute, "creation_timestamp", "last_updated_timestamp"), metrics...),
			order:   append(fields(attribute, "name", "model_type", "source_run_id", "last_updated_timestamp"), append(metrics, paramOf("a"))...),
			words:   append([]string{"PENDING", "r1", all[0].id}, words...), values: numbers,
		}
		search := func(datasets ...pluvia.DatasetRef) func(pluvia.Search) ([]string, string, error) {
			return func(asked pluvia.Search) ([]string, string, error) {
				asked.Experiments = []string{"0"}
				found, next, err := s.SearchLoggedModels(t.Context(), asked, datasets)
				ids := []string{}
				for _, m := range found {
					ids = append(ids, m.ID)
				}
				return ids, next, err
			}
		}
		tail := []pluvia.Order{down(attribute("creation_timestamp")), up(attribute("model_id"))}
		exerciseSearch(t, all, v, tail, search())

		// On data sets: models measured on one of them, by their metrics there.
		on := []pluvia.DatasetRef{{Name: "e"}, {Name: "d", Digest: "2"}}
		var narrowed []subject
		for _, sub := range all {
			var there []measured
			for _, m := range sub.metrics {
				if m.on(&on[0]) || m.on(&on[1]) {
					there = append(there, m)
				}
			}
			sub.metrics = there
			narrowed = append(narrowed, sub)
		}
		above := pluvia.Compare{Field: metricOf("a"), Op: pluvia.GreaterEqual, Number: 1}
		for _, where := range []pluvia.Expr{above, pluvia.Not{X: above}, pluvia.And{pluvia.Compare{Field: attribute("name"), Op: pluvia.ILike, Text: "a"}, above}} {
			got, _, err := search(on...)(pluvia.Search{Where: where, Limit: 100})
			ok(t, err)
			equal(t, "by metrics there", got, searched(narrowed, where, tail))
		}
		got, _, err := search(on...)(pluvia.Search{Limit: 100})
		ok(t, err)
		var measuredThere []subject
		for _, sub := range narrowed {
			if len(sub.metrics) > 0 {
				measuredThere = append(measuredThere, sub)
			}
		}
		equal(t, "measured there", got, searched(measuredThere, nil, tail))
		if len(measuredThere) == len(all) {
			t.Error("every model was measured there: the test is too easy")
		}
		_, token, err := search(on[0])(pluvia.Search{Limit: 1})
		ok(t, err)
		_, _, err = search(on[1])(pluvia.Search{Limit: 1, After: token})
		coded(t, err, pluvia.Invalid, "Invalid page token")
		found, _, err := s.SearchLoggedModels(t.Context(), pluvia.Search{Experiments: []string{"0"}, Limit: 2}, nil)
		ok(t, err)
		for _, m := range found {
			want := must(s.LoggedModel(t.Context(), m.ID))(t)
			equal(t, "metrics as read", measuredText(m.Metrics), measuredText(want.Metrics))
		}
		ok(t, s.DeleteLoggedModel(t.Context(), all[0].id))
		gone, _, err := s.SearchLoggedModels(t.Context(), pluvia.Search{Experiments: []string{"0"}, View: pluvia.DeletedOnly, Limit: 9}, nil)
		if err != nil || len(gone) != 1 || gone[0].ID != all[0].id {
			t.Errorf("deleted are %v, %v", gone, err)
		}
	},
}
