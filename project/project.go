// Package project is the project file: everything that the house must know
// about one table of observations and what is to be learnt from it. The file
// is YAML; a key that is not known, a field that is not in the schema, a
// recipe that uses a leak are errors with line and column, all of them at once.
//
// The projects that ship in the binary are packages below this one, such as
// project/rain: data, not code. The package knows no SQL, HTTP or clock.
package project

import (
	"io/fs"

	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/recipe"
	"github.com/pluvia-ml/pluvia/table"
)

// Project is a project file, read and checked.
type Project struct {
	Name      string                   // an identifier: rain_australia
	Title     Text                     // Rain in Australia
	Question  Text                     // Will it rain tomorrow?
	Source    Source                   // the data set of the first start
	Schema    table.Schema             // the contract of the table
	About     map[string]Text          // field -> what it means
	Catalogue *Catalogue               // places that the observations belong to; nil for none
	Target    Target                   // what is to be learnt
	Leaks     []string                 // fields that give the target away and are never features
	Rejects   Rejects                  // how many bad rows are too many
	Recipes   map[string]recipe.Recipe // by name
	Split     Split                    // how rows are parted
	Metric    string                   // the validation metric that chooses the challenger: a name of learn.Metrics
	Seed      uint64                   // of everything that is drawn at random
	Learners  []Learner                // what the search tries
	Promotion Promotion                // the rule by which a challenger becomes champion
	Names     Names                    // what things are called in store and buckets
	API       API                      // the flat prediction call
	Form      []Input                  // the console's form, in order

	Files  fs.FS  // what the project file names: catalogue, snapshot
	Digest string // sha256 of the project file and its catalogue, in hexadecimal
}

// Text is a text in several languages, by language code: "en", "es".
type Text map[string]string

// In is the text in the language, in English when it has none.
func (t Text) In(language string) string {
	if s, ok := t[language]; ok {
		return s
	}
	return t["en"]
}

// Source is the data set that ships with the project.
type Source struct {
	Snapshot    string // name in Files: a CSV compressed with zstd
	Name        string // what it is called outside: weatherAUS.csv
	SHA256      string // of the CSV
	Rows        int    // of the CSV, for progress
	Attribution Text
}

// Catalogue is a table of places, keyed by the levels of a category.
type Catalogue struct {
	File      string // name in Files, a CSV
	Field     string // the category whose levels its first column lists
	Latitude  string // name of the column, degrees north
	Longitude string // name of the column, degrees east
	Region    string // name of the column, a text
	Outline   string // name in Files of an SVG map; "" for none
	Places    []Place
}

// Place is one row of a catalogue.
type Place struct {
	Name                string
	Latitude, Longitude float64 // degrees
	Region              string
}

// Target is the field to be learnt, and which of its values counts as positive.
type Target struct {
	Field    string
	Positive string
}

// Rejects bounds the rows that may be set aside.
type Rejects struct {
	MaxShare float64 // of all rows; 0.01 by default
}

// Split parts the rows by day: training before Validate, validation from there
// until before Test, test from Test on. A share instead of dates is the
// original's random split.
type Split struct {
	Field    string    // the date
	Validate table.Day // first day of the validation part
	Test     table.Day // first day of the test part
}

// Learner is one thing for the search to try: a classifier behind a recipe.
type Learner struct {
	Name       string // unique, for people: random forest
	Family     string // logistic, tree, forest, boost
	Recipe     string // key of Recipes
	Params     []Param
	Classifier learn.Classifier
}

// Param is one hyper-parameter of a learner as it stands in the project file,
// defaults filled in, for the record of a run.
type Param struct{ Key, Value string }

// The rules of promotion.
const (
	Better       = "better"        // the metric is higher
	SurelyBetter = "surely_better" // the whole 95 % interval of the difference is above zero
)

// Promotion is the rule by which a challenger becomes champion.
type Promotion struct {
	Rule   string             // Better or SurelyBetter
	Metric string             // of learn.Metrics, on the test part
	Guards map[string]float64 // metric -> by how much it may get worse
}

// Names are what things are called in store and buckets. In names of runs,
// {date} is the day on which the run began.
type Names struct {
	Experiment   string
	ModelDev     string
	ModelProd    string
	CycleRun     string
	ETLRun       string
	TrainRun     string
	CompareRun   string
	PromoteRun   string
	SwapRun      string
	RunTags      map[string]map[string]string // etl, train, ... -> tags of its run
	DatasetRaw   string
	DatasetReady string
	KeyRaw       string // keys in the bucket "data"
	KeyFixed     string
	KeyInfo      string
	KeyTrainX    string
	KeyTrainY    string
	KeyTestX     string
	KeyTestY     string
	Published    string // recipe that makes the tables under those keys
}

// API is the flat prediction call: the features of a recipe by name, before
// the steps that only scale them. The service turns them back into an
// observation with [recipe.Inverse], so that the champion may use any recipe.
type API struct {
	Recipe   string // key of Recipes
	Features []Feature
	Welcome  string // answer to GET /
	Positive string // str_output
	Negative string
	Updated  string // answers to POST /update-model
	Same     string
	Local    string
}

// Feature is one input of the flat call.
type Feature struct {
	Name     string
	Min, Max float64
	Integer  bool
	Optional bool // may be null or absent
}

// Input is one input of the console's form.
type Input struct {
	Field    string   // of the schema
	Min, Max float64  // of the slider
	Step     float64  // of the slider
	Default  *float64 // nil: empty at first
	Choice   string   // default of a category or date
}
