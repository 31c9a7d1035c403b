package pluvia

// RunStatus is where a run stands.
type RunStatus string

// The statuses of MLflow.
const (
	Running   RunStatus = "RUNNING"
	Scheduled RunStatus = "SCHEDULED"
	Finished  RunStatus = "FINISHED"
	Failed    RunStatus = "FAILED"
	Killed    RunStatus = "KILLED"
)

// Done says whether a run in this status will change no more.
func (s RunStatus) Done() bool { return s == Finished || s == Failed || s == Killed }

// Run is one execution of something worth recording: what went in, what was
// set, what came out.
type Run struct {
	ID           string // 32 lower-case hexadecimal digits
	ExperimentID string
	Name         string
	User         string
	Status       RunStatus
	Start, End   int64  // milliseconds; End is 0 until the run is done
	ArtifactURI  string // s3://mlflow/<experiment>/<run>/artifacts
	Stage        LifecycleStage

	Params  []Param  // by key
	Metrics []Metric // the latest point of each key, by key
	Tags    []Tag    // by key
	Inputs  []Input

	InputModels []string      // ids of logged models that it has read
	Outputs     []ModelOutput // logged models that it has made
}

// Param is the value of the parameter called key, or "".
func (r *Run) Param(key string) string {
	for _, p := range r.Params {
		if p.Key == key {
			return p.Value
		}
	}
	return ""
}

// Metric is the latest value of the metric called key; ok is false when the
// run has none.
func (r *Run) Metric(key string) (value float64, ok bool) {
	for _, m := range r.Metrics {
		if m.Key == key {
			return m.Value, true
		}
	}
	return 0, false
}

// Tag is the value of the tag called key, or "".
func (r *Run) Tag(key string) string { return TagValue(r.Tags, key) }

// Param is a parameter of a run. It is written once: the same value again is
// accepted, another one is refused.
type Param struct{ Key, Value string }

// Metric is one point in the history of a measured value. A point is
// identified by all its fields; the latest is the greatest by (Step,
// Timestamp, Value).
type Metric struct {
	Key       string
	Value     float64 // may be NaN or infinite
	Timestamp int64   // milliseconds
	Step      int64   // may be negative
}

// Input is a data set that a run has read.
type Input struct {
	Dataset Dataset
	Tags    []Tag // TagDataContext says what for: training, evaluation
}

// Dataset is a data set by name and digest.
type Dataset struct {
	Name       string
	Digest     string // at most 36 characters
	SourceType string // local, http, s3
	Source     string // where it came from, as JSON or a URI
	Schema     string // JSON
	Profile    string // JSON
}

// RunFilter chooses runs, newest first; its zero value chooses all active ones.
type RunFilter struct {
	ExperimentID string            // "" for any
	Name         string            // "" for any
	Status       RunStatus         // "" for any
	Tags         map[string]string // every one must be there with this value
	Stage        LifecycleStage    // "" for Active
	Limit        int               // 0 for no limit
	Offset       int
}

// RunUpdate changes those fields of a run that are not zero.
type RunUpdate struct {
	Name   string
	Status RunStatus
	End    int64 // milliseconds
}

// Batch is a set of facts about a run that is written whole or not at all.
type Batch struct {
	Metrics []Metric
	Params  []Param
	Tags    []Tag
	Inputs  []Input
}
