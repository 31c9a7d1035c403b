package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/pluvia-ml/pluvia"
)

// maxLoggedModelName bounds the names and types of logged models.
const maxLoggedModelName = 500

// LoggedModel is the logged model of that ID, active or deleted.
func (s *Store) LoggedModel(ctx context.Context, id string) (m *pluvia.LoggedModel, err error) {
	if !storable(id) {
		return nil, noLoggedModel(id)
	}
	err = s.read(ctx, "read a logged model", func(t *tx) error {
		found, _, err := loggedModels(ctx, t, `WHERE model_id = $1`, id)
		if err == nil && len(found) == 0 {
			err = noLoggedModel(id)
		}
		if err == nil {
			m = found[0]
		}
		return err
	})
	return m, err
}

// CreateLoggedModel stores m with its Params, Tags and Metrics in an active
// experiment. An empty ID is made, one that is taken is refused.
func (s *Store) CreateLoggedModel(ctx context.Context, m *pluvia.LoggedModel) error {
	number, err := experimentNumber(m.ExperimentID)
	if err != nil {
		return err
	}
	made := *m
	made.Stage = pluvia.Active
	if made.Status == "" {
		made.Status = pluvia.ModelPending
	}
	var f faults
	if made.ID == "" {
		made.ID = "m-" + s.NewID()
	}
	f.loggedModelTexts(&made)
	f.batch(pluvia.Batch{Params: made.Params, Tags: made.Tags})
	f.modelMetrics(made.Metrics)
	if err := f.err(); err != nil {
		return err
	}
	err = s.write(ctx, "create a logged model", func(t *tx) error {
		if made.Created == 0 {
			made.Created = t.now
		}
		if made.Updated == 0 {
			made.Updated = made.Created
		}
		model, err := insertLoggedModel(ctx, t, number, &made)
		if err != nil {
			return err
		}
		if err := setLoggedModelTags(ctx, t, model, made.Tags); err != nil {
			return err
		}
		if err := logModelParams(ctx, t, model, made.ID, made.Params); err != nil {
			return err
		}
		for _, p := range made.Metrics {
			if err := logModelMetric(ctx, t, model, p); err != nil {
				return err
			}
		}
		stored, _, err := loggedModels(ctx, t, `WHERE id = $1`, model)
		if err == nil {
			made = *stored[0]
		}
		return err
	})
	if err == nil {
		*m = made
	}
	return err
}

func insertLoggedModel(ctx context.Context, t *tx, experiment int64, m *pluvia.LoggedModel) (model int64, err error) {
	if err := activeExperiment(ctx, t, experiment); err != nil {
		return 0, err
	}
	if m.ArtifactURI == "" {
		var location string
		if err := t.row(ctx, `SELECT artifact_location FROM experiments WHERE id = $1`, experiment).Scan(&location); err != nil {
			return 0, err
		}
		m.ArtifactURI = strings.TrimSuffix(location, "/") + "/models/" + m.ID + "/artifacts"
	}
	err = t.row(ctx, `
		INSERT INTO logged_models (model_id, experiment, name, type, source_run_id, status, status_message, artifact_uri, created, updated, stage, deleted)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0)
		ON CONFLICT (model_id) DO NOTHING
		RETURNING id`,
		m.ID, experiment, m.Name, m.Type, m.SourceRunID, m.Status, m.StatusMessage, m.ArtifactURI, m.Created, m.Updated, m.Stage).Scan(&model)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, pluvia.Errorf(pluvia.Exists, "Logged model with ID '%s' already exists; leave the ID empty to have one made", m.ID)
	}
	return model, err
}

// FinishLoggedModel sets the status of an active logged model.
func (s *Store) FinishLoggedModel(ctx context.Context, id string, status pluvia.LoggedModelStatus) error {
	var f faults
	f.loggedModelStatus(status)
	if err := f.err(); err != nil {
		return err
	}
	return s.changeLoggedModel(ctx, "finish a logged model", id, func(t *tx, model int64) error {
		_, err := t.exec(ctx, `UPDATE logged_models SET status = $1, updated = $2 WHERE id = $3`, status, t.now, model)
		return err
	})
}

// DeleteLoggedModel moves an active logged model among the deleted.
func (s *Store) DeleteLoggedModel(ctx context.Context, id string) error {
	return s.changeLoggedModel(ctx, "delete a logged model", id, func(t *tx, model int64) error {
		_, err := t.exec(ctx, `UPDATE logged_models SET stage = $1, deleted = $2, updated = $2 WHERE id = $3`, pluvia.Deleted, t.now, model)
		return err
	})
}

// SetLoggedModelTags sets tags of an active logged model, all or none.
func (s *Store) SetLoggedModelTags(ctx context.Context, id string, tags []pluvia.Tag) error {
	var f faults
	f.batch(pluvia.Batch{Tags: tags})
	if err := f.err(); err != nil {
		return err
	}
	return s.changeLoggedModel(ctx, "tag a logged model", id, func(t *tx, model int64) error {
		if err := setLoggedModelTags(ctx, t, model, tags); err != nil {
			return err
		}
		_, err := t.exec(ctx, `UPDATE logged_models SET updated = $1 WHERE id = $2`, t.now, model)
		return err
	})
}

// DeleteLoggedModelTag removes a tag of an active logged model; one that it
// does not have is a NotFound error.
func (s *Store) DeleteLoggedModelTag(ctx context.Context, id, key string) error {
	return s.changeLoggedModel(ctx, "remove a tag of a logged model", id, func(t *tx, model int64) error {
		missing := pluvia.Errorf(pluvia.NotFound, "No tag with key '%s' found for model with ID '%s'.", cut(key, maxKey), id)
		if !storable(key) {
			return missing
		}
		n, err := t.exec(ctx, `DELETE FROM logged_model_tags WHERE model = $1 AND key = $2`, model, key)
		if err == nil && n == 0 {
			err = missing
		}
		return err
	})
}

// LogModelParams adds params, which are written once, to an active logged
// model, all or none. One that is there with another value is a Conflict.
func (s *Store) LogModelParams(ctx context.Context, id string, params []pluvia.Param) error {
	var f faults
	f.batch(pluvia.Batch{Params: params})
	if err := f.err(); err != nil {
		return err
	}
	return s.changeLoggedModel(ctx, "log params of a logged model", id, func(t *tx, model int64) error {
		return logModelParams(ctx, t, model, id, params)
	})
}

// LogModelMetrics notes points measured with active logged models, all or none.
// Of each model, key and data set the latest by (Timestamp, Step, Value) stays.
func (s *Store) LogModelMetrics(ctx context.Context, metrics []pluvia.ModelMetric) error {
	var f faults
	f.modelMetrics(metrics)
	if err := f.err(); err != nil {
		return err
	}
	return s.write(ctx, "log metrics of logged models", func(t *tx) error {
		known := make(map[string]int64)
		for _, p := range metrics {
			model, ok := known[p.ModelID]
			if !ok {
				var err error
				if model, err = activeLoggedModel(ctx, t, p.ModelID); err != nil {
					return err
				}
				known[p.ModelID] = model
			}
			if err := logModelMetric(ctx, t, model, p); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Store) changeLoggedModel(ctx context.Context, what, id string, change func(t *tx, model int64) error) error {
	return s.write(ctx, what, func(t *tx) error {
		model, err := activeLoggedModel(ctx, t, id)
		if err != nil {
			return err
		}
		return change(t, model)
	})
}

func setLoggedModelTags(ctx context.Context, t *tx, model int64, tags []pluvia.Tag) error {
	for _, tag := range tags {
		_, err := t.exec(ctx, `
			INSERT INTO logged_model_tags (model, key, value) VALUES ($1, $2, $3)
			ON CONFLICT (model, key) DO UPDATE SET value = excluded.value`, model, tag.Key, cut(tag.Value, maxRunTagValue))
		if err != nil {
			return err
		}
	}
	return nil
}

func logModelParams(ctx context.Context, t *tx, model int64, id string, params []pluvia.Param) error {
	for _, p := range params {
		given := cut(p.Value, maxParamValue)
		var stored string
		// The update changes nothing; it makes the stored value come back.
		err := t.row(ctx, `
			INSERT INTO logged_model_params (model, key, value) VALUES ($1, $2, $3)
			ON CONFLICT (model, key) DO UPDATE SET value = logged_model_params.value
			RETURNING value`, model, p.Key, given).Scan(&stored)
		if err != nil {
			return err
		}
		if stored != given {
			return pluvia.Errorf(pluvia.Conflict, "Changing param values is not allowed. Param with key='%s' was already logged with value='%s' for logged model ID='%s'. Attempted logging new value '%s'.",
				p.Key, cut(stored, maxKey), id, cut(given, maxKey))
		}
	}
	return nil
}

func logModelMetric(ctx context.Context, t *tx, model int64, p pluvia.ModelMetric) error {
	value, isNaN := stored(p.Value)
	_, err := t.exec(ctx, `
		INSERT INTO logged_model_metrics (model, key, dataset_name, dataset_digest, timestamp, step, value, is_nan, run_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (model, key, dataset_name, dataset_digest) DO UPDATE SET
			timestamp = excluded.timestamp, step = excluded.step, value = excluded.value, is_nan = excluded.is_nan, run_id = excluded.run_id
		WHERE (excluded.timestamp, excluded.step, excluded.value, excluded.is_nan)
			>= (logged_model_metrics.timestamp, logged_model_metrics.step, logged_model_metrics.value, logged_model_metrics.is_nan)`,
		model, p.Key, p.Dataset.Name, p.Dataset.Digest, p.Timestamp, p.Step, value, isNaN, p.RunID)
	return err
}

// activeLoggedModel is the number of a logged model, which must be active.
func activeLoggedModel(ctx context.Context, t *tx, id string) (model int64, err error) {
	if !storable(id) {
		return 0, noLoggedModel(id)
	}
	err = t.row(ctx, `SELECT id FROM logged_models WHERE model_id = $1 AND stage = 'active'`+t.dialect.lock, id).Scan(&model)
	if errors.Is(err, sql.ErrNoRows) {
		err = noLoggedModel(id)
	}
	return model, err
}

// loggedModels are those that where chooses, by number, with all that belongs
// to them, and their numbers.
func loggedModels(ctx context.Context, t *tx, where string, args ...any) (list []*pluvia.LoggedModel, numbers []int64, err error) {
	at := make(map[int64]*pluvia.LoggedModel)
	err = eachRow(ctx, t, `
		SELECT id, model_id, experiment, name, type, source_run_id, status, status_message, artifact_uri, created, updated, stage
		FROM logged_models `+where+` ORDER BY id`, args, func(rows *sql.Rows) error {
		var number, experiment int64
		m := new(pluvia.LoggedModel)
		err := rows.Scan(&number, &m.ID, &experiment, &m.Name, &m.Type, &m.SourceRunID, &m.Status, &m.StatusMessage, &m.ArtifactURI, &m.Created, &m.Updated, &m.Stage)
		m.ExperimentID = strconv.FormatInt(experiment, 10)
		list, numbers, at[number] = append(list, m), append(numbers, number), m
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	err = pairsOf(ctx, t, "logged_model_params", "model", numbers, func(number int64, pairs []pair) { at[number].Params = asParams(pairs) })
	if err != nil {
		return nil, nil, err
	}
	err = pairsOf(ctx, t, "logged_model_tags", "model", numbers, func(number int64, pairs []pair) { at[number].Tags = asTags(pairs) })
	if err != nil {
		return nil, nil, err
	}
	err = eachOf(ctx, t, `
		SELECT model, key, timestamp, step, value, is_nan, run_id, dataset_name, dataset_digest
		FROM logged_model_metrics WHERE model %s ORDER BY model, key, dataset_name, dataset_digest`, numbers, func(rows *sql.Rows) error {
		var number int64
		var p pluvia.ModelMetric
		var isNaN bool
		if err := rows.Scan(&number, &p.Key, &p.Timestamp, &p.Step, &p.Value, &isNaN, &p.RunID, &p.Dataset.Name, &p.Dataset.Digest); err != nil {
			return err
		}
		if isNaN {
			p.Value = math.NaN()
		}
		m := at[number]
		p.ModelID = m.ID
		m.Metrics = append(m.Metrics, p)
		return nil
	})
	return list, numbers, err
}

// loggedModelTexts checks what stands in the row of a logged model.
func (f *faults) loggedModelTexts(m *pluvia.LoggedModel) {
	if hex, ok := strings.CutPrefix(m.ID, "m-"); !ok || !isRunID(hex) {
		f.add("logged model ID %s: want m- and 32 lower-case hexadecimal digits", quote(m.ID))
	}
	f.plainKey("logged model name", m.Name, maxLoggedModelName)
	if strings.ContainsAny(m.Name, `/:.%"'`) {
		f.add(`logged model name %s: a name may hold none of / : . %% " '`, quote(m.Name))
	}
	f.text("logged model type", m.Type, maxLoggedModelName)
	f.text("source run ID", m.SourceRunID, maxKey)
	f.text("status message", m.StatusMessage, maxText)
	f.text("artifact URI", m.ArtifactURI, maxLocation)
	f.loggedModelStatus(m.Status)
}

func (f *faults) loggedModelStatus(status pluvia.LoggedModelStatus) {
	switch status {
	case pluvia.ModelPending, pluvia.ModelReady, pluvia.ModelUploadFailed:
		return
	}
	f.add("logged model status %s: want PENDING, READY or UPLOAD_FAILED", quote(string(status)))
}

func (f *faults) modelMetrics(points []pluvia.ModelMetric) {
	for _, p := range points {
		f.batch(pluvia.Batch{Metrics: []pluvia.Metric{p.Metric}})
		f.text("run ID of metric "+quote(p.Key), p.RunID, maxKey)
		f.text("data set of metric "+quote(p.Key), p.Dataset.Name, maxDatasetName)
		f.text("data set digest of metric "+quote(p.Key), p.Dataset.Digest, maxDatasetDigest)
	}
}

func noLoggedModel(id string) error {
	return pluvia.Errorf(pluvia.NotFound, "Logged model with ID '%s' not found.", cut(id, maxKey))
}

var loggedModelKind = &kind{
	name:  "logged models",
	table: "logged_models",
	ids:   []string{"logged_models.id"},
	attributes: map[string]column{
		"name":                   {sql: "logged_models.name"},
		"model_id":               {sql: "logged_models.model_id"},
		"model_type":             {sql: "logged_models.type", missing: "(logged_models.type = '')"},
		"status":                 {sql: "logged_models.status"},
		"source_run_id":          {sql: "logged_models.source_run_id", missing: "(logged_models.source_run_id = '')"},
		"creation_timestamp":     {sql: "logged_models.created", number: true},
		"last_updated_timestamp": {sql: "logged_models.updated", number: true},
	},
	parts: map[pluvia.Part]part{
		pluvia.MetricPart: {table: "logged_model_metrics", on: "%[1]s.model = logged_models.id", real: true, dataset: true,
			newer: `(%[2]s.timestamp, %[2]s.step, %[2]s.value, %[2]s.is_nan, %[2]s.dataset_name, %[2]s.dataset_digest)
				> (%[1]s.timestamp, %[1]s.step, %[1]s.value, %[1]s.is_nan, %[1]s.dataset_name, %[1]s.dataset_digest)`},
		pluvia.ParamPart: {table: "logged_model_params", on: "%[1]s.model = logged_models.id"},
		pluvia.TagPart:   {table: "logged_model_tags", on: "%[1]s.model = logged_models.id"},
	},
	tail: []pluvia.Order{
		{Field: pluvia.Field{Key: "creation_timestamp"}, Descending: true},
		{Field: pluvia.Field{Key: "model_id"}},
	},
}

// SearchLoggedModels chooses logged models of the experiments in s, none when
// there are none. With data sets given, clauses about metrics mean those
// measured on one of them; without such a clause, a model must have one.
func (s *Store) SearchLoggedModels(ctx context.Context, asked pluvia.Search, datasets []pluvia.DatasetRef) (found []*pluvia.LoggedModel, next string, err error) {
	if len(datasets) > maxClauses {
		return nil, "", pluvia.Errorf(pluvia.Invalid, "%d data sets: at most %d", len(datasets), maxClauses)
	}
	wanted, err := s.search(loggedModelKind, asked)
	if err != nil {
		return nil, "", err
	}
	wanted.datasets = datasets
	err = s.read(ctx, "search logged models", func(t *tx) error {
		var page []entity
		if page, next, err = wanted.page(ctx, t); err != nil || len(page) == 0 {
			return err
		}
		operator, list := t.dialect.numbers(firsts(page))
		models, numbers, err := loggedModels(ctx, t, `WHERE id `+fmt.Sprintf(operator, "$1"), list)
		found = inOrder(page, models, numbers)
		return err
	})
	return found, next, err
}
