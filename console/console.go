// Package console is the pages of the house: what the champion is and how good,
// what happened and why, what the data holds, a form to ask the champion, and
// the record of every run. They are rendered on the server, work without
// JavaScript, and speak English and Spanish.
//
//	/                          overview: what the champion says of each place, how good it is, what happened
//	/cycle                     POST begins a cycle
//	/predict?field=value...    the form, and the answer when there are values
//	/data                      the data set; /data/rejected.csv the rows set aside
//	/experiments               the list of experiments
//	/runs?experiment=ID&...    the runs of one: filter, order, columns, see listing
//	/runs?page=2               the project's own runs, the steps of a cycle behind it
//	/compare?run=ID&run=ID     runs beside each other
//	/runs/{id}                 a run; /runs/{id}/files/{path} a file of it to look at, /artifacts/{path} the file itself
//	/models                    the registry; /models/{name} a model's versions
//	/models/{name}/alias       asks before an alias is moved; POST moves it
//	/static/...                style sheet, script, icon
//
// The package knows no data set: titles, fields, units, places and the form
// come from a [project.Project]. It reads the store and the buckets and changes
// nothing in them but aliases; the one thing that it sets off is a cycle. It knows no
// insides of other rooms: what serves and what works is told to it in [Config].
package console

import (
	"context"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"path"
	"slices"
	"time"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/chart"
	"github.com/pluvia-ml/pluvia/internal/web"
	"github.com/pluvia-ml/pluvia/project"
	"github.com/pluvia-ml/pluvia/table"
)

// Config is what the pages show. Project, Store, Buckets and Cycle must be set.
type Config struct {
	Project *project.Project
	Store   pluvia.Tracking
	Buckets pluvia.Buckets
	Cycle   Cycle

	// Champion is the model that serves at this moment, nil when none does. A
	// nil func stands for one that returns nil.
	Champion func() *Champion

	Version string           // of the program, for the foot of each page
	Log     *slog.Logger     // gets the causes of failures; nil discards them
	Now     func() time.Time // nil is time.Now
}

// Cycle is whatever runs cycles.
type Cycle interface {
	Status() Status
	// Start begins a cycle and returns at once. It is an error with the code
	// Conflict when one is running.
	Start(ctx context.Context) error
}

// Status is what the runner of cycles does, or did last. Its zero value says
// that it has done nothing yet.
type Status struct {
	Running     bool
	RunID       string   // of the cycle
	Steps       []string // that it is to do, in order
	Step        string   // that it is at
	Doing       string   // within the step, a word or two
	Done, Total int64    // units of work within what it is doing; Total is 0 when not known
	Since       time.Time
	Err         error // why the last cycle failed; nil when it did not
}

// Champion is the model that answers predictions.
type Champion struct {
	Model     string // registered model
	Version   int
	RunID     string  // that trained it
	Threshold float64 // from this probability on the answer is yes
	LastGood  bool    // it is the copy on disk, because the registry could not be read
	// Probability of the positive class for an observation: a value for each
	// field of the project's schema, as package recipe writes a row.
	Probability func(row []float64) float64
}

//go:embed templates messages static
var files embed.FS

// Console is the handler of all pages.
type Console struct {
	Config
	mux       *http.ServeMux
	errors    *web.Errors
	static    *web.Static
	tongues   []*tongue
	templates map[string]*template.Template
	outline   outline
	rules     *table.Rules

	infos       memo[infoKey, *dataInfo]
	outlooks    memo[outlookKey, *outlook]
	comparisons memo[string, *comparison]
}

// New makes the pages of a project. It is an error if the outline that the
// project names cannot be read.
func New(config Config) (*Console, error) {
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Champion == nil {
		config.Champion = func() *Champion { return nil }
	}
	c := &Console{Config: config, mux: http.NewServeMux()}
	c.errors = &web.Errors{Page: c.errorPage, Log: config.Log}
	c.rules = table.NewRules(optional(c.Project.Schema))
	var err error
	if c.outline, err = readOutline(config.Project); err != nil {
		return nil, err
	}
	if c.tongues, err = readTongues(files); err != nil {
		return nil, err
	}
	if c.static, err = staticFiles(); err != nil {
		return nil, err
	}
	if c.templates, err = readTemplates(); err != nil {
		return nil, err
	}
	c.routes()
	return c, nil
}

// optional is the schema with every field allowed to be missing: the form takes
// whatever is known.
func optional(schema table.Schema) *table.Schema {
	schema.Fields = slices.Clone(schema.Fields)
	for i := range schema.Fields {
		schema.Fields[i].Required = false
	}
	return &schema
}

// routes is the map of the site.
func (c *Console) routes() {
	for pattern, h := range map[string]web.Handler{
		"GET /{$}":                           c.overview,
		"POST /cycle":                        c.startCycle,
		"GET /predict":                       c.predict,
		"GET /data":                          c.data,
		"GET /data/rejected.csv":             c.rejected,
		"GET /experiments":                   c.experiments,
		"GET /runs":                          c.runs,
		"GET /compare":                       c.compare,
		"GET /runs/{id}":                     c.run,
		"GET /runs/{id}/artifacts/{path...}": c.artifact,
		"GET /runs/{id}/files/{path...}":     c.file,
		"GET /models":                        c.models,
		"GET /models/{name}":                 c.model,
		"GET /models/{name}/alias":           c.alias,
		"POST /models/{name}/alias":          c.moveAlias,
		"GET /static/":                       c.static.Serve,
		"/": func(_ http.ResponseWriter, r *http.Request) error {
			return pluvia.Errorf(pluvia.NotFound, "there is no page %s", web.Path(r))
		},
	} {
		c.mux.Handle(pattern, c.errors.Handle(h))
	}
}

// ServeHTTP answers every request for a page. Security headers, protection
// from other origins and limits are the middleware of internal/web.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) { c.mux.ServeHTTP(w, r) }

// Errors writes errors as the console does, for other routes of the same server.
func (c *Console) Errors() *web.Errors { return c.errors }

func staticFiles() (*web.Static, error) {
	names, err := fs.Glob(files, "static/*")
	if err != nil {
		return nil, err
	}
	content := make(map[string][]byte, len(names))
	for _, name := range names {
		data, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		content[path.Base(name)] = data
	}
	content["look.css"] = append(content["look.css"], chart.CSS...)
	return web.NewStatic("/static/", content), nil
}

// readTemplates makes a set of the layout and each page, by the page's name.
func readTemplates() (map[string]*template.Template, error) {
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		return nil, err
	}
	sets := make(map[string]*template.Template, len(names))
	for _, name := range names {
		if base := path.Base(name); base == "layout.html" || base == "listing.html" {
			continue
		}
		set, err := template.ParseFS(files, "templates/layout.html", "templates/listing.html", name)
		if err != nil {
			return nil, fmt.Errorf("template: %w", err)
		}
		sets[path.Base(name)] = set
	}
	return sets, nil
}
