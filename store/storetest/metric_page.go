package storetest

import (
	"fmt"
	"math"
	"testing"

	"github.com/pluvia-ml/pluvia"
)

var metricPageTests = map[string]func(*testing.T, pluvia.Tracking){
	"MetricPage": func(t *testing.T, s pluvia.Tracking) {
		r := newRun(t, s)
		var points []pluvia.Metric
		for i := range 50 {
			points = append(points, pluvia.Metric{Key: "m", Step: int64(i%5) - 2, Timestamp: int64(i % 3), Value: numbers[i%len(numbers)]})
		}
		ok(t, s.Log(t.Context(), r.ID, pluvia.Batch{Metrics: append(points, pluvia.Metric{Key: "other"})}))
		want := must(s.MetricHistory(t.Context(), r.ID, "m"))(t)
		for limit := range 53 {
			var got []pluvia.Metric
			token := ""
			for {
				page, next, err := s.MetricPage(t.Context(), r.ID, "m", limit, token)
				ok(t, err)
				got = append(got, page...)
				if token = next; token == "" {
					break
				}
				if len(page) != limit {
					t.Fatalf("a page of %d, want %d", len(page), limit)
				}
			}
			equal(t, fmt.Sprint("pages of ", limit), bits(got), bits(want))
		}
		_, token, err := s.MetricPage(t.Context(), r.ID, "m", 3, "")
		ok(t, err)
		for _, bad := range []struct{ key, token string }{{"other", token}, {"m", "x"}, {"m", token + "A"}, {"m", token[2:]}} {
			_, _, err := s.MetricPage(t.Context(), r.ID, bad.key, 3, bad.token)
			coded(t, err, pluvia.Invalid, "Invalid page token")
		}
		_, _, err = s.MetricPage(t.Context(), r.ID, "m", -1, "")
		coded(t, err, pluvia.Invalid)
		for _, id := range []string{"none", "\x00", "\xff"} {
			_, _, err = s.MetricPage(t.Context(), id, "m", 1, "")
			coded(t, err, pluvia.NotFound)
			_, err = s.MetricHistories(t.Context(), []string{r.ID, id}, "m", nil, nil, 0)
			coded(t, err, pluvia.NotFound)
			_, err = s.MetricSteps(t.Context(), []string{r.ID, id}, "m", nil, nil)
			coded(t, err, pluvia.NotFound)
		}
		for _, key := range []string{"none", "", "\x00", "'"} {
			page, next, err := s.MetricPage(t.Context(), r.ID, key, 1, "")
			if len(page) != 0 || next != "" || err != nil {
				t.Errorf("of %q: %v, %q, %v", key, page, next, err)
			}
		}
	},
	"MetricHistories": func(t *testing.T, s pluvia.Tracking) {
		a, b := newRun(t, s), newRun(t, s)
		for i := range 10 {
			ok(t, s.Log(t.Context(), a.ID, pluvia.Batch{Metrics: []pluvia.Metric{{Key: "m", Step: int64(i), Timestamp: 5, Value: 1}, {Key: "m", Step: int64(i), Timestamp: 4, Value: math.NaN()}}}))
			ok(t, s.Log(t.Context(), b.ID, pluvia.Batch{Metrics: []pluvia.Metric{{Key: "m", Step: int64(2 * i)}, {Key: "n", Step: -1}}}))
		}
		text := func(points []pluvia.RunMetric) (list []string) {
			for _, p := range points {
				list = append(list, p.RunID+" "+bits([]pluvia.Metric{p.Metric})[0])
			}
			return list
		}
		var want []pluvia.RunMetric
		for _, r := range []*pluvia.Run{b, a} {
			for _, m := range must(s.MetricHistory(t.Context(), r.ID, "m"))(t) {
				want = append(want, pluvia.RunMetric{RunID: r.ID, Metric: m})
			}
		}
		both := []string{b.ID, a.ID}
		equal(t, "all", text(must(s.MetricHistories(t.Context(), both, "m", nil, nil, 0))(t)), text(want))
		equal(t, "limited", text(must(s.MetricHistories(t.Context(), both, "m", nil, nil, 13))(t)), text(want[:13]))
		first, last := int64(3), int64(6)
		var within []pluvia.RunMetric
		for _, p := range want {
			if p.Step >= first && p.Step <= last {
				within = append(within, p)
			}
		}
		equal(t, "within", text(must(s.MetricHistories(t.Context(), both, "m", &first, &last, 100))(t)), text(within))
		equal(t, "steps", must(s.MetricSteps(t.Context(), both, "m", nil, nil))(t), []int64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 18})
		equal(t, "steps within", must(s.MetricSteps(t.Context(), append(both, a.ID), "m", &last, nil))(t), []int64{6, 7, 8, 9, 10, 12, 14, 16, 18})
		equal(t, "steps of none", len(must(s.MetricSteps(t.Context(), nil, "m", nil, nil))(t)), 0)
		_, err := s.MetricHistories(t.Context(), both, "m", nil, nil, -1)
		coded(t, err, pluvia.Invalid)
	},
	"Links": func(t *testing.T, s pluvia.Tracking) {
		r := newRun(t, s)
		outputs := []pluvia.ModelOutput{{ModelID: "m-1", Step: 1}, {ModelID: "m-1", Step: 2}, {ModelID: "m-2"}}
		for range 2 {
			ok(t, s.LogOutputs(t.Context(), r.ID, outputs))
			ok(t, s.LogInputModels(t.Context(), r.ID, []string{"m-3", "m-2"}))
		}
		got := must(s.Run(t.Context(), r.ID))(t)
		equal(t, "outputs", got.Outputs, outputs)
		equal(t, "input models", got.InputModels, []string{"m-2", "m-3"})
		copied := &pluvia.Run{ExperimentID: "0", Outputs: outputs, InputModels: got.InputModels}
		ok(t, s.CreateRun(t.Context(), copied))
		equal(t, "as created", must(s.Run(t.Context(), copied.ID))(t).Outputs, outputs)
		for _, bad := range []string{"", "\x00", "\xff"} {
			coded(t, s.LogOutputs(t.Context(), r.ID, []pluvia.ModelOutput{{ModelID: bad}}), pluvia.Invalid)
			coded(t, s.LogInputModels(t.Context(), r.ID, []string{bad}), pluvia.Invalid)
			coded(t, s.CreateRun(t.Context(), &pluvia.Run{ExperimentID: "0", InputModels: []string{bad}}), pluvia.Invalid)
			coded(t, s.LogOutputs(t.Context(), "none"+bad, outputs), pluvia.NotFound)
			coded(t, s.LogInputModels(t.Context(), "none"+bad, nil), pluvia.NotFound)
		}
		ok(t, s.DeleteRun(t.Context(), r.ID))
		coded(t, s.LogOutputs(t.Context(), r.ID, outputs), pluvia.Conflict, "active")
		coded(t, s.LogInputModels(t.Context(), r.ID, nil), pluvia.Conflict, "active")
	},
	"DeleteTag": func(t *testing.T, s pluvia.Tracking) {
		r := &pluvia.Run{ExperimentID: "0", Tags: []pluvia.Tag{{Key: "a", Value: "1"}, {Key: "b", Value: "2"}}}
		ok(t, s.CreateRun(t.Context(), r))
		ok(t, s.DeleteTag(t.Context(), r.ID, "a"))
		equal(t, "tags", must(s.Run(t.Context(), r.ID))(t).Tags, []pluvia.Tag{{Key: "b", Value: "2"}})
		for _, key := range []string{"a", "", "\x00", "' OR 1=1 --"} {
			coded(t, s.DeleteTag(t.Context(), r.ID, key), pluvia.NotFound)
			coded(t, s.DeleteTag(t.Context(), "none"+key, "a"), pluvia.NotFound)
		}
		ok(t, s.DeleteRun(t.Context(), r.ID))
		coded(t, s.DeleteTag(t.Context(), r.ID, "b"), pluvia.Conflict, "active")
	},
}
