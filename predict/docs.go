package predict

import (
	"bytes"
	"embed"
	"encoding/json"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"github.com/pluvia-ml/pluvia/internal/web"
	"github.com/pluvia-ml/pluvia/project"
	"github.com/pluvia-ml/pluvia/table"
)

// The page needs no script: its tables and examples are in it. The script
// only sends the example of a form and shows the answer.
//
//go:embed docs.html docs.css docs.js
var docsFiles embed.FS

var docsTemplate = template.Must(template.ParseFS(docsFiles, "docs.html"))

// docs is the page that documents the routes, and its files.
type docs struct {
	page  []byte
	files *web.Static
}

func newDocs(p *project.Project) (*docs, error) {
	files := map[string][]byte{}
	for _, name := range []string{"docs.css", "docs.js"} {
		data, err := docsFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		files[name] = data
	}
	d := &docs{files: web.NewStatic("/docs/", files)}

	row := exampleObservation(p)
	observation, err := indent(observationExample(row))
	if err != nil {
		return nil, err
	}
	view := struct {
		Title, Question, Style, Script, Recipe string
		Features                               []project.Feature
		Fields                                 []fieldRow
		Missing, Ignored                       string
		API                                    project.API
		Flat, Observation                      string
		Positive, Target                       string
		MaxObservations                        string
		MaxBody, MaxBatchBody                  int // MiB
	}{
		Title: p.Title.In("en"), Question: p.Question.In("en"), Style: d.files.URL("docs.css"), Script: d.files.URL("docs.js"),
		Recipe: p.API.Recipe, Features: p.API.Features, API: p.API, Observation: observation,
		Missing: strings.Join(p.Schema.Missing, ", "), Ignored: strings.Join(append([]string{p.Target.Field}, p.Leaks...), ", "),
		Positive: p.Target.Positive, Target: p.Target.Field,
		MaxObservations: thousands(MaxObservations), MaxBody: MaxBody >> 20, MaxBatchBody: MaxBatchBody >> 20,
	}
	for _, f := range p.Inputs() {
		view.Fields = append(view.Fields, newFieldRow(f, p.About[f.Name].In("en")))
	}
	if len(p.API.Features) > 0 {
		features, err := featureExample(p, row)
		if err != nil {
			return nil, err
		}
		if view.Flat, err = indent(ordered{{"features", features}}); err != nil {
			return nil, err
		}
	}
	var page bytes.Buffer
	if err := docsTemplate.Execute(&page, view); err != nil {
		return nil, err
	}
	d.page = page.Bytes()
	return d, nil
}

// fieldRow is one field in the table of an observation.
type fieldRow struct {
	Name, Type, Range, About string
	Values                   []string // of a category
}

func newFieldRow(f table.Field, about string) fieldRow {
	row := fieldRow{Name: f.Name, Type: string(f.Type), About: about, Values: f.Categories}
	switch {
	case f.Type == table.TypeDate:
		row.Range = strings.TrimSpace(bounds(f.Earliest, f.Latest))
	case f.Min != nil && f.Max != nil:
		row.Range = decimal(*f.Min) + " to " + decimal(*f.Max) + " " + f.Unit
	case f.Min != nil:
		row.Range = "from " + decimal(*f.Min) + " " + f.Unit
	case f.Max != nil:
		row.Range = "up to " + decimal(*f.Max) + " " + f.Unit
	default:
		row.Range = f.Unit
	}
	return row
}

// thousands writes a whole number with a comma before every three digits.
func thousands(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func indent(v any) (string, error) {
	out, err := json.MarshalIndent(v, "", "  ")
	return string(out), err
}

func (s *Predictor) showDocs(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Security-Policy", web.Policy)
	web.WriteHTML(w, r, http.StatusOK, s.docs.page)
	return nil
}

func (s *Predictor) showSpec(w http.ResponseWriter, r *http.Request) error {
	return s.spec.Serve(w, r)
}
