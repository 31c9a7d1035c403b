package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pluvia-ml/pluvia/cycle"
	"github.com/pluvia-ml/pluvia/transfer"
)

// moving are the flags of commands that move things between houses.
type moving struct {
	artifacts        string
	withoutArtifacts bool
}

func newImport(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import",
		Short: "Bring over what another system has recorded",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var m moving
	from := &cobra.Command{
		Use:   "mlflow SOURCE",
		Short: "Bring over everything from an MLflow",
		Long: `Bring over experiments, runs, params, metrics with their histories, tags, data
sets, logged models, registered models with versions, stages and aliases, and
artifacts, under the ids that they have. SOURCE is only read. It is one of

  mlflow.db                      a database of MLflow's, as a file
  postgres://USER:PASS@HOST/DB   one on PostgreSQL
  mlruns                         a folder of its file store
  http://localhost:5000          a server

Whatever ends an import, the same command goes on with it; run again, it adds
what is new there and changes nothing that is here. At the end both sides are
counted, and a difference is an error.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runImport(cmd.Context(), o, m, args[0])
		},
	}
	from.Flags().StringVar(&m.artifacts, "artifacts", "", "where the artifacts are: a folder, s3://... or the URL of a server (default: where SOURCE leads)")
	from.Flags().BoolVar(&m.withoutArtifacts, "without-artifacts", false, "leave the artifacts where they are")
	cmd.AddCommand(from)
	return cmd
}

// runImport imports beside a server that holds the data directory, if there is
// one: database and buckets take several writers.
func runImport(ctx context.Context, o *options, m moving, place string) (err error) {
	from, err := transfer.Open(ctx, place, m.artifacts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	h, err := openBeside(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	report, err := transfer.Import(ctx, transfer.Config{
		From: from, Store: h.store, Buckets: h.buckets, WithoutArtifacts: m.withoutArtifacts,
		Progress: func(doing string) { h.ui.progress(cycle.Status{Running: true, Step: "import", Doing: doing}) },
	})
	if err != nil {
		return err
	}
	sayReport(h.ui, "imported", report)
	return report.Err()
}

// openBeside opens the house for work, or, when a server holds it, beside it.
func openBeside(ctx context.Context, o *options) (*house, error) {
	h, err := openHouse(ctx, o, true)
	var held *heldError
	if errors.As(err, &held) {
		h, err = openHouse(ctx, o, false)
	}
	if err != nil {
		return nil, err
	}
	if h.broken != nil {
		return nil, errors.Join(h.broken, h.close())
	}
	return h, nil
}

// sayReport shows both sides, and what is otherwise than one might expect.
func sayReport(u *ui, event string, r *transfer.Report) {
	u.progress(cycle.Status{}) // takes the line of progress away
	for _, note := range r.Notes {
		u.say("note", note, map[string]any{"note": note})
	}
	u.say(event, fmt.Sprint(r), map[string]any{"there": r.There, "here": r.Here})
}
