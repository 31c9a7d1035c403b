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

// Run is the run of that ID with all that belongs to it, active or deleted.
func (s *Store) Run(ctx context.Context, id string) (r *pluvia.Run, err error) {
	err = s.read(ctx, "read a run", func(t *tx) error {
		run, err := runNumber(ctx, t, id)
		if err != nil {
			return err
		}
		found, err := runs(ctx, t, `WHERE id = $1`, run)
		if err == nil {
			r = found[0]
		}
		return err
	})
	return r, err
}

// Runs chooses runs, newest start first, then by ID. One filter gives every
// run once when it is paged through while nothing is written.
func (s *Store) Runs(ctx context.Context, f pluvia.RunFilter) (list []*pluvia.Run, err error) {
	if f.Limit < 0 || f.Offset < 0 {
		return nil, pluvia.Errorf(pluvia.Invalid, "limit %d, offset %d: neither may be negative", f.Limit, f.Offset)
	}
	limit := int64(f.Limit)
	if limit == 0 {
		limit = math.MaxInt64
	}
	where, args, err := chosen(f)
	if err != nil {
		return nil, err
	}
	args = append(args, limit, f.Offset)
	where += fmt.Sprintf(` ORDER BY start_time DESC, run_id LIMIT $%d OFFSET $%d`, len(args)-1, len(args))
	err = s.read(ctx, "list runs", func(t *tx) error {
		list, err = runs(ctx, t, where, args...)
		return err
	})
	return list, err
}

// CountRuns counts what Runs would choose without Limit and Offset.
func (s *Store) CountRuns(ctx context.Context, f pluvia.RunFilter) (n int, err error) {
	where, args, err := chosen(f)
	if err != nil {
		return 0, err
	}
	err = s.read(ctx, "count runs", func(t *tx) error {
		return t.row(ctx, `SELECT COUNT(*) FROM runs `+where, args...).Scan(&n)
	})
	return n, err
}

// CreateRun stores r with all that belongs to it. An empty ID is
// made, an ID that is taken is refused. The name and [pluvia.TagRunName] are
// one: whichever is given sets the other, and two different ones are refused.
// Of each metric r keeps the latest point.
func (s *Store) CreateRun(ctx context.Context, r *pluvia.Run) error {
	number, err := experimentNumber(r.ExperimentID)
	if err != nil {
		return err
	}
	made := *r
	made.Stage = pluvia.Active
	if made.Status == "" {
		made.Status = pluvia.Running
	}
	if err := nameRun(&made); err != nil {
		return err
	}
	batch := pluvia.Batch{Metrics: made.Metrics, Params: made.Params, Tags: made.Tags, Inputs: made.Inputs}
	var f faults
	if made.ID == "" {
		made.ID = s.NewID()
	} else if !isRunID(made.ID) {
		f.add("run ID %s: want 32 lower-case hexadecimal digits", quote(made.ID))
	}
	f.text("run name", made.Name, maxText)
	f.text("user", made.User, maxText)
	f.text("artifact URI", made.ArtifactURI, maxLocation)
	f.status(made.Status)
	f.batch(batch)
	f.inputModels(made.InputModels)
	f.outputs(made.Outputs)
	if err := f.err(); err != nil {
		return err
	}
	err = s.write(ctx, "create a run", func(t *tx) error {
		if made.Start == 0 {
			made.Start = t.now
		}
		run, err := insertRun(ctx, t, number, &made)
		if err != nil {
			return err
		}
		if err := logBatch(ctx, t, number, run, made.ID, batch); err != nil {
			return err
		}
		if err := logInputModels(ctx, t, run, made.InputModels); err != nil {
			return err
		}
		if err := logOutputs(ctx, t, run, made.Outputs); err != nil {
			return err
		}
		stored, err := runs(ctx, t, `WHERE id = $1`, run)
		if err == nil {
			made = *stored[0]
		}
		return err
	})
	if err == nil {
		*r = made
	}
	return err
}

// nameRun makes r.Name and its tag of the name one.
func nameRun(r *pluvia.Run) error {
	tagged := r.Tag(pluvia.TagRunName)
	switch {
	case r.Name == "":
		r.Name = tagged
	case tagged == "":
		r.Tags = append(r.Tags[:len(r.Tags):len(r.Tags)], pluvia.Tag{Key: pluvia.TagRunName, Value: r.Name})
	case tagged != r.Name:
		return pluvia.Errorf(pluvia.Invalid, "run name %s and tag %s=%s differ; give one of them", quote(r.Name), pluvia.TagRunName, quote(tagged))
	}
	return nil
}

func insertRun(ctx context.Context, t *tx, experiment int64, r *pluvia.Run) (run int64, err error) {
	var stage pluvia.LifecycleStage
	var location string
	err = t.row(ctx, `SELECT stage, artifact_location FROM experiments WHERE id = $1`+t.dialect.share, experiment).Scan(&stage, &location)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, noExperiment(experiment)
	}
	if err != nil {
		return 0, err
	}
	if stage != pluvia.Active {
		return 0, pluvia.Errorf(pluvia.Conflict, "The experiment %d must be in the 'active' state. Current state is %s.", experiment, stage)
	}
	if r.ArtifactURI == "" {
		r.ArtifactURI = strings.TrimSuffix(location, "/") + "/" + r.ID + "/artifacts"
	}
	err = t.row(ctx, `
		INSERT INTO runs (run_id, experiment, name, user_id, status, start_time, end_time, artifact_uri, stage)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (run_id) DO NOTHING
		RETURNING id`,
		r.ID, experiment, r.Name, r.User, r.Status, r.Start, r.End, r.ArtifactURI, r.Stage).Scan(&run)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, pluvia.Errorf(pluvia.Exists, "Run with id=%s already exists; leave the ID empty to have one made", r.ID)
	}
	return run, err
}

// UpdateRun changes those fields of an active run that are not zero.
func (s *Store) UpdateRun(ctx context.Context, id string, u pluvia.RunUpdate) error {
	var f faults
	f.text("run name", u.Name, maxText)
	if u.Status != "" {
		f.status(u.Status)
	}
	if err := f.err(); err != nil {
		return err
	}
	return s.write(ctx, "update a run", func(t *tx) error {
		run, _, err := activeRun(ctx, t, id)
		if err != nil {
			return err
		}
		if u.Name != "" {
			// Renames the run as well.
			if err := setRunTag(ctx, t, run, pluvia.Tag{Key: pluvia.TagRunName, Value: u.Name}); err != nil {
				return err
			}
		}
		if u.Status == "" && u.End == 0 {
			return nil
		}
		_, err = t.exec(ctx, `
			UPDATE runs SET
				status   = COALESCE(NULLIF(CAST($1 AS TEXT), ''), status),
				end_time = COALESCE(NULLIF(CAST($2 AS BIGINT), 0), end_time)
			WHERE id = $3`, u.Status, u.End, run)
		return err
	})
}

// DeleteRun moves a run among the deleted; all of it stays stored. Deleting
// twice is no error.
func (s *Store) DeleteRun(ctx context.Context, id string) error {
	return s.stageRun(ctx, "delete a run", id, pluvia.Deleted)
}

// RestoreRun brings a deleted run back. Restoring an active one is no error.
func (s *Store) RestoreRun(ctx context.Context, id string) error {
	return s.stageRun(ctx, "restore a run", id, pluvia.Active)
}

func (s *Store) stageRun(ctx context.Context, what, id string, stage pluvia.LifecycleStage) error {
	return s.write(ctx, what, func(t *tx) error {
		run, err := runNumber(ctx, t, id)
		if err != nil {
			return err
		}
		// What is deleted already keeps the time at which it was.
		_, err = t.exec(ctx, `UPDATE runs SET stage = $1, deleted = $2 WHERE id = $3 AND stage <> $1`, stage, deletedAt(t, stage), run)
		return err
	})
}

// activeRun is the number of a run, which must be active, and that of its
// experiment.
func activeRun(ctx context.Context, t *tx, id string) (run, experiment int64, err error) {
	var stage pluvia.LifecycleStage
	if !storable(id) {
		return 0, 0, noRun(id)
	}
	err = t.row(ctx, `SELECT id, experiment, stage FROM runs WHERE run_id = $1`+t.dialect.lock, id).Scan(&run, &experiment, &stage)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, noRun(id)
	}
	if err == nil && stage != pluvia.Active {
		err = pluvia.Errorf(pluvia.Conflict, "The run %s must be in the 'active' state. Current state is %s.", id, stage)
	}
	return run, experiment, err
}

// chosen is the WHERE clause of a filter. A user's text is always an argument.
func chosen(f pluvia.RunFilter) (where string, args []any, err error) {
	stage, err := stageOr(f.Stage)
	if err != nil {
		return "", nil, err
	}
	var terms []string
	term := func(text string, values ...any) {
		places := make([]any, len(values))
		for i, v := range values {
			args = append(args, v)
			places[i] = "$" + strconv.Itoa(len(args))
		}
		terms = append(terms, fmt.Sprintf(text, places...))
	}
	if f.ExperimentID != "" {
		number, err := experimentNumber(f.ExperimentID)
		if err != nil {
			return "", nil, err
		}
		term(`experiment = %s`, number)
	}
	term(`stage = %s`, stage)
	if !storable(f.Name) {
		terms = append(terms, never)
	} else if f.Name != "" {
		term(`name = %s`, f.Name)
	}
	if !storable(string(f.Status)) {
		terms = append(terms, never)
	} else if f.Status != "" {
		term(`status = %s`, f.Status)
	}
	for _, key := range sortedKeys(f.Tags) {
		if !storable(key) || !storable(f.Tags[key]) {
			terms = append(terms, never)
			continue
		}
		term(`EXISTS (SELECT 1 FROM run_tags WHERE run_tags.run = runs.id AND key = %s AND value = %s)`, key, f.Tags[key])
	}
	return `WHERE ` + strings.Join(terms, ` AND `), args, nil
}

// runs are those that the rest of the query chooses, in its order, with all
// that belongs to them.
func runs(ctx context.Context, t *tx, rest string, args ...any) ([]*pluvia.Run, error) {
	list, numbers, err := runRows(ctx, t, rest, args...)
	if err != nil {
		return nil, err
	}
	return list, fillRuns(ctx, t, list, numbers)
}

// runRows are the runs that the rest of the query chooses, and their numbers,
// without what stands in other tables.
func runRows(ctx context.Context, t *tx, rest string, args ...any) (list []*pluvia.Run, numbers []int64, err error) {
	err = eachRow(ctx, t, `SELECT id, run_id, experiment, name, user_id, status, start_time, end_time, artifact_uri, stage FROM runs `+rest, args, func(rows *sql.Rows) error {
		var number, experiment int64
		r := new(pluvia.Run)
		if err := rows.Scan(&number, &r.ID, &experiment, &r.Name, &r.User, &r.Status, &r.Start, &r.End, &r.ArtifactURI, &r.Stage); err != nil {
			return err
		}
		r.ExperimentID = strconv.FormatInt(experiment, 10)
		list, numbers = append(list, r), append(numbers, number)
		return nil
	})
	return list, numbers, err
}

// fillRuns reads what belongs to runs of those numbers.
func fillRuns(ctx context.Context, t *tx, list []*pluvia.Run, numbers []int64) error {
	at := make(map[int64]*pluvia.Run, len(list))
	for i, r := range list {
		at[numbers[i]] = r
	}
	for _, fill := range []func(context.Context, *tx, []int64, map[int64]*pluvia.Run) error{paramsOf, metricsOf, tagsOf, inputsOf, linksOf} {
		if err := fill(ctx, t, numbers, at); err != nil {
			return err
		}
	}
	return nil
}

func isRunID(id string) bool {
	return len(id) == 32 && strings.Trim(id, "0123456789abcdef") == ""
}

func (f *faults) status(status pluvia.RunStatus) {
	switch status {
	case pluvia.Running, pluvia.Scheduled, pluvia.Finished, pluvia.Failed, pluvia.Killed:
		return
	}
	f.add("run status %s: want RUNNING, SCHEDULED, FINISHED, FAILED or KILLED", quote(string(status)))
}

func noRun(id string) error {
	return pluvia.Errorf(pluvia.NotFound, "Run with id=%s not found", cut(id, maxKey))
}
