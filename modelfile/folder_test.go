package modelfile_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/learn/boost"
	"github.com/pluvia-ml/pluvia/learn/linear"
	"github.com/pluvia-ml/pluvia/learn/tree"
	"github.com/pluvia-ml/pluvia/modelfile"
	"github.com/pluvia-ml/pluvia/recipe"
	"github.com/pluvia-ml/pluvia/table"
)

var fields = []table.Field{
	{Name: "height", Type: table.TypeNumber, Unit: "m"},
	{Name: "side", Type: table.TypeCategory, Categories: []string{"left", "middle", "right"}},
	{Name: "day", Type: table.TypeDate, Required: true},
}

// observations are n rows with a few missing values, and labels that depend on them.
func observations(n int) (*table.Table, []bool) {
	r := rand.New(rand.NewPCG(7, 7))
	height, side, day, y := make([]float64, n), make([]int32, n), make([]table.Day, n), make([]bool, n)
	for i := range n {
		height[i], side[i], day[i] = r.NormFloat64(), int32(r.IntN(4))-1, table.Day(15_000+i)
		y[i] = height[i]+float64(side[i])+r.NormFloat64() > 1
		if r.IntN(10) == 0 {
			height[i] = table.Missing
		}
	}
	return table.New(table.Numbers("height", height), table.Categories("side", side, fields[1].Categories), table.Dates("day", day)), y
}

// models are one of each family, on the same rows.
func models(t testing.TB) (map[string]*modelfile.Model, *table.Table) {
	t.Helper()
	x, y := observations(600)
	numbers := recipe.Recipe{
		&recipe.FillMedian{}, &recipe.OneHot{Columns: []string{"side"}}, &recipe.Season{Column: "day"}, &recipe.Standardise{},
	}
	native := recipe.Recipe{&recipe.Season{Column: "day"}}
	boosting := boost.Default()
	boosting.Trees = 12
	made := map[string]*modelfile.Model{}
	for family, l := range map[string]struct {
		recipe recipe.Recipe
		learn.Classifier
	}{
		"logistic": {numbers, linear.Logistic{}},
		"tree":     {numbers, tree.Tree{MaxDepth: 5}},
		"forest":   {numbers, tree.Forest{NEstimators: 5, MaxDepth: 6}},
		"boost":    {native, boosting},
	} {
		fitted, err := l.recipe.Fit(fields, x)
		if err != nil {
			t.Fatal(err)
		}
		features, err := fitted.Apply(x)
		if err != nil {
			t.Fatal(err)
		}
		classifier, err := l.Fit(context.Background(), learn.Train{X: features, Y: y})
		if err != nil {
			t.Fatal(family, err)
		}
		made[family] = &modelfile.Model{
			Project: "test", Learner: "the " + family, Family: family, Recipe: fitted, Classifier: classifier, Threshold: 0.375,
			Target: "fell", Positive: "Yes", Params: map[string]string{"n": "1"}, Metrics: map[string]float64{"f1": 0.5}, Data: "abc", Seed: 9, Rows: 600,
			Example: []string{"0.5", "left", "2011-01-26"},
		}
	}
	return made, x
}

type folder map[string][]byte

func (f folder) put(name string, data []byte) error {
	f[name] = bytes.Clone(data)
	return nil
}

func (f folder) open(name string) (io.ReadCloser, error) {
	data, ok := f[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	made, x := models(t)
	for family, m := range made {
		f := folder{}
		if err := m.Write(f.put); err != nil {
			t.Fatal(family, err)
		}
		back, err := modelfile.Read(f.open)
		if err != nil {
			t.Fatal(family, err)
		}
		want, err := m.Probabilities(x)
		if err != nil {
			t.Fatal(err)
		}
		got, err := back.Probabilities(x)
		if err != nil {
			t.Fatal(err)
		}
		scratch, row := back.Scratch(), make([]float64, len(fields))
		for i := range want {
			for j, c := range x.Columns() {
				row[j] = c.Float(i)
			}
			one := back.Probability(scratch, row)
			if math.Float64bits(want[i]) != math.Float64bits(got[i]) || math.Float64bits(one) != math.Float64bits(want[i]) {
				t.Fatalf("%s, row %d: %v before, %v after, %v alone", family, i, want[i], got[i], one)
			}
		}
		if back.Learner != m.Learner || back.Threshold != m.Threshold || back.Target != m.Target || back.Positive != m.Positive ||
			back.Data != m.Data || back.Seed != m.Seed || back.Rows != m.Rows || !maps.Equal(back.Params, m.Params) || !maps.Equal(back.Metrics, m.Metrics) {
			t.Errorf("%s: read back as %+v", family, back)
		}
		before, err := m.Digest()
		if err != nil {
			t.Fatal(err)
		}
		if after, err := back.Digest(); err != nil || after != before {
			t.Errorf("%s: digest %s (%v), was %s", family, after, err, before)
		}
		again := folder{}
		if err := back.Write(again.put); err != nil {
			t.Fatal(err)
		}
		for name := range f {
			if !bytes.Equal(f[name], again[name]) {
				t.Errorf("%s: %s is written differently the second time", family, name)
			}
		}
	}
}

func TestIndexIsWrittenLast(t *testing.T) {
	t.Parallel()
	made, _ := models(t)
	var names []string
	err := made["tree"].Write(func(name string, _ []byte) error { names = append(names, name); return nil })
	if err != nil || slices.Index(names, modelfile.Index) != len(names)-1 || len(names) < 4 {
		t.Fatalf("%q, %v", names, err)
	}
	full := errors.New("no space left")
	if err := made["tree"].Write(func(name string, _ []byte) error { return full }); !errors.Is(err, full) {
		t.Errorf("an error of put is lost: %v", err)
	}
}

func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	made, _ := models(t)
	for name, c := range map[string]struct {
		spoil func(m *modelfile.Model)
		says  string
	}{
		"nothing":        {func(m *modelfile.Model) { *m = modelfile.Model{} }, "needs a fitted recipe and a fitted classifier"},
		"no family":      {func(m *modelfile.Model) { m.Family = "" }, `family "": must be one of ["boost" "forest" "logistic" "tree"]`},
		"another family": {func(m *modelfile.Model) { m.Family = "forest" }, `is a *tree.Model: family "forest" has a *tree.ForestModel`},
		"other features": {func(m *modelfile.Model) { m.Recipe = made["boost"].Recipe }, "takes 6 features, the recipe makes 4"},
		"threshold":      {func(m *modelfile.Model) { m.Threshold = math.NaN() }, "threshold NaN: must be from 0 to 1"},
	} {
		m := *made["tree"]
		c.spoil(&m)
		f := folder{}
		if err := m.Write(f.put); err == nil || !strings.Contains(err.Error(), c.says) || len(f) != 0 {
			t.Errorf("%s: %v, %d files: the error must say %q", name, err, len(f), c.says)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	made, _ := models(t)
	good := folder{}
	if err := made["boost"].Write(good.put); err != nil {
		t.Fatal(err)
	}
	replace := func(name, old, new string) func(folder) {
		return func(f folder) {
			if !bytes.Contains(f[name], []byte(old)) {
				t.Fatalf("%s has no %q to replace:\n%s", name, old, f[name])
			}
			f[name] = bytes.Replace(f[name], []byte(old), []byte(new), 1)
		}
	}
	for name, c := range map[string]struct {
		spoil func(folder)
		says  string
	}{
		"no index":            {func(f folder) { delete(f, modelfile.Index) }, "open MLmodel"},
		"no classifier":       {func(f folder) { delete(f, "classifier.json") }, "open classifier.json"},
		"cut off":             {func(f folder) { f["classifier.json"] = f["classifier.json"][:100] }, "altered or cut off"},
		"altered":             {func(f folder) { f["recipe.json"][10] ^= 1 }, "altered or cut off"},
		"unknown key":         {replace(modelfile.Index, "    seed:", "    sead:"), "sead"},
		"unknown family":      {replace(modelfile.Index, "family: boost", "family: boast"), `"boast": must be one of ["boost" "forest" "logistic" "tree"]`},
		"another family":      {replace(modelfile.Index, "family: boost", "family: tree"), "read classifier.json"},
		"a format to come":    {replace(modelfile.Index, "version: 1", "version: 2"), "format 2"},
		"threshold":           {replace(modelfile.Index, "threshold: 0.375", "threshold: 1.5"), "threshold 1.5: must be from 0 to 1"},
		"threshold no number": {replace(modelfile.Index, "threshold: 0.375", "threshold: .nan"), "must be from 0 to 1"},
		"not ours":            {func(f folder) { f[modelfile.Index] = []byte("flavors: {}\n") }, `no flavour "pluvia"`},
		"empty":               {func(f folder) { f[modelfile.Index] = nil }, `no flavour "pluvia"`},
		"too large":           {func(f folder) { f[modelfile.Index] = bytes.Repeat([]byte("# \n"), 1<<19) }, "more than 1048576 bytes"},
	} {
		spoiled := folder{}
		for name, data := range good {
			spoiled[name] = bytes.Clone(data)
		}
		c.spoil(spoiled)
		if m, err := modelfile.Read(spoiled.open); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, %v: the error must say %q", name, m, err, c.says)
		}
	}
}

// FuzzRead spoils the index; the packages of recipe and classifiers fuzz the other files.
func FuzzRead(f *testing.F) {
	made, _ := models(f)
	files := map[string]folder{}
	for _, family := range slices.Sorted(maps.Keys(made)) {
		files[family] = folder{}
		if err := made[family].Write(files[family].put); err != nil {
			f.Fatal(err)
		}
		f.Add(files[family][modelfile.Index], family)
	}
	f.Fuzz(func(t *testing.T, index []byte, family string) {
		spoiled := maps.Clone(files[family])
		if spoiled == nil {
			spoiled = folder{}
		}
		spoiled[modelfile.Index] = index
		m, err := modelfile.Read(spoiled.open)
		if err != nil {
			return
		}
		row := make([]float64, len(m.Schema()))
		for i, field := range m.Schema() {
			if row[i] = math.NaN(); field.Required {
				row[i] = 1
			}
		}
		if p := m.Probability(m.Scratch(), row); !(p >= 0 && p <= 1) {
			t.Errorf("a model that was accepted gives probability %v", p)
		}
	})
}
