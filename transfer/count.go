package transfer

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/pluvia-ml/pluvia"
)

// Count says how much there is of each kind, in the order of [Kinds].
type Count map[Kind]int64

// Kind is a kind of thing that is counted.
type Kind string

// What is counted.
const (
	Experiments        Kind = "experiments"
	ExperimentTags     Kind = "experiment tags"
	Runs               Kind = "runs"
	Params             Kind = "params"
	Tags               Kind = "tags"
	Points             Kind = "metric points"
	Inputs             Kind = "inputs"
	InputTags          Kind = "input tags"
	ModelInputs        Kind = "model inputs"
	Outputs            Kind = "outputs"
	LoggedModels       Kind = "logged models"
	LoggedModelParams  Kind = "logged model params"
	LoggedModelTags    Kind = "logged model tags"
	LoggedModelMetrics Kind = "logged model metrics"
	Models             Kind = "registered models"
	ModelTags          Kind = "registered model tags"
	Aliases            Kind = "aliases"
	Versions           Kind = "versions"
	VersionTags        Kind = "version tags"
	Artifacts          Kind = "artifacts"
	ArtifactBytes      Kind = "bytes of artifacts"
)

// Kinds are all kinds, in the order in which people read them.
var Kinds = []Kind{
	Experiments, ExperimentTags, Runs, Params, Tags, Points, Inputs, InputTags, ModelInputs, Outputs,
	LoggedModels, LoggedModelParams, LoggedModelTags, LoggedModelMetrics,
	Models, ModelTags, Aliases, Versions, VersionTags, Artifacts, ArtifactBytes,
}

// addRun counts a run, without its points.
func (c Count) addRun(r *pluvia.Run) {
	c[Runs]++
	c[Params] += int64(len(r.Params))
	c[Tags] += int64(len(r.Tags))
	c[Inputs] += int64(len(r.Inputs))
	for _, in := range r.Inputs {
		c[InputTags] += int64(len(in.Tags))
	}
	c[ModelInputs] += int64(len(r.InputModels))
	c[Outputs] += int64(len(r.Outputs))
}

func (c Count) addLoggedModel(m *pluvia.LoggedModel) {
	c[LoggedModels]++
	c[LoggedModelParams] += int64(len(m.Params))
	c[LoggedModelTags] += int64(len(m.Tags))
	c[LoggedModelMetrics] += int64(len(m.Metrics))
}

func (c Count) addModel(m *pluvia.Model, versions []*pluvia.Version) {
	c[Models]++
	c[ModelTags] += int64(len(m.Tags))
	c[Aliases] += int64(len(m.Aliases))
	for _, v := range versions {
		c[Versions]++
		c[VersionTags] += int64(len(v.Tags))
	}
}

// Report is what an import or an export has done.
type Report struct {
	There, Here Count    // the source's, and how much of it is on this side
	Notes       []string // what is otherwise than one might expect, and no fault
	Faults      []error  // what could not be brought over; at most 100
	MoreFaults  int      // how many more there were
}

// maxSaid bounds the faults and the notes of a report.
const maxSaid = 100

func (r *Report) fault(err error) {
	if len(r.Faults) == maxSaid {
		r.MoreFaults++
		return
	}
	r.Faults = append(r.Faults, err)
}

func (r *Report) note(format string, args ...any) {
	if len(r.Notes) < maxSaid {
		r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
	} else if len(r.Notes) == maxSaid {
		r.Notes = append(r.Notes, "and more of the kind")
	}
}

// Differences are the kinds of which the sides do not have the same number.
func (r *Report) Differences() []Kind {
	var list []Kind
	for _, k := range Kinds {
		if r.There[k] != r.Here[k] {
			list = append(list, k)
		}
	}
	return list
}

// Err is nil when everything has been brought over.
func (r *Report) Err() error {
	var said []string
	for _, err := range r.Faults {
		said = append(said, err.Error())
	}
	if r.MoreFaults > 0 {
		said = append(said, fmt.Sprintf("and %d more faults", r.MoreFaults))
	}
	for _, k := range r.Differences() {
		said = append(said, fmt.Sprintf("%s: %d there, %d here", k, r.There[k], r.Here[k]))
	}
	if len(said) == 0 {
		return nil
	}
	return &incomplete{strings.Join(said, "\n")}
}

// incomplete is an import or export that has not brought over everything.
type incomplete struct{ said string }

func (e *incomplete) Error() string {
	return "not everything was brought over; what was stays, and the same command again adds what is missing:\n" + e.said
}

// String is a table of both sides.
func (r *Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-22s %15s %15s", "", "there", "here")
	for _, k := range Kinds {
		if cmp.Or(r.There[k], r.Here[k]) != 0 {
			fmt.Fprintf(&b, "\n%-22s %15d %15d", k, r.There[k], r.Here[k])
		}
	}
	return b.String()
}
