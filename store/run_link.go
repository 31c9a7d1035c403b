package store

import (
	"context"
	"database/sql"

	"github.com/pluvia-ml/pluvia"
)

// LogOutputs notes logged models that an active run has made. What is noted
// already is no error. The models need not be here.
func (s *Store) LogOutputs(ctx context.Context, runID string, outputs []pluvia.ModelOutput) error {
	var f faults
	f.outputs(outputs)
	if err := f.err(); err != nil {
		return err
	}
	return s.write(ctx, "log outputs of a run", func(t *tx) error {
		run, _, err := activeRun(ctx, t, runID)
		if err != nil {
			return err
		}
		return logOutputs(ctx, t, run, outputs)
	})
}

func logOutputs(ctx context.Context, t *tx, run int64, outputs []pluvia.ModelOutput) error {
	for _, o := range outputs {
		_, err := t.exec(ctx, `
			INSERT INTO outputs (run, model_id, step) VALUES ($1, $2, $3)
			ON CONFLICT (run, model_id, step) DO NOTHING`, run, o.ModelID, o.Step)
		if err != nil {
			return err
		}
	}
	return nil
}

// LogInputModels notes logged models that an active run has read. What is noted
// already is no error. The models need not be here.
func (s *Store) LogInputModels(ctx context.Context, runID string, modelIDs []string) error {
	var f faults
	f.inputModels(modelIDs)
	if err := f.err(); err != nil {
		return err
	}
	return s.write(ctx, "log input models of a run", func(t *tx) error {
		run, _, err := activeRun(ctx, t, runID)
		if err != nil {
			return err
		}
		return logInputModels(ctx, t, run, modelIDs)
	})
}

func logInputModels(ctx context.Context, t *tx, run int64, modelIDs []string) error {
	for _, id := range modelIDs {
		_, err := t.exec(ctx, `
			INSERT INTO input_models (run, model_id) VALUES ($1, $2)
			ON CONFLICT (run, model_id) DO NOTHING`, run, id)
		if err != nil {
			return err
		}
	}
	return nil
}

// linksOf fills in the logged models that runs have read and made.
func linksOf(ctx context.Context, t *tx, numbers []int64, at map[int64]*pluvia.Run) error {
	err := eachOf(ctx, t, `SELECT run, model_id FROM input_models WHERE run %s ORDER BY run, model_id`, numbers, func(rows *sql.Rows) error {
		var run int64
		var id string
		if err := rows.Scan(&run, &id); err != nil {
			return err
		}
		at[run].InputModels = append(at[run].InputModels, id)
		return nil
	})
	if err != nil {
		return err
	}
	return eachOf(ctx, t, `SELECT run, model_id, step FROM outputs WHERE run %s ORDER BY run, model_id, step`, numbers, func(rows *sql.Rows) error {
		var run int64
		var o pluvia.ModelOutput
		if err := rows.Scan(&run, &o.ModelID, &o.Step); err != nil {
			return err
		}
		at[run].Outputs = append(at[run].Outputs, o)
		return nil
	})
}

func (f *faults) outputs(outputs []pluvia.ModelOutput) {
	for _, o := range outputs {
		f.plainKey("logged model ID", o.ModelID, maxKey)
	}
}

func (f *faults) inputModels(ids []string) {
	for _, id := range ids {
		f.plainKey("logged model ID", id, maxKey)
	}
}
