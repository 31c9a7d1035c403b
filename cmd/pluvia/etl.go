package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pluvia-ml/pluvia/cycle"
)

func newETL(o *options) *cobra.Command {
	return withSource(&cobra.Command{
		Use:   "etl",
		Short: "Load, check and prepare the data set",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runCycle(cmd.Context(), o, []cycle.Step{cycle.ETL}, func(h *house) error {
				info, err := cycle.ReadDataInfo(cmd.Context(), h.buckets, h.project)
				if err != nil {
					return err
				}
				h.ui.say("etl", fmt.Sprintf("%d rows of %s, %d set aside; %d train, %d validate, %d test",
					info.Rows, info.Source.Name, info.Rejected.Rows, info.Split.Train, info.Split.Validate, info.Split.Test),
					map[string]any{"rows": info.Rows, "rejected": info.Rejected.Rows, "split": info.Split, "source": info.Source})
				return nil
			})
		},
	}, o)
}
