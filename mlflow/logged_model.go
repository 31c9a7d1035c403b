package mlflow

import (
	"context"
	"fmt"
	"strings"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/mlflow/filter"
)

// modelStatuses are the numbers of MLflow's LoggedModelStatus, by its names.
var modelStatuses = map[string]int64{
	"LOGGED_MODEL_STATUS_UNSPECIFIED": 0,
	onWireStatus(pluvia.ModelPending): 1, onWireStatus(pluvia.ModelReady): 2, onWireStatus(pluvia.ModelUploadFailed): 3,
}

func onWireStatus(s pluvia.LoggedModelStatus) string { return "LOGGED_MODEL_" + string(s) }

// appendLoggedModel writes a LoggedModel.
func appendLoggedModel(b []byte, m *pluvia.LoggedModel) []byte {
	b = append(key(append(b, '{'), "info"), '{')
	b = textField(b, "model_id", m.ID)
	b = textField(b, "experiment_id", m.ExperimentID)
	b = textField(b, "name", m.Name)
	b = intField(b, "creation_timestamp_ms", m.Created)
	b = intField(b, "last_updated_timestamp_ms", m.Updated)
	b = textField(b, "artifact_uri", toWire(m.ArtifactURI))
	b = textField(b, "status", onWireStatus(m.Status))
	b = textField(b, "model_type", m.Type)
	b = textField(b, "source_run_id", m.SourceRunID)
	b = textUnless(b, "status_message", m.StatusMessage)
	b = tagsField(b, m.Tags)
	b = append(b, '}')
	b = append(key(b, "data"), '{')
	b = paramsField(b, m.Params)
	if len(m.Metrics) > 0 {
		b = append(key(b, "metrics"), '[')
		for i := range m.Metrics {
			p := &m.Metrics[i]
			b = appendPoint(next(b), &p.Metric)
			b = textField(b, "model_id", m.ID)
			b = textUnless(b, "dataset_name", p.Dataset.Name)
			b = textUnless(b, "dataset_digest", p.Dataset.Digest)
			b = append(textUnless(b, "run_id", p.RunID), '}')
		}
		b = append(b, ']')
	}
	return append(b, '}', '}')
}

// validModelParams checks the params of a logged model.
func validModelParams(params []pluvia.Param) error {
	if len(params) > maxParams {
		return pluvia.Errorf(pluvia.Invalid, "A batch logging request can contain at most %d params. Got %d params. Please split up params across multiple requests and try again.", maxParams, len(params))
	}
	for i, p := range params {
		if err := validParam(fmt.Sprintf("params[%d].", i), p); err != nil {
			return err
		}
	}
	return uniqueParams(params)
}

// validLoggedModelName checks the name of a logged model.
func validLoggedModelName(name string) error {
	if name == "" || strings.ContainsAny(name, `/:.%"'`) {
		return pluvia.Errorf(pluvia.Invalid, `Invalid model name ('%s') provided. Model name must be a non-empty string and cannot contain the following characters: ('/', ':', '.', '%%', '"', "'")`, clip(name))
	}
	return atMost("name", maxExperimentName, name)
}

func (s *Server) createLoggedModel(ctx context.Context, q *request, out []byte) ([]byte, error) {
	m := &pluvia.LoggedModel{
		ExperimentID: q.need("experiment_id"),
		Name:         q.text("name"),
		Type:         q.text("model_type"),
		SourceRunID:  q.text("source_run_id"),
		Params:       q.params("params"),
		Tags:         q.tags("tags"),
		Status:       pluvia.ModelPending,
	}
	if err := q.err(); err != nil {
		return nil, err
	}
	if m.Name == "" {
		m.Name = randomName()
	}
	if err := validLoggedModelName(m.Name); err != nil {
		return nil, err
	}
	if err := validModelParams(m.Params); err != nil {
		return nil, err
	}
	if err := validTags(m.Tags); err != nil {
		return nil, err
	}
	m.Tags = lastOfEach(m.Tags)
	if err := s.store.CreateLoggedModel(ctx, m); err != nil {
		return nil, err
	}
	return appendOne(out, "model", m, appendLoggedModel), nil
}

func (s *Server) loggedModel(ctx context.Context, q *request, out []byte) ([]byte, error) {
	deleted := q.boolean("allow_deleted", false)
	if err := q.err(); err != nil {
		return nil, err
	}
	find := s.activeModel
	if deleted {
		find = s.store.LoggedModel
	}
	m, err := find(ctx, q.PathValue("model_id"))
	if err != nil {
		return nil, err
	}
	return appendOne(out, "model", m, appendLoggedModel), nil
}

// activeModel is a logged model that has not been deleted.
func (s *Server) activeModel(ctx context.Context, id string) (*pluvia.LoggedModel, error) {
	m, err := s.store.LoggedModel(ctx, id)
	if err == nil && m.Stage == pluvia.Deleted {
		err = pluvia.Errorf(pluvia.NotFound, "Logged model with ID '%s' not found.", clip(id))
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

func (s *Server) finishLoggedModel(ctx context.Context, q *request, out []byte) ([]byte, error) {
	if !q.has("status") {
		q.missing("status")
	}
	status := q.enum("status", modelStatuses)
	if err := q.err(); err != nil {
		return nil, err
	}
	id := q.PathValue("model_id")
	if err := s.store.FinishLoggedModel(ctx, id, pluvia.LoggedModelStatus(strings.TrimPrefix(status, onWireStatus("")))); err != nil {
		return nil, err
	}
	m, err := s.store.LoggedModel(ctx, id)
	if err != nil {
		return nil, err
	}
	return appendOne(out, "model", m, appendLoggedModel), nil
}

func (s *Server) deleteLoggedModel(ctx context.Context, q *request, out []byte) ([]byte, error) {
	if err := q.err(); err != nil {
		return nil, err
	}
	return empty(out), s.store.DeleteLoggedModel(ctx, q.PathValue("model_id"))
}

func (s *Server) setLoggedModelTags(ctx context.Context, q *request, out []byte) ([]byte, error) {
	tags := q.tags("tags")
	if err := q.err(); err != nil {
		return nil, err
	}
	if err := validTags(tags); err != nil {
		return nil, err
	}
	return empty(out), s.store.SetLoggedModelTags(ctx, q.PathValue("model_id"), lastOfEach(tags))
}

func (s *Server) deleteLoggedModelTag(ctx context.Context, q *request, out []byte) ([]byte, error) {
	if err := q.err(); err != nil {
		return nil, err
	}
	return empty(out), s.store.DeleteLoggedModelTag(ctx, q.PathValue("model_id"), q.PathValue("key"))
}

func (s *Server) logModelParams(ctx context.Context, q *request, out []byte) ([]byte, error) {
	params := q.params("params")
	if err := q.err(); err != nil {
		return nil, err
	}
	if err := validModelParams(params); err != nil {
		return nil, err
	}
	return empty(out), s.store.LogModelParams(ctx, q.PathValue("model_id"), params)
}

// searchLoggedModels chooses logged models. A data set without a digest stands
// for any of that name.
func (s *Server) searchLoggedModels(ctx context.Context, q *request, out []byte) ([]byte, error) {
	ids, text, after := q.texts("experiment_ids"), q.text("filter"), q.text("page_token")
	if len(ids) == 0 {
		q.missing("experiment_ids")
	}
	var datasets []pluvia.DatasetRef
	for d := range q.messages("datasets") {
		datasets = append(datasets, pluvia.DatasetRef{Name: d.need("dataset_name"), Digest: d.text("dataset_digest")})
	}
	limit := q.integer("max_results", 50)
	orders := q.modelOrders("order_by")
	if err := q.err(); err != nil {
		return nil, err
	}
	search, err := newSearch(filter.LoggedModels, text, nil, limit)
	if err != nil {
		return nil, err
	}
	search.Experiments, search.OrderBy, search.After = ids, orders, after
	found, next, err := s.store.SearchLoggedModels(ctx, search, datasets)
	if err != nil {
		return nil, err
	}
	return appendPage(out, "models", found, next, appendLoggedModel), nil
}

// modelOrders reads keys to order logged models by.
func (m message) modelOrders(name string) []pluvia.Order {
	var orders []pluvia.Order
	for o := range m.messages(name) {
		field, err := filter.LoggedModels.OrderField(o.need("field_name"))
		if err != nil {
			o.fail(err)
		}
		ref := pluvia.DatasetRef{Name: o.text("dataset_name"), Digest: o.text("dataset_digest")}
		switch {
		case ref.Digest != "" && ref.Name == "":
			o.fail(pluvia.Errorf(pluvia.Invalid, "`dataset_digest` can only be specified if `dataset_name` is also specified."))
		case ref.Name != "":
			field.Dataset = &ref
		}
		if orders = append(orders, pluvia.Order{Field: field, Descending: !o.boolean("ascending", true)}); len(orders) > filter.MaxOrders {
			o.fail(pluvia.Errorf(pluvia.Invalid, "Invalid order_by clause: more than %d keys to order by", filter.MaxOrders))
			break
		}
	}
	return orders
}
