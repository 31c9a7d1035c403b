package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"

	"github.com/pluvia-ml/pluvia"
)

// maxDatasets bounds what Datasets gives.
const maxDatasets = 1000

// Datasets are the data sets that active runs of the experiments have read, by
// experiment, name, digest and context.
func (s *Store) Datasets(ctx context.Context, experiments []string) (list []pluvia.DatasetSummary, err error) {
	numbers := make([]int64, len(experiments))
	for i, id := range experiments {
		if numbers[i], err = experimentNumber(id); err != nil {
			return nil, err
		}
	}
	err = s.read(ctx, "list data sets", func(t *tx) error {
		return eachOf(ctx, t, `
			SELECT DISTINCT datasets.experiment, datasets.name, datasets.digest, COALESCE(input_tags.value, '') AS context
			FROM datasets
			JOIN inputs ON inputs.dataset = datasets.id
			JOIN runs ON runs.id = inputs.run AND runs.stage = 'active'
			LEFT JOIN input_tags ON input_tags.run = inputs.run AND input_tags.dataset = inputs.dataset AND input_tags.key = '`+pluvia.TagDataContext+`'
			WHERE datasets.experiment %s
			ORDER BY datasets.experiment, datasets.name, datasets.digest, context
			LIMIT `+fmt.Sprint(maxDatasets), numbers,
			func(rows *sql.Rows) error {
				var experiment int64
				var d pluvia.DatasetSummary
				if err := rows.Scan(&experiment, &d.Name, &d.Digest, &d.Context); err != nil {
					return err
				}
				d.ExperimentID = strconv.FormatInt(experiment, 10)
				list = append(list, d)
				return nil
			})
	})
	return list, err
}
