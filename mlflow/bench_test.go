package mlflow

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia"
)

// thousandRuns are runs with 10 params, 10 metrics and 2 tags each.
func thousandRuns() []*pluvia.Run {
	runs := make([]*pluvia.Run, 1000)
	for i := range runs {
		r := &pluvia.Run{
			ID: fmt.Sprintf("%032x", i), ExperimentID: "1", Name: fmt.Sprintf("r%d", i), Status: pluvia.Finished, Start: 1_700_000_000_000, End: 1_700_000_001_000,
			ArtifactURI: fmt.Sprintf("s3://mlflow/1/%032x/artifacts", i), Stage: pluvia.Active,
			Tags: []pluvia.Tag{{Key: "kind", Value: "bench"}, {Key: pluvia.TagRunName, Value: fmt.Sprintf("r%d", i)}},
		}
		for j := range 10 {
			r.Params = append(r.Params, pluvia.Param{Key: fmt.Sprintf("p%d", j), Value: fmt.Sprint(i * j)})
			r.Metrics = append(r.Metrics, pluvia.Metric{Key: fmt.Sprintf("m%d", j), Value: float64(i*7919%1000)/1000 + float64(j), Timestamp: 1_700_000_000_000})
		}
		runs[i] = r
	}
	return runs
}

// BenchmarkAppendRuns is the encoding of a page of 1,000 runs.
func BenchmarkAppendRuns(b *testing.B) {
	runs := thousandRuns()
	out := appendPage(nil, "runs", runs, "", appendRun)
	b.SetBytes(int64(len(out)))
	b.ReportAllocs()
	for b.Loop() {
		out = appendPage(out[:0], "runs", runs, "", appendRun)
	}
}

// batchBody is the body of a log-batch with 1,000 metrics.
func batchBody(run string) string {
	var s strings.Builder
	fmt.Fprintf(&s, `{"run_id": %q, "metrics": [`, run)
	for i := range 1000 {
		if i > 0 {
			s.WriteString(", ")
		}
		fmt.Fprintf(&s, `{"key": "loss", "value": %v, "timestamp": %d, "step": %d}`, float64(i)*.1, 1_700_000_000_000+i, i)
	}
	s.WriteString("]}")
	return s.String()
}

// BenchmarkReadBatch is the reading of 1,000 metrics.
func BenchmarkReadBatch(b *testing.B) {
	d := &document{body: []byte(batchBody("r"))}
	b.SetBytes(int64(len(d.body)))
	b.ReportAllocs()
	for b.Loop() {
		d.scan()
		n := 0
		q := message{d: d, index: -1}
		for m := range q.messages("metrics") {
			if point, _ := m.metric(); point.Key == "loss" {
				n++
			}
		}
		if n != 1000 || q.err() != nil {
			b.Fatal(n, q.err())
		}
	}
}

// BenchmarkSearchRuns is a whole call over a database with 1,000 runs.
func BenchmarkSearchRuns(b *testing.B) {
	h := newHandler(b)
	for i := range 1000 {
		_, answer := ask(b, h, "POST /runs/create", fmt.Sprintf(`{"start_time": %d, "run_name": "r%d", "tags": [{"key": "kind", "value": "bench"}]}`, 1_700_000_000_000+i, i))
		id := answer[strings.Index(answer, `"run_uuid":"`)+12:][:32]
		var body strings.Builder
		fmt.Fprintf(&body, `{"run_id": %q`, id)
		for _, list := range []string{"params", "metrics"} {
			fmt.Fprintf(&body, `, %q: [`, list)
			for j := range 10 {
				if j > 0 {
					body.WriteString(", ")
				}
				if list == "params" {
					fmt.Fprintf(&body, `{"key": "p%d", "value": "%d"}`, j, i*j)
				} else {
					fmt.Fprintf(&body, `{"key": "m%d", "value": %v, "timestamp": 1700000000000, "step": 0}`, j, float64(i*7919%1000)/1000+float64(j))
				}
			}
			body.WriteString("]")
		}
		if status, answer := ask(b, h, "POST /runs/log-batch", body.String()+"}"); status != http.StatusOK {
			b.Fatal(answer)
		}
	}
	for name, body := range map[string]string{
		"100":      `{"experiment_ids": ["0"], "max_results": 100}`,
		"filtered": `{"experiment_ids": ["0"], "max_results": 100, "filter": "metrics.m0 > 0.5 and params.p1 != '3'", "order_by": ["metrics.m0 DESC"]}`,
		"1000":     `{"experiment_ids": ["0"], "max_results": 1000}`,
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if status, answer := ask(b, h, "POST /runs/search", body); status != http.StatusOK {
					b.Fatal(answer)
				}
			}
		})
	}
}
