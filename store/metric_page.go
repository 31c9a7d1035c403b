package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"

	"github.com/pluvia-ml/pluvia"
)

// historyTerms are the order of a history.
var historyTerms = []term{
	{value: "step", of: anInteger}, {value: "timestamp", of: anInteger}, {value: "value", of: aReal}, {value: "is_nan", of: anInteger},
}

// MetricPage is the page of a history that begins after a token; a limit of 0
// is none.
func (s *Store) MetricPage(ctx context.Context, runID, key string, limit int, after string) (points []pluvia.Metric, next string, err error) {
	if limit < 0 {
		return nil, "", pluvia.Errorf(pluvia.Invalid, "limit %d: it may not be negative", limit)
	}
	sum := checksum("history", runID, key)
	var from mark
	if after != "" {
		if from, err = readToken(after, sum, historyTerms); err != nil {
			return nil, "", err
		}
	}
	err = s.read(ctx, "read the history of a metric", func(t *tx) error {
		run, err := runNumber(ctx, t, runID)
		if err != nil || !storable(key) {
			return err
		}
		args := []any{run, key}
		text := `SELECT step, timestamp, value, is_nan FROM metrics WHERE run = $1 AND key = $2`
		if from != nil {
			text += ` AND (step, timestamp, value, is_nan) > ($3, $4, $5, $6)`
			args = append(args, from[0].value, from[1].value, from[2].value, from[3].value != int64(0))
		}
		text += ` ORDER BY step, timestamp, value, is_nan`
		if limit > 0 && limit < math.MaxInt {
			args = append(args, limit+1)
			text += fmt.Sprintf(` LIMIT $%d`, len(args))
		}
		return eachRow(ctx, t, text, args, func(rows *sql.Rows) error {
			m, err := scanPoint(rows, key)
			points = append(points, m)
			return err
		})
	})
	if err != nil {
		return nil, "", err
	}
	if limit > 0 && len(points) > limit {
		points = points[:limit]
		last := points[limit-1]
		value, isNaN := stored(last.Value)
		m := mark{{value: last.Step}, {value: last.Timestamp}, {value: value}, {value: int64(0)}}
		if isNaN {
			m[3].value = int64(1)
		}
		next = writeToken(sum, m)
	}
	return points, next, nil
}

// scanPoint reads step, timestamp, value and is_nan, after what else the row
// begins with.
func scanPoint(rows *sql.Rows, key string, before ...any) (pluvia.Metric, error) {
	m := pluvia.Metric{Key: key}
	var isNaN bool
	err := rows.Scan(append(before, &m.Step, &m.Timestamp, &m.Value, &isNaN)...)
	if isNaN {
		m.Value = math.NaN()
	}
	return m, err
}

// MetricHistories are the points of one metric in several runs; a limit of 0
// is none. A run that is not there is a NotFound error.
func (s *Store) MetricHistories(ctx context.Context, runIDs []string, key string, first, last *int64, limit int) (points []pluvia.RunMetric, err error) {
	if limit < 0 {
		return nil, pluvia.Errorf(pluvia.Invalid, "limit %d: it may not be negative", limit)
	}
	from, to := stepsWithin(first, last)
	err = s.read(ctx, "read the histories of a metric", func(t *tx) error {
		for _, id := range runIDs {
			run, err := runNumber(ctx, t, id)
			if err != nil {
				return err
			}
			left := math.MaxInt64
			if limit > 0 {
				left = limit - len(points)
			}
			if left == 0 || !storable(key) {
				continue
			}
			err = eachRow(ctx, t, `
				SELECT step, timestamp, value, is_nan FROM metrics WHERE run = $1 AND key = $2 AND step BETWEEN $3 AND $4
				ORDER BY step, timestamp, value, is_nan LIMIT $5`, []any{run, key, from, to, left},
				func(rows *sql.Rows) error {
					m, err := scanPoint(rows, key)
					points = append(points, pluvia.RunMetric{RunID: id, Metric: m})
					return err
				})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return points, nil
}

// MetricSteps are the distinct steps of one metric in several runs. A run that
// is not there is a NotFound error.
func (s *Store) MetricSteps(ctx context.Context, runIDs []string, key string, first, last *int64) (steps []int64, err error) {
	from, to := stepsWithin(first, last)
	err = s.read(ctx, "read the steps of a metric", func(t *tx) error {
		var runs []int64
		for _, id := range runIDs {
			run, err := runNumber(ctx, t, id)
			if err != nil {
				return err
			}
			runs = append(runs, run)
		}
		if len(runs) == 0 || !storable(key) {
			return nil
		}
		operator, list := t.dialect.numbers(runs)
		return eachRow(ctx, t, `SELECT DISTINCT step FROM metrics WHERE run `+fmt.Sprintf(operator, "$1")+` AND key = $2 AND step BETWEEN $3 AND $4 ORDER BY step`,
			[]any{list, key, from, to}, func(rows *sql.Rows) error {
				var step int64
				err := rows.Scan(&step)
				steps = append(steps, step)
				return err
			})
	})
	return steps, err
}

func stepsWithin(first, last *int64) (from, to int64) {
	from, to = math.MinInt64, math.MaxInt64
	if first != nil {
		from = *first
	}
	if last != nil {
		to = *last
	}
	return from, to
}

// runNumber is the number that a run, active or deleted, has in the database.
func runNumber(ctx context.Context, t *tx, id string) (run int64, err error) {
	if !storable(id) {
		return 0, noRun(id)
	}
	err = t.row(ctx, `SELECT id FROM runs WHERE run_id = $1`, id).Scan(&run)
	if errors.Is(err, sql.ErrNoRows) {
		err = noRun(id)
	}
	return run, err
}
