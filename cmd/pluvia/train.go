package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	pluvia "github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/cycle"
)

func newTrain(o *options) *cobra.Command {
	return withSource(&cobra.Command{
		Use:   "train",
		Short: "Run a whole cycle: prepare, train, compare, promote or not",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runCycle(cmd.Context(), o, cycle.Steps, func(h *house) error { return sayDecision(cmd.Context(), h) })
		},
	}, o)
}

// runCycle works off steps in this process, or in the one that holds the data
// directory when that one serves, and then tells the result.
func runCycle(ctx context.Context, o *options, steps []cycle.Step, result func(*house) error) (err error) {
	h, err := openHouse(ctx, o, true)
	var held *heldError
	if errors.As(err, &held) && held.URL != "" {
		if o.source != "" {
			return fmt.Errorf("%w; a running server takes its own --source", err)
		}
		if err := runRemote(ctx, o, held.URL, steps); err != nil {
			return err
		}
		h, err = openHouse(ctx, o, false)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	if h.lock != nil {
		defer func() {
			if ctx.Err() != nil {
				h.ui.warn(errors.New("interrupted: the next \"up\", \"train\" or \"etl\" carries this cycle on"))
			}
		}()
		runner := h.runner(nil)
		if _, err := runner.Resume(ctx); err != nil {
			return err
		}
		if err := runner.Run(ctx, steps...); err != nil {
			return err
		}
	}
	return result(h)
}

// sayDecision tells what the last cycle has decided.
func sayDecision(ctx context.Context, h *house) error {
	experiment, err := h.store.ExperimentByName(ctx, h.project.Names.Experiment)
	if err != nil {
		return err
	}
	compared, err := h.store.Runs(ctx, pluvia.RunFilter{
		ExperimentID: experiment.ID, Status: pluvia.Finished, Limit: 1, Tags: map[string]string{cycle.TagStep: string(cycle.Compare)},
	})
	if err != nil {
		return err
	}
	if len(compared) == 0 {
		return pluvia.Errorf(pluvia.NotFound, "no comparison has finished yet")
	}
	run := compared[0]
	number, err := strconv.Atoi(run.Tag(cycle.TagVersion))
	if err != nil {
		return fmt.Errorf("run %s: %w", run.ID, err)
	}
	metric := h.project.Promotion.Metric
	value, _ := run.Metric(metric)
	low, _ := run.Metric(metric + ".low")
	high, _ := run.Metric(metric + ".high")
	h.ui.say("decision", fmt.Sprintf("Version %d %s. %s %s %.4f (95%% %.4f to %.4f).",
		number, run.Tag(cycle.TagDecision), run.Tag(cycle.TagReason), metric, value, low, high),
		map[string]any{
			"version": number, "decision": run.Tag(cycle.TagDecision), "reason": run.Tag(cycle.TagReason), "run_id": run.ID,
			metric: value, metric + ".low": low, metric + ".high": high,
		})
	return nil
}
