package mlflow

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/pluvia-ml/pluvia"
)

// tagModelHistory is the tag in which log-model keeps what it was told.
const tagModelHistory = "mlflow.log-model.history"

// What a store keeps of the value of a param and of a tag, in characters.
const (
	maxParamValue = 6_000
	maxTagValue   = 8_000
)

// metric reads a metric: a point of the run's, and what model and data set it
// was measured on, if that is said.
func (m message) metric() (point pluvia.Metric, of pluvia.ModelMetric) {
	point = pluvia.Metric{Key: m.need("key"), Value: m.needNumber("value"), Timestamp: m.needInteger("timestamp"), Step: m.integer("step", 0)}
	if id := m.text("model_id"); id != "" {
		of = pluvia.ModelMetric{Metric: point, ModelID: id, Dataset: pluvia.DatasetRef{Name: m.text("dataset_name"), Digest: m.text("dataset_digest")}}
	}
	return point, of
}

// write adds a batch to a run, and the metrics that are of logged models to
// those. The models are looked for first, so that one that is not there leaves
// nothing written.
func (s *Server) write(ctx context.Context, runID string, b pluvia.Batch, ofModels []pluvia.ModelMetric) error {
	if len(ofModels) == 0 {
		return s.store.Log(ctx, runID, b)
	}
	seen := make(map[string]bool)
	for i := range ofModels {
		m := &ofModels[i]
		m.RunID = runID
		if err := cmp.Or(atMost("dataset_name", maxDatasetName, m.Dataset.Name), atMost("dataset_digest", maxDatasetDigest, m.Dataset.Digest)); err != nil {
			return err
		}
		if seen[m.ModelID] {
			continue
		}
		seen[m.ModelID] = true
		if _, err := s.activeModel(ctx, m.ModelID); err != nil {
			return err
		}
	}
	if err := s.store.Log(ctx, runID, b); err != nil {
		return err
	}
	return s.store.LogModelMetrics(ctx, ofModels)
}

func (s *Server) logMetric(ctx context.Context, q *request, out []byte) ([]byte, error) {
	id := q.runID()
	point, of := q.metric()
	if err := q.err(); err != nil {
		return nil, err
	}
	if err := validMetric("", point); err != nil {
		return nil, err
	}
	var ofModels []pluvia.ModelMetric
	if of.ModelID != "" {
		ofModels = append(ofModels, of)
	}
	return empty(out), s.write(ctx, id, pluvia.Batch{Metrics: []pluvia.Metric{point}}, ofModels)
}

func (s *Server) logParam(ctx context.Context, q *request, out []byte) ([]byte, error) {
	id := q.runID()
	p := pluvia.Param{Key: q.need("key"), Value: q.text("value")}
	if err := q.err(); err != nil {
		return nil, err
	}
	if err := validParam("", p); err != nil {
		return nil, err
	}
	return empty(out), s.store.Log(ctx, id, pluvia.Batch{Params: []pluvia.Param{p}})
}

func (s *Server) setTag(ctx context.Context, q *request, out []byte) ([]byte, error) {
	id := q.runID()
	t := pluvia.Tag{Key: q.need("key"), Value: q.text("value")}
	if err := q.err(); err != nil {
		return nil, err
	}
	if err := validTag("", t); err != nil {
		return nil, err
	}
	return empty(out), s.store.Log(ctx, id, pluvia.Batch{Tags: []pluvia.Tag{t}})
}

func (s *Server) deleteTag(ctx context.Context, q *request, out []byte) ([]byte, error) {
	id, key := q.need("run_id"), q.need("key")
	if err := q.err(); err != nil {
		return nil, err
	}
	return empty(out), s.store.DeleteTag(ctx, id, key)
}

func (s *Server) logBatch(ctx context.Context, q *request, out []byte) ([]byte, error) {
	id := q.need("run_id")
	var b pluvia.Batch
	var ofModels []pluvia.ModelMetric
	if n := q.count("metrics"); n > 0 {
		b.Metrics = make([]pluvia.Metric, 0, n)
	}
	for m := range q.messages("metrics") {
		point, of := m.metric()
		b.Metrics = append(b.Metrics, point)
		if of.ModelID != "" {
			ofModels = append(ofModels, of)
		}
	}
	b.Params, b.Tags = q.params("params"), q.tags("tags")
	if err := q.err(); err != nil {
		return nil, err
	}
	if err := validRunID(id); err != nil {
		return nil, err
	}
	if err := validBatch(b); err != nil {
		return nil, err
	}
	err := s.write(ctx, id, b, ofModels)
	if pluvia.ErrorCode(err) == pluvia.Conflict && len(b.Params) > 0 {
		err = s.changedParams(ctx, id, b.Params, err)
	}
	return empty(out), err
}

// changedParams tells a conflict of params in MLflow's words for batches; any
// other conflict stays as it is.
func (s *Server) changedParams(ctx context.Context, id string, params []pluvia.Param, conflict error) error {
	r, err := s.store.Run(ctx, id)
	if err != nil || r.Stage != pluvia.Active {
		return conflict
	}
	var changed []string
	for _, p := range params {
		for _, old := range r.Params {
			if old.Key == p.Key && old.Value != cutTo(maxParamValue, p.Value) {
				changed = append(changed, fmt.Sprintf("{'key': '%s', 'old_value': '%s', 'new_value': '%s'}", p.Key, clip(old.Value), clip(p.Value)))
			}
		}
	}
	if len(changed) == 0 {
		return conflict
	}
	return &pluvia.Error{Code: pluvia.Conflict, Err: conflict, Message: fmt.Sprintf(
		"Changing param values is not allowed. Params were already logged='[%s]' for run ID='%s'.", strings.Join(changed, ", "), id)}
}

// cutTo is the first n characters of s.
func cutTo(n int, s string) string {
	if len(s) <= n {
		return s
	}
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// logModel appends what a client of MLflow 2 says of a model that it has put
// among the artifacts of a run to a tag of the run.
func (s *Server) logModel(ctx context.Context, q *request, out []byte) ([]byte, error) {
	id, text := q.need("run_id"), q.need("model_json")
	if err := q.err(); err != nil {
		return nil, err
	}
	var model map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &model); err != nil {
		return nil, pluvia.Errorf(pluvia.Invalid, "Malformed model info. \n %s \n failed to parse: %w", clip(text), err)
	}
	var missing []string
	for _, name := range []string{"artifact_path", "flavors", "utc_time_created", "run_id"} {
		if model[name] == nil {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return nil, pluvia.Errorf(pluvia.Invalid, "Model json is missing mandatory fields: %s", strings.Join(missing, ", "))
	}
	r, err := s.store.Run(ctx, id)
	if err != nil {
		return nil, err
	}
	var history []json.RawMessage
	if before := r.Tag(tagModelHistory); before != "" {
		if err := json.Unmarshal([]byte(before), &history); err != nil {
			return nil, pluvia.Errorf(pluvia.Invalid, "the tag %s of run %s is no list of models any more: delete it, then log the model again", tagModelHistory, id)
		}
	}
	whole, err := json.Marshal(append(history, json.RawMessage(text)))
	if err != nil {
		return nil, errors.Join(pluvia.Errorf(pluvia.Invalid, "Malformed model info."), err)
	}
	if utf8.RuneCount(whole) > maxTagValue {
		return nil, pluvia.Errorf(pluvia.TooLarge, "the tag %s of run %s would exceed the maximum length of %d characters", tagModelHistory, id, maxTagValue)
	}
	return empty(out), s.store.Log(ctx, id, pluvia.Batch{Tags: []pluvia.Tag{{Key: tagModelHistory, Value: string(whole)}}})
}
