package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/pluvia-ml/pluvia"
)

// MetricHistory is every point of one metric of a run, active or deleted, by
// (Step, Timestamp, Value); none when nothing was logged under the key.
func (s *Store) MetricHistory(ctx context.Context, runID, key string) (points []pluvia.Metric, err error) {
	err = s.read(ctx, "read the history of a metric", func(t *tx) error {
		run, err := runNumber(ctx, t, runID)
		if err != nil || !storable(key) {
			return err
		}
		return eachRow(ctx, t, `
			SELECT step, timestamp, value, is_nan FROM metrics WHERE run = $1 AND key = $2
			ORDER BY step, timestamp, value, is_nan`, []any{run, key},
			func(rows *sql.Rows) error {
				m, err := scanPoint(rows, key)
				points = append(points, m)
				return err
			})
	})
	return points, err
}

// rowsAtOnce is how many points one statement inserts. Binding a parameter
// takes SQLite time in proportion to its place: 1,000 points cost 4.3 ms of
// processor by fives, 5.7 ms by fifties.
const rowsAtOnce = 5

var insertPoints = pointsText(rowsAtOnce)

// pointsText inserts n points of the run $1, of which the same point twice is
// one.
func pointsText(n int) string {
	var b strings.Builder
	b.WriteString(`INSERT INTO metrics (run, key, step, timestamp, value, is_nan) VALUES `)
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "($1, %s)", places(2+5*i, 5))
	}
	b.WriteString(` ON CONFLICT (run, key, step, timestamp, value, is_nan) DO NOTHING`)
	return b.String()
}

var insertPoint = pointsText(1)

// logMetrics adds points to the histories and keeps up the latest ones.
func logMetrics(ctx context.Context, t *tx, run int64, points []pluvia.Metric) error {
	latest := make(map[string]pluvia.Metric)
	for _, m := range points {
		if old, ok := latest[m.Key]; !ok || comparePoints(m, old) > 0 {
			latest[m.Key] = m
		}
	}
	args := make([]any, 0, 1+5*rowsAtOnce)
	for len(points) > 0 {
		text, n := insertPoint, 1
		if len(points) >= rowsAtOnce {
			text, n = insertPoints, rowsAtOnce
		}
		args = append(args[:0], run)
		for _, m := range points[:n] {
			value, isNaN := stored(m.Value)
			args = append(args, m.Key, m.Step, m.Timestamp, value, isNaN)
		}
		if _, err := t.exec(ctx, text, args...); err != nil {
			return err
		}
		points = points[n:]
	}
	for _, key := range sortedKeys(latest) {
		m := latest[key]
		value, isNaN := stored(m.Value)
		_, err := t.exec(ctx, `
			INSERT INTO latest_metrics (run, key, step, timestamp, value, is_nan) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (run, key) DO UPDATE SET
				step = excluded.step, timestamp = excluded.timestamp, value = excluded.value, is_nan = excluded.is_nan
			WHERE (excluded.step, excluded.timestamp, excluded.value, excluded.is_nan)
				> (latest_metrics.step, latest_metrics.timestamp, latest_metrics.value, latest_metrics.is_nan)`,
			run, key, m.Step, m.Timestamp, value, isNaN)
		if err != nil {
			return err
		}
	}
	return nil
}

// comparePoints orders points as the database does.
func comparePoints(a, b pluvia.Metric) int {
	av, aNaN := stored(a.Value)
	bv, bNaN := stored(b.Value)
	return cmp.Or(cmp.Compare(a.Step, b.Step), cmp.Compare(a.Timestamp, b.Timestamp), cmp.Compare(av, bv), compareBools(aNaN, bNaN))
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// stored is how a value stands in the database.
func stored(value float64) (float64, bool) {
	if math.IsNaN(value) {
		return 0, true
	}
	return value, false
}

func metricsOf(ctx context.Context, t *tx, numbers []int64, at map[int64]*pluvia.Run) error {
	// NULL for NaN is a column less, of which each has its price.
	err := eachOf(ctx, t, `SELECT run, key, step, timestamp, CASE WHEN NOT is_nan THEN value END FROM latest_metrics WHERE run %s`, numbers,
		func(rows *sql.Rows) error {
			var run int64
			var m pluvia.Metric
			var value sql.NullFloat64
			if err := rows.Scan(&run, &m.Key, &m.Step, &m.Timestamp, &value); err != nil {
				return err
			}
			if m.Value = value.Float64; !value.Valid {
				m.Value = math.NaN()
			}
			at[run].Metrics = append(at[run].Metrics, m)
			return nil
		})
	byKey := func(a, b pluvia.Metric) int { return strings.Compare(a.Key, b.Key) }
	for _, r := range at {
		if !slices.IsSortedFunc(r.Metrics, byKey) {
			slices.SortFunc(r.Metrics, byKey)
		}
	}
	return err
}
