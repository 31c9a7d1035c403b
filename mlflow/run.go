package mlflow

import (
	"context"
	"time"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/mlflow/filter"
)

// runStatuses are the numbers of MLflow's RunStatus.
var runStatuses = map[string]int64{
	string(pluvia.Running): 1, string(pluvia.Scheduled): 2, string(pluvia.Finished): 3, string(pluvia.Failed): 4, string(pluvia.Killed): 5,
}

// appendRunInfo writes a RunInfo. Clients of different ages read the id of the
// run at different places.
func appendRunInfo(b []byte, r *pluvia.Run) []byte {
	b = append(b, '{')
	b = textField(b, "run_uuid", r.ID)
	b = textField(b, "experiment_id", r.ExperimentID)
	b = textField(b, "run_name", r.Name)
	b = textField(b, "user_id", r.User)
	b = textField(b, "status", string(r.Status))
	b = intField(b, "start_time", r.Start)
	b = intUnless(b, "end_time", r.End)
	b = textField(b, "artifact_uri", toWire(r.ArtifactURI))
	b = textField(b, "lifecycle_stage", string(r.Stage))
	b = textField(b, "run_id", r.ID)
	return append(b, '}')
}

// appendRun writes a Run.
func appendRun(b []byte, r *pluvia.Run) []byte {
	b = appendRunInfo(key(append(b, '{'), "info"), r)
	b = append(key(b, "data"), '{')
	if len(r.Metrics) > 0 {
		b = append(key(b, "metrics"), '[')
		for i := range r.Metrics {
			b = append(appendPoint(next(b), &r.Metrics[i]), '}')
		}
		b = append(b, ']')
	}
	b = paramsField(b, r.Params)
	b = tagsField(b, r.Tags)
	b = append(b, '}')

	b = append(key(b, "inputs"), '{')
	if len(r.Inputs) > 0 {
		b = append(key(b, "dataset_inputs"), '[')
		for i := range r.Inputs {
			b = appendInput(next(b), &r.Inputs[i])
		}
		b = append(b, ']')
	}
	if len(r.InputModels) > 0 {
		b = append(key(b, "model_inputs"), '[')
		for _, id := range r.InputModels {
			b = append(textField(append(next(b), '{'), "model_id", id), '}')
		}
		b = append(b, ']')
	}
	b = append(b, '}')

	b = append(key(b, "outputs"), '{')
	if len(r.Outputs) > 0 {
		b = append(key(b, "model_outputs"), '[')
		for _, o := range r.Outputs {
			b = textField(append(next(b), '{'), "model_id", o.ModelID)
			b = append(intField(b, "step", o.Step), '}')
		}
		b = append(b, ']')
	}
	return append(b, '}', '}')
}

func (s *Server) createRun(ctx context.Context, q *request, out []byte) ([]byte, error) {
	r := &pluvia.Run{
		ExperimentID: q.text("experiment_id"),
		User:         q.text("user_id"),
		Start:        q.integer("start_time", 0),
		Name:         q.text("run_name"),
		Tags:         q.tags("tags"),
		Status:       pluvia.Running,
	}
	if err := q.err(); err != nil {
		return nil, err
	}
	if r.ExperimentID == "" {
		r.ExperimentID = "0"
	}
	if r.Start < 0 {
		return nil, pluvia.Errorf(pluvia.Invalid, "Invalid value %d for parameter 'start_time' supplied: want milliseconds since 1970.", r.Start)
	}
	if r.Start == 0 {
		r.Start = pluvia.Millis(time.Now())
	}
	if err := validTags(r.Tags); err != nil {
		return nil, err
	}
	r.Tags = lastOfEach(r.Tags)
	switch tagged := r.Tag(pluvia.TagRunName); {
	case r.Name == "":
		if r.Name = tagged; r.Name == "" {
			r.Name = randomName()
		}
	case tagged != "" && tagged != r.Name:
		return nil, pluvia.Errorf(pluvia.Invalid, "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values (run_name='%s', mlflow.runName='%s').", clip(r.Name), clip(tagged))
	}
	if err := s.store.CreateRun(ctx, r); err != nil {
		return nil, err
	}
	return appendOne(out, "run", r, appendRun), nil
}

// lastOfEach keeps of tags with one key the last one.
func lastOfEach(tags []pluvia.Tag) []pluvia.Tag {
	at := make(map[string]int, len(tags))
	kept := tags[:0]
	for _, t := range tags {
		if i, twice := at[t.Key]; twice {
			kept[i] = t
			continue
		}
		at[t.Key] = len(kept)
		kept = append(kept, t)
	}
	return kept
}

func (s *Server) run(ctx context.Context, q *request, out []byte) ([]byte, error) {
	id := q.runID()
	if err := q.err(); err != nil {
		return nil, err
	}
	r, err := s.store.Run(ctx, id)
	if err != nil {
		return nil, err
	}
	return appendOne(out, "run", r, appendRun), nil
}

func (s *Server) updateRun(ctx context.Context, q *request, out []byte) ([]byte, error) {
	id := q.runID()
	u := pluvia.RunUpdate{
		End:    q.integer("end_time", 0),
		Status: pluvia.RunStatus(q.enum("status", runStatuses)),
		Name:   q.text("run_name"),
	}
	if err := q.err(); err != nil {
		return nil, err
	}
	if u.End < 0 {
		return nil, pluvia.Errorf(pluvia.Invalid, "Invalid value %d for parameter 'end_time' supplied: want milliseconds since 1970.", u.End)
	}
	if err := s.store.UpdateRun(ctx, id, u); err != nil {
		return nil, err
	}
	r, err := s.store.Run(ctx, id)
	if err != nil {
		return nil, err
	}
	return appendOne(out, "run_info", r, appendRunInfo), nil
}

func (s *Server) deleteRun(ctx context.Context, q *request, out []byte) ([]byte, error) {
	id := q.need("run_id")
	if err := q.err(); err != nil {
		return nil, err
	}
	return empty(out), s.store.DeleteRun(ctx, id)
}

func (s *Server) restoreRun(ctx context.Context, q *request, out []byte) ([]byte, error) {
	id := q.need("run_id")
	if err := q.err(); err != nil {
		return nil, err
	}
	return empty(out), s.store.RestoreRun(ctx, id)
}

func (s *Server) searchRuns(ctx context.Context, q *request, out []byte) ([]byte, error) {
	ids, text := q.texts("experiment_ids"), q.text("filter")
	view := q.view("run_view_type")
	limit := q.integer("max_results", 1000)
	orders, after := q.texts("order_by"), q.text("page_token")
	if err := q.err(); err != nil {
		return nil, err
	}
	search, err := newSearch(filter.Runs, text, orders, limit)
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return empty(out), nil
	}
	search.Experiments, search.View, search.After = ids, view, after
	found, next, err := s.store.SearchRuns(ctx, search)
	if err != nil {
		return nil, err
	}
	for _, r := range found {
		r.InputModels = nil // a search tells data sets and outputs only
	}
	return appendPage(out, "runs", found, next, appendRun), nil
}
