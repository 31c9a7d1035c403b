package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	pluvia "github.com/pluvia-ml/pluvia"
)

func newRuns(o *options) *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use:   "runs [RUN]",
		Short: "List the runs, or show one",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if limit < 1 {
				return &usageError{fmt.Errorf("--limit %d: must be 1 or more", limit)}
			}
			return runRuns(cmd.Context(), o, limit, args)
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 20, "how many of the newest")
	return cmd
}

func runRuns(ctx context.Context, o *options, limit int, args []string) (err error) {
	h, err := openHouse(ctx, o, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	if len(args) == 1 {
		run, err := h.store.Run(ctx, args[0])
		if err != nil {
			return err
		}
		h.ui.say("run", runText(run), runFields(run))
		return nil
	}
	experiment, err := h.store.ExperimentByName(ctx, h.project.Names.Experiment)
	if pluvia.ErrorCode(err) == pluvia.NotFound {
		h.ui.say("none", "No runs yet: \"pluvia up\" begins the first cycle.", nil)
		return nil
	}
	if err != nil {
		return err
	}
	filter := pluvia.RunFilter{ExperimentID: experiment.ID, Limit: limit}
	runs, err := h.store.Runs(ctx, filter)
	if err != nil {
		return err
	}
	if h.ui.json {
		for _, run := range runs {
			h.ui.say("run", "", runFields(run))
		}
		return nil
	}
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "RUN\tNAME\tSTATUS\tSTARTED\tTOOK\t"+strings.ToUpper(h.project.Metric))
	for _, run := range runs {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", run.ID, run.Name, run.Status,
			pluvia.Time(run.Start).Local().Format("2006-01-02 15:04:05"), took(run), score(run, h.project.Metric))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if all, err := h.store.CountRuns(ctx, pluvia.RunFilter{ExperimentID: experiment.ID}); err != nil {
		return err
	} else if all > len(runs) {
		fmt.Fprintf(&text, "%d of %d runs; --limit shows more\n", len(runs), all)
	}
	h.ui.say("runs", strings.TrimSuffix(text.String(), "\n"), nil)
	return nil
}

func took(run *pluvia.Run) string {
	if run.End == 0 {
		return "-"
	}
	return (time.Duration(run.End-run.Start) * time.Millisecond).String()
}

// score is the metric as a test has measured it, or else a validation.
func score(run *pluvia.Run, metric string) string {
	for _, key := range []string{metric, "validation." + metric} {
		if value, ok := run.Metric(key); ok {
			return fmt.Sprintf("%.4f", value)
		}
	}
	return "-"
}

func runText(run *pluvia.Run) string {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "%s\t%s\nstatus\t%s\nstarted\t%s\ntook\t%s\nartifacts\t%s\n", run.Name, run.ID, run.Status,
		pluvia.Time(run.Start).Local().Format("2006-01-02 15:04:05"), took(run), run.ArtifactURI)
	for _, p := range run.Params {
		fmt.Fprintf(table, "param %s\t%q\n", p.Key, p.Value)
	}
	for _, m := range run.Metrics {
		fmt.Fprintf(table, "metric %s\t%g\n", m.Key, m.Value)
	}
	for _, t := range run.Tags {
		fmt.Fprintf(table, "tag %s\t%q\n", t.Key, t.Value)
	}
	table.Flush() // a strings.Builder takes everything
	return strings.TrimSuffix(text.String(), "\n")
}

func runFields(run *pluvia.Run) map[string]any {
	fields := map[string]any{
		"run_id": run.ID, "name": run.Name, "status": run.Status, "start_time": run.Start, "artifact_uri": run.ArtifactURI,
	}
	if run.End != 0 {
		fields["end_time"] = run.End
	}
	params, metrics, tags := map[string]string{}, map[string]any{}, map[string]string{}
	for _, p := range run.Params {
		params[p.Key] = p.Value
	}
	for _, m := range run.Metrics {
		metrics[m.Key] = jsonNumber(m.Value)
	}
	for _, t := range run.Tags {
		tags[t.Key] = t.Value
	}
	fields["params"], fields["metrics"], fields["tags"] = params, metrics, tags
	return fields
}

// jsonNumber is a number as JSON has it, and the words "NaN" and "Infinity"
// for what it has not.
func jsonNumber(x float64) any {
	if x-x != 0 {
		return fmt.Sprint(x)
	}
	return x
}
