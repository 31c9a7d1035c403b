package store

import (
	"context"
	"errors"

	"github.com/pluvia-ml/pluvia"
)

// broken is a store that could not be opened.
type broken struct{ err *pluvia.Error }

// Broken stands in for a store that could not be opened because of err: every
// call answers that, with the code [pluvia.Unavailable], so that what needs no
// store goes on. It touches no file.
func Broken(err error) pluvia.Tracking {
	answer := &pluvia.Error{Message: pluvia.ErrorMessage(err), Err: err}
	if own := (*pluvia.Error)(nil); errors.As(err, &own) {
		*answer = *own
	}
	answer.Code = pluvia.Unavailable
	return broken{answer}
}

func (b broken) Experiment(context.Context, string) (*pluvia.Experiment, error) { return nil, b.err }

func (b broken) ExperimentByName(context.Context, string) (*pluvia.Experiment, error) {
	return nil, b.err
}

func (b broken) Experiments(context.Context, pluvia.ExperimentFilter) ([]*pluvia.Experiment, error) {
	return nil, b.err
}

func (b broken) CreateExperiment(context.Context, *pluvia.Experiment) error { return b.err }

func (b broken) Run(context.Context, string) (*pluvia.Run, error) { return nil, b.err }

func (b broken) Runs(context.Context, pluvia.RunFilter) ([]*pluvia.Run, error) { return nil, b.err }

func (b broken) CountRuns(context.Context, pluvia.RunFilter) (int, error) { return 0, b.err }

func (b broken) CreateRun(context.Context, *pluvia.Run) error { return b.err }

func (b broken) UpdateRun(context.Context, string, pluvia.RunUpdate) error { return b.err }

func (b broken) DeleteRun(context.Context, string) error { return b.err }

func (b broken) RestoreRun(context.Context, string) error { return b.err }

func (b broken) Log(context.Context, string, pluvia.Batch) error { return b.err }

func (b broken) MetricHistory(context.Context, string, string) ([]pluvia.Metric, error) {
	return nil, b.err
}

func (b broken) Model(context.Context, string) (*pluvia.Model, error) { return nil, b.err }

func (b broken) Models(context.Context) ([]*pluvia.Model, error) { return nil, b.err }

func (b broken) CreateModel(context.Context, *pluvia.Model) error { return b.err }

func (b broken) DeleteModel(context.Context, string) error { return b.err }

func (b broken) Version(context.Context, string, int) (*pluvia.Version, error) { return nil, b.err }

func (b broken) Versions(context.Context, string) ([]*pluvia.Version, error) { return nil, b.err }

func (b broken) VersionByAlias(context.Context, string, string) (*pluvia.Version, error) {
	return nil, b.err
}

func (b broken) CreateVersion(context.Context, *pluvia.Version) error { return b.err }

func (b broken) UpdateVersion(context.Context, string, int, pluvia.VersionUpdate) error {
	return b.err
}

func (b broken) Close() error { return nil }
