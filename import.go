package pluvia

// Parcel is a piece of another store, to be kept here as it was there: with its
// ids, numbers, times and stages. Its parts are written in the order in which
// they stand, so that a run may come with its experiment.
type Parcel struct {
	// Experiments without an ID get one, and those without an ArtifactLocation
	// the one of their ID; both are filled in.
	Experiments  []*Experiment
	Runs         []*Run // Metrics are points of the history, not only the latest
	Points       []RunMetric
	LoggedModels []*LoggedModel
	Models       []*Model   // Aliases are not looked at, those of versions are
	Versions     []*Version // of models that are here, or in the parcel

	// LastNumbers says by model up to which number versions have been made, also
	// those that are no more, so that no number is used twice.
	LastNumbers map[string]int
}
