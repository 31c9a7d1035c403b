package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	pluvia "github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/cycle"
	"github.com/pluvia-ml/pluvia/predict"
	"github.com/pluvia-ml/pluvia/source"
	"github.com/pluvia-ml/pluvia/table"
	"github.com/pluvia-ml/pluvia/table/csv"
	"github.com/pluvia-ml/pluvia/table/parquet"
)

func newPredict(o *options) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "predict FILE",
		Short: "Give each observation of a CSV or Parquet file its probability",
		Long: `Read observations from FILE (CSV or Parquet, plain, gzip or zstd; - for standard
input) and write them out as CSV with the columns probability, label and
version behind. Columns that the file lacks count as missing, others than
those of the project are left out. Rows that break a rule are listed on
standard error, and the exit code is 2 when there are any.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runPredict(cmd.Context(), o, args[0], out)
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", "-", "file to write; Parquet when it ends in .parquet, else CSV; - for standard output")
	return cmd
}

func runPredict(ctx context.Context, o *options, file, out string) (err error) {
	h, err := openHouse(ctx, o, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	service, err := h.predictor()
	if err != nil {
		return err
	}
	switch _, err := service.Update(ctx); {
	case service.Champion() == nil && h.broken != nil:
		return err
	case service.Champion() == nil:
		return pluvia.Errorf(pluvia.Unavailable, "there is no champion in %s yet: \"pluvia up\" or \"pluvia train\" makes the first one (%w)", o.data, err)
	case err != nil:
		o.ui.warn(err)
	}
	t, report, err := h.observations(ctx, file)
	if err != nil {
		return err
	}
	o.ui.progress(cycle.Status{Running: true, Step: "predict", Doing: fmt.Sprintf("%d rows", t.Rows())})
	scored, err := withProbabilities(t, service.Champion())
	if err != nil {
		return err
	}
	if err := o.write(out, scored); err != nil {
		return err
	}
	if len(report.Absent) > 0 {
		o.ui.warn(fmt.Errorf("there is no column %q: its values count as missing", report.Absent))
	}
	if other := h.unknown(report.Ignored); len(other) > 0 {
		o.ui.warn(fmt.Errorf("left out, because the project does not know them: the columns %q", other))
	}
	return complain(report)
}

// observations reads a file of observations; the target may be absent.
func (h *house) observations(ctx context.Context, file string) (*table.Table, *table.Report, error) {
	schema := table.Schema{Fields: slices.Clone(h.project.Inputs()), Missing: h.project.Schema.Missing}
	for i := range schema.Fields {
		schema.Fields[i].Optional, schema.Fields[i].Required = true, false
	}
	if file == "-" {
		spooled, err := spool(h.in)
		if err != nil {
			return nil, nil, err
		}
		defer os.Remove(spooled)
		file = spooled
	}
	src, err := source.Open(ctx, file, h.path(sourcesDir), source.Options{})
	if err != nil {
		return nil, nil, err
	}
	return src.Read(ctx, &schema, csv.Options{Progress: func(done, total int64) {
		h.ui.progress(cycle.Status{Running: true, Step: "predict", Doing: "reading", Unit: "bytes", Done: done, Total: total})
	}})
}

// unknown are those columns that are no field of the project either: target
// and leaks are left out without a word.
func (h *house) unknown(columns []string) []string {
	return slices.DeleteFunc(slices.Clone(columns), func(name string) bool { return h.project.Schema.Field(name) >= 0 })
}

// spool keeps standard input in a file, because a source is looked at twice:
// for its digest and its kind, and for its rows.
func spool(in io.Reader) (name string, err error) {
	f, err := os.CreateTemp("", "pluvia-input-*")
	if err != nil {
		return "", err
	}
	n, err := io.Copy(f, io.LimitReader(in, source.MaxBytes+1))
	if n > source.MaxBytes {
		err = pluvia.Errorf(pluvia.TooLarge, "standard input is over %d bytes: cut it into parts", source.MaxBytes)
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// withProbabilities puts what the champion says behind each observation.
func withProbabilities(t *table.Table, c *predict.Champion) (*table.Table, error) {
	p, err := c.Model.Probabilities(t)
	if err != nil {
		return nil, err
	}
	labels, versions := make([]int32, len(p)), make([]float64, len(p))
	for i, probability := range p {
		if math.IsNaN(probability) { // as the API has it: no answer is not a no
			return nil, pluvia.Errorf(pluvia.Internal, "%s has no probability for row %d: give the values that it lacks, or promote another version", c, i+1)
		}
		if c.Label(probability) == c.Positive {
			labels[i] = 1
		}
		versions[i] = float64(c.Version)
	}
	return table.New(append(t.Columns(),
		table.Numbers("probability", p),
		table.Categories("label", labels, []string{c.Negative, c.Positive}),
		table.Numbers("version", versions))...), nil
}

// write writes a table to a file, whole or not at all, or to standard output.
func (o *options) write(out string, t *table.Table) error {
	write := csv.Write
	if filepath.Ext(out) == ".parquet" {
		write = parquet.Write
	}
	if out == "-" {
		return write(o.ui.out, t)
	}
	f, err := os.CreateTemp(filepath.Dir(out), ".pluvia-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already when all went well
	if err := errors.Join(write(f, t), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), out)
}

// complain lists the rows that were not predicted.
func complain(r *table.Report) error {
	if r.SetAside() == 0 {
		return nil
	}
	faults := []error{pluvia.Errorf(pluvia.Invalid, "%d of %d rows break a rule and have no prediction", r.SetAside(), r.Read)}
	const shown = 20
	for _, fault := range r.Faults[:min(len(r.Faults), shown)] {
		faults = append(faults, fault)
	}
	if r.FaultCount > shown {
		faults = append(faults, errors.New("and "+strconv.Itoa(r.FaultCount-shown)+" faults more"))
	}
	return errors.Join(faults...)
}
