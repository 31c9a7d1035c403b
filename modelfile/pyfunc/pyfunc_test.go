// Package pyfunc loads our model folders with MLflow's own clients, the newest
// and the one that the original used, and compares their probabilities with
// ours. It has tests only.
package pyfunc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/learn/boost"
	"github.com/pluvia-ml/pluvia/learn/linear"
	"github.com/pluvia-ml/pluvia/learn/tree"
	"github.com/pluvia-ml/pluvia/modelfile"
	"github.com/pluvia-ml/pluvia/recipe"
	"github.com/pluvia-ml/pluvia/table"
	"github.com/pluvia-ml/pluvia/table/csv"
)

// pythons are the clients, by version.
var pythons = map[string]string{
	"newest": "../../.tools/venv/bin/python",
	"2.10":   "../../.tools/mlflow-2.10/bin/python",
}

func TestMain(m *testing.M) {
	for name, python := range pythons {
		path, err := filepath.Abs(python)
		if err == nil {
			_, err = os.Stat(path)
		}
		switch {
		case err == nil:
			pythons[name] = path
		case os.Getenv("CI") == "true":
			fmt.Fprintf(os.Stderr, "modelfile/pyfunc: %v: run tools/setup clients\n", err)
			os.Exit(1)
		default:
			fmt.Println("testing: warning: no tests to run") // go test shows it behind the package
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}

var points = []string{"N", "E", "S", "W"}

var fields = []table.Field{
	{Name: "day", Type: table.TypeDate, Required: true},
	{Name: "place", Type: table.TypeCategory, Categories: []string{"ash bay", "beech", "cedar"}},
	{Name: "wind", Type: table.TypeCategory, Categories: points},
	{Name: "wet", Type: table.TypeCategory, Categories: []string{"No", "Yes"}},
	{Name: "heat", Type: table.TypeNumber},
	{Name: "load", Type: table.TypeNumber},
	{Name: "cloud", Type: table.TypeNumber},
	{Name: "spare", Type: table.TypeNumber},
}

// observations are n rows of everything, with missing values, and labels.
func observations(n int, seed uint64) (*table.Table, []bool) {
	r := rand.New(rand.NewPCG(seed, 2))
	day := make([]table.Day, n)
	codes := [3][]int32{make([]int32, n), make([]int32, n), make([]int32, n)}
	numbers := [4][]float64{}
	for k := range numbers {
		numbers[k] = make([]float64, n)
	}
	y := make([]bool, n)
	for i := range n {
		day[i] = table.NewDay(2011, 1, 1) + table.Day(r.IntN(2000))
		for k, levels := range []int{3, 4, 2} {
			codes[k][i] = int32(r.IntN(levels))
			if r.IntN(12) == 0 {
				codes[k][i] = table.MissingCode
			}
		}
		for k := range numbers {
			numbers[k][i] = math.Round(100*r.NormFloat64()) / 10
			if r.IntN(12) == 0 {
				numbers[k][i] = table.Missing
			}
		}
		numbers[2][i] = float64(r.IntN(10))
		y[i] = numbers[2][i]+float64(codes[1][i])+3*r.NormFloat64() > 7
	}
	return table.New(table.Dates("day", day),
		table.Categories("place", codes[0], fields[1].Categories), table.Categories("wind", codes[1], points), table.Categories("wet", codes[2], fields[3].Categories),
		table.Numbers("heat", numbers[0]), table.Numbers("load", numbers[1]), table.Numbers("cloud", numbers[2]), table.Numbers("spare", numbers[3])), y
}

// every has every step that a recipe can have.
var every = recipe.Recipe{
	&recipe.Clip{Columns: []string{"heat", "load"}, Upper: map[string]float64{"load": 15}},
	&recipe.SetMissing{Columns: []string{"cloud"}, Values: []float64{9}},
	&recipe.Difference{Column: "change", Of: "heat", Minus: "load"},
	&recipe.Season{Column: "day", Keep: true},
	&recipe.DateParts{Column: "day", Year: "year", Month: "month", Day: "day of month"},
	&recipe.Indicator{Columns: []string{"wet"}, Value: "Yes"},
	&recipe.FillMode{Columns: []string{"wind"}, Within: []string{"month", "place"}},
	&recipe.FillMode{Columns: []string{"wind", "place"}, Within: []string{"month"}},
	&recipe.FillMode{Columns: []string{"wind"}},
	&recipe.Compass{Columns: []string{"wind"}},
	&recipe.Lookup{Column: "place", Into: []string{"north", "east"}, Keep: true, Values: map[string][]float64{"ash bay": {-36.1, 146.9}, "beech": {-12.5, 130.8}, "cedar": {-42.9, 147.3}}},
	&recipe.OneHot{},
	&recipe.Drop{Columns: []string{"spare"}},
	&recipe.FillMedian{},
	&recipe.Standardise{},
}

// native leaves numbers missing and categories as they are.
var native = recipe.Recipe{
	&recipe.Season{Column: "day", Sine: "s", Cosine: "c"},
	&recipe.Select{Columns: []string{"heat", "wind", "c", "place", "cloud", "wet", "load", "s"}},
}

// saved is a model in a folder, with the probabilities that it is to give.
type saved struct {
	name, folder string
	want         []float64
	example      float64
}

func TestProbabilities(t *testing.T) {
	t.Parallel()
	x, y := observations(3000, 1)
	unseen, _ := observations(700, 2)
	dir := t.TempDir()
	file := filepath.Join(dir, "unseen.csv")
	var text bytes.Buffer
	if err := csv.Write(&text, unseen); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	boosting := boost.Default()
	boosting.Trees = 60
	stump := boosting
	stump.Trees = 1
	var models []saved
	for name, c := range map[string]struct {
		family string
		recipe recipe.Recipe
		learn.Classifier
	}{
		"logistic":        {"logistic", every, linear.Logistic{}},
		"tree":            {"tree", every, tree.Tree{MaxDepth: 7}},
		"forest":          {"forest", every, tree.Forest{NEstimators: 9, MaxDepth: 9}},
		"boost":           {"boost", every, boosting},
		"tree, native":    {"tree", native, tree.Tree{MaxDepth: 7}},
		"forest, native":  {"forest", native, tree.Forest{NEstimators: 9, MaxDepth: 9}},
		"boost, native":   {"boost", native, boosting},
		"boost, one tree": {"boost", native, stump},
	} {
		m := fit(t, c.family, c.recipe, c.Classifier, x, y)
		s := saved{name: name, folder: filepath.Join(dir, fmt.Sprint("model", len(models)))}
		if err := m.Save(s.folder); err != nil {
			t.Fatal(err)
		}
		var err error
		if s.want, err = m.Probabilities(unseen); err != nil {
			t.Fatal(err)
		}
		first, err := m.Probabilities(x.Take([]int{0}))
		if err != nil {
			t.Fatal(err)
		}
		s.example = first[0]
		models = append(models, s)
	}
	for version, python := range pythons {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			said := predict(t, python, file, models)
			for _, m := range models {
				got := said[m.folder]
				if len(got.Probabilities) != len(m.want) || len(got.Example) != 1 {
					t.Fatalf("%s: %d probabilities for %d rows, %d for the example", m.name, len(got.Probabilities), len(m.want), len(got.Example))
				}
				worst := math.Abs(got.Example[0] - m.example)
				for i := range m.want {
					worst = max(worst, math.Abs(got.Probabilities[i]-m.want[i]))
				}
				if !(worst <= 1e-6) {
					t.Errorf("%s: probabilities differ by %g", m.name, worst)
				}
			}
		})
	}
}

func fit(t *testing.T, family string, r recipe.Recipe, c learn.Classifier, x *table.Table, y []bool) *modelfile.Model {
	t.Helper()
	fitted, err := r.Fit(fields, x)
	if err != nil {
		t.Fatal(family, err)
	}
	features, err := fitted.Apply(x)
	if err != nil {
		t.Fatal(family, err)
	}
	classifier, err := c.Fit(t.Context(), learn.Train{X: features, Y: y})
	if err != nil {
		t.Fatal(family, err)
	}
	m := &modelfile.Model{
		Project: "test", Learner: "the " + family, Family: family, Recipe: fitted, Classifier: classifier, Threshold: 0.5, Target: "fails", Positive: "Yes",
	}
	for _, c := range x.Columns() {
		m.Example = append(m.Example, c.Text(0))
	}
	return m
}

// answers are what Python says of one model.
type answers struct{ Probabilities, Example []float64 }

func predict(t *testing.T, python, file string, models []saved) map[string]answers {
	t.Helper()
	args := []string{"predict.py", file}
	for _, m := range models {
		args = append(args, m.folder)
	}
	cmd := exec.CommandContext(t.Context(), python, args...)
	cmd.Env = append(os.Environ(), "MLFLOW_DISABLE_TELEMETRY=true", "DO_NOT_TRACK=true", "OMP_NUM_THREADS=1")
	var errors bytes.Buffer
	cmd.Stderr = &errors
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, errors.Bytes())
	}
	said := map[string]answers{}
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	if err := json.Unmarshal(lines[len(lines)-1], &said); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return said
}
