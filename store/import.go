package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/pluvia-ml/pluvia"
)

// Import adds a parcel of another store, all or none. What was deleted there
// counts as deleted now.
func (s *Store) Import(ctx context.Context, p pluvia.Parcel) error {
	if err := checkParcel(p); err != nil {
		return err
	}
	experiments := make([]pluvia.Experiment, len(p.Experiments))
	err := s.write(ctx, "import", func(t *tx) error {
		for i, e := range p.Experiments {
			experiments[i] = *e
			if err := importExperiment(ctx, t, &experiments[i]); err != nil {
				return err
			}
		}
		for _, r := range p.Runs {
			if err := importRun(ctx, t, r); err != nil {
				return err
			}
		}
		if err := importPoints(ctx, t, p.Points); err != nil {
			return err
		}
		for _, m := range p.LoggedModels {
			if err := importLoggedModel(ctx, t, m); err != nil {
				return err
			}
		}
		for _, m := range p.Models {
			if err := importModel(ctx, t, m); err != nil {
				return err
			}
		}
		for _, v := range p.Versions {
			if err := importVersion(ctx, t, v); err != nil {
				return err
			}
		}
		for _, name := range sortedKeys(p.LastNumbers) {
			if err := usedNumbers(ctx, t, name, p.LastNumbers[name]); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		for i, e := range p.Experiments {
			*e = experiments[i]
		}
	}
	return err
}

// checkParcel says all that is wrong with a parcel.
func checkParcel(p pluvia.Parcel) error {
	var f faults
	stage := func(of string, s pluvia.LifecycleStage) {
		if s != pluvia.Active && s != pluvia.Deleted {
			f.add("stage %s of %s: want active or deleted", quote(string(s)), of)
		}
	}
	for _, e := range p.Experiments {
		f.plainKey("experiment name", e.Name, maxExperimentName)
		f.text("artifact location", e.ArtifactLocation, maxLocation)
		f.tags(e.Tags, maxText)
		stage("experiment "+quote(e.Name), e.Stage)
	}
	for _, r := range p.Runs {
		if !isRunID(r.ID) {
			f.add("run ID %s: want 32 lower-case hexadecimal digits", quote(r.ID))
		}
		f.text("run name", r.Name, maxText)
		f.text("user", r.User, maxText)
		f.text("artifact URI", r.ArtifactURI, maxLocation)
		f.status(r.Status)
		f.imported(pluvia.Batch{Metrics: r.Metrics, Params: r.Params, Tags: r.Tags, Inputs: r.Inputs})
		f.inputModels(r.InputModels)
		f.outputs(r.Outputs)
		stage("run "+quote(r.ID), r.Stage)
	}
	for _, m := range p.Points {
		f.batch(pluvia.Batch{Metrics: []pluvia.Metric{m.Metric}})
	}
	for _, m := range p.LoggedModels {
		f.loggedModelTexts(m)
		f.imported(pluvia.Batch{Params: m.Params, Tags: m.Tags})
		f.modelMetrics(m.Metrics)
		stage("logged model "+quote(m.ID), m.Stage)
	}
	for _, m := range p.Models {
		f.modelName(m.Name)
		f.text("description", m.Description, maxText)
		f.tags(m.Tags, maxModelTagValue)
	}
	for _, v := range p.Versions {
		if v.Number < 1 {
			f.add("version %d of model %s: numbers count from 1", v.Number, quote(v.Model))
		}
		f.version(v)
	}
	return f.err()
}

// imported checks what belongs to a run like [faults.batch], but that values
// may be longer than what clients may write, because nothing is to be cut off.
func (f *faults) imported(b pluvia.Batch) {
	for _, p := range b.Params {
		f.text("value of param "+quote(p.Key), p.Value, maxText)
	}
	for _, t := range b.Tags {
		f.text("value of tag "+quote(t.Key), t.Value, maxText)
	}
	f.batch(b)
}

func importExperiment(ctx context.Context, t *tx, e *pluvia.Experiment) error {
	if e.ID == "" {
		if err := createExperiment(ctx, t, e); err != nil {
			return err
		}
		number, err := experimentNumber(e.ID)
		if err == nil {
			_, err = t.exec(ctx, `UPDATE experiments SET deleted = $1 WHERE id = $2`, deletedAt(t, e.Stage), number)
		}
		return err
	}
	number, err := experimentNumber(e.ID)
	if err != nil {
		return err
	}
	if e.ArtifactLocation == "" {
		e.ArtifactLocation = pluvia.URI(pluvia.MLflowBucket, e.ID)
	}
	// No conflict target: the name may be that of another.
	_, err = t.exec(ctx, `
		INSERT INTO experiments (id, name, artifact_location, stage, created, updated, deleted)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT DO NOTHING`,
		number, e.Name, e.ArtifactLocation, e.Stage, e.Created, e.Updated, deletedAt(t, e.Stage))
	if err == nil && t.dialect.numbered != "" {
		_, err = t.exec(ctx, t.dialect.numbered)
	}
	if err != nil {
		return err
	}
	var name string
	err = t.row(ctx, `SELECT name, artifact_location FROM experiments WHERE id = $1`, number).Scan(&name, &e.ArtifactLocation)
	if errors.Is(err, sql.ErrNoRows) {
		return pluvia.Errorf(pluvia.Conflict, "experiment %s: its name %s is that of another experiment here; rename one of them", e.ID, quote(e.Name))
	}
	if err != nil {
		return err
	}
	if name != e.Name {
		return pluvia.Errorf(pluvia.Conflict, "experiment %s is %s here, not %s; import it without its ID", e.ID, quote(name), quote(e.Name))
	}
	for _, tag := range e.Tags {
		_, err := t.exec(ctx, `
			INSERT INTO experiment_tags (experiment, key, value) VALUES ($1, $2, $3)
			ON CONFLICT (experiment, key) DO NOTHING`, number, tag.Key, tag.Value)
		if err != nil {
			return err
		}
	}
	return nil
}

func importRun(ctx context.Context, t *tx, r *pluvia.Run) error {
	experiment, err := experimentNumber(r.ExperimentID)
	if err != nil {
		return err
	}
	if err := hasExperiment(ctx, t, experiment); err != nil {
		return err
	}
	_, err = t.exec(ctx, `
		INSERT INTO runs (run_id, experiment, name, user_id, status, start_time, end_time, artifact_uri, stage, deleted)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (run_id) DO UPDATE SET name = excluded.name, status = excluded.status, end_time = excluded.end_time
		WHERE runs.status IN ('RUNNING', 'SCHEDULED') AND runs.experiment = excluded.experiment`,
		r.ID, experiment, r.Name, r.User, r.Status, r.Start, r.End, r.ArtifactURI, r.Stage, deletedAt(t, r.Stage))
	if err != nil {
		return err
	}
	var run, here int64
	if err := t.row(ctx, `SELECT id, experiment FROM runs WHERE run_id = $1`, r.ID).Scan(&run, &here); err != nil {
		return err
	}
	if here != experiment {
		return pluvia.Errorf(pluvia.Conflict, "run %s is in the experiment %d here, not in %d", r.ID, here, experiment)
	}
	for _, p := range r.Params {
		_, err := t.exec(ctx, `INSERT INTO params (run, key, value) VALUES ($1, $2, $3) ON CONFLICT (run, key) DO NOTHING`, run, p.Key, p.Value)
		if err != nil {
			return err
		}
	}
	for _, tag := range r.Tags {
		_, err := t.exec(ctx, `INSERT INTO run_tags (run, key, value) VALUES ($1, $2, $3) ON CONFLICT (run, key) DO NOTHING`, run, tag.Key, tag.Value)
		if err != nil {
			return err
		}
	}
	if err := logMetrics(ctx, t, run, r.Metrics); err != nil {
		return err
	}
	if err := logInputs(ctx, t, experiment, run, r.Inputs); err != nil {
		return err
	}
	if err := logInputModels(ctx, t, run, r.InputModels); err != nil {
		return err
	}
	return logOutputs(ctx, t, run, r.Outputs)
}

func hasExperiment(ctx context.Context, t *tx, number int64) error {
	var ok bool
	err := t.row(ctx, `SELECT EXISTS (SELECT 1 FROM experiments WHERE id = $1)`, number).Scan(&ok)
	if err == nil && !ok {
		err = noExperiment(number)
	}
	return err
}

// importPoints adds points to the histories of runs, active or deleted.
func importPoints(ctx context.Context, t *tx, points []pluvia.RunMetric) error {
	of := make(map[string][]pluvia.Metric)
	for _, p := range points {
		of[p.RunID] = append(of[p.RunID], p.Metric)
	}
	for _, id := range sortedKeys(of) {
		run, err := runNumber(ctx, t, id)
		if err != nil {
			return err
		}
		if err := logMetrics(ctx, t, run, of[id]); err != nil {
			return err
		}
	}
	return nil
}

func importLoggedModel(ctx context.Context, t *tx, m *pluvia.LoggedModel) error {
	experiment, err := experimentNumber(m.ExperimentID)
	if err != nil {
		return err
	}
	if err := hasExperiment(ctx, t, experiment); err != nil {
		return err
	}
	_, err = t.exec(ctx, `
		INSERT INTO logged_models (model_id, experiment, name, type, source_run_id, status, status_message, artifact_uri, created, updated, stage, deleted)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (model_id) DO UPDATE SET status = excluded.status, status_message = excluded.status_message, updated = excluded.updated
		WHERE logged_models.status = 'PENDING' AND logged_models.experiment = excluded.experiment`,
		m.ID, experiment, m.Name, m.Type, m.SourceRunID, m.Status, m.StatusMessage, m.ArtifactURI, m.Created, m.Updated, m.Stage, deletedAt(t, m.Stage))
	if err != nil {
		return err
	}
	var model, here int64
	if err := t.row(ctx, `SELECT id, experiment FROM logged_models WHERE model_id = $1`, m.ID).Scan(&model, &here); err != nil {
		return err
	}
	if here != experiment {
		return pluvia.Errorf(pluvia.Conflict, "logged model %s is in the experiment %d here, not in %d", m.ID, here, experiment)
	}
	for _, p := range m.Params {
		_, err := t.exec(ctx, `INSERT INTO logged_model_params (model, key, value) VALUES ($1, $2, $3) ON CONFLICT (model, key) DO NOTHING`, model, p.Key, p.Value)
		if err != nil {
			return err
		}
	}
	for _, tag := range m.Tags {
		_, err := t.exec(ctx, `INSERT INTO logged_model_tags (model, key, value) VALUES ($1, $2, $3) ON CONFLICT (model, key) DO NOTHING`, model, tag.Key, tag.Value)
		if err != nil {
			return err
		}
	}
	for _, p := range m.Metrics {
		if err := logModelMetric(ctx, t, model, p); err != nil {
			return err
		}
	}
	return nil
}

func importModel(ctx context.Context, t *tx, m *pluvia.Model) error {
	_, err := t.exec(ctx, `
		INSERT INTO models (name, description, created, updated, last_version) VALUES ($1, $2, $3, $4, 0)
		ON CONFLICT (name) DO NOTHING`, m.Name, m.Description, m.Created, m.Updated)
	if err != nil {
		return err
	}
	model, err := lockModel(ctx, t, m.Name)
	if err != nil {
		return err
	}
	for _, tag := range m.Tags {
		_, err := t.exec(ctx, `INSERT INTO model_tags (model, key, value) VALUES ($1, $2, $3) ON CONFLICT (model, key) DO NOTHING`, model, tag.Key, tag.Value)
		if err != nil {
			return err
		}
	}
	return nil
}

func importVersion(ctx context.Context, t *tx, v *pluvia.Version) error {
	model, err := lockModel(ctx, t, v.Model)
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, `
		INSERT INTO versions (model, number, description, source, run_id, created, updated, stage, run_link, model_id, storage)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (model, number) DO NOTHING`,
		model, v.Number, v.Description, v.Source, v.RunID, v.Created, v.Updated, new(faults).stageText(v.Stage), v.RunLink, v.ModelID, v.Storage)
	if err != nil {
		return err
	}
	// The moment of its making tells a version from another of the same number.
	var created int64
	if err := t.row(ctx, `SELECT created FROM versions WHERE model = $1 AND number = $2`, model, v.Number).Scan(&created); err != nil {
		return err
	}
	if created != v.Created {
		return pluvia.Errorf(pluvia.Conflict, "version %d of model %s is another one here; rename the model here or there", v.Number, quote(v.Model))
	}
	for _, tag := range v.Tags {
		_, err := t.exec(ctx, `
			INSERT INTO version_tags (model, number, key, value) VALUES ($1, $2, $3, $4)
			ON CONFLICT (model, number, key) DO NOTHING`, model, v.Number, tag.Key, tag.Value)
		if err != nil {
			return err
		}
	}
	for _, alias := range v.Aliases {
		_, err := t.exec(ctx, `
			INSERT INTO aliases (model, name, number) VALUES ($1, $2, $3)
			ON CONFLICT (model, name) DO NOTHING`, model, alias, v.Number)
		if err != nil {
			return err
		}
	}
	return usedNumbers(ctx, t, v.Model, v.Number)
}

// usedNumbers notes that versions have been made up to a number.
func usedNumbers(ctx context.Context, t *tx, model string, last int) error {
	id, err := lockModel(ctx, t, model)
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, `UPDATE models SET last_version = $1 WHERE id = $2 AND last_version < $1`, last, id)
	return err
}
