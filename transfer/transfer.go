// Package transfer moves in from MLflow, and back: experiments, runs with their
// histories, data sets, logged models, the registry, and artifacts.
//
//	Source ──── entities, page by page ────► Import ──► pluvia.Tracking (Import)
//	       └─── artifacts, as streams ─────►        └─► pluvia.Buckets  (s3://mlflow)
//
// A [Source] is what somebody's MLflow has been: a database, an mlruns folder,
// a server. It is only read, one page of runs and one piece of a history at a
// time, so that its size does not matter. What an import has brought over stays
// when it is killed: the next one adds what is missing and changes nothing that
// is here. At the end both sides are counted, and a difference is an error.
//
// It never writes to a source, never follows a path out of the folder that was
// named, and never removes anything.
package transfer

import (
	"context"
	"io"
	"iter"

	"github.com/pluvia-ml/pluvia"
)

// Source is an MLflow to import from. An entity that cannot be read is an
// error between others: those after it come all the same.
type Source interface {
	// Experiments, Runs and LoggedModels give active and deleted ones. Runs come
	// with params, tags, inputs and outputs, but without metrics.
	Experiments(ctx context.Context) iter.Seq2[*pluvia.Experiment, error]
	Runs(ctx context.Context, experiment string) iter.Seq2[*pluvia.Run, error]
	// Points are those of all metrics of a run, by metric. The same point may
	// come more than once.
	Points(ctx context.Context, r *pluvia.Run) iter.Seq2[pluvia.Metric, error]
	LoggedModels(ctx context.Context, experiment string) iter.Seq2[*pluvia.LoggedModel, error]
	Models(ctx context.Context) iter.Seq2[*pluvia.Model, error]
	// Versions are those of a model by number, and the highest number that one
	// ever had, also when it is no more.
	Versions(ctx context.Context, model string) (list []*pluvia.Version, last int, err error)
	// Count counts what there is, not by way of the methods above if it can.
	Count(ctx context.Context) (Count, error)

	// Files are the artifacts at a place, their paths relative to it; none when
	// nothing is there.
	Files(ctx context.Context, at Place) iter.Seq2[File, error]
	// Open reads one of them.
	Open(ctx context.Context, at Place, path string) (io.ReadCloser, error)

	Close() error
}

// Place is where the artifacts of a run, a logged model or a version are.
type Place struct {
	URI            string
	RunID, ModelID string // whose they are; "" when they are nobody's
}

// File is an artifact.
type File struct {
	Path string // relative, with slashes
	Size int64  // bytes; -1 when it is not known before it is read
}
