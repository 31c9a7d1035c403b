package pluvia

// Experiment is a named set of runs.
type Experiment struct {
	ID               string // a decimal number
	Name             string // unique, also among the deleted
	ArtifactLocation string // root of the artifact URIs of its runs
	Stage            LifecycleStage
	Created, Updated int64 // milliseconds
	Tags             []Tag
}

// ExperimentFilter chooses experiments; its zero value chooses all active ones.
type ExperimentFilter struct {
	Name  string         // only the one of this name; "" for any
	Stage LifecycleStage // "" for Active
}
