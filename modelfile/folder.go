package modelfile

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"

	"github.com/goccy/go-yaml"

	"github.com/pluvia-ml/pluvia/recipe"
	"github.com/pluvia-ml/pluvia/table"
)

// The files of a folder. Index is written last and read first; Read needs no
// others than recipe and classifier, the rest is for Python.
const (
	Index          = "MLmodel"
	recipeFile     = "recipe.json"
	classifierFile = "classifier.json"
	lightGBMFile   = "model.lgb.txt"
	exampleFile    = "input_example.json"
)

const (
	formatVersion = 1
	maxFile       = 1 << 30 // bytes that one file of a folder may have
	maxIndex      = 1 << 20
)

// index is the file MLmodel: what MLflow's clients read of a model, and under
// the flavour "pluvia" all that the other files do not say.
type index struct {
	Flavors   flavors      `yaml:"flavors"`
	Signature signature    `yaml:"signature"`
	Example   *exampleInfo `yaml:"saved_input_example_info,omitempty"`
}

type flavors struct {
	Pluvia *flavor         `yaml:"pluvia"`
	Python *pythonFunction `yaml:"python_function,omitempty"`
}

type flavor struct {
	Version   int                `yaml:"version"`
	Project   string             `yaml:"project"`
	Learner   string             `yaml:"learner"`
	Family    string             `yaml:"family"`
	Target    string             `yaml:"target"`
	Positive  string             `yaml:"positive"`
	Threshold float64            `yaml:"threshold"`
	Params    map[string]string  `yaml:"params"`
	Metrics   map[string]float64 `yaml:"metrics"`
	Data      string             `yaml:"data"`
	Seed      uint64             `yaml:"seed"`
	Rows      int                `yaml:"rows"`
	Example   []string           `yaml:"example,omitempty"`
	Files     []file             `yaml:"files"`
}

type file struct {
	Name   string `yaml:"name"`
	SHA256 string `yaml:"sha256"`
}

// signature is MLflow's: lists of columns as JSON in a string.
type signature struct {
	Inputs  string `yaml:"inputs"`
	Outputs string `yaml:"outputs"`
}

// Write gives the files of the model's folder to put, one after the other, the
// index last: a folder without one was never finished. The same model gives
// the same bytes. A model that Read would refuse is an error before anything
// is put.
func (m *Model) Write(put func(name string, data []byte) error) error {
	if err := m.check(); err != nil {
		return err
	}
	parts, err := m.parts()
	if err != nil {
		return err
	}
	f := &flavor{
		Version: formatVersion, Project: m.Project, Learner: m.Learner, Family: m.Family,
		Target: m.Target, Positive: m.Positive, Threshold: m.Threshold,
		Params: m.Params, Metrics: m.Metrics, Data: m.Data, Seed: m.Seed, Rows: m.Rows, Example: m.Example,
	}
	for _, p := range parts {
		f.Files = append(f.Files, file{p.name, digest(p.data)})
	}
	idx := index{Flavors: flavors{f, newPythonFunction()}, Signature: m.signature()}
	if len(m.Example) > 0 {
		idx.Example = &exampleInfo{Path: exampleFile, Type: "dataframe", Orient: "split"}
	}
	indexYAML, err := yaml.Marshal(idx)
	if err != nil {
		return fmt.Errorf("write %s: %w", Index, err)
	}
	for _, p := range append(parts, part{Index, indexYAML}) {
		if err := put(p.name, p.data); err != nil {
			return fmt.Errorf("write %s: %w", p.name, err)
		}
	}
	return nil
}

type part struct {
	name string
	data []byte
}

// parts are the files of the folder but the index.
func (m *Model) parts() ([]part, error) {
	recipeJSON, err := json.Marshal(m.Recipe)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", recipeFile, err)
	}
	classifierJSON, err := json.Marshal(m.Classifier)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", classifierFile, err)
	}
	parts := []part{{recipeFile, recipeJSON}, {classifierFile, classifierJSON}}
	var text bytes.Buffer
	trees, err := m.LightGBM(&text)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", lightGBMFile, err)
	}
	if trees {
		parts = append(parts, part{lightGBMFile, text.Bytes()})
	}
	if len(m.Example) > 0 {
		parts = append(parts, part{exampleFile, m.exampleJSON()})
	}
	return append(parts, pythonParts(trees)...), nil
}

// Read reads a folder whose files open opens. A file that is missing, altered,
// too large or not what its name says is an error that names it.
func Read(open func(name string) (io.ReadCloser, error)) (*Model, error) {
	text, err := read(open, Index, maxIndex)
	if err != nil {
		return nil, err
	}
	var idx index
	if err := yaml.UnmarshalWithOptions(text, &idx, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("read %s: %w", Index, err)
	}
	f := idx.Flavors.Pluvia
	switch {
	case f == nil:
		return nil, fmt.Errorf("read %s: no flavour \"pluvia\": not a model that Pluvia wrote", Index)
	case f.Version != formatVersion:
		return nil, fmt.Errorf("read %s: format %d: this program reads format %d", Index, f.Version, formatVersion)
	}
	m := &Model{
		Project: f.Project, Learner: f.Learner, Family: f.Family,
		Target: f.Target, Positive: f.Positive, Threshold: f.Threshold,
		Params: f.Params, Metrics: f.Metrics, Data: f.Data, Seed: f.Seed, Rows: f.Rows, Example: f.Example,
		Recipe: new(recipe.Fitted),
	}
	classifier, err := newClassifier(f.Family)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", Index, err)
	}
	m.Classifier = classifier
	for _, part := range []struct {
		name string
		into json.Unmarshaler
	}{{recipeFile, m.Recipe}, {classifierFile, classifier}} {
		data, err := read(open, part.name, maxFile)
		if err != nil {
			return nil, err
		}
		if want := f.sha256(part.name); digest(data) != want {
			return nil, fmt.Errorf("read %s: its sha256 is %s, %s says %q: the file has been altered or cut off", part.name, digest(data), Index, want)
		}
		if err := part.into.UnmarshalJSON(data); err != nil {
			return nil, fmt.Errorf("read %s: %w", part.name, err)
		}
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	return m, nil
}

// check says whether the parts of the model belong together.
func (m *Model) check() error {
	if m.Recipe == nil || m.Classifier == nil {
		return errors.New("model: it needs a fitted recipe and a fitted classifier")
	}
	want, err := newClassifier(m.Family)
	if err != nil {
		return fmt.Errorf("model: %w", err)
	}
	if reflect.TypeOf(m.Classifier) != reflect.TypeOf(want) {
		return fmt.Errorf("model: the classifier is a %T: family %q has a %T", m.Classifier, m.Family, want)
	}
	if got, want := len(m.Classifier.Importance()), len(m.Recipe.Output()); got != want {
		return fmt.Errorf("model: the classifier takes %d features, the recipe makes %d", got, want)
	}
	if n := len(m.Example); n != 0 && n != len(m.Schema()) {
		return fmt.Errorf("model: the example has %d values, an observation %d", n, len(m.Schema()))
	}
	if !(m.Threshold >= 0 && m.Threshold <= 1) {
		return fmt.Errorf("model: threshold %v: must be from 0 to 1", m.Threshold)
	}
	return nil
}

// Digest is the sha256 of all that decides the model's predictions: recipe,
// classifier and threshold. Two models of one digest answer alike.
func (m *Model) Digest() (string, error) {
	h := sha256.New()
	for _, part := range []any{m.Recipe, m.Classifier, math.Float64bits(m.Threshold)} {
		data, err := json.Marshal(part)
		if err != nil {
			return "", fmt.Errorf("digest: %w", err)
		}
		h.Write(data)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func (f *flavor) sha256(name string) string {
	i := slices.IndexFunc(f.Files, func(f file) bool { return f.Name == name })
	if i < 0 {
		return ""
	}
	return f.Files[i].SHA256
}

// signature says what goes in as a CSV has it: a date is a text, because
// MLflow would not take one for a datetime.
func (m *Model) signature() signature {
	type column struct {
		Name     string `json:"name"`
		Type     string `json:"type"`
		Required bool   `json:"required"`
	}
	columns := make([]column, 0, len(m.Schema()))
	for _, f := range m.Schema() {
		kind := map[table.Kind]string{table.Number: "double", table.Category: "string", table.Date: "string"}[f.Type.Kind()]
		columns = append(columns, column{f.Name, kind, f.Required})
	}
	inputs, err := json.Marshal(columns)
	if err != nil {
		panic(err) // strings and a bool cannot fail
	}
	return signature{Inputs: string(inputs), Outputs: `[{"name":"probability","type":"double","required":true}]`}
}

func read(open func(name string) (io.ReadCloser, error), name string, limit int64) ([]byte, error) {
	r, err := open(name)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("read %s: more than %d bytes", name, limit)
	}
	return data, nil
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
