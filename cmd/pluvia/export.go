package main

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	pluvia "github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/cycle"
	"github.com/pluvia-ml/pluvia/transfer"
)

func newExport(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write what is recorded here for another system",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "mlflow DIRECTORY",
		Short: "Write everything as an mlruns folder of MLflow's",
		Long: `Write everything as an mlruns folder, which MLflow reads under the ids that
things have here. DIRECTORY must be new or empty. Then

  mlflow ui --backend-store-uri DIRECTORY
      looks at it; an MLflow that refuses folders wants
      MLFLOW_ALLOW_FILE_STORE=true first
  mlflow migrate-filestore --source DIRECTORY --target sqlite:///mlflow.db
      makes a database of it

At the end both sides are counted, and a difference is an error.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runExport(cmd.Context(), o, args[0])
		},
	})
	return cmd
}

func runExport(ctx context.Context, o *options, directory string) (err error) {
	if strings.Contains(directory, "://") {
		return pluvia.Errorf(pluvia.Invalid, "DIRECTORY %q: MLflow's server gives everything new ids; export into a directory, and let \"mlflow migrate-filestore\" make the server's database of it", directory)
	}
	h, err := openHouse(ctx, o, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	if h.broken != nil {
		return h.broken
	}
	report, err := transfer.Export(ctx, transfer.ExportConfig{
		Store: h.store, Buckets: h.buckets, Directory: directory,
		Progress: func(doing string) { h.ui.progress(cycle.Status{Running: true, Step: "export", Doing: doing}) },
	})
	if err != nil {
		return err
	}
	sayReport(h.ui, "exported", report)
	return report.Err()
}
