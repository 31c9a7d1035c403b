package recipe

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
)

func TestUnmarshalRefuses(t *testing.T) {
	t.Parallel()
	const fields = `"input":[{"name":"x","type":"number"},{"name":"c","type":"category","categories":["a","b"]}]`
	steps := func(texts string) string { return `{"version":1,` + fields + `,"steps":[` + texts + `]}` }
	tests := []struct{ data, want string }{
		{`{`, "unexpected EOF"}, {``, "unexpected EOF"},
		{`{}`, "version is 0, this program reads 1"},
		{`{"version":2,"input":[],"steps":[]}`, "version is 2"},
		{`{"version":1,"input":[],"steps":[],"more":1}`, `unknown field "more"`},
		{`{"version":1,"input":null,"steps":[]}`, `"input" is null`},
		{`{"version":1,"version":1,"input":[],"steps":[]}`, `"version" stands twice in the file`},
		{`{"version":1,"input":[{"name":"x","type":"text"}],"steps":[]}`, `the type of "x" is "text"`},
		{`{"version":1,"input":[{"name":"x","type":"number"},{"name":"x","type":"number"}],"steps":[]}`, `there is a column "x" already`},
		{steps(`7`), "step 1"},
		{steps(`{}`), `step 1: "step" must be the kind of a step`},
		{steps(`{"step":"scale"}`), `step 1: no kind "scale"; there are clip, set_missing`},
		{steps(`{"step":"drop","columns":["x"]},{"step":"drop","column":"x"}`), `step 2: (drop): json: unknown field "column"`},
		{steps(`{"step":"drop","columns":["y"]}`), `step 1 (drop), columns: no column "y"; there are x, c`},
		{steps(`{"step":"clip","columns":["x"],"lower":[1],"upper":[null]}`), `item 1 of "upper" is null`},
		{steps(`{"step":"clip","columns":["x"],"lower":[1],"upper":[1,2]}`), `step 1 (clip), upper: 2 values for 1 columns`},
		{steps(`{"step":"clip","columns":["x"],"lower":[1],"upper":[0]}`), `1 of "x" is above its upper bound, 0`},
		{steps(`{"step":"clip","columns":["x"],"lower":[1],"upper":[1e999]}`), "1e999"},
		{steps(`{"step":"clip","columns":[],"lower":[],"upper":[]}`), "columns: must not be empty"},
		{steps(`{"step":"clip","columns":["c"],"lower":[1],"upper":[1]}`), `column "c" is a category, want a number`},
		{steps(`{"step":"standardise","columns":["x"],"mean":[1],"deviation":[0]}`), "deviation: 0 must be above 0"},
		{steps(`{"step":"standardise","columns":["x"],"mean":[],"deviation":[1]}`), "mean: 0 values for 1 columns"},
		{steps(`{"step":"fill_median","columns":["x"],"median":["1"]}`), "step 1: (fill_median): json: cannot unmarshal string"},
		{steps(`{"step":"fill_mode","columns":["c"],"within":["x"],"groups":[["one"]],"modes":[["a"]]}`), `groups: group 1, "one": want a number for "x"`},
		{steps(`{"step":"fill_mode","columns":["c"],"within":["x"],"groups":[["1","2"]],"modes":[["a"]]}`), "want a known value for each of x"},
		{steps(`{"step":"fill_mode","columns":["c"],"within":["x"],"groups":[["1"],["1.0"]],"modes":[["a"],["b"]]}`), "group 2, [\"1.0\"], stands there twice"},
		{steps(`{"step":"fill_mode","columns":["c"],"within":["x"],"groups":[["1"]],"modes":[["z"]]}`), `"z" is not a category of "c", which has a, b`},
		{steps(`{"step":"fill_mode","columns":["c"],"groups":[[]],"modes":[["a","b"]]}`), "group 1 has 2 modes for 1 columns"},
		{steps(`{"step":"fill_mode","columns":["c"],"groups":[[]],"modes":[]}`), "modes: 0 values for 1"},
		{steps(strings.Repeat(`{"step":"drop","columns":["x"]},`, maxSteps) + `{"step":"drop","columns":["x"]}`), "1001 steps are too many"},
	}
	for _, test := range tests {
		f := new(Fitted)
		err := f.UnmarshalJSON([]byte(test.data))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%.200s: %v, want %q", test.data, err, test.want)
		}
		if f.Input() != nil || f.Steps() != nil {
			t.Errorf("%.200s: refused, and yet read", test.data)
		}
	}
}

func TestZeroFitted(t *testing.T) {
	t.Parallel()
	var f Fitted
	f.ApplyRow(nil, nil)
	data := marshal(t, &f)
	if want := `{"version":1,"input":[],"steps":[]}`; string(data) != want {
		t.Errorf("%s, want %s", data, want)
	}
	if err := json.Unmarshal(data, new(Fitted)); err != nil {
		t.Error(err)
	}
}

// FuzzUnmarshalJSON reads what may be anything: it is refused, or it can be applied and written again.
func FuzzUnmarshalJSON(f *testing.F) {
	fields, in := small()
	for n := range encoding() {
		fitted, err := encoding()[:n].Fit(fields, in)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(marshal(f, fitted))
	}
	for _, r := range []Recipe{
		{&FillMode{Columns: []string{"wind"}, Within: []string{"place", "warm"}}, &FillMode{Columns: []string{"wind"}}},
		{&OneHot{}, &Season{Column: "day"}, &Drop{Columns: []string{"warm"}}},
	} {
		fitted, err := r.Fit(fields, in)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(marshal(f, fitted))
	}
	f.Add([]byte(`{"version":1,"input":null,"steps":[{"step":"clip"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		fitted := new(Fitted)
		if fitted.UnmarshalJSON(data) != nil {
			return
		}
		dst := make([]float64, len(fitted.Output()))
		for _, v := range []float64{0, 1, -1, 2.5, 1e300, math.NaN(), math.Inf(1)} {
			src := make([]float64, len(fitted.Input()))
			for i := range src {
				src[i] = v
			}
			fitted.ApplyRow(dst, src)
		}
		once := marshal(t, fitted)
		again := new(Fitted)
		if err := again.UnmarshalJSON(once); err != nil {
			t.Fatalf("%v in its own %s", err, once)
		}
		if twice := marshal(t, again); string(twice) != string(once) {
			t.Fatalf("%s reads back to %s", once, twice)
		}
	})
}
