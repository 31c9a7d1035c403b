package store_test

import (
	"fmt"
	"testing"

	"github.com/pluvia-ml/pluvia"
)

// BenchmarkSearchRuns searches 20,000 runs with 10 params and 10 metrics each,
// as bench/tracking fills them.
func BenchmarkSearchRuns(b *testing.B) {
	s := openBench(b)
	for i := range 20_000 {
		r := &pluvia.Run{ExperimentID: "0", Name: fmt.Sprint("r", i), Status: pluvia.Finished, Start: 1700000000000 + int64(i), Tags: []pluvia.Tag{{Key: "kind", Value: "bench"}}}
		for k := range 10 {
			r.Params = append(r.Params, pluvia.Param{Key: fmt.Sprint("p", k), Value: fmt.Sprint(i * k)})
			r.Metrics = append(r.Metrics, pluvia.Metric{Key: fmt.Sprint("m", k), Value: float64(i*7919%1000)/1000 + float64(k), Timestamp: 1700000000000})
		}
		if err := s.CreateRun(b.Context(), r); err != nil {
			b.Fatal(err)
		}
	}
	metric := pluvia.Field{Of: pluvia.MetricPart, Key: "m0"}
	param := pluvia.Field{Of: pluvia.ParamPart, Key: "p1"}
	usual := pluvia.And{pluvia.Compare{Field: metric, Op: pluvia.Greater, Number: 0.5}, pluvia.Compare{Field: param, Op: pluvia.NotEqual, Text: "3"}}
	for name, asked := range map[string]pluvia.Search{
		"100":                      {Limit: 100},
		"1000":                     {Limit: 1000},
		"100 filtered":             {Limit: 100, Where: usual},
		"100 filtered and ordered": {Limit: 100, Where: usual, OrderBy: []pluvia.Order{{Field: metric, Descending: true}}},
		"100 ascending":            {Limit: 100, Where: usual, OrderBy: []pluvia.Order{{Field: metric}}},
		"1 of a rare param":        {Limit: 100, Where: pluvia.Compare{Field: param, Op: pluvia.Equal, Text: "777"}},
		"100 of a usual tag":       {Limit: 100, Where: pluvia.Compare{Field: pluvia.Field{Of: pluvia.TagPart, Key: "kind"}, Op: pluvia.Equal, Text: "bench"}},
		"0 of a rare metric":       {Limit: 100, Where: pluvia.Compare{Field: metric, Op: pluvia.Greater, Number: 2}},
		"100 by param":             {Limit: 100, OrderBy: []pluvia.Order{{Field: param}}},
	} {
		asked.Experiments = []string{"0"}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				found, _, err := s.SearchRuns(b.Context(), asked)
				if err != nil || name[0] == '1' && len(name) > 2 && name[2] == '0' && len(found) != asked.Limit {
					b.Fatal(len(found), err)
				}
			}
		})
	}
}
