package project

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"reflect"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/pluvia-ml/pluvia/recipe"
	"github.com/pluvia-ml/pluvia/table"
)

// file is the shape of a project file where it differs from [Project]: what a
// reader wants side by side there (a field and what it means), or says in
// fewer words (a list of categories by name).
type file struct {
	Name      string              `json:"name"`
	Title     Text                `json:"title"`
	Question  Text                `json:"question"`
	Source    Source              `json:"source"`
	Lists     map[string][]string `json:"lists"`
	Schema    schema              `json:"schema"`
	Catalogue *Catalogue          `json:"catalogue"`
	Target    Target              `json:"target"`
	Leaks     []string            `json:"leaks"`
	Rejects   Rejects             `json:"rejects"`
	Recipes   map[string][]step   `json:"recipes"`
	Split     Split               `json:"split"`
	Metric    string              `json:"metric"`
	Seed      uint64              `json:"seed"`
	Learners  []learner           `json:"learners"`
	Promotion Promotion           `json:"promotion"`
	Names     Names               `json:"names"`
	API       API                 `json:"api"`
	Form      []Input             `json:"form"`
}

type schema struct {
	Missing []string `json:"missing"`
	Key     []string `json:"key"`
	Fields  []field  `json:"fields"`
}

type field struct {
	Name       string     `json:"name"`
	Type       table.Type `json:"type"`
	Unit       string     `json:"unit"`
	Min        *float64   `json:"min"`
	Max        *float64   `json:"max"`
	Earliest   string     `json:"earliest"`
	Latest     string     `json:"latest"`
	Categories categories `json:"categories"`
	Required   bool       `json:"required"`
	About      Text       `json:"about"`
}

// fromCatalogue is what a field says whose categories are the catalogue's places.
const fromCatalogue = "catalogue"

// categories are written out, or named: a key of lists, or fromCatalogue.
type categories struct {
	list []string
	name string
}

func (c *categories) decode(d *decoder, key string, n ast.Node) {
	if isText(n) {
		c.name = text(n)
		return
	}
	d.decode(key, n, reflect.ValueOf(&c.list).Elem())
}

// Load reads the project file called name in files, the catalogue that it
// names, and checks both. What is wrong with them comes as [Faults], all at
// once; a file that cannot be read, or that is larger than 1 MiB, is an error
// of its own.
func Load(files fs.FS, name string) (*Project, error) {
	data, err := read(files, name, maxFile)
	if err != nil {
		return nil, fmt.Errorf("load project: %w", err)
	}
	d := &decoder{
		file:    name,
		places:  make(map[string]*token.Position),
		anchors: make(map[string]ast.Node),
	}
	root := d.parse(data)
	if root == nil {
		return nil, d.faults.sorted()
	}
	f := file{Rejects: Rejects{MaxShare: 0.01}}
	d.decode("", root, reflect.ValueOf(&f).Elem())

	c := &checker{decoder: d, files: files, sum: sha256.New()}
	c.sum.Write(data)
	p := c.project(&f)
	if len(d.faults) > 0 {
		return nil, d.faults.sorted()
	}
	p.Files = files
	p.Digest = hex.EncodeToString(c.sum.Sum(nil))
	return p, nil
}

// read is the whole of a file that holds at most limit bytes.
func read(files fs.FS, name string, limit int64) ([]byte, error) {
	f, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s: must be at most %d bytes", name, limit)
	}
	return data, errors.Join(err, f.Close())
}

// project turns what the file says into a project, and checks it against
// itself. A fault leaves what it concerns empty.
func (c *checker) project(f *file) *Project {
	p := &Project{
		Name: f.Name, Title: f.Title, Question: f.Question, Source: f.Source, Catalogue: f.Catalogue,
		Target: f.Target, Leaks: f.Leaks, Rejects: f.Rejects, Split: f.Split, Metric: f.Metric, Seed: f.Seed,
		Promotion: f.Promotion, Names: f.Names, API: f.API, Form: f.Form, Lists: f.Lists,
		About:   make(map[string]Text),
		Recipes: make(map[string]recipe.Recipe),
	}
	c.titles(p)
	c.source(p)
	c.catalogue(p)
	c.schema(p, &f.Schema)
	c.target(p)
	c.split(p)
	c.recipes(p, f.Recipes)
	c.learners(p, f.Learners)
	c.promotion(p)
	c.names(p)
	c.api(p)
	c.form(p)
	return p
}
