package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/pluvia-ml/pluvia"
)

// RenameExperiment renames an active experiment.
func (s *Store) RenameExperiment(ctx context.Context, id, name string) error {
	number, err := experimentNumber(id)
	if err != nil {
		return err
	}
	var f faults
	f.plainKey("experiment name", name, maxExperimentName)
	if err := f.err(); err != nil {
		return err
	}
	return s.write(ctx, "rename an experiment", func(t *tx) error {
		if err := activeExperiment(ctx, t, number); err != nil {
			return err
		}
		var taken bool
		err := t.row(ctx, `SELECT EXISTS (SELECT 1 FROM experiments WHERE name = $1 AND id <> $2)`, name, number).Scan(&taken)
		if err != nil {
			return err
		}
		if taken {
			return nameTaken(name)
		}
		_, err = t.exec(ctx, `UPDATE experiments SET name = $1, updated = $2 WHERE id = $3`, name, t.now, number)
		return err
	})
}

// DeleteExperiment moves an active experiment and its active runs among the
// deleted.
func (s *Store) DeleteExperiment(ctx context.Context, id string) error {
	return s.stageExperiment(ctx, "delete an experiment", id, pluvia.Active, pluvia.Deleted)
}

// RestoreExperiment brings a deleted experiment back with all of its runs, as
// in MLflow also those that were deleted before it.
func (s *Store) RestoreExperiment(ctx context.Context, id string) error {
	return s.stageExperiment(ctx, "restore an experiment", id, pluvia.Deleted, pluvia.Active)
}

func (s *Store) stageExperiment(ctx context.Context, what, id string, from, to pluvia.LifecycleStage) error {
	number, err := experimentNumber(id)
	if err != nil {
		return err
	}
	return s.write(ctx, what, func(t *tx) error {
		n, err := t.exec(ctx, `UPDATE experiments SET stage = $1, updated = $2, deleted = $3 WHERE id = $4 AND stage = $5`,
			to, t.now, deletedAt(t, to), number, from)
		if err != nil {
			return err
		}
		if n == 0 {
			return pluvia.Errorf(pluvia.NotFound, "No %s Experiment with id=%d exists", from, number)
		}
		_, err = t.exec(ctx, `UPDATE runs SET stage = $1, deleted = $2 WHERE experiment = $3 AND stage = $4`, to, deletedAt(t, to), number, from)
		return err
	})
}

// deletedAt is what a row notes that moves to a stage now.
func deletedAt(t *tx, stage pluvia.LifecycleStage) int64 {
	if stage == pluvia.Deleted {
		return t.now
	}
	return 0
}

// SetExperimentTag sets a tag of an active experiment.
func (s *Store) SetExperimentTag(ctx context.Context, id string, tag pluvia.Tag) error {
	number, err := experimentNumber(id)
	if err != nil {
		return err
	}
	var f faults
	f.tags([]pluvia.Tag{tag}, maxExperimentTagValue)
	if err := f.err(); err != nil {
		return err
	}
	return s.write(ctx, "tag an experiment", func(t *tx) error {
		if err := activeExperiment(ctx, t, number); err != nil {
			return err
		}
		return setExperimentTag(ctx, t, number, tag)
	})
}

func setExperimentTag(ctx context.Context, t *tx, experiment int64, tag pluvia.Tag) error {
	_, err := t.exec(ctx, `
		INSERT INTO experiment_tags (experiment, key, value) VALUES ($1, $2, $3)
		ON CONFLICT (experiment, key) DO UPDATE SET value = excluded.value`, experiment, tag.Key, tag.Value)
	return err
}

// DeleteExperimentTag removes a tag of an active experiment; one that it does
// not have is a NotFound error.
func (s *Store) DeleteExperimentTag(ctx context.Context, id, key string) error {
	number, err := experimentNumber(id)
	if err != nil {
		return err
	}
	return s.write(ctx, "remove a tag of an experiment", func(t *tx) error {
		if err := activeExperiment(ctx, t, number); err != nil {
			return err
		}
		if !storable(key) {
			return noTag("experiment", id, key)
		}
		n, err := t.exec(ctx, `DELETE FROM experiment_tags WHERE experiment = $1 AND key = $2`, number, key)
		if err == nil && n == 0 {
			err = noTag("experiment", id, key)
		}
		return err
	})
}

// activeExperiment says in an error why an experiment cannot be changed.
func activeExperiment(ctx context.Context, t *tx, number int64) error {
	var stage pluvia.LifecycleStage
	err := t.row(ctx, `SELECT stage FROM experiments WHERE id = $1`+t.dialect.lock, number).Scan(&stage)
	if errors.Is(err, sql.ErrNoRows) {
		return noExperiment(number)
	}
	if err == nil && stage != pluvia.Active {
		err = pluvia.Errorf(pluvia.Conflict, "The experiment %d must be in the 'active' state. Current state is %s.", number, stage)
	}
	return err
}

func nameTaken(name string) error {
	return pluvia.Errorf(pluvia.Exists, "Experiment(name=%s) already exists, perhaps deleted; choose another name or restore it", name)
}

func noTag(of, id, key string) error {
	return pluvia.Errorf(pluvia.NotFound, "No tag with name: %s in %s with id %s", cut(key, maxKey), of, cut(id, maxKey))
}
