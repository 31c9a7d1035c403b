package predict

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"math"
	"net/http/httptest"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/pluvia-ml/pluvia"
)

// TestFastAPI compares every answer to a bad body with FastAPI's own, which
// testdata/fastapi_golden.py has written down.
func TestFastAPI(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/fastapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Cases []struct {
			Name, Body string
			Code       int
			Answer     map[string]any
		}
	}
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	p := toy()
	h := newHouse(t, p)
	h.register(t, trained(t, p, p.Recipes["plain"], 3, 1), run(1))
	h.ask("POST", "/update-model", "")
	if len(golden.Cases) < 40 {
		t.Fatalf("%d goldens", len(golden.Cases))
	}
	for _, c := range golden.Cases {
		code, answer := h.ask("POST", "/predict/", c.Body)
		if code != c.Code {
			t.Errorf("%s: %s: got %d %s, want %d", c.Name, c.Body, code, answer, c.Code)
			continue
		}
		if code == 200 {
			call := h.flat.call()
			if d := h.flat.read(call, []byte(c.Body)); d != nil {
				t.Errorf("%s: refused the second time", c.Name)
			}
			for _, f := range h.flat.features {
				want, ok := c.Answer[f.Name].(float64)
				got := call.row[p.Schema.Field(f.Name)]
				if got != want && !(got != got && !ok) {
					t.Errorf("%s: %s is %v, want %v", c.Name, f.Name, got, c.Answer[f.Name])
				}
			}
			continue
		}
		var got map[string]any
		if err := json.Unmarshal([]byte(answer), &got); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, c.Answer) {
			want, _ := json.Marshal(c.Answer)
			t.Errorf("%s: %s\n got %s\nwant %s", c.Name, c.Body, answer, want)
		}
	}
}

// What Pluvia answers where it differs from FastAPI, on the real project.
func TestFlatCall(t *testing.T) {
	t.Parallel()
	p := rainProject(t)
	h := newHouse(t, p)
	row := exampleObservation(p)
	features, err := featureExample(p, row)
	if err != nil {
		t.Fatal(err)
	}
	good, err := json.Marshal(ordered{{"features", features}})
	if err != nil {
		t.Fatal(err)
	}
	if code, answer := h.ask("POST", "/predict/", string(good)); code != 503 || !strings.Contains(answer, "no champion") {
		t.Errorf("no champion: %d %s", code, answer)
	}
	h.register(t, trained(t, p, p.Recipes["native"], 5, 1), run(1))
	h.ask("POST", "/update-model", "")

	change := func(name, value string) string {
		var body map[string]map[string]json.RawMessage
		if err := json.Unmarshal(good, &body); err != nil {
			t.Fatal(err)
		}
		body["features"][name] = json.RawMessage(`"<>"`)
		out, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Replace(string(out), `"\u003c\u003e"`, value, 1)
	}
	deep := strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100)
	for _, c := range []struct {
		name, method, body string
		code               int
		want               []string
	}{
		{"good", "POST", string(good), 200, []string{`"int_output":`, `"str_output":"`}},
		{"byte-order mark", "POST", "\ufeff" + string(good), 200, []string{`"int_output":`}},
		{"30 February", "POST", strings.NewReplacer(`"Month":1`, `"Month":2`, `"Day":1`, `"Day":30`).Replace(string(good)), 422, []string{`"value_error"`, `["body","features","Day"]`, `"input":30`}},
		{"NaN", "POST", change("MinTemp", "NaN"), 422, []string{`"finite_number"`, `["body","features","MinTemp"]`, `"input":"NaN"`}},
		{"infinity", "POST", change("MinTemp", "-Infinity"), 422, []string{`"finite_number"`}},
		{"text NaN", "POST", change("MinTemp", `"nan"`), 422, []string{`"finite_number"`}},
		{"overflow", "POST", change("MinTemp", "1e999"), 422, []string{`"finite_number"`}},
		{"underscores", "POST", change("Pressure3pm", `"1_000"`), 422, []string{`"float_parsing"`}},
		{"hexadecimal", "POST", change("MinTemp", `"0x10"`), 422, []string{`"float_parsing"`}},
		{"Latin-1", "POST", "{\"features\": {\"MinTemp\": \"\xe9\"}}", 422, []string{`"json_invalid"`, `["body",26]`, "Not UTF-8"}},
		{"too deep", "POST", change("MinTemp", deep), 422, []string{`"json_invalid"`, "Nested deeper"}},
		{"long value", "POST", change("MinTemp", `"`+strings.Repeat("é", 5000)+`"`), 422, []string{"… (10002 bytes)"}},
		{"too large", "POST", strings.Repeat(" ", MaxBody+1), 413, []string{"larger than 1 MiB"}},
		{"method", "GET", "", 405, []string{`{"detail":"Method Not Allowed"}`}},
	} {
		for _, path := range []string{"/predict", "/predict/"} {
			code, answer := h.ask(c.method, path, c.body)
			if code != c.code {
				t.Errorf("%s: got %d %.300s, want %d", c.name, code, answer, c.code)
			}
			for _, want := range c.want {
				if !strings.Contains(answer, want) {
					t.Errorf("%s: %q is not in %.300s", c.name, want, answer)
				}
			}
			if len(answer) > 200_000 {
				t.Errorf("%s: an answer of %d bytes", c.name, len(answer))
			}
		}
	}
}

// A body that is cut off gets a list of details like every other bad one.
func TestBodyEndsEarly(t *testing.T) {
	t.Parallel()
	h := newHouse(t, rainProject(t))
	for _, path := range []string{"/predict/", "/api/v1/predict"} {
		w := httptest.NewRecorder()
		half := io.MultiReader(strings.NewReader(`{"a"`), iotest.ErrReader(io.ErrUnexpectedEOF))
		h.mux.ServeHTTP(w, httptest.NewRequest("POST", path, half))
		var answer struct{ Detail []detail }
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != 422 || len(answer.Detail) != 1 || answer.Detail[0].Type != "json_invalid" {
			t.Errorf("%s: %d %s %v", path, w.Code, w.Body, err)
		}
	}
}

// Both calls give the same answer for the same observation.
func TestFlatCallIsTheObservation(t *testing.T) {
	t.Parallel()
	p := rainProject(t)
	h := newHouse(t, p)
	h.register(t, trained(t, p, p.Recipes["native"], 20, 1), run(1))
	h.ask("POST", "/update-model", "")
	row := exampleObservation(p)
	features, err := featureExample(p, row)
	if err != nil {
		t.Fatal(err)
	}
	flat, _ := json.Marshal(ordered{{"features", features}})
	call := h.flat.call()
	if d := h.flat.read(call, flat); d != nil {
		t.Fatalf("%+v", d.list)
	}
	for _, c := range row.Columns() {
		if got, want := call.row[p.Schema.Field(c.Name)], c.Float(0); got != want {
			t.Errorf("%s: %v, want %v", c.Name, got, want)
		}
	}
	observation, _ := json.Marshal(observationExample(row))
	code, answer := h.ask("POST", "/api/v1/predict", string(observation))
	var got struct{ Probability float64 }
	if err := json.Unmarshal([]byte(answer), &got); code != 200 || err != nil {
		t.Fatal(code, answer, err)
	}
	if want := h.Champion().Probability(call.row); got.Probability != want {
		t.Errorf("observation: %v, features: %v", got.Probability, want)
	}
}

// Requests that come while champions are swapped are all answered, and each
// by one version: the probability and the version of an answer belong together.
func TestSwapUnderLoad(t *testing.T) {
	t.Parallel()
	const goroutines, versions, swaps = 64, 4, 8
	ctx := context.Background()
	p := toy()
	h := newHouse(t, p)
	want := map[int]float64{}
	row := []float64{math.NaN(), 10, 500, 0.1, 1, 6}
	for i := range versions {
		h.register(t, trained(t, p, p.Recipes["plain"], 10, uint64(i)), run(i))
		if outcome, err := h.Update(ctx); outcome != Updated {
			t.Fatal(outcome, err)
		}
		want[i+1] = h.Champion().Probability(row)
	}
	if len(slices.Compact(slices.Sorted(maps.Values(want)))) != versions {
		t.Fatalf("the versions must differ for the test to mean something: %v", want)
	}

	var stop atomic.Bool
	var wg sync.WaitGroup
	var seen [versions + 1]atomic.Int64
	for range goroutines {
		wg.Go(func() {
			for !stop.Load() {
				code, answer := h.ask("POST", "/api/v1/predict", `{"observations":[{"Low":10,"High":500,"Share":0.1,"Flag":1,"Month":6},{"Low":10,"High":500,"Share":0.1,"Flag":1,"Month":6}]}`)
				var got struct {
					Predictions []struct {
						Probability float64
						Version     int
					}
				}
				if err := json.Unmarshal([]byte(answer), &got); code != 200 || err != nil || len(got.Predictions) != 2 {
					t.Errorf("lost: %d %s", code, answer)
					return
				}
				first, second := got.Predictions[0], got.Predictions[1]
				if first != second || first.Probability != want[first.Version] {
					t.Errorf("an answer of two versions: %s", answer)
					return
				}
				seen[first.Version].Add(1)
			}
		})
	}
	for i := range swaps {
		err := h.store.UpdateVersion(ctx, p.Names.ModelProd, i%versions+1, pluvia.VersionUpdate{Aliases: []string{pluvia.Champion}})
		if err != nil {
			t.Fatal(err)
		}
		if outcome, err := h.Update(ctx); outcome != Updated {
			t.Error(outcome, err)
		}
		time.Sleep(time.Millisecond)
	}
	stop.Store(true)
	wg.Wait()
	for version := 1; version <= versions; version++ {
		if seen[version].Load() == 0 {
			t.Errorf("version %d has answered nothing", version)
		}
	}
}

func BenchmarkFlatCall(b *testing.B) {
	p := rainProject(b)
	h := newHouse(b, p)
	h.register(b, trained(b, p, p.Recipes["native"], 100, 1), run(1))
	h.ask("POST", "/update-model", "")
	features, err := featureExample(p, exampleObservation(p))
	if err != nil {
		b.Fatal(err)
	}
	body, _ := json.Marshal(ordered{{"features", features}})
	call := h.flat.call()
	c := h.Champion()
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if d := h.flat.read(call, body); d != nil {
			b.Fatal(d.list)
		}
		c.Probability(call.row)
	}
}

// FuzzFlatCall compares the reader of the flat call with encoding/json: what
// is taken says the same there, and what is refused has faults that can be
// written.
func FuzzFlatCall(f *testing.F) {
	flat, err := newFlat(toy())
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		`{"features": {"Low": 1.5, "High": 1000, "Share": 0.25, "Flag": 1, "Month": 6}}`,
		`{"features": {"Month": "6.0", "Flag": false, "High": " 7 ", "Low": 0}, "features2": {}}`,
		`{"features": {"Low": "x", "High": null, "Share": 2, "Flag": 7, "Month": 1.5}}`,
		`{"features": 1, "features": {"Low": 3, "L\u006fw": 3, "High": 1, "Flag": 1, "Month": 2}}`,
		`{"features": {"Low": NaN}}`, `{"features": {"Low": 1,}}`, `[]`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		call := flat.call()
		if d := flat.read(call, body); d != nil {
			if _, err := json.Marshal(d.list); err != nil || d.none() || len(d.list) > maxDetails {
				t.Fatalf("%q: %d faults, %v", body, len(d.list), err)
			}
			return
		}
		value, err := oracle([]byte(strings.TrimPrefix(string(body), "\ufeff")))
		if err != nil {
			t.Fatalf("%q was taken: %v", body, err)
		}
		features := value.(map[string]any)["features"].(map[string]any)
		for i, feature := range flat.features {
			want := math.NaN()
			switch v := features[feature.Name].(type) {
			case float64:
				want = v
			case bool:
				want = map[bool]float64{false: 0, true: 1}[v]
			case string:
				if want, err = strconv.ParseFloat(strings.TrimSpace(v), 64); err != nil {
					t.Fatalf("%q: %s was taken", body, feature.Name)
				}
			}
			got := call.row[flat.inputs[i]]
			if got != want && !(feature.Optional && math.IsNaN(got) && math.IsNaN(want)) || got < feature.Min || got > feature.Max {
				t.Fatalf("%q: %s is %v, want %v", body, feature.Name, got, want)
			}
		}
	})
}
