package mlflow

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/pluvia-ml/pluvia"
)

// appendPoint writes a Metric but for its closing brace.
func appendPoint(b []byte, m *pluvia.Metric) []byte {
	b = append(b, '{')
	b = textField(b, "key", m.Key)
	b = numberField(b, "value", finite(m.Value))
	b = intField(b, "timestamp", m.Timestamp)
	return intField(b, "step", m.Step)
}

// finite is a value as MLflow's database returns it: infinities as the
// greatest numbers.
func finite(x float64) float64 { return max(min(x, math.MaxFloat64), -math.MaxFloat64) }

// byTime is the order of a history on the wire. NaN stands as 0 in MLflow's
// database and goes before the numbers here.
func byTime(a, b pluvia.Metric) int {
	return cmp.Or(cmp.Compare(a.Timestamp, b.Timestamp), cmp.Compare(a.Step, b.Step), cmp.Compare(a.Value, b.Value))
}

// metricHistory is one metric's points. A page of a longer history is by step
// first, as the store keeps it; in the usual history that is the same order.
func (s *Server) metricHistory(ctx context.Context, q *request, out []byte) ([]byte, error) {
	id, name, after := q.runID(), q.need("metric_key"), q.text("page_token")
	limit := q.integer("max_results", 0)
	if err := q.err(); err != nil {
		return nil, err
	}
	if limit < 0 || limit == 0 && q.has("max_results") {
		return nil, pluvia.Errorf(pluvia.Invalid, "Invalid value %d for parameter 'max_results' supplied. It must be a positive integer.", limit)
	}
	limit = min(limit, math.MaxInt32)
	points, token, err := s.store.MetricPage(ctx, id, name, int(limit), after)
	if err != nil {
		return nil, err
	}
	if after == "" && token == "" && !slices.IsSortedFunc(points, byTime) {
		slices.SortFunc(points, byTime)
	}
	return appendPage(out, "metrics", points, token, func(b []byte, m pluvia.Metric) []byte {
		return append(appendPoint(b, &m), '}')
	}), nil
}

// appendRunPoint writes a MetricWithRunId.
func appendRunPoint(b []byte, m pluvia.RunMetric) []byte {
	return append(textField(appendPoint(b, &m.Metric), "run_id", m.RunID), '}')
}

// metricHistoryBulk is the history of one metric in several runs, for pages of
// long ago: NaN stands in it as such, which is no JSON.
func (s *Server) metricHistoryBulk(ctx context.Context, q *request, out []byte) ([]byte, error) {
	ids := q.texts("run_id")
	limit := q.integer("max_results", maxBulkPoints)
	name := q.text("metric_key")
	if err := q.err(); err != nil {
		return nil, err
	}
	switch {
	case len(ids) == 0:
		return nil, pluvia.Errorf(pluvia.Invalid, "GetMetricHistoryBulk request must specify at least one run_id.")
	case len(ids) > maxRunsOfHistory:
		return nil, pluvia.Errorf(pluvia.Invalid, "GetMetricHistoryBulk request cannot specify more than %d run_ids. Received %d run_ids.", maxRunsOfHistory, len(ids))
	case !q.has("metric_key"):
		return nil, pluvia.Errorf(pluvia.Invalid, "GetMetricHistoryBulk request must specify a metric_key.")
	case limit < 1:
		return nil, pluvia.Errorf(pluvia.Invalid, "Invalid value %d for parameter 'max_results' supplied. It must be a positive integer.", limit)
	}
	left := int(min(limit, maxBulkPoints))
	slices.Sort(ids)
	out = append(key(append(out, '{'), "metrics"), '[')
	for _, id := range slices.Compact(ids) {
		if left == 0 {
			break
		}
		points, _, err := s.store.MetricPage(ctx, id, name, left, "")
		if pluvia.ErrorCode(err) == pluvia.NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		left -= len(points)
		slices.SortFunc(points, byTime)
		for i := range points {
			m := &points[i]
			out = append(next(out), '{')
			out = textField(out, "key", m.Key)
			if out = key(out, "value"); math.IsNaN(m.Value) {
				out = append(out, "NaN"...)
			} else {
				out = appendNumber(out, finite(m.Value))
			}
			out = intField(out, "timestamp", m.Timestamp)
			out = intField(out, "step", m.Step)
			out = append(textField(out, "run_id", id), '}')
		}
	}
	return append(out, ']', '}'), nil
}

// metricHistorySampled is the history of one metric in several runs with no
// more steps than a chart has use for: those at even distances among the steps
// of all runs, and the first and the last of each run.
func (s *Server) metricHistorySampled(ctx context.Context, q *request, out []byte) ([]byte, error) {
	ids := q.texts("run_ids")
	if len(ids) == 0 {
		q.missing("run_ids")
	}
	name := q.need("metric_key")
	var first, last *int64
	if q.has("start_step") {
		first = new(q.integer("start_step", 0))
	}
	if q.has("end_step") {
		last = new(q.integer("end_step", 0))
	}
	limit := q.integer("max_results", maxIntervalPoints)
	if err := q.err(); err != nil {
		return nil, err
	}
	switch {
	case len(ids) > maxRunsOfHistory:
		return nil, pluvia.Errorf(pluvia.Invalid, "GetMetricHistoryBulkInterval request must specify at most %d run_ids. Received %d run_ids.%s", maxRunsOfHistory, len(ids), seeDocs)
	case limit < 1 || limit > maxIntervalPoints:
		return nil, pluvia.Errorf(pluvia.Invalid, "max_results must be between 1 and %d.%s", maxIntervalPoints, seeDocs)
	case (first == nil) != (last == nil):
		return nil, pluvia.Errorf(pluvia.Invalid, "If either start step or end step are specified, both must be specified.")
	case first != nil && *first > *last:
		return nil, pluvia.Errorf(pluvia.Invalid, "end_step must be greater than start_step. Found start_step=%d and end_step=%d.", *first, *last)
	}
	var all, ends []int64
	for _, id := range ids {
		steps, err := s.store.MetricSteps(ctx, []string{id}, name, first, last)
		if err != nil {
			return nil, err
		}
		if len(steps) > 0 {
			ends = append(ends, steps[0], steps[len(steps)-1])
		}
		all = append(all, steps...)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	if len(all) == 0 {
		return empty(out), nil
	}
	points, err := s.atSteps(ctx, ids, name, all, sample(all, ends, int(limit)))
	if err != nil {
		return nil, err
	}
	return appendPage(out, "metrics", points, "", appendRunPoint), nil
}

// sample chooses n of the steps at even distances and the last one, and adds
// the ends.
func sample(all, ends []int64, n int) []int64 {
	if len(all) <= n {
		return all
	}
	chosen := slices.Clone(ends)
	for k := range n {
		chosen = append(chosen, all[k*len(all)/n])
	}
	chosen = append(chosen, all[len(all)-1])
	slices.Sort(chosen)
	return slices.Compact(chosen)
}

// atSteps are the points at the chosen ones of all steps, run by run in the
// order given, at most maxBulkPoints of a run. When most steps are chosen, one
// question is cheaper than one for each.
func (s *Server) atSteps(ctx context.Context, ids []string, name string, all, chosen []int64) ([]pluvia.RunMetric, error) {
	var points []pluvia.RunMetric
	for _, id := range ids {
		one := []string{id}
		began := len(points)
		if len(chosen)*4 >= len(all) {
			found, err := s.store.MetricHistories(ctx, one, name, &all[0], &all[len(all)-1], 0)
			if err != nil {
				return nil, err
			}
			for _, p := range found {
				if _, ok := slices.BinarySearch(chosen, p.Step); ok && len(points)-began < maxBulkPoints {
					points = append(points, p)
				}
			}
			continue
		}
		for _, step := range chosen {
			if left := maxBulkPoints - (len(points) - began); left > 0 {
				found, err := s.store.MetricHistories(ctx, one, name, &step, &step, left)
				if err != nil {
					return nil, err
				}
				points = append(points, found...)
			}
		}
	}
	return points, nil
}
