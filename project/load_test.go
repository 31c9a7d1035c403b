package project

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pluvia-ml/pluvia/recipe"
	"github.com/pluvia-ml/pluvia/table"
)

var update = flag.Bool("update", false, "write what comes out into testdata/faults.txt; read the difference before you commit it")

const houses = "houses.yaml"

// folder is the good project, of which tests spoil a copy.
func folder(tb testing.TB) fstest.MapFS {
	tb.Helper()
	files := make(fstest.MapFS)
	for _, name := range []string{houses, "districts.csv", "map.svg"} {
		data, err := os.ReadFile("testdata/" + name)
		if err != nil {
			tb.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: data}
	}
	return files
}

func TestLoad(t *testing.T) {
	t.Parallel()
	p, err := Load(folder(t), houses)
	if err != nil {
		t.Fatal(err)
	}
	district := p.Schema.Fields[p.Schema.Field("district")]
	if want := []string{"Harbour", "Old Town", "Hills"}; !slices.Equal(district.Categories, want) {
		t.Errorf("districts are %q, want %q", district.Categories, want)
	}
	lookup := p.Recipes["numbers"][3].(*recipe.Lookup)
	if got := lookup.Values["Hills"]; !slices.Equal(got, []float64{48.14, 11.58}) {
		t.Errorf("Hills lies at %v", got)
	}
	if p.Rejects.MaxShare != 0.01 {
		t.Errorf("max_share is %v where the file says nothing", p.Rejects.MaxShare)
	}
	if p.Split.Validate != table.NewDay(2020, 1, 1) || p.Split.Test != table.NewDay(2022, 1, 1) {
		t.Errorf("split is %+v", p.Split)
	}
	trees := p.Learners[1]
	for _, want := range []Param{{"n_estimators", "20"}, {"learning_rate", "0.2"}, {"seed", "7"}, {"max_leaf_nodes", "31"}} {
		if !slices.Contains(trees.Params, want) {
			t.Errorf("parameters are %v, want %v among them", trees.Params, want)
		}
	}
	if got := p.Question.In("es"); got != "¿Se venderá por encima del precio pedido?" {
		t.Errorf("question is %q", got)
	}
	if got := p.Title.In("es"); got != "House prices" {
		t.Errorf("title is %q where there is no Spanish one", got)
	}
	for _, f := range p.Inputs() {
		if f.Name == "price" || f.Name == "above" {
			t.Errorf("%s is an input", f.Name)
		}
	}
}

// The digest names the project by all that decides what it means.
func TestDigest(t *testing.T) {
	t.Parallel()
	digest := func(spoil func(fstest.MapFS)) string {
		files := folder(t)
		spoil(files)
		p, err := Load(files, houses)
		if err != nil {
			t.Fatal(err)
		}
		return p.Digest
	}
	plain := digest(func(fstest.MapFS) {})
	if plain != digest(func(fstest.MapFS) {}) {
		t.Error("two digests of one project")
	}
	for name, spoil := range map[string]func(fstest.MapFS){
		"file":      func(f fstest.MapFS) { f[houses].Data = append(f[houses].Data, '\n') },
		"catalogue": func(f fstest.MapFS) { f["districts.csv"].Data = append(f["districts.csv"].Data, "Woods,1,2,x\n"...) },
	} {
		if digest(spoil) == plain {
			t.Errorf("another %s has the same digest", name)
		}
	}
}

// TestFaults runs testdata/faults.txt: cases of lines to take out of the good
// file (-), or of its catalogue (~), lines to put there (+), and the errors
// that come of it (!).
func TestFaults(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile("testdata/faults.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	blocks := strings.Split(string(script), "\n== ")
	out.WriteString(blocks[0])
	for _, block := range blocks[1:] {
		name, body, _ := strings.Cut(block, "\n")
		var old, fresh, want []string
		file := houses
		for line := range strings.Lines(body) {
			line = strings.TrimSuffix(line, "\n")
			switch {
			case strings.HasPrefix(line, "-"):
				old = append(old, line[1:])
			case strings.HasPrefix(line, "~"):
				old, file = append(old, line[1:]), "districts.csv"
			case strings.HasPrefix(line, "+"):
				fresh = append(fresh, line[1:])
			case strings.HasPrefix(line, "!"):
				want = append(want, line[1:])
			case line != "":
				t.Fatalf("%s: what is %q?", name, line)
			}
		}
		files := folder(t)
		good := "\n" + string(files[file].Data)
		bad := strings.Replace(good, "\n"+strings.Join(old, "\n")+"\n", "\n"+strings.Join(append(fresh, ""), "\n"), 1)
		if strings.Count(good, "\n"+strings.Join(old, "\n")+"\n") != 1 {
			t.Errorf("%s: %q does not stand in %s once", name, old, file)
		}
		files[file] = &fstest.MapFile{Data: []byte(bad[1:])}
		_, err := Load(files, houses)
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		out.WriteString("\n== " + name + "\n" + body[:len(body)-len(after(body, "!"))])
		for line := range strings.Lines(err.Error() + "\n") {
			out.WriteString("!" + line)
		}
		if got := strings.Split(err.Error(), "\n"); !*update && !slices.Equal(got, want) {
			t.Errorf("%s:\ngot  %s\nwant %s", name, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
		}
	}
	if *update {
		if err := os.WriteFile("testdata/faults.txt", out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// after is the end of text that begins with the first line that has the prefix.
func after(text, prefix string) string {
	if i := strings.Index("\n"+text, "\n"+prefix); i >= 0 {
		return text[i:]
	}
	return ""
}

// Files that are not what a project file is made of.
func TestNotAProject(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, message string }{
		"empty":                {"", "houses.yaml:1:1: must be one YAML document; the file has 0"},
		"two documents":        {"name: a\n---\nname: b\n", "must be one YAML document; the file has 2"},
		"text":                 {"hello", `houses.yaml:1:1: "hello": must be a mapping`},
		"list":                 {"- a\n- b\n", "must be a mapping"},
		"not YAML":             {"name: [a, b\n", "must be YAML"},
		"tab":                  {"name: a\n\ttitle: b\n", "must be YAML"},
		"nothing but brackets": {strings.Repeat("[", 1000), "houses.yaml:1:65: must be at most 64 brackets deep"},
		"a line too long":      {"name: " + strings.Repeat("a", 5000), "houses.yaml:1:4097: must be a line of at most 4096 bytes"},
		"deep blocks":          {strings.Repeat("- ", 2000) + "a", "must be"},
		"tagged":               {"name: !!binary abc", "must be a value without a YAML tag"},
		"no such anchor":       {"name: *a\n", `houses.yaml:1:7: name: "a": must be the name of an anchor`},
		"anchor in itself":     {"leaks: &a [*a]\n", `leaks[0]: must be a text`},
		"many laughs":          {laughs(12), "lists.b[0]: must be a text"},
		"many aliases":         {aliases(1000), "must be one of at most 100000 values"},
		"merge key":            {"lists: {a: &a {b: [c]}}\n<<: *a\n", "must be a key that is a text"},
		"number as key":        {"1: a\n", `houses.yaml:1:1: "1": must be a key that is a text`},
		"infinite":             {"rejects: {max_share: .inf}\n", "must be a finite number"},
		"too large":            {"seed: 99999999999999999999999\n", "must be an integer, 0 or more"},
		"negative":             {"seed: -1\n", `seed: "-1": must be an integer, 0 or more`},
		"a null":               {"metric: null\n", `houses.yaml:1:9: metric: "null": must be a text; write a value, or leave the key out`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := folder(t)
			files[houses] = &fstest.MapFile{Data: []byte(c.text)}
			p, err := Load(files, houses)
			var faults Faults
			if p != nil || !errors.As(err, &faults) {
				t.Fatalf("error is a %T: %v", err, err)
			}
			said := func(f Fault) bool { return strings.Contains(f.Error(), c.message) }
			if !slices.ContainsFunc(faults, said) {
				t.Errorf("error is %v, want %q", err, c.message)
			}
		})
	}
}

// aliases is a file with n times the same list of as many names.
func aliases(n int) string {
	text := "lists:\n  a: &a\n"
	for i := range n {
		text += fmt.Sprintf("  - x%d\n", i)
	}
	for i := range n {
		text += fmt.Sprintf("  a%d: *a\n", i)
	}
	return text
}

// laughs is a file of n levels of anchors, each of which is ten of the one before.
func laughs(n int) string {
	text := "lists:\n  a0: &a0 [x]\n"
	for i := 1; i <= n; i++ {
		level := string(rune('a' + i))
		before := "*a0"
		if i > 1 {
			before = "*" + string(rune('a'+i-1))
		}
		text += "  " + level + ": &" + level + " [" + strings.TrimSuffix(strings.Repeat(before+", ", 10), ", ") + "]\n"
	}
	return text
}

func TestFileOfItsOwn(t *testing.T) {
	t.Parallel()
	files := folder(t)
	if _, err := Load(files, "other.yaml"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error is %v", err)
	}
	files[houses] = &fstest.MapFile{Data: bytes.Repeat([]byte("#\n"), maxFile/2+1)}
	if _, err := Load(files, houses); err == nil || !strings.Contains(err.Error(), "at most 1048576 bytes") {
		t.Errorf("error is %v", err)
	}
}

// Faults come in the order of lines, whatever the order of the rules.
func TestFaultsAreSorted(t *testing.T) {
	t.Parallel()
	files := folder(t)
	text := string(files[houses].Data)
	for _, line := range []string{"metric: roc_auc\n", "seed: 7\n", "name: house_prices\n"} {
		text = strings.Replace(text, "\n"+line, "\nx"+line, 1)
	}
	files[houses] = &fstest.MapFile{Data: []byte(text)}
	_, err := Load(files, houses)
	var faults Faults
	if !errors.As(err, &faults) || len(faults) < 4 {
		t.Fatalf("error is %v", err)
	}
	if !slices.IsSortedFunc(faults, func(a, b Fault) int { return a.Line - b.Line }) {
		t.Errorf("faults are not sorted:\n%v", err)
	}
	var one Fault
	if !errors.As(err, &one) || one != faults[0] {
		t.Errorf("the first fault is %v", one)
	}
}

// Load gives a project or says what is wrong; it never panics, and what it
// gives can be fitted.
func FuzzLoad(f *testing.F) {
	files := folder(f)
	f.Add(files[houses].Data)
	for _, text := range []string{"", "{}", "name: a", laughs(3), "a: &a [*a]", "? a\n: b", "recipes: {a: [clip]}", "- - - -", "%YAML 1.2\n---\nname: |\n  a\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		files := fstest.MapFS{houses: {Data: data}, "districts.csv": files["districts.csv"], "map.svg": files["map.svg"]}
		p, err := Load(files, houses)
		if (p == nil) == (err == nil) {
			t.Fatalf("project %v with error %v", p, err)
		}
		if err != nil {
			var faults Faults
			if !errors.As(err, &faults) || len(faults) == 0 || err.Error() == "" {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		if err := p.Schema.Check(); err != nil {
			t.Errorf("the schema was taken: %v", err)
		}
		for name, r := range p.Recipes {
			if _, faults := r.Check(p.Inputs()); len(faults) > 0 {
				t.Errorf("recipe %s was taken: %v", name, faults)
			}
		}
	})
}

// The catalogue is a parser's input too.
func FuzzCatalogue(f *testing.F) {
	files := folder(f)
	f.Add(files["districts.csv"].Data)
	f.Add([]byte("district,lat,lon,town\n\"A\nB\",1,2,\n"))
	f.Add([]byte("\xef\xbb\xbfdistrict,lat,lon,town\r\nA,NaN,2,x\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		files := fstest.MapFS{houses: files[houses], "districts.csv": {Data: data}, "map.svg": files["map.svg"]}
		p, err := Load(files, houses)
		if (p == nil) == (err == nil) {
			t.Fatalf("project %v with error %v", p, err)
		}
	})
}

// A project file needs to name nothing but itself: the rest follows.
func TestLoadSmallest(t *testing.T) {
	t.Parallel()
	const text = `name: pens
title: {en: Pens}
question: {en: Is it empty?}
schema:
  key: [day]
  fields:
  - {name: day, type: date, required: true}
  - {name: pages, type: integer, min: 0, max: 300}
  - {name: weight, type: number}
  - {name: empty, type: category, categories: ["no", "yes"]}
target: {field: empty, positive: "yes"}
split: {field: day, validate: 2020-01-01, test: 2021-01-01}
metric: f1
recipes:
  plain:
  - season: {column: day}
learners:
- {name: trees, family: boost, recipe: plain}
names: {model_prod: pens_in_use}
`
	p, err := Load(fstest.MapFS{"pens.yaml": {Data: []byte(text)}}, "pens.yaml")
	if err != nil {
		t.Fatal(err)
	}
	n := p.Names
	for name, c := range map[string]struct{ got, want string }{
		"experiment": {n.Experiment, "pens"}, "model_dev": {n.ModelDev, "pens_dev"}, "model_prod": {n.ModelProd, "pens_in_use"},
		"etl_run": {n.ETLRun, "ETL_run_{date}"}, "key_test_y": {n.KeyTestY, "final/test/y.csv"}, "published": {n.Published, "plain"},
		"update": {p.API.Updated, "updated"}, "rule": {p.Promotion.Rule, SurelyBetter}, "metric": {p.Promotion.Metric, "f1"},
	} {
		if c.got != c.want {
			t.Errorf("%s is %q, want %q", name, c.got, c.want)
		}
	}
	if want := []Input{{Field: "day"}, {Field: "pages", Max: 300, Step: 1}}; !reflect.DeepEqual(p.Form, want) {
		t.Errorf("form %+v, want %+v: a number without a range has no slider", p.Form, want)
	}
}
