package store

import (
	"context"
	"fmt"

	"github.com/pluvia-ml/pluvia"
)

var experimentKind = &kind{
	name:  "experiments",
	table: "experiments",
	ids:   []string{"experiments.id"},
	attributes: map[string]column{
		"experiment_id":    {sql: "experiments.id", number: true},
		"name":             {sql: "experiments.name"},
		"creation_time":    {sql: "experiments.created", number: true},
		"last_update_time": {sql: "experiments.updated", number: true},
	},
	parts: map[pluvia.Part]part{
		pluvia.TagPart: {table: "experiment_tags", on: "%[1]s.experiment = experiments.id"},
	},
	tail: []pluvia.Order{
		{Field: pluvia.Field{Key: "creation_time"}, Descending: true},
		{Field: pluvia.Field{Key: "experiment_id"}},
	},
}

// SearchExperiments knows, beside the attributes of the contract, the number
// experiment_id, to order by.
func (s *Store) SearchExperiments(ctx context.Context, asked pluvia.Search) (found []*pluvia.Experiment, next string, err error) {
	view, err := inView("experiments", asked.View)
	if err != nil {
		return nil, "", err
	}
	wanted := &search{kind: experimentKind, database: s.dialect, asked: asked, scope: func(*query) string { return view }}
	err = s.read(ctx, "search experiments", func(t *tx) error {
		var page []entity
		if page, next, err = wanted.page(ctx, t); err != nil || len(page) == 0 {
			return err
		}
		operator, list := t.dialect.numbers(firsts(page))
		if found, err = experiments(ctx, t, `WHERE id `+fmt.Sprintf(operator, "$1"), list); err != nil {
			return err
		}
		numbers := make([]int64, len(found))
		for i, e := range found {
			if numbers[i], err = experimentNumber(e.ID); err != nil {
				return err
			}
		}
		found = inOrder(page, found, numbers)
		return nil
	})
	return found, next, err
}
