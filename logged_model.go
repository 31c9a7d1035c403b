package pluvia

// LoggedModel is a model as MLflow 3 logs it: an entity of its own beside the
// run that made it, with artifacts, params, tags, and metrics that may be
// measured on several data sets.
type LoggedModel struct {
	ID               string // "m-" and 32 lower-case hexadecimal digits
	ExperimentID     string
	Name             string
	Type             string
	SourceRunID      string
	Status           LoggedModelStatus
	StatusMessage    string
	ArtifactURI      string
	Created, Updated int64 // milliseconds
	Stage            LifecycleStage

	Params  []Param
	Tags    []Tag
	Metrics []ModelMetric // the latest point of each (key, data set)
}

// LoggedModelStatus is where a logged model stands.
type LoggedModelStatus string

// The statuses.
const (
	ModelPending      LoggedModelStatus = "PENDING"
	ModelReady        LoggedModelStatus = "READY"
	ModelUploadFailed LoggedModelStatus = "UPLOAD_FAILED"
)

// ModelMetric is a metric of a logged model: measured in a run, on a data set.
type ModelMetric struct {
	Metric
	ModelID string
	RunID   string
	Dataset DatasetRef // zero when it is not said
}

// ModelOutput says that a run has made a logged model.
type ModelOutput struct {
	ModelID string
	Step    int64
}
