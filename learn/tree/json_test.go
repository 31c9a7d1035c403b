package tree

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia/learn"
)

func TestModelsReadBackToTheSameBits(t *testing.T) {
	train := sample(900, 6)
	for name, c := range map[string]struct {
		classifier learn.Classifier
		back       learn.Model
	}{
		"tree": {Tree{}, &Model{}}, "forest": {Forest{NEstimators: 9, Seed: 3}, &ForestModel{}},
	} {
		m := fit(t, c.classifier, train)
		data, err := json.Marshal(m)
		if err == nil {
			err = json.Unmarshal(data, c.back)
		}
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(c.back, m) {
			t.Errorf("%s: reads back as another", name)
		}
		p := m.Probabilities(make([]float64, 900), train.X)
		row := make([]float64, len(train.X.Columns()))
		for i := range p {
			for j, column := range train.X.Columns() {
				row[j] = column.Float(i)
			}
			if got := c.back.Probability(row); got != p[i] {
				t.Fatalf("%s: row %d is %v alone, %v in a table", name, i, got, p[i])
			}
		}
		if n := testing.AllocsPerRun(100, func() { m.Probability(row) }); n != 0 {
			t.Errorf("%s: Probability allocates %v times", name, n)
		}
	}
}

const twoLeaves = `{"nodes":"roo","features":[0],"thresholds":[1.5],"sets":[],"leaves":[0,1],"importance":[1]}`

func TestFilesThatAreNoTree(t *testing.T) {
	t.Parallel()
	if err := json.Unmarshal([]byte(twoLeaves), &Model{}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"no nodes":          {`"roo"`, `""`, "must be 1 nodes"},
		"no children":       {`"roo"`, `"rrr"`, "split 1 has no feature"},
		"not in levels":     {`"roo"`, `"oro"`, "no children"},
		"a short list":      {`"roo"`, `"roooo"`, "no probability"},
		"another letter":    {`"roo"`, `"xoo"`, "must be one of"},
		"an odd number":     {`"roo"`, `"ro"`, "no children"},
		"a feature beyond":  {`[0],`, `[1],`, "there are 1"},
		"a feature below":   {`[0],`, `[-1],`, "there are 1"},
		"too many features": {`[0],`, `[0,0],`, "more leaves"},
		"too many leaves":   {`[0,1]`, `[0,1,1]`, "more leaves"},
		"no threshold":      {`[1.5]`, `[]`, "no threshold"},
		"an endless one":    {`[1.5]`, `[1e999]`, "1e999"},
		"no set":            {`"roo"`, `"coo"`, "no set"},
		"a set not used":    {`"sets":[]`, `"sets":["00"]`, "more leaves"},
		"a share above 1":   {`[0,1]`, `[0,1.5]`, "from 0 to 1"},
		"importance":        {`"importance":[1]`, `"importance":[-1]`, "importance of feature 0"},
		"no importance":     {`"importance":[1]`, `"importance":[]`, "importance of 0 features"},
	} {
		text := strings.Replace(twoLeaves, c.old, c.new, 1)
		m := Model{importance: []float64{7}}
		if err := json.Unmarshal([]byte(text), &m); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if len(m.importance) != 1 || m.importance[0] != 7 {
			t.Errorf("%s: changed the model", name)
		}
	}
	for name, c := range map[string]struct{ text, want string }{
		"no trees":       {`{"trees":[],"importance":[1]}`, "0 trees"},
		"a null":         {`{"trees":[null],"importance":[1]}`, "tree 0: tree: importance"},
		"other features": {`{"trees":[` + twoLeaves + `],"importance":[1,0]}`, "tree 0: it has 1 features"},
		"a short set":    {`{"trees":[` + strings.NewReplacer(`"roo"`, `"coo"`, `"sets":[]`, `"sets":["00"]`, `[1.5]`, `[]`).Replace(twoLeaves) + `],"importance":[1]}`, "must be 32"},
	} {
		if err := json.Unmarshal([]byte(c.text), &ForestModel{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	for _, m := range []learn.Model{&Model{}, &ForestModel{}} {
		if data, err := json.Marshal(m); err == nil {
			t.Errorf("a model that was never fitted is written: %s", data)
		}
	}
}

func TestSetsReadBack(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 1))
	for _, s := range []set{{}, everything, {1}, {0, 0, 0, 1 << 63}, {random.Uint64(), random.Uint64(), random.Uint64(), random.Uint64()}} {
		if back, err := parseSet(s.text()); err != nil || back != s {
			t.Errorf("%v reads back as %v, %v", s, back, err)
		}
	}
}

func FuzzModel(f *testing.F) {
	data, _ := json.Marshal(fit(f, Forest{NEstimators: 2, MaxDepth: 3}, sample(60, 3)))
	f.Add(data)
	f.Add([]byte(`{"trees":[` + twoLeaves + `],"importance":[1]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var m ForestModel
		if json.Unmarshal(data, &m) != nil {
			return
		}
		row := make([]float64, len(m.Importance()))
		for _, v := range []float64{0, -1, 1e9, math.NaN()} {
			for j := range row {
				row[j] = v
			}
			if p := m.Probability(row); !(p >= 0 && p <= 1) {
				t.Fatalf("probability %v", p)
			}
		}
		again, err := json.Marshal(&m)
		if err != nil {
			t.Fatal(err)
		}
		var back ForestModel
		if err := json.Unmarshal(again, &back); err != nil || !reflect.DeepEqual(m, back) {
			t.Fatalf("%s reads back as another: %v", again, err)
		}
	})
}
