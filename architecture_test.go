package pluvia_test

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia/project/rain"
)

const module = "github.com/pluvia-ml/pluvia"

// rooms says what each room may import of the house, and why. A folder below a
// room belongs to it and may import what the room may. The plan is
// docs/design.md; change both together and say why in docs/decisions.
var rooms = []struct {
	room    string
	imports []string
	why     string
}{
	{"", nil, "the vocabulary: everybody imports it, so it imports nobody"},
	{"table", []string{"internal/parallel", "internal/spelling"}, "the ground of the numeric tower, usable by any Go program"},
	{"recipe", []string{"table", "internal/parallel"}, "preprocessing is about tables only"},
	{"learn", []string{"table", "internal/parallel"}, "learners see features, never where they come from"},
	{"modelfile", []string{"table", "recipe", "learn"}, "a model is a fitted recipe and a fitted classifier"},
	{"chart", nil, "a picture is a pure function of numbers"},
	{"project", []string{"table", "recipe", "learn", "internal/spelling"}, "the project file names schema, recipes and learners"},
	{"source", []string{"", "table", "project"}, "opens the bytes that become a table; knows HTTP so that the numeric tower need not"},
	{"store", []string{""}, "keeps the vocabulary in a database; knows no model"},
	{"bucket", []string{""}, "keeps objects; knows no model"},
	{"mlflow", []string{"", "internal/web", "mlflow/filter"}, "the dialect: wire, routes, grammar; knows no SQL and no model"},
	{"transfer", []string{"", "bucket"}, "moves in from MLflow and back: writes by the contracts, reads artifacts in S3 by the room that speaks it"},
	{"cycle", []string{"", "table", "recipe", "learn", "modelfile", "chart", "project", "source"}, "where the towers meet, to train"},
	{"predict", []string{"", "table", "recipe", "learn", "modelfile", "project", "internal/web"}, "where the towers meet, to serve"},
	{"mlflow/filter", []string{""}, "the language of MLflow's searches, apart from its wire: the console's filter boxes take it too"},
	{"console", []string{"", "table", "chart", "project", "internal/web", "mlflow/filter"}, "pages read contracts and a project, nobody's insides; filter boxes speak the filter language"},
	{"console/consoletest", []string{"*"}, "a house with made-up runs, for tests and screenshots of the pages"},
	{"internal/parallel", nil, "work in independent parts, for every kernel alike"},
	{"internal/spelling", nil, "what may have been meant, for messages"},
	{"internal/web", []string{""}, "HTTP without a page"},
	{"cmd", []string{"*"}, "the only place that wires"},
	{"bench", []string{"*"}, "measures whatever there is to measure"},
}

// foreign says which packages of elsewhere are for few rooms only, and why.
var foreign = []struct {
	imports string
	rooms   []string
	why     string
}{
	{"database/sql", []string{"store", "transfer"}, "one room speaks SQL; another reads the tables of MLflow's own database"},
	{"modernc.org/sqlite", []string{"store", "transfer"}, "one room knows our database, another MLflow's"},
	{"net/http", []string{"source", "bucket", "mlflow", "transfer", "predict", "console", "internal/web", "cmd", "bench"}, "the numeric tower, the store and the cycle know no HTTP; S3 is HTTP"},
	{"github.com/minio/minio-go/v7", []string{"bucket"}, "one room speaks S3"},
	{"log/slog", []string{"mlflow", "cycle", "predict", "console", "internal/web", "cmd"}, "libraries return errors, they do not log"},
	{"github.com/spf13/cobra", []string{"cmd"}, "commands only"},
	{"html/template", []string{"console", "predict"}, "pages only"},
	{"unsafe", nil, "nobody needs it"},
	{"C", nil, "pure Go installs and cross-compiles anywhere"},
}

type listed struct {
	ImportPath, Doc  string
	GoFiles, Imports []string
}

func packages(t *testing.T) []listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Doc,GoFiles,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []listed
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		switch err := decoder.Decode(&p); {
		case errors.Is(err, io.EOF):
			return all
		case err != nil:
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// room is the room that a folder belongs to.
func room(folder string) (name string, ok bool) {
	best := -1
	for i, r := range rooms {
		if (folder == r.room || r.room != "" && strings.HasPrefix(folder, r.room+"/")) && (best < 0 || len(r.room) > len(rooms[best].room)) {
			best = i
		}
	}
	if best < 0 {
		return "", false
	}
	return rooms[best].room, true
}

func TestImports(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		folder := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		own, ok := room(folder)
		if !ok {
			t.Errorf("%s is in no room: add it to docs/design.md and to this test, with the reason", folder)
			continue
		}
		i := slices.IndexFunc(rooms, func(r struct {
			room    string
			imports []string
			why     string
		}) bool {
			return r.room == own
		})
		for _, imported := range p.Imports {
			if within, ours := strings.CutPrefix(imported, module); ours {
				other, _ := room(strings.TrimPrefix(within, "/"))
				if other != own && !slices.Contains(rooms[i].imports, other) && !slices.Contains(rooms[i].imports, "*") {
					t.Errorf("%s imports %s: room %q may import %q, because %s", folder, imported, own, rooms[i].imports, rooms[i].why)
				}
			}
			for _, f := range foreign {
				if imported == f.imports && !slices.Contains(f.rooms, own) && own != "console/consoletest" {
					t.Errorf("%s imports %s, which is for %q, because %s", folder, imported, f.rooms, f.why)
				}
			}
		}
	}
}

func TestPackageDocs(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		if len(p.GoFiles) > 0 && len(strings.Fields(p.Doc)) < 5 {
			t.Errorf("%s has no package doc", p.ImportPath)
		}
	}
}

// TestProjectIsData holds that what is known of the data set of project/rain
// stands in its project file: no other Go file or template has its words.
func TestProjectIsData(t *testing.T) {
	t.Parallel()
	p, err := rain.Project()
	if err != nil {
		t.Fatal(err)
	}
	words := []string{"rain", "rainy", "weather", "station", "stations"}
	for _, name := range p.Schema.Names() {
		if name != "Date" && name != "Location" { // words of the language too
			words = append(words, regexp.QuoteMeta(name))
		}
	}
	said := regexp.MustCompile(`(?i)\b(` + strings.Join(words, "|") + `)\b`)
	err = filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (path == "project/rain" || path == "bench" || path == "console/consoletest" || path != "." && strings.HasPrefix(d.Name(), ".")):
			return filepath.SkipDir
		case strings.HasSuffix(path, "_test.go") || strings.Contains(path, "/testdata/"):
			return nil
		case filepath.Ext(path) != ".go" && filepath.Ext(path) != ".html":
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for i, line := range strings.Split(string(text), "\n") {
			if strings.Contains(line, `project/rain"`) || strings.Contains(line, "rain.Project()") {
				continue // where the project is wired in
			}
			if m := said.FindString(line); m != "" {
				t.Errorf("%s:%d says %q: what is known of a data set belongs into its project file", path, i+1, m)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
