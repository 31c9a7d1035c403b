package pluvia

// The aliases that the cycle moves.
const (
	Champion   = "champion"
	Challenger = "challenger"
)

// Model is a registered model: a name under which versions are kept.
type Model struct {
	Name             string
	Description      string
	Created, Updated int64 // milliseconds
	Tags             []Tag
	Aliases          []Alias // by name
}

// Alias is the number of the version that the alias called name points at, or
// 0 when there is none.
func (m *Model) Alias(name string) int {
	for _, a := range m.Aliases {
		if a.Name == name {
			return a.Version
		}
	}
	return 0
}

// Alias is a movable name for one version of a model.
type Alias struct {
	Name    string
	Version int
}

// Version is one version of a registered model. Numbers count from 1 and are
// never used twice.
type Version struct {
	Model            string
	Number           int
	Description      string
	Source           string // URI of the model folder
	RunID            string // run that made it; at most one version of a model for each run
	Created, Updated int64  // milliseconds
	Tags             []Tag
	Aliases          []string

	Stage   string // None (also when empty), Staging, Production, Archived
	RunLink string // address of the run for people, when it is elsewhere
	ModelID string // logged model that it was made from, or ""
	Storage string // URI where the artifacts are, when Source is not it
}

// Tag is the value of the tag called key, or "".
func (v *Version) Tag(key string) string { return TagValue(v.Tags, key) }
