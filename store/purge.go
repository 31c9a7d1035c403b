package store

import (
	"context"
	"database/sql"
	"slices"
	"strings"
)

// purgedAtOnce is how many runs or logged models one transaction removes, so
// that other writers need not wait for long.
const purgedAtOnce = 100

// Purge removes for good the runs, logged models and experiments that were
// deleted before the given moment (milliseconds). Logged models go with their
// experiment. An experiment in which a run is active or was deleted later stays
// until that goes.
//
// It works in steps, each of which takes effect whole; when one fails, the
// addresses of those before are given back with the error. An artifact URI is
// not given back while a version of a registered model, or something that is
// stored still, is at it or below it.
func (s *Store) Purge(ctx context.Context, before int64) (artifacts []string, err error) {
	var gone []purged
	for _, step := range []func(context.Context, *tx, int64) ([]purged, error){purgeRuns, purgeLoggedModels, purgeExperiments} {
		for {
			var some []purged
			err = s.write(ctx, "purge", func(t *tx) error {
				some, err = step(ctx, t, before)
				return err
			})
			if err != nil || len(some) == 0 {
				break
			}
			gone = append(gone, some...)
		}
		if err != nil {
			break
		}
	}
	// What is gone is gone, also when the caller has had enough.
	readErr := s.read(context.WithoutCancel(ctx), "look for what refers to artifacts", func(t *tx) error {
		for _, p := range gone {
			needed, err := refersTo(ctx, t, p)
			if err != nil {
				return err
			}
			if !needed {
				artifacts = append(artifacts, p.artifacts)
			}
		}
		return nil
	})
	slices.Sort(artifacts)
	artifacts = slices.Compact(artifacts)
	if err == nil {
		err = readErr
	}
	return artifacts, err
}

// purged is something that has been removed.
type purged struct {
	number    int64
	runID     string // "" when it was no run
	modelID   string // "" when it was no logged model
	artifacts string // URI
}

func purgeRuns(ctx context.Context, t *tx, before int64) ([]purged, error) {
	return purge(ctx, t, `
		SELECT id, run_id, '', artifact_uri FROM runs WHERE stage = 'deleted' AND deleted < $1 ORDER BY id LIMIT $2`,
		`DELETE FROM runs WHERE id = $1`, before)
}

func purgeLoggedModels(ctx context.Context, t *tx, before int64) ([]purged, error) {
	return purge(ctx, t, `
		SELECT id, '', model_id, artifact_uri FROM logged_models
		WHERE (stage = 'deleted' AND deleted < $1) OR experiment IN (SELECT id FROM experiments WHERE stage = 'deleted' AND deleted < $1
			AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.experiment = experiments.id))
		ORDER BY id LIMIT $2`,
		`DELETE FROM logged_models WHERE id = $1`, before)
}

func purgeExperiments(ctx context.Context, t *tx, before int64) ([]purged, error) {
	return purge(ctx, t, `
		SELECT id, '', '', artifact_location FROM experiments
		WHERE stage = 'deleted' AND deleted < $1 AND id <> 0
			AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.experiment = experiments.id)
			AND NOT EXISTS (SELECT 1 FROM logged_models WHERE logged_models.experiment = experiments.id)
		ORDER BY id LIMIT $2`,
		`DELETE FROM experiments WHERE id = $1`, before)
}

// purge removes one by one what a query finds.
func purge(ctx context.Context, t *tx, find, remove string, before int64) (found []purged, err error) {
	err = eachRow(ctx, t, find, []any{before, purgedAtOnce}, func(rows *sql.Rows) error {
		var p purged
		if err := rows.Scan(&p.number, &p.runID, &p.modelID, &p.artifacts); err != nil {
			return err
		}
		found = append(found, p)
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, p := range found {
		if _, err := t.exec(ctx, remove, p.number); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// refersTo says whether something that is stored needs the artifacts.
func refersTo(ctx context.Context, t *tx, p purged) (needed bool, err error) {
	root := strings.TrimRight(p.artifacts, "/")
	below := root + "/"
	err = t.row(ctx, `SELECT
		EXISTS (SELECT 1 FROM versions WHERE source = $1 OR SUBSTR(source, 1, LENGTH($2)) = $2 OR storage = $1 OR SUBSTR(storage, 1, LENGTH($2)) = $2)
		OR EXISTS (SELECT 1 FROM runs WHERE artifact_uri = $1 OR SUBSTR(artifact_uri, 1, LENGTH($2)) = $2)
		OR EXISTS (SELECT 1 FROM logged_models WHERE artifact_uri = $1 OR SUBSTR(artifact_uri, 1, LENGTH($2)) = $2)
		OR EXISTS (SELECT 1 FROM experiments WHERE artifact_location = $1 OR SUBSTR(artifact_location, 1, LENGTH($2)) = $2)`, root, below).Scan(&needed)
	if err != nil || needed {
		return needed, err
	}
	if p.runID != "" {
		source := "runs:/" + p.runID
		err = t.row(ctx, `SELECT EXISTS (SELECT 1 FROM versions WHERE source = $1 OR SUBSTR(source, 1, LENGTH($2)) = $2)`, source, source+"/").Scan(&needed)
	} else if p.modelID != "" {
		err = t.row(ctx, `SELECT EXISTS (SELECT 1 FROM versions WHERE model_id = $1 OR source = $2)`, p.modelID, "models:/"+p.modelID).Scan(&needed)
	}
	return needed, err
}
