package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"

	"github.com/pluvia-ml/pluvia"
)

// Experiment is the experiment of that ID, active or deleted.
func (s *Store) Experiment(ctx context.Context, id string) (e *pluvia.Experiment, err error) {
	number, err := experimentNumber(id)
	if err != nil {
		return nil, err
	}
	err = s.read(ctx, "read an experiment", func(t *tx) error {
		found, err := experiments(ctx, t, `WHERE id = $1`, number)
		if err == nil && len(found) == 0 {
			err = noExperiment(number)
		}
		if err == nil {
			e = found[0]
		}
		return err
	})
	return e, err
}

// ExperimentByName is the experiment of that name, active or deleted.
func (s *Store) ExperimentByName(ctx context.Context, name string) (e *pluvia.Experiment, err error) {
	if !storable(name) {
		return nil, noExperimentNamed(name)
	}
	err = s.read(ctx, "read an experiment", func(t *tx) error {
		found, err := experiments(ctx, t, `WHERE name = $1`, name)
		if err == nil && len(found) == 0 {
			err = noExperimentNamed(name)
		}
		if err == nil {
			e = found[0]
		}
		return err
	})
	return e, err
}

// Experiments chooses experiments, in the order of their making.
func (s *Store) Experiments(ctx context.Context, f pluvia.ExperimentFilter) (list []*pluvia.Experiment, err error) {
	stage, err := stageOr(f.Stage)
	if err != nil {
		return nil, err
	}
	if !storable(f.Name) {
		return nil, nil
	}
	err = s.read(ctx, "list experiments", func(t *tx) error {
		list, err = experiments(ctx, t, `WHERE stage = $1 AND ($2 = '' OR name = $2)`, stage, f.Name)
		return err
	})
	return list, err
}

// CreateExperiment stores e under a new ID. A name stays taken when its
// experiment is deleted.
func (s *Store) CreateExperiment(ctx context.Context, e *pluvia.Experiment) error {
	var f faults
	f.plainKey("experiment name", e.Name, maxExperimentName)
	f.text("artifact location", e.ArtifactLocation, maxLocation)
	f.tags(e.Tags, maxExperimentTagValue)
	if err := f.err(); err != nil {
		return err
	}
	var made pluvia.Experiment
	err := s.write(ctx, "create an experiment", func(t *tx) error {
		made = *e
		made.Stage, made.Created, made.Updated = pluvia.Active, t.now, t.now
		return createExperiment(ctx, t, &made)
	})
	if err == nil {
		*e = made
	}
	return err
}

// makeDefaultExperiment makes the experiment 0, which every client of MLflow
// takes for granted.
func (s *Store) makeDefaultExperiment(ctx context.Context) error {
	_, err := s.Experiment(ctx, "0")
	if pluvia.ErrorCode(err) != pluvia.NotFound {
		return err
	}
	return s.write(ctx, "create the default experiment", func(t *tx) error {
		_, err := t.exec(ctx, `
			INSERT INTO experiments (id, name, artifact_location, stage, created, updated)
			VALUES (0, 'Default', $1, $2, $3, $3)
			ON CONFLICT (id) DO NOTHING`,
			pluvia.URI(pluvia.MLflowBucket, "0"), pluvia.Active, t.now)
		return err
	})
}

func createExperiment(ctx context.Context, t *tx, e *pluvia.Experiment) error {
	var number int64
	err := t.row(ctx, `
		INSERT INTO experiments (name, artifact_location, stage, created, updated)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (name) DO NOTHING
		RETURNING id`,
		e.Name, e.ArtifactLocation, e.Stage, e.Created, e.Updated).Scan(&number)
	if errors.Is(err, sql.ErrNoRows) {
		return nameTaken(e.Name)
	}
	if err != nil {
		return err
	}
	e.ID = strconv.FormatInt(number, 10)
	if e.ArtifactLocation == "" {
		e.ArtifactLocation = pluvia.URI(pluvia.MLflowBucket, e.ID)
		if _, err := t.exec(ctx, `UPDATE experiments SET artifact_location = $1 WHERE id = $2`, e.ArtifactLocation, number); err != nil {
			return err
		}
	}
	for _, tag := range e.Tags {
		if err := setExperimentTag(ctx, t, number, tag); err != nil {
			return err
		}
	}
	return nil
}

// experiments are those that where chooses, by id.
func experiments(ctx context.Context, t *tx, where string, args ...any) ([]*pluvia.Experiment, error) {
	rows, err := t.query(ctx, `SELECT id, name, artifact_location, stage, created, updated FROM experiments `+where+` ORDER BY id`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []*pluvia.Experiment
	var numbers []int64
	at := make(map[int64]*pluvia.Experiment)
	for rows.Next() {
		var number int64
		e := new(pluvia.Experiment)
		if err := rows.Scan(&number, &e.Name, &e.ArtifactLocation, &e.Stage, &e.Created, &e.Updated); err != nil {
			return nil, err
		}
		e.ID = strconv.FormatInt(number, 10)
		list, numbers, at[number] = append(list, e), append(numbers, number), e
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return list, pairsOf(ctx, t, "experiment_tags", "experiment", numbers, func(number int64, pairs []pair) { at[number].Tags = asTags(pairs) })
}

// experimentNumber is the number that an experiment has in the database.
func experimentNumber(id string) (int64, error) {
	number, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return 0, pluvia.Errorf(pluvia.Invalid, "Invalid experiment ID '%s'. Experiment ID must be a valid integer.", cut(id, 60))
	}
	return number, nil
}

func noExperimentNamed(name string) error {
	return pluvia.Errorf(pluvia.NotFound, "Could not find experiment with name '%s'", cut(name, maxExperimentName))
}

func noExperiment(number int64) error {
	return pluvia.Errorf(pluvia.NotFound, "No Experiment with id=%d exists", number)
}

// stageOr is stage, or Active when it is empty.
func stageOr(stage pluvia.LifecycleStage) (pluvia.LifecycleStage, error) {
	switch stage {
	case "":
		return pluvia.Active, nil
	case pluvia.Active, pluvia.Deleted:
		return stage, nil
	}
	return "", pluvia.Errorf(pluvia.Invalid, "stage %s: want active or deleted", quote(string(stage)))
}
