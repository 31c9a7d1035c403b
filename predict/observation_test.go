package predict

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia/table"
)

func TestObservations(t *testing.T) {
	t.Parallel()
	p := rainProject(t)
	h := newHouse(t, p)
	h.register(t, trained(t, p, p.Recipes["native"], 5, 1), run(1))
	h.ask("POST", "/update-model", "")
	many := func(n int) string {
		return `{"observations":[` + strings.TrimSuffix(strings.Repeat(`{"Location":"Hobart"},`, n), ",") + `]}`
	}
	for _, c := range []struct {
		name, body string
		code       int
		want       []string
	}{
		{"one", `{"Location":"Hobart","Date":"2017-06-25","WindGustDir":"NNW","MinTemp":4.5}`, 200, []string{`{"probability":`, `"label":"`, `"threshold":0.25`, `"model":"rain_australia_model_prod"`, `"version":1}`}},
		{"nothing known", `{}`, 200, []string{`"label":`}},
		{"missing in three ways", `{"MinTemp":null,"MaxTemp":"NA","Location":"","WindGustDir":"NA"}`, 200, []string{`"label":`}},
		{"numbers as texts", `{"MinTemp":"-4.5","Cloud9am":"9"}`, 200, []string{`"label":`}},
		{"target and leak", `{"RainTomorrow":"Yes","RISK_MM":3.2,"MinTemp":1}`, 200, []string{`"ignored":["RISK_MM","RainTomorrow"]`}},
		{"several", `{"observations":[{"MinTemp":1,"RISK_MM":"anything"},{}]}`, 200, []string{`{"predictions":[{"probability"`, `],"ignored":["RISK_MM"]}`}},
		{"as many as there may be", many(MaxObservations), 200, []string{`{"predictions":[`}},

		{"unknown place", `{"Location":"Hobert"}`, 422, []string{`"literal_error"`, `["body","Location"]`, "the nearest are Hobart", `"input":"Hobert"`}},
		{"direction", `{"observations":[{},{},{},{"WindGustDir":"NNNE"}]}`, 422, []string{`["body","observations",3,"WindGustDir"]`, "one of N, NNE", `"input":"NNNE"`}},
		{"no such day", `{"Date":"2023-02-30"}`, 422, []string{`"date_parsing"`, "a date of the calendar, written YYYY-MM-DD"}},
		{"NaN", `{"MinTemp":NaN}`, 422, []string{`"finite_number"`, `["body","MinTemp"]`, `"input":"NaN"`}},
		{"text NaN", `{"MinTemp":"nan"}`, 422, []string{`"finite_number"`}},
		{"words for a number", `{"MinTemp":"cold"}`, 422, []string{`"float_parsing"`, "a number from -50 to 60"}},
		{"too cold", `{"MinTemp":-50.5}`, 422, []string{`"greater_than_equal"`, `"ctx":{"ge":-50}`, "a number from -50 to 60 °C"}},
		{"too hot", `{"MinTemp":"60.5"}`, 422, []string{`"less_than_equal"`, `"ctx":{"le":60}`}},
		{"number for a word", `{"Location":3}`, 422, []string{`"string_type"`}},
		{"number for a date", `{"Date":20170625}`, 422, []string{`"string_type"`}},
		{"true for a number", `{"MinTemp":true}`, 422, []string{`"float_type"`}},
		{"list for a number", `{"MinTemp":[1]}`, 422, []string{`"float_type"`}},
		{"unknown field", `{"WindGustDirection":"N"}`, 422, []string{`"extra_forbidden"`, `["body","WindGustDirection"]`, "the nearest are WindGustDir"}},
		{"all faults at once", `{"observations":[{"MinTemp":"x","Location":"y"},{"Foo":1},7]}`, 422, []string{`0,"MinTemp"]`, `0,"Location"]`, `1,"Foo"]`, `["body","observations",2]`}},
		{"none", `{"observations":[]}`, 422, []string{`"too_short"`}},
		{"too many", many(MaxObservations + 1), 422, []string{`"too_long"`, "at most 10000 items after validation, not 10001"}},
		{"no list", `{"observations":{}}`, 422, []string{`"list_type"`}},
		{"both", `{"observations":[{}],"MinTemp":1}`, 422, []string{"either the fields of one observation or"}},
		{"twice", `{"observations":[{}],"observations":[{}]}`, 422, []string{"either the fields of one observation or"}},
		{"a list", `[{}]`, 422, []string{`"model_attributes_type"`, `{\"observations\": [...]}`}},
		{"empty", ``, 422, []string{`"json_invalid"`, `["body",0]`}},
		{"cut off", `{"observations":[{"MinTemp":1},`, 422, []string{`"json_invalid"`, `["body",31]`}},
		{"cut off after faults", `{"MinTemp":"x",`, 422, []string{`{"detail":[{"type":"json_invalid"`}},
		{"more faults than are listed", `{"observations":[` + strings.TrimSuffix(strings.Repeat(`{"Foo":1,"Bar":2},`, 200), ",") + `]}`, 422, []string{`"too_many_faults"`, "300 more faults are not listed"}},
		{"too large", strings.Repeat(" ", MaxBatchBody+1), 413, []string{"larger than 16 MiB"}},
	} {
		code, answer := h.ask("POST", "/api/v1/predict", c.body)
		if code != c.code {
			t.Errorf("%s: got %d %.300s, want %d", c.name, code, answer, c.code)
		}
		if !json.Valid([]byte(answer)) {
			t.Errorf("%s: not JSON: %.300s", c.name, answer)
		}
		for _, want := range c.want {
			if !strings.Contains(answer, want) {
				t.Errorf("%s: %q is not in %.400s", c.name, want, answer)
			}
		}
	}
}

// A batch answers what the model answers for a table of the same rows, bit
// for bit and in order.
func TestObservationsAreTheTable(t *testing.T) {
	t.Parallel()
	p := rainProject(t)
	h := newHouse(t, p)
	m := trained(t, p, p.Recipes["classic"], 20, 1)
	h.register(t, m, run(1))
	h.ask("POST", "/update-model", "")

	x := observed(p, 300)
	want, err := m.Probabilities(x)
	if err != nil {
		t.Fatal(err)
	}
	var rows []ordered
	for i := range x.Rows() {
		var row ordered
		for _, c := range x.Columns() {
			switch {
			case c.Missing(i) && i%2 == 0:
				row = append(row, member{c.Name, nil})
			case c.Missing(i):
			case c.Kind == table.Number && i%3 > 0:
				row = append(row, member{c.Name, c.Float(i)})
			default:
				row = append(row, member{c.Name, c.Text(i)})
			}
		}
		rows = append(rows, row)
	}
	body, err := json.Marshal(ordered{{listName, rows}})
	if err != nil {
		t.Fatal(err)
	}
	code, answer := h.ask("POST", "/api/v1/predict", string(body))
	var got struct {
		Predictions []struct {
			Probability, Threshold float64
			Label, Model           string
			Version                int
		}
	}
	if err := json.Unmarshal([]byte(answer), &got); code != 200 || err != nil || len(got.Predictions) != len(want) {
		t.Fatalf("%d %v %.300s", code, err, answer)
	}
	labels := map[string]int{}
	for i, prediction := range got.Predictions {
		if math.Float64bits(prediction.Probability) != math.Float64bits(want[i]) {
			t.Errorf("row %d: %v, want %v", i, prediction.Probability, want[i])
		}
		if label := map[bool]string{true: "Yes", false: "No"}[want[i] >= 0.25]; prediction.Label != label {
			t.Errorf("row %d: %v is %s, want %s", i, want[i], prediction.Label, label)
		}
		labels[prediction.Label]++
	}
	if len(labels) != 2 {
		t.Errorf("labels %v: the model must give both for the test to mean something", labels)
	}

	_, metrics := h.ask("GET", "/metrics", "")
	for label, n := range labels {
		line := fmt.Sprintf(`pluvia_predictions_total{label=%q,model="rain_australia_model_prod",version="1"} %d`, label, n)
		if !strings.Contains(metrics, line) {
			t.Errorf("no %s in the metrics", line)
		}
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	p := toy()
	h := newHouse(t, p)
	h.register(t, trained(t, p, p.Recipes["plain"], 3, 1), run(1))
	h.ask("POST", "/update-model", "")
	h.ask("POST", "/predict/", "{}")
	h.ask("POST", "/predict", "{}")
	h.ask("GET", "/api/v1/predict", "")
	code, metrics := h.ask("GET", "/metrics", "")
	if code != 200 {
		t.Fatal(code)
	}
	for _, want := range []string{
		`pluvia_http_requests_total{code="422",route="/predict/"} 2`,
		`pluvia_http_requests_total{code="405",route="/api/v1/predict"} 1`,
		`pluvia_http_requests_total{code="200",route="/update-model"} 1`,
		`pluvia_http_request_seconds_count{route="/predict/"} 2`,
		`pluvia_model_updates_total{outcome="updated"} 1`,
		`pluvia_champion_info{model="toy_prod",run_id="` + run(1) + `",source="registry",version="1"} 1`,
		`pluvia_champion_version 1`,
		`go_goroutines `, `process_resident_memory_bytes `,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("no %s in\n%s", want, metrics)
		}
	}
}

// FuzzObservations compares the reader of a batch with encoding/json and the
// rules of package table.
func FuzzObservations(f *testing.F) {
	p := toy()
	s, err := New(Config{Project: p})
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		`{"Low":1,"High":"2.5","Answer":"yes"}`, `{"observations":[{"Low":null},{"Share":"NA"}]}`, `{"Low":-51}`, `{"observations":3}`,
		`{"observations":[{"Low":1e2,"Low":3}],"x":1}`, `{"Lo\u0077":1}`, `[]`, `{"Low":{"a":[]}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		o, d := s.readObservations(body)
		for _, fault := range d.list {
			if _, err := json.Marshal(fault); err != nil {
				t.Fatalf("%q: %v", body, err)
			}
		}
		if len(d.list) > maxDetails || len(o.rows) != o.count*len(s.fields) {
			t.Fatalf("%q: %d faults, %d values of %d rows", body, len(d.list), len(o.rows), o.count)
		}
		if !d.none() {
			return
		}
		body = []byte(strings.TrimPrefix(string(body), "\ufeff"))
		var rows []map[string]any
		var list struct {
			Observations []map[string]any `json:"observations"`
		}
		if o.one {
			rows = make([]map[string]any, 1)
			err = json.Unmarshal(body, &rows[0])
		} else {
			err = json.Unmarshal(body, &list)
			rows = list.Observations
		}
		if err != nil || len(rows) != o.count {
			t.Fatalf("%q was taken: %v", body, err)
		}
		for i, row := range rows {
			for at, field := range s.fields {
				got, want := o.rows[i*len(s.fields)+at], math.NaN()
				if field.Name == p.Target.Field {
					row[field.Name] = nil // whatever it says is ignored
				}
				switch v := row[field.Name].(type) {
				case float64:
					want = v
				case string:
					if x, err := strconv.ParseFloat(v, 64); err == nil && !slices.Contains(p.Schema.Missing, v) {
						want = x
					}
				}
				if got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
					t.Fatalf("%q: row %d, %s: got %v, want %v", body, i, field.Name, got, want)
				}
			}
		}
	})
}
