package store

import (
	"context"
	"fmt"

	"github.com/pluvia-ml/pluvia"
)

var runKind = &kind{
	name:  "runs",
	table: "runs",
	ids:   []string{"runs.id"},
	attributes: map[string]column{
		"run_id":       {sql: "runs.run_id"},
		"run_name":     {sql: "runs.name"},
		"user_id":      {sql: "runs.user_id"},
		"status":       {sql: "runs.status"},
		"artifact_uri": {sql: "runs.artifact_uri"},
		"start_time":   {sql: "runs.start_time", number: true},
		"end_time":     {sql: "runs.end_time", number: true, missing: "(runs.end_time = 0)"},
	},
	parts: map[pluvia.Part]part{
		pluvia.MetricPart: {table: "latest_metrics", owner: "run", on: "%[1]s.run = runs.id", real: true},
		pluvia.ParamPart:  {table: "params", owner: "run", on: "%[1]s.run = runs.id"},
		pluvia.TagPart:    {table: "run_tags", owner: "run", on: "%[1]s.run = runs.id"},
		pluvia.DatasetPart: {
			table: `(SELECT inputs.run, datasets.name, datasets.digest, input_tags.value AS context
				FROM inputs JOIN datasets ON datasets.id = inputs.dataset
				LEFT JOIN input_tags ON input_tags.run = inputs.run AND input_tags.dataset = inputs.dataset AND input_tags.key = '` + pluvia.TagDataContext + `')`,
			on:   "%[1]s.run = runs.id",
			keys: map[string]string{"name": "x.name", "digest": "x.digest", "context": "x.context"},
		},
	},
	tail: []pluvia.Order{
		{Field: pluvia.Field{Key: "start_time"}, Descending: true},
		{Field: pluvia.Field{Key: "run_id"}},
	},
}

// SearchRuns chooses runs of the experiments in s, none when there are none.
func (s *Store) SearchRuns(ctx context.Context, asked pluvia.Search) (found []*pluvia.Run, next string, err error) {
	wanted, err := s.search(runKind, asked)
	if err != nil {
		return nil, "", err
	}
	err = s.read(ctx, "search runs", func(t *tx) error {
		var page []entity
		if page, next, err = wanted.page(ctx, t); err != nil {
			return err
		}
		found, err = runsOf(ctx, t, page)
		return err
	})
	return found, next, err
}

// runsOf are the runs of a page, in its order.
func runsOf(ctx context.Context, t *tx, page []entity) ([]*pluvia.Run, error) {
	if len(page) == 0 {
		return nil, nil
	}
	operator, list := t.dialect.numbers(firsts(page))
	found, numbers, err := runRows(ctx, t, `WHERE id `+fmt.Sprintf(operator, "$1"), list)
	if err != nil {
		return nil, err
	}
	return inOrder(page, found, numbers), fillRuns(ctx, t, found, numbers)
}
