package store

import (
	"context"
	"database/sql"

	"github.com/pluvia-ml/pluvia"
)

// logInputs notes the data sets that a run has read. A data set is one by name
// and digest within its experiment, and what was first said of it stays; so do
// the tags of an input that is there already.
func logInputs(ctx context.Context, t *tx, experiment, run int64, inputs []pluvia.Input) error {
	for _, in := range inputs {
		d := in.Dataset
		var dataset int64
		// The update changes nothing; it makes the id come back.
		err := t.row(ctx, `
			INSERT INTO datasets (experiment, name, digest, source_type, source, schema, profile)
			VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (experiment, name, digest) DO UPDATE SET name = datasets.name
			RETURNING id`,
			experiment, d.Name, d.Digest, d.SourceType, d.Source, d.Schema, d.Profile).Scan(&dataset)
		if err != nil {
			return err
		}
		n, err := t.exec(ctx, `
			INSERT INTO inputs (run, dataset) VALUES ($1, $2)
			ON CONFLICT (run, dataset) DO NOTHING`, run, dataset)
		if err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		for _, tag := range in.Tags {
			_, err := t.exec(ctx, `
				INSERT INTO input_tags (run, dataset, key, value) VALUES ($1, $2, $3, $4)
				ON CONFLICT (run, dataset, key) DO UPDATE SET value = excluded.value`, run, dataset, tag.Key, tag.Value)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func inputsOf(ctx context.Context, t *tx, numbers []int64, at map[int64]*pluvia.Run) error {
	type edge struct{ run, dataset int64 }
	place := make(map[edge]int)
	err := eachOf(ctx, t, `
		SELECT run, dataset, name, digest, source_type, source, schema, profile
		FROM inputs JOIN datasets ON datasets.id = inputs.dataset
		WHERE run %s ORDER BY run, name, digest`, numbers,
		func(rows *sql.Rows) error {
			var e edge
			var d pluvia.Dataset
			if err := rows.Scan(&e.run, &e.dataset, &d.Name, &d.Digest, &d.SourceType, &d.Source, &d.Schema, &d.Profile); err != nil {
				return err
			}
			r := at[e.run]
			place[e] = len(r.Inputs)
			r.Inputs = append(r.Inputs, pluvia.Input{Dataset: d})
			return nil
		})
	if err != nil || len(place) == 0 {
		return err
	}
	return eachOf(ctx, t, `SELECT run, dataset, key, value FROM input_tags WHERE run %s ORDER BY run, dataset, key`, numbers,
		func(rows *sql.Rows) error {
			var e edge
			var tag pluvia.Tag
			if err := rows.Scan(&e.run, &e.dataset, &tag.Key, &tag.Value); err != nil {
				return err
			}
			in := &at[e.run].Inputs[place[e]]
			in.Tags = append(in.Tags, tag)
			return nil
		})
}
