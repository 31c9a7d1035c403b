// Package project is the project file: everything that the house must know
// about one table of observations and what is to be learnt from it. The file
// is YAML; a key that is not known, a field that is not in the schema, a
// recipe that uses a leak are errors with line and column, all of them at once.
//
//	files (fs.FS) --Load--> *Project
//	  project.yaml            checked whole, or Faults: place, value, rule, remedy
//	  catalogue.csv           read into Catalogue.Places
//	  snapshot.csv.zst        named, opened by who reads it
//
// A key in the file is the json tag of the field that it sets, here and in
// recipe steps and learners, so that the file, the JSON of a model and the
// parameters of a run use one set of names.
//
// The projects that ship in the binary are packages below this one: data, not
// code. The package knows no SQL, HTTP, clock or logger, fits nothing, and
// never reads anything but the files it is given.
package project

import (
	"io/fs"
	"slices"

	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/recipe"
	"github.com/pluvia-ml/pluvia/table"
)

// Project is a project file, read and checked.
type Project struct {
	Name      string                   // an identifier: house_prices
	Title     Text                     // for people: House prices
	Question  Text                     // what a prediction answers
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
	API       API                      // the flat prediction call; without Features there is none
	Form      []Input                  // the console's form, in order; every input of a known range when the file has none

	Lists map[string][]string // named lists of categories, as the file has them

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
	Snapshot    string `json:"snapshot"` // name in Files: a CSV, compressed or not
	Name        string `json:"name"`     // what it is called outside: observations.csv
	SHA256      string `json:"sha256"`   // of the CSV
	Rows        int    `json:"rows"`     // of the CSV, for progress
	Attribution Text   `json:"attribution"`
}

// Catalogue is a table of places, keyed by the levels of a category.
type Catalogue struct {
	File      string  `json:"file"`      // name in Files, a CSV
	Field     string  `json:"field"`     // the category whose levels its first column lists
	Latitude  string  `json:"latitude"`  // name of the column, degrees north
	Longitude string  `json:"longitude"` // name of the column, degrees east
	Region    string  `json:"region"`    // name of the column, a text
	Outline   string  `json:"outline"`   // name in Files of an SVG map; "" for none
	Places    []Place `json:"-"`
}

// Place is one row of a catalogue.
type Place struct {
	Name                string
	Latitude, Longitude float64 // degrees
	Region              string
}

// Place is the place called name, or nil.
func (c *Catalogue) Place(name string) *Place {
	for i := range c.Places {
		if c.Places[i].Name == name {
			return &c.Places[i]
		}
	}
	return nil
}

// Target is the field to be learnt, and which of its values counts as positive.
type Target struct {
	Field    string `json:"field"`
	Positive string `json:"positive"`
}

// Rejects bounds the rows that may be set aside.
type Rejects struct {
	MaxShare float64 `json:"max_share"` // of all rows, 0 to 1; 0.01 by default
}

// Split parts the rows by day: training before Validate, validation from there
// until before Test, test from Test on.
type Split struct {
	Field    string    `json:"field"`    // the date
	Validate table.Day `json:"validate"` // first day of the validation part
	Test     table.Day `json:"test"`     // first day of the test part
}

// Learner is one thing for the search to try: a classifier behind a recipe.
type Learner struct {
	Name       string // unique, for people: random forest
	Family     string // a key of Families
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
	Rule   string             `json:"rule"`   // Better or SurelyBetter, which it is when the file says none
	Metric string             `json:"metric"` // of learn.Metrics, on the test part; Project.Metric when the file says none
	Guards map[string]float64 `json:"guards"` // metric -> by how much it may get worse
}

// Names are what things are called in store and buckets. In names of runs,
// {date} is the day on which the run began. What a project file leaves out is
// made from the name of the project.
type Names struct {
	Experiment   string                       `json:"experiment"`
	ModelDev     string                       `json:"model_dev"`
	ModelProd    string                       `json:"model_prod"`
	CycleRun     string                       `json:"cycle_run"`
	ETLRun       string                       `json:"etl_run"`
	TrainRun     string                       `json:"train_run"`
	CompareRun   string                       `json:"compare_run"`
	PromoteRun   string                       `json:"promote_run"`
	SwapRun      string                       `json:"swap_run"`
	RunTags      map[string]map[string]string `json:"run_tags"` // cycle, etl, train, compare, promote, swap -> tags of its run
	DatasetRaw   string                       `json:"dataset_raw"`
	DatasetReady string                       `json:"dataset_ready"`
	KeyRaw       string                       `json:"key_raw"` // keys in the bucket "data"
	KeyFixed     string                       `json:"key_fixed"`
	KeyInfo      string                       `json:"key_info"`
	KeyTrainX    string                       `json:"key_train_x"`
	KeyTrainY    string                       `json:"key_train_y"`
	KeyTestX     string                       `json:"key_test_x"`
	KeyTestY     string                       `json:"key_test_y"`
	Published    string                       `json:"published"` // recipe that makes the tables under those keys
}

// API is the flat prediction call: the features of a recipe by name, before
// the steps that only scale them. The service turns them back into an
// observation with [recipe.Inverse], so that the champion may use any recipe.
type API struct {
	Recipe   string    `json:"recipe"` // key of Recipes
	Features []Feature `json:"features"`
	Welcome  string    `json:"welcome"`  // answer to GET /
	Positive string    `json:"positive"` // str_output
	Negative string    `json:"negative"`
	Updated  string    `json:"updated"` // answers to POST /update-model
	Same     string    `json:"same"`
	Local    string    `json:"local"`
}

// Feature is one input of the flat call.
type Feature struct {
	Name     string  `json:"name"`
	Min      float64 `json:"min"`
	Max      float64 `json:"max"`
	Integer  bool    `json:"integer"`
	Optional bool    `json:"optional"` // may be null or absent
}

// Input is one input of the console's form.
type Input struct {
	Field   string   `json:"field"`   // of the schema
	Min     float64  `json:"min"`     // of the slider
	Max     float64  `json:"max"`     // of the slider
	Step    float64  `json:"step"`    // of the slider
	Default *float64 `json:"default"` // nil: empty at first
	Choice  string   `json:"choice"`  // default of a category or date; "" for none
}

// Inputs are the fields that a recipe may use: those of the schema without the
// target and the leaks.
func (p *Project) Inputs() []table.Field {
	var out []table.Field
	for _, f := range p.Schema.Fields {
		if f.Name != p.Target.Field && !slices.Contains(p.Leaks, f.Name) {
			out = append(out, f)
		}
	}
	return out
}
