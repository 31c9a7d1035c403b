package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pluvia-ml/pluvia"
)

// Log adds facts to an active run, all or none. A param that is there with
// another value refuses the whole batch with [pluvia.Conflict]. Values of
// params are cut to 6,000 characters and those of tags to 8,000, as in MLflow.
func (s *Store) Log(ctx context.Context, runID string, b pluvia.Batch) error {
	var f faults
	f.batch(b)
	if err := f.err(); err != nil {
		return err
	}
	if s.dialect.oneWriter {
		return s.logQueued(ctx, runID, b)
	}
	return s.write(ctx, "log to a run", func(t *tx) error { return logTo(ctx, t, runID, b) })
}

func logTo(ctx context.Context, t *tx, runID string, b pluvia.Batch) error {
	run, experiment, err := activeRun(ctx, t, runID)
	if err != nil {
		return err
	}
	return logBatch(ctx, t, experiment, run, runID, b)
}

func logBatch(ctx context.Context, t *tx, experiment, run int64, runID string, b pluvia.Batch) error {
	if err := logParams(ctx, t, run, runID, b.Params); err != nil {
		return err
	}
	if err := logMetrics(ctx, t, run, b.Metrics); err != nil {
		return err
	}
	for _, tag := range b.Tags {
		if err := setRunTag(ctx, t, run, tag); err != nil {
			return err
		}
	}
	return logInputs(ctx, t, experiment, run, b.Inputs)
}

// logParams writes params that are written once.
func logParams(ctx context.Context, t *tx, run int64, runID string, params []pluvia.Param) error {
	var changed []string
	for _, p := range params {
		given := cut(p.Value, maxParamValue)
		var stored string
		// The update changes nothing; it makes the stored value come back.
		err := t.row(ctx, `
			INSERT INTO params (run, key, value) VALUES ($1, $2, $3)
			ON CONFLICT (run, key) DO UPDATE SET value = params.value
			RETURNING value`, run, p.Key, given).Scan(&stored)
		if err != nil {
			return err
		}
		if stored != given {
			changed = append(changed, fmt.Sprintf("Param with key='%s' was already logged with value='%s' for run ID='%s'. Attempted logging new value '%s'.",
				p.Key, cut(stored, maxKey), runID, cut(given, maxKey)))
		}
	}
	if len(changed) == 0 {
		return nil
	}
	if more := len(changed) - maxFaults; more > 0 {
		changed = append(changed[:maxFaults], fmt.Sprintf("And %d more.", more))
	}
	return pluvia.Errorf(pluvia.Conflict, "Changing param values is not allowed. %s", strings.Join(changed, " "))
}

// setRunTag sets a tag; that of the name renames the run.
func setRunTag(ctx context.Context, t *tx, run int64, tag pluvia.Tag) error {
	value := cut(tag.Value, maxRunTagValue)
	_, err := t.exec(ctx, `
		INSERT INTO run_tags (run, key, value) VALUES ($1, $2, $3)
		ON CONFLICT (run, key) DO UPDATE SET value = excluded.value`, run, tag.Key, value)
	if err == nil && tag.Key == pluvia.TagRunName {
		_, err = t.exec(ctx, `UPDATE runs SET name = $1 WHERE id = $2`, value, run)
	}
	return err
}

func paramsOf(ctx context.Context, t *tx, numbers []int64, at map[int64]*pluvia.Run) error {
	return pairsOf(ctx, t, "params", "run", numbers, func(run int64, pairs []pair) { at[run].Params = asParams(pairs) })
}

func tagsOf(ctx context.Context, t *tx, numbers []int64, at map[int64]*pluvia.Run) error {
	return pairsOf(ctx, t, "run_tags", "run", numbers, func(run int64, pairs []pair) { at[run].Tags = asTags(pairs) })
}

// eachOf runs a query that asks once, as %s, for the owners of those numbers,
// and gives f each row.
func eachOf(ctx context.Context, t *tx, text string, numbers []int64, f func(*sql.Rows) error) error {
	if len(numbers) == 0 {
		return nil
	}
	operator, list := t.dialect.numbers(numbers)
	return eachRow(ctx, t, fmt.Sprintf(text, fmt.Sprintf(operator, "$1")), []any{list}, f)
}

func eachRow(ctx context.Context, t *tx, text string, args []any, f func(*sql.Rows) error) error {
	rows, err := t.query(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// places is "$from, $from+1, ..." for n arguments.
func places(from, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "$%d", from+i)
	}
	return b.String()
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	return slices.Sorted(maps.Keys(m))
}
