package pluvia

import "context"

// Store keeps experiments, runs and models. A method either takes effect whole
// or not at all, and what it has answered survives the death of the process.
//
// A thing that is not there is an [Error] with the code [NotFound]; a name
// that is taken, [Exists]; a broken rule, [Invalid]; a state that forbids the
// call, [Conflict]; a database that cannot be reached, [Unavailable]; a full
// disk, [Full]. Every Store is safe for concurrent use.
type Store interface {
	Experiment(ctx context.Context, id string) (*Experiment, error)
	ExperimentByName(ctx context.Context, name string) (*Experiment, error)
	Experiments(ctx context.Context, f ExperimentFilter) ([]*Experiment, error)
	// CreateExperiment stores e, whose Name must be set, and fills in ID, Stage
	// and times, and ArtifactLocation when it is empty.
	CreateExperiment(ctx context.Context, e *Experiment) error

	Run(ctx context.Context, id string) (*Run, error)
	// Runs chooses runs, newest start first, then by ID. Metrics hold the
	// latest point of each key.
	Runs(ctx context.Context, f RunFilter) ([]*Run, error)
	// CountRuns counts what Runs would choose without Limit and Offset.
	CountRuns(ctx context.Context, f RunFilter) (int, error)
	// CreateRun stores r with its Params, Metrics, Tags and Inputs and fills in
	// ID, Status, Start, ArtifactURI and Stage where they are empty.
	CreateRun(ctx context.Context, r *Run) error
	UpdateRun(ctx context.Context, id string, u RunUpdate) error
	DeleteRun(ctx context.Context, id string) error
	RestoreRun(ctx context.Context, id string) error
	// Log adds facts to an active run, all or none.
	Log(ctx context.Context, runID string, b Batch) error
	// MetricHistory is every point of one metric by (Step, Timestamp, Value).
	MetricHistory(ctx context.Context, runID, key string) ([]Metric, error)

	Model(ctx context.Context, name string) (*Model, error)
	Models(ctx context.Context) ([]*Model, error)
	CreateModel(ctx context.Context, m *Model) error
	DeleteModel(ctx context.Context, name string) error
	Version(ctx context.Context, model string, number int) (*Version, error)
	// Versions are those of one model, highest number first.
	Versions(ctx context.Context, model string) ([]*Version, error)
	// VersionByAlias is the version that the alias points at.
	VersionByAlias(ctx context.Context, model, alias string) (*Version, error)
	// CreateVersion stores v and fills in Number and times. When the model has
	// a version of the same RunID already, v becomes that one, so that the
	// step that registers can be repeated after a crash.
	CreateVersion(ctx context.Context, v *Version) error
	// UpdateVersion sets tags and moves aliases, all or none.
	UpdateVersion(ctx context.Context, model string, number int, u VersionUpdate) error

	Close() error
}

// VersionUpdate changes a version: tags are set, the aliases named in Aliases
// point at it from then on, and those in DropAliases point nowhere, whichever
// version of the model they pointed at before.
type VersionUpdate struct {
	Tags        []Tag
	Aliases     []string
	DropAliases []string
}
