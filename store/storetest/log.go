package storetest

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pluvia-ml/pluvia"
)

// newRun is a run to log to.
func newRun(t *testing.T, s pluvia.Store) *pluvia.Run {
	t.Helper()
	r := &pluvia.Run{ExperimentID: "0"}
	ok(t, s.CreateRun(t.Context(), r))
	return r
}

var logTests = map[string]func(*testing.T, pluvia.Store){
	"LogIsAtomic": func(t *testing.T, s pluvia.Store) {
		r := newRun(t, s)
		ok(t, s.Log(t.Context(), r.ID, pluvia.Batch{Params: []pluvia.Param{{Key: "a", Value: "1"}}}))
		before := must(s.Run(t.Context(), r.ID))(t)
		bad := pluvia.Batch{
			Params:  []pluvia.Param{{Key: "new", Value: "x"}, {Key: "a", Value: "2"}},
			Metrics: []pluvia.Metric{{Key: "m", Value: 1}},
			Tags:    []pluvia.Tag{{Key: "t", Value: "v"}},
			Inputs:  []pluvia.Input{{Dataset: pluvia.Dataset{Name: "d", Digest: "1"}}},
		}
		coded(t, s.Log(t.Context(), r.ID, bad), pluvia.Conflict, "'a'", "'1'", "'2'", r.ID)
		equal(t, "after a refused batch", must(s.Run(t.Context(), r.ID))(t), before)
		equal(t, "history", len(must(s.MetricHistory(t.Context(), r.ID, "m"))(t)), 0)
		bad.Params = []pluvia.Param{{Key: "new", Value: "x"}, {Key: "a", Value: "1"}}
		for range 2 { // the same again is accepted
			ok(t, s.Log(t.Context(), r.ID, bad))
		}
		after := must(s.Run(t.Context(), r.ID))(t)
		if after.Param("new") != "x" || after.Param("a") != "1" || after.Tag("t") != "v" || len(after.Metrics) != 1 || len(after.Inputs) != 1 {
			t.Errorf("after a good batch: %+v", after)
		}
	},
	"LogBounds": func(t *testing.T, s pluvia.Store) {
		r := newRun(t, s)
		long := strings.Repeat("k", 250)
		ok(t, s.Log(t.Context(), r.ID, pluvia.Batch{
			Params:  []pluvia.Param{{Key: long, Value: strings.Repeat("雨", 6001)}, {Key: "empty"}},
			Tags:    []pluvia.Tag{{Key: long, Value: strings.Repeat("雨", 8001)}, {Key: "empty"}},
			Metrics: []pluvia.Metric{{Key: long}, {Key: "ключ/a b.c-d:e_1", Step: math.MinInt64, Timestamp: math.MaxInt64, Value: math.SmallestNonzeroFloat64}},
		}))
		got := must(s.Run(t.Context(), r.ID))(t)
		equal(t, "param cut to", utf8.RuneCountInString(got.Param(long)), 6000)
		equal(t, "tag cut to", utf8.RuneCountInString(got.Tag(long)), 8000)
		equal(t, "metric", got.Metrics[1], pluvia.Metric{Key: "ключ/a b.c-d:e_1", Step: math.MinInt64, Timestamp: math.MaxInt64, Value: math.SmallestNonzeroFloat64})
		// A param that is cut is still the same param.
		ok(t, s.Log(t.Context(), r.ID, pluvia.Batch{Params: []pluvia.Param{{Key: long, Value: strings.Repeat("雨", 6001)}}}))

		for _, key := range []string{"", ".", "..", "../x", "/x", "a//b", "a/../b", "a/", "a\x00", "a\n", "a'b", "a\"b", "a\\b", "a$", "\xff", long + "k"} {
			for _, b := range []pluvia.Batch{
				{Params: []pluvia.Param{{Key: key, Value: "v"}}}, {Tags: []pluvia.Tag{{Key: key, Value: "v"}}}, {Metrics: []pluvia.Metric{{Key: key}}},
			} {
				coded(t, s.Log(t.Context(), r.ID, b), pluvia.Invalid)
			}
		}
		for _, b := range []pluvia.Batch{
			{Metrics: []pluvia.Metric{{Key: "m", Timestamp: -1}}},
			{Params: []pluvia.Param{{Key: "p", Value: "a\x00"}}}, {Tags: []pluvia.Tag{{Key: "t", Value: "\xff"}}},
			{Inputs: []pluvia.Input{{Dataset: pluvia.Dataset{Name: "d"}}}}, {Inputs: []pluvia.Input{{Dataset: pluvia.Dataset{Digest: "1"}}}},
			{Inputs: []pluvia.Input{{Dataset: pluvia.Dataset{Name: "d", Digest: strings.Repeat("1", 37)}}}},
			{Inputs: []pluvia.Input{{Dataset: pluvia.Dataset{Name: "d", Digest: "1"}, Tags: []pluvia.Tag{{Key: "k", Value: strings.Repeat("v", 501)}}}}},
		} {
			coded(t, s.Log(t.Context(), r.ID, b), pluvia.Invalid)
		}
		var many pluvia.Batch
		for i := range 1000 {
			many.Params = append(many.Params, pluvia.Param{Key: fmt.Sprintf("bad\n%d", i)})
		}
		err := s.Log(t.Context(), r.ID, many)
		coded(t, err, pluvia.Invalid, "and 990 more")
		if n := len(err.Error()); n > 10_000 {
			t.Errorf("an error of %d bytes", n)
		}
		equal(t, "after refused batches", must(s.Run(t.Context(), r.ID))(t), got)
	},
	"LogHostile": func(t *testing.T, s pluvia.Store) {
		r := newRun(t, s)
		var b pluvia.Batch
		for i, text := range hostile {
			b.Params = append(b.Params, pluvia.Param{Key: fmt.Sprintf("p%02d", i), Value: text})
			b.Tags = append(b.Tags, pluvia.Tag{Key: fmt.Sprintf("t%02d", i), Value: text})
		}
		ok(t, s.Log(t.Context(), r.ID, b))
		got := must(s.Run(t.Context(), r.ID))(t)
		equal(t, "params", got.Params, b.Params)
		equal(t, "tags", got.Tags, b.Tags)
		for _, tag := range b.Tags {
			equal(t, "found by tag "+tag.Value, ids(must(s.Runs(t.Context(), pluvia.RunFilter{Tags: map[string]string{tag.Key: tag.Value}}))(t)), []string{r.ID})
		}
	},
	"MetricValues": func(t *testing.T, s pluvia.Store) {
		r := newRun(t, s)
		var b pluvia.Batch
		for i, v := range []float64{0, 1, -1, 0.1, math.Pi, math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, 1 << 53, 1e300, math.Inf(1), math.Inf(-1), math.NaN()} {
			b.Metrics = append(b.Metrics, pluvia.Metric{Key: fmt.Sprintf("m%02d", i), Value: v, Step: -3, Timestamp: 9})
		}
		for range 2 { // a duplicate is one, also of NaN
			ok(t, s.Log(t.Context(), r.ID, b))
		}
		equal(t, "metrics", bits(must(s.Run(t.Context(), r.ID))(t).Metrics), bits(b.Metrics))
		for _, m := range b.Metrics {
			equal(t, "history", bits(must(s.MetricHistory(t.Context(), r.ID, m.Key))(t)), bits([]pluvia.Metric{m}))
		}
		equal(t, "no such key", len(must(s.MetricHistory(t.Context(), r.ID, "none"))(t)), 0)
	},
	"MetricHistory": func(t *testing.T, s pluvia.Store) {
		// Any order of arrival, in batches of any size, gives one history.
		r := newRun(t, s)
		random := rand.New(rand.NewPCG(1, 2))
		var points []pluvia.Metric
		for range 700 {
			points = append(points, pluvia.Metric{Key: []string{"a", "b"}[random.IntN(2)], Step: random.Int64N(9) - 4, Timestamp: random.Int64N(4), Value: []float64{-1, 0, 2, math.Inf(1)}[random.IntN(4)]})
		}
		for rest := points; len(rest) > 0; {
			n := min(len(rest), 1+random.IntN(130))
			ok(t, s.Log(t.Context(), r.ID, pluvia.Batch{Metrics: rest[:n]}))
			rest = rest[n:]
		}
		slices.SortFunc(points, func(x, y pluvia.Metric) int {
			return cmp.Or(cmp.Compare(x.Key, y.Key), cmp.Compare(x.Step, y.Step), cmp.Compare(x.Timestamp, y.Timestamp), cmp.Compare(x.Value, y.Value))
		})
		points = slices.Compact(points)
		b := slices.IndexFunc(points, func(m pluvia.Metric) bool { return m.Key == "b" })
		equal(t, "history of a", must(s.MetricHistory(t.Context(), r.ID, "a"))(t), points[:b])
		equal(t, "history of b", must(s.MetricHistory(t.Context(), r.ID, "b"))(t), points[b:])
		equal(t, "latest", must(s.Run(t.Context(), r.ID))(t).Metrics, []pluvia.Metric{points[b-1], points[len(points)-1]})
	},
	"Inputs": func(t *testing.T, s pluvia.Store) {
		train := pluvia.Input{Dataset: pluvia.Dataset{Name: "d", Digest: "1", Schema: "first"}, Tags: []pluvia.Tag{{Key: pluvia.TagDataContext, Value: "training"}}}
		test := pluvia.Input{Dataset: pluvia.Dataset{Name: "d", Digest: "2"}, Tags: []pluvia.Tag{{Key: pluvia.TagDataContext, Value: "evaluation"}}}
		a, b := newRun(t, s), newRun(t, s)
		ok(t, s.Log(t.Context(), a.ID, pluvia.Batch{Inputs: []pluvia.Input{test, train, train}}))
		equal(t, "inputs of a", must(s.Run(t.Context(), a.ID))(t).Inputs, []pluvia.Input{train, test})
		// What was first said of a data set and of an input stays.
		again := train
		again.Dataset.Schema = "second"
		again.Tags = []pluvia.Tag{{Key: pluvia.TagDataContext, Value: "other"}}
		ok(t, s.Log(t.Context(), a.ID, pluvia.Batch{Inputs: []pluvia.Input{again}}))
		ok(t, s.Log(t.Context(), b.ID, pluvia.Batch{Inputs: []pluvia.Input{again}}))
		equal(t, "inputs of a again", must(s.Run(t.Context(), a.ID))(t).Inputs, []pluvia.Input{train, test})
		again.Dataset.Schema = "first"
		equal(t, "inputs of b", must(s.Run(t.Context(), b.ID))(t).Inputs, []pluvia.Input{again})
	},
}
