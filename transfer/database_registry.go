package transfer

import (
	"context"
	"database/sql"
	"iter"
	"math"
	"strconv"

	"github.com/pluvia-ml/pluvia"
)

// The statuses of logged models, as MLflow numbers them.
var loggedModelStatuses = map[int]pluvia.LoggedModelStatus{
	1: pluvia.ModelPending, 2: pluvia.ModelReady, 3: pluvia.ModelUploadFailed,
}

// deletedStage is the stage of versions that have been deleted.
const deletedStage = "Deleted_Internal"

func (d *database) LoggedModels(ctx context.Context, experiment string) iter.Seq2[*pluvia.LoggedModel, error] {
	return func(yield func(*pluvia.LoggedModel, error) bool) {
		if !d.has("logged_models") {
			return
		}
		for after := ""; ; {
			list, err := d.loggedModels(ctx, experiment, after)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, m := range list {
				if !yield(m, nil) {
					return
				}
			}
			if len(list) < runsAtOnce {
				return
			}
			after = list[len(list)-1].ID
		}
	}
}

func (d *database) loggedModels(ctx context.Context, experiment, after string) ([]*pluvia.LoggedModel, error) {
	id, err := strconv.ParseInt(experiment, 10, 64)
	if err != nil {
		return nil, pluvia.Errorf(pluvia.Invalid, "experiment %q: want a number", experiment)
	}
	var list []*pluvia.LoggedModel
	at := make(map[string]*pluvia.LoggedModel)
	err = d.each(ctx, func(rows *sql.Rows) error {
		m := &pluvia.LoggedModel{ExperimentID: experiment}
		var status int
		err := rows.Scan(&m.ID, &m.Name, &m.Type, &m.SourceRunID, &status, &m.StatusMessage, &m.ArtifactURI, &m.Created, &m.Updated, &m.Stage)
		m.Status = loggedModelStatuses[status]
		list, at[m.ID] = append(list, m), m
		return err
	}, `SELECT model_id, name, COALESCE(model_type, ''), COALESCE(source_run_id, ''), status, COALESCE(status_message, ''), artifact_location,
			creation_timestamp_ms, last_updated_timestamp_ms, COALESCE(lifecycle_stage, 'active')
		FROM logged_models WHERE experiment_id = $1 AND model_id > $2 ORDER BY model_id LIMIT `+strconv.Itoa(runsAtOnce), id, after)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	places, ids := among(list, func(m *pluvia.LoggedModel) string { return m.ID })
	err = d.each(ctx, func(rows *sql.Rows) error {
		var model string
		var p pluvia.Param
		if err := rows.Scan(&model, &p.Key, &p.Value); err != nil {
			return err
		}
		at[model].Params = append(at[model].Params, p)
		return nil
	}, `SELECT model_id, param_key, param_value FROM logged_model_params WHERE model_id IN `+places+` ORDER BY model_id, param_key`, ids...)
	if err != nil {
		return nil, err
	}
	err = d.each(ctx, func(rows *sql.Rows) error {
		var model string
		var t pluvia.Tag
		if err := rows.Scan(&model, &t.Key, &t.Value); err != nil {
			return err
		}
		at[model].Tags = append(at[model].Tags, t)
		return nil
	}, `SELECT model_id, tag_key, tag_value FROM logged_model_tags WHERE model_id IN `+places+` ORDER BY model_id, tag_key`, ids...)
	if err != nil {
		return nil, err
	}
	// In this order a later row replaces the one before it, so that the latest of
	// each key and data set stays.
	err = d.each(ctx, func(rows *sql.Rows) error {
		var p pluvia.ModelMetric
		var value sql.NullFloat64
		if err := rows.Scan(&p.ModelID, &p.Key, &p.Timestamp, &p.Step, &value, &p.RunID, &p.Dataset.Name, &p.Dataset.Digest); err != nil {
			return err
		}
		if p.Value = value.Float64; !value.Valid {
			p.Value = math.NaN()
		}
		m := at[p.ModelID]
		if last := len(m.Metrics) - 1; last >= 0 && m.Metrics[last].Key == p.Key && m.Metrics[last].Dataset == p.Dataset {
			m.Metrics[last] = p
		} else {
			m.Metrics = append(m.Metrics, p)
		}
		return nil
	}, `SELECT model_id, metric_name, metric_timestamp_ms, metric_step, metric_value, run_id, COALESCE(dataset_name, ''), COALESCE(dataset_digest, '')
		FROM logged_model_metrics WHERE model_id IN `+places+`
		ORDER BY model_id, metric_name, COALESCE(dataset_name, ''), COALESCE(dataset_digest, ''), metric_timestamp_ms, metric_step, metric_value`, ids...)
	return list, err
}

func (d *database) Models(ctx context.Context) iter.Seq2[*pluvia.Model, error] {
	return func(yield func(*pluvia.Model, error) bool) {
		if !d.has("registered_models") {
			return
		}
		var list []*pluvia.Model
		at := make(map[string]*pluvia.Model)
		err := d.each(ctx, func(rows *sql.Rows) error {
			m := new(pluvia.Model)
			err := rows.Scan(&m.Name, &m.Description, &m.Created, &m.Updated)
			list, at[m.Name] = append(list, m), m
			return err
		}, `SELECT name, `+d.text("registered_models", "description")+`, `+d.number("registered_models", "creation_time")+`, `+d.number("registered_models", "last_updated_time")+`
			FROM registered_models ORDER BY name`)
		if err == nil && d.has("registered_model_tags") {
			err = d.each(ctx, func(rows *sql.Rows) error {
				var name string
				var t pluvia.Tag
				if err := rows.Scan(&name, &t.Key, &t.Value); err != nil {
					return err
				}
				if m := at[name]; m != nil {
					m.Tags = append(m.Tags, t)
				}
				return nil
			}, `SELECT name, key, COALESCE(value, '') FROM registered_model_tags ORDER BY name, key`)
		}
		if err == nil && d.has("registered_model_aliases") {
			err = d.each(ctx, func(rows *sql.Rows) error {
				var name string
				var a pluvia.Alias
				if err := rows.Scan(&name, &a.Name, &a.Version); err != nil {
					return err
				}
				if m := at[name]; m != nil {
					m.Aliases = append(m.Aliases, a)
				}
				return nil
			}, aliasesOfVersions("registered_model_aliases.name, alias, registered_model_aliases.version")+` ORDER BY 1, 2`)
		}
		giveAll(list, err, yield)
	}
}

// aliasesOfVersions leaves out aliases that point at a version that has been
// deleted, which MLflow's server leaves behind.
func aliasesOfVersions(what string) string {
	return `SELECT ` + what + ` FROM registered_model_aliases
		JOIN model_versions ON model_versions.name = registered_model_aliases.name AND model_versions.version = registered_model_aliases.version
		WHERE COALESCE(current_stage, '') <> '` + deletedStage + `'`
}

func (d *database) Versions(ctx context.Context, model string) (list []*pluvia.Version, last int, err error) {
	at := make(map[int]*pluvia.Version)
	err = d.each(ctx, func(rows *sql.Rows) error {
		v := &pluvia.Version{Model: model}
		err := rows.Scan(&v.Number, &v.Description, &v.Source, &v.RunID, &v.Created, &v.Updated, &v.Stage, &v.RunLink, &v.Storage)
		v.ModelID, last = madeFrom(v.Source), v.Number
		if v.Stage != deletedStage {
			list, at[v.Number] = append(list, v), v
		}
		return err
	}, `SELECT version, `+d.text("model_versions", "description")+`, `+d.text("model_versions", "source")+`, `+d.text("model_versions", "run_id")+`,
			`+d.number("model_versions", "creation_time")+`, `+d.number("model_versions", "last_updated_time")+`, `+d.or("model_versions", "current_stage", "'None'")+`,
			`+d.text("model_versions", "run_link")+`, `+d.text("model_versions", "storage_location")+`
		FROM model_versions WHERE name = $1 ORDER BY version`, model)
	if err != nil || !d.has("model_version_tags") {
		return list, last, err
	}
	err = d.each(ctx, func(rows *sql.Rows) error {
		var number int
		var t pluvia.Tag
		if err := rows.Scan(&number, &t.Key, &t.Value); err != nil {
			return err
		}
		if v := at[number]; v != nil {
			v.Tags = append(v.Tags, t)
		}
		return nil
	}, `SELECT version, key, COALESCE(value, '') FROM model_version_tags WHERE name = $1 ORDER BY version, key`, model)
	return list, last, err
}

// madeFrom is the logged model that a version's source names, or "".
func madeFrom(source string) string {
	const scheme, length = "models:/", len("models:/m-") + 32
	if len(source) == length && source[:len(scheme)] == scheme {
		return source[len(scheme):]
	}
	return ""
}

// counted is what Count counts by itself.
var counted = []struct {
	kind  Kind
	table string
	text  string
}{
	{Experiments, "experiments", `SELECT COUNT(*) FROM experiments`},
	{ExperimentTags, "experiment_tags", `SELECT COUNT(*) FROM experiment_tags`},
	{Runs, "runs", `SELECT COUNT(*) FROM runs`},
	{Params, "params", `SELECT COUNT(*) FROM params`},
	{Tags, "tags", `SELECT COUNT(*) FROM tags`},
	{Points, "metrics", `SELECT COUNT(*) FROM metrics`},
	{Inputs, "inputs", `SELECT COUNT(*) FROM inputs WHERE source_type = 'DATASET' AND destination_type = 'RUN'`},
	{InputTags, "input_tags", `SELECT COUNT(*) FROM input_tags WHERE input_uuid IN (SELECT input_uuid FROM inputs WHERE source_type = 'DATASET' AND destination_type = 'RUN')`},
	{ModelInputs, "inputs", `SELECT COUNT(*) FROM inputs WHERE source_type = 'RUN_INPUT'`},
	{Outputs, "inputs", `SELECT COUNT(*) FROM inputs WHERE source_type = 'RUN_OUTPUT'`},
	{LoggedModels, "logged_models", `SELECT COUNT(*) FROM logged_models`},
	{LoggedModelParams, "logged_model_params", `SELECT COUNT(*) FROM logged_model_params`},
	{LoggedModelTags, "logged_model_tags", `SELECT COUNT(*) FROM logged_model_tags`},
	{LoggedModelMetrics, "logged_model_metrics", `SELECT COUNT(*) FROM
		(SELECT DISTINCT model_id, metric_name, COALESCE(dataset_name, ''), COALESCE(dataset_digest, '') FROM logged_model_metrics) AS latest`},
	{Models, "registered_models", `SELECT COUNT(*) FROM registered_models`},
	{ModelTags, "registered_model_tags", `SELECT COUNT(*) FROM registered_model_tags`},
	{Aliases, "registered_model_aliases", aliasesOfVersions("COUNT(*)")},
	{Versions, "model_versions", `SELECT COUNT(*) FROM model_versions WHERE COALESCE(current_stage, '') <> '` + deletedStage + `'`},
	{VersionTags, "model_version_tags", `SELECT COUNT(*) FROM model_version_tags WHERE EXISTS (SELECT 1 FROM model_versions
		WHERE model_versions.name = model_version_tags.name AND model_versions.version = model_version_tags.version AND COALESCE(current_stage, '') <> '` + deletedStage + `')`},
}

// Count has the database count its tables.
func (d *database) Count(ctx context.Context) (Count, error) {
	n := make(Count)
	for _, c := range counted {
		if !d.has(c.table) {
			continue
		}
		err := d.each(ctx, func(rows *sql.Rows) error {
			var number int64
			err := rows.Scan(&number)
			n[c.kind] = number
			return err
		}, c.text)
		if err != nil {
			return nil, err
		}
	}
	return n, nil
}
