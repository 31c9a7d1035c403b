package boost

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia/learn"
)

func TestModelJSON(t *testing.T) {
	t.Parallel()
	train := made(5000, 1)
	for _, x := range []*learn.Labelled{{X: train.X, Y: train.Y}, {X: train.X.Without("d"), Y: train.Y}} {
		m := fitted(t, Default(), learn.Train{X: x.X, Y: x.Y})
		data, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var back Model
		if err := json.Unmarshal(data, &back); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(m, &back) {
			t.Error("the model came back changed")
		}
	}
}

const goodModel = `{"features":["a","b"],"start":-1,"gains":[1,0],"trees":[0,3],"child":[1,0,0,4,0,0],` +
	`"feature":[0,0,0,1,0,0],"missing":[1,0,0,0,0,0],"at":[0.5,-1,1,0,2,3],"words":[0,0,0,1,0,0],"sets":["a5"]}`

func TestBadModel(t *testing.T) {
	t.Parallel()
	var m Model
	if err := json.Unmarshal([]byte(goodModel), &m); err != nil {
		t.Fatal(err)
	}
	if got, want := m.Probability([]float64{1, 1}), sigmoid(-1+1+3); got != want {
		t.Errorf("probability %v, want %v", got, want)
	}
	for _, test := range []struct{ old, new, want string }{
		{`"child":[1`, `"child":[0`, "node 1 has no parent"},
		{`"child":[1`, `"child":[-1`, "node 0 has its children at -1: must be from 1 to 1"},
		{`"child":[1`, `"child":[2`, "children at 2: must be from 1 to 1"},
		{`0,4,0,0]`, `0,1,0,0]`, "node 3 has its children at 1: must be from 4 to 4"},
		{`"child":[1,`, `"child":[`, "child has 5 entries, at has 6"},
		{`"trees":[0,3]`, `"trees":[0,7]`, "trees[0] begins at node 0 and ends before 7"},
		{`"trees":[0,3]`, `"trees":[3,0]`, "trees[0] begins at node 3"},
		{`"trees":[0,3]`, `"trees":[]`, "6 nodes but no trees"},
		{`"feature":[0`, `"feature":[2`, "tests feature 2: there are 2"},
		{`"missing":[1`, `"missing":[2`, "missing 2: must be 0 or 1"},
		{`"words":[0,0,0,1`, `"words":[0,0,0,2`, "set of 2 words from 0: there are 1"},
		{`"at":[0.5,-1,1,0`, `"at":[0.5,-1,1,-1`, "set of 1 words from -1"},
		{`"at":[0.5,-1,1,0`, `"at":[0.5,-1,1,0.5`, "set of 1 words from 0.5"},
		{`"a5"`, `"x5"`, "sets[0]"},
		{`,"sets":["a5"]`, ``, "words and sets"},
		{`"gains":[1`, `"gains":[-1`, "gains[0] is -1"},
		{`"start":-1`, `"start":1e999`, "read model"},
		{`"features":["a","b"]`, `"features":[]`, "0 features and 2 gains"},
		{`{`, `[`, "read model"},
	} {
		text := strings.Replace(goodModel, test.old, test.new, 1)
		if text == goodModel {
			t.Fatalf("%q is not in the model", test.old)
		}
		before := m
		err := m.UnmarshalJSON([]byte(text))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: %v, want %q", test.new, err, test.want)
		}
		if !reflect.DeepEqual(before, m) {
			t.Errorf("%q: the model was changed", test.new)
		}
	}
}

// FuzzModel: what is accepted gives probabilities for any row, and comes back the same.
func FuzzModel(f *testing.F) {
	f.Add([]byte(goodModel))
	f.Add([]byte(`{"features":["a"],"gains":[0],"trees":[]}`))
	f.Add([]byte(`{"features":["a"],"gains":[0],"trees":[0],"child":[0],"feature":[0],"missing":[0],"at":[1e308]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var m Model
		if json.Unmarshal(data, &m) != nil {
			return
		}
		for _, v := range []float64{0, -1, 1e300, math.NaN(), math.Inf(1), math.Inf(-1)} {
			row := filled(len(m.Features()), v)
			p := m.Probability(row)
			if !(p >= 0 && p <= 1) {
				t.Fatalf("probability %v", p)
			}
			var dst [5]float64
			five := make([]float64, 0, 5*len(row))
			for range dst {
				five = append(five, row...)
			}
			m.scores(dst[:], five)
			for _, s := range dst {
				if sigmoid(s) != p {
					t.Fatalf("%v alone, %v among others", p, sigmoid(s))
				}
			}
		}
		text, err := json.Marshal(&m)
		if err != nil {
			t.Fatal(err)
		}
		var back Model
		if err := json.Unmarshal(text, &back); err != nil || back.Trees() != m.Trees() {
			t.Fatalf("back: %v", err)
		}
	})
}
