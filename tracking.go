package pluvia

import "context"

// Tracking is what MLflow's clients need of a store beyond what the cycle
// does: searches, soft deletion, the entities of MLflow 3, and webhooks. The
// promises of [Store] hold here too.
//
// Searches give back the token of the next page, "" when there is none.
type Tracking interface {
	Store

	// SearchExperiments knows the attributes name, creation_time and
	// last_update_time, tags, and by default the newest first, then the smaller
	// number.
	SearchExperiments(ctx context.Context, s Search) (found []*Experiment, next string, err error)
	// RenameExperiment, DeleteExperiment and RestoreExperiment need one in the
	// right stage. Deleting an experiment deletes its runs, restoring it
	// restores them.
	RenameExperiment(ctx context.Context, id, name string) error
	DeleteExperiment(ctx context.Context, id string) error
	RestoreExperiment(ctx context.Context, id string) error
	SetExperimentTag(ctx context.Context, id string, t Tag) error
	DeleteExperimentTag(ctx context.Context, id, key string) error
	// Datasets are the distinct (experiment, data set, context) that runs of
	// the experiments have read, at most 1,000.
	Datasets(ctx context.Context, experiments []string) ([]DatasetSummary, error)

	// SearchRuns knows the attributes run_id, run_name, user_id, status,
	// artifact_uri, start_time, end_time, and metrics, params, tags and data
	// sets; by default the newest start first, then by ID.
	SearchRuns(ctx context.Context, s Search) (found []*Run, next string, err error)
	// DeleteTag is a NotFound error when the run has no such tag.
	DeleteTag(ctx context.Context, runID, key string) error
	// MetricPage is MetricHistory page by page; a limit of 0 is none.
	MetricPage(ctx context.Context, runID, key string, limit int, after string) (points []Metric, next string, err error)
	// MetricHistories are the points of one metric in several runs, by run in
	// the order given, then by (Step, Timestamp, Value), within the steps from
	// first to last when those are not nil, at most limit.
	MetricHistories(ctx context.Context, runIDs []string, key string, first, last *int64, limit int) ([]RunMetric, error)
	// MetricSteps are the distinct steps of one metric in several runs, in
	// rising order, within the range.
	MetricSteps(ctx context.Context, runIDs []string, key string, first, last *int64) ([]int64, error)
	LogOutputs(ctx context.Context, runID string, outputs []ModelOutput) error
	LogInputModels(ctx context.Context, runID string, modelIDs []string) error

	LoggedModel(ctx context.Context, id string) (*LoggedModel, error) // deleted ones too
	CreateLoggedModel(ctx context.Context, m *LoggedModel) error      // fills in ID, Status, ArtifactURI, times
	FinishLoggedModel(ctx context.Context, id string, status LoggedModelStatus) error
	DeleteLoggedModel(ctx context.Context, id string) error
	SetLoggedModelTags(ctx context.Context, id string, tags []Tag) error
	DeleteLoggedModelTag(ctx context.Context, id, key string) error
	LogModelParams(ctx context.Context, id string, params []Param) error
	LogModelMetrics(ctx context.Context, metrics []ModelMetric) error
	// SearchLoggedModels knows the attributes name, model_id, model_type,
	// status, source_run_id, creation_timestamp, last_updated_timestamp, and
	// metrics, params and tags; by default the newest first.
	SearchLoggedModels(ctx context.Context, s Search, datasets []DatasetRef) (found []*LoggedModel, next string, err error)

	// SearchModels knows the attributes name and last_updated_timestamp, and
	// tags; by default by name.
	SearchModels(ctx context.Context, s Search) (found []*Model, next string, err error)
	UpdateModel(ctx context.Context, name string, u ModelUpdate) error
	// SearchVersions knows the attributes name, version_number, run_id,
	// source_path, creation_timestamp, last_updated_timestamp, and tags; by
	// default the last updated first, then by name, then the highest number.
	SearchVersions(ctx context.Context, s Search) (found []*Version, next string, err error)
	// AddVersion is CreateVersion for clients: it makes a new version each time.
	AddVersion(ctx context.Context, v *Version) error
	// EditVersion sets description, stage and tags, all or none.
	EditVersion(ctx context.Context, model string, number int, e VersionEdit) error
	DeleteVersion(ctx context.Context, model string, number int) error

	Webhook(ctx context.Context, id string) (*Webhook, error)
	Webhooks(ctx context.Context) ([]*Webhook, error)
	CreateWebhook(ctx context.Context, w *Webhook) error
	UpdateWebhook(ctx context.Context, w *Webhook) error
	DeleteWebhook(ctx context.Context, id string) error

	// Import adds what a parcel holds and is not here, all or none. What is here
	// stays as it is, but that a run that is not done takes name, status and end,
	// and a pending logged model its status; so the same parcel twice is no
	// change. An ID, or a version's number, that stands for something else here
	// is a Conflict.
	Import(ctx context.Context, p Parcel) error

	// Purge removes for good what was deleted before the given moment
	// (milliseconds), frees its names, and gives back the artifact URIs that
	// nothing refers to any more.
	Purge(ctx context.Context, before int64) (artifacts []string, err error)
}

// DatasetSummary is a data set that runs of an experiment have read.
type DatasetSummary struct{ ExperimentID, Name, Digest, Context string }

// RunMetric is a point of a run's metric.
type RunMetric struct {
	RunID string
	Metric
}

// ModelUpdate changes a registered model. A nil pointer leaves things as they are.
type ModelUpdate struct {
	Name        *string // renames it, with versions, tags and aliases
	Description *string
	Tags        []Tag    // are set
	DropTags    []string // those that are not there are no error
	DropAliases []string // likewise
}

// VersionEdit changes a version. A nil pointer leaves things as they are.
type VersionEdit struct {
	Description     *string
	Stage           *string // None, Staging, Production, Archived
	ArchiveExisting bool    // with Stage: other versions in that stage become Archived
	Tags            []Tag
	DropTags        []string
}
