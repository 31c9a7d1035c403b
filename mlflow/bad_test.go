package mlflow

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// everything is what there is to see in a house.
func everything(t *testing.T, h http.Handler) string {
	t.Helper()
	var all strings.Builder
	for _, call := range []struct{ target, body string }{
		{"POST /experiments/search", `{"view_type": "ALL", "order_by": ["experiment_id"]}`},
		{"POST /runs/search", `{"experiment_ids": ["0"], "run_view_type": "ALL"}`},
		{"POST /logged-models/search", `{"experiment_ids": ["0"]}`},
		{"GET /registered-models/search", ""},
		{"GET /webhooks", ""},
	} {
		status, answer := ask(t, h, call.target, call.body)
		if status != http.StatusOK {
			t.Fatal(call, answer)
		}
		all.WriteString(answer)
	}
	return all.String()
}

// refusal checks that an answer is an error in MLflow's shape that no client
// repeats, and not longer than it must be.
func refusal(t *testing.T, what string, status int, answer string) {
	t.Helper()
	var said struct {
		Code    string `json:"error_code"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal([]byte(answer), &said); err != nil || said.Code == "" || said.Message == "" || status < 400 || status >= 429 || len(answer) > 4000 {
		t.Errorf("%s: %d %.300s", what, status, answer)
	}
}

// TestBadBodies sends what is no request to every route that takes a body, and
// holds that nothing is written.
func TestBadBodies(t *testing.T) {
	t.Parallel()
	h := newHandler(t)
	status, answer := ask(t, h, "POST /runs/create", `{"run_name": "r"}`)
	if status != http.StatusOK {
		t.Fatal(answer)
	}
	run := answer[strings.Index(answer, `"run_uuid":"`)+12:][:32]
	before := everything(t, h)

	all := func(value string) string {
		var fields []string
		for _, name := range []string{"name", "experiment_id", "experiment_ids", "new_name", "run_id", "key", "value", "timestamp", "metrics", "params", "tags", "models", "datasets", "filter", "model_json", "status", "source", "version", "alias", "stage", "url", "events", "path", "parts", "upload_id", "start_time"} {
			fields = append(fields, fmt.Sprintf("%q: %s", name, value))
		}
		return "{" + strings.Join(fields, ", ") + "}"
	}
	bodies := map[string]string{
		"10,000 objects in each other":  strings.Repeat(`{"name":`, 10_000) + "1" + strings.Repeat("}", 10_000),
		"10,000 lists in each other":    `{"name": "n", "tags": ` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + "}",
		"a body cut off":                `{"name": "n", "run_id": "` + run + `", "key": "k", "value": "v`,
		"a body that goes on":           `{"name": "n", "run_id": "` + run + `", "key": "k", "value": "v"}}`,
		"a body with the character 0":   "{\"name\": \"n\x00\", \"run_id\": \"" + run + "\"}",
		"the character 0 in every text": all(`"a\u0000"`),
		"half a surrogate pair":         all(`"\ud800"`),
		"no UTF-8":                      "{\"name\": \"\xff\xfe\"}",
		"a list":                        `[{"name": "n"}]`,
		"a number":                      `5`,
		"a text":                        `"name"`,
		"numbers everywhere":            all("9223372036854775808"),
		"objects everywhere":            all(`{"a": {}}`),
		"lists everywhere":              all(`[[]]`),
		"truth everywhere":              all(`true`),
		"two names for a field":         all(`"x"`)[:len(all(`"x"`))-1] + `, "experimentId": "0", "runId": "x", "newName": "n", "modelJson": "{}", "uploadId": "x", "experimentIds": []}`,
		"1 MB and a bit":                `{"name": "` + strings.Repeat("x", maxBody) + `"}`,
		"many values":                   `{"name": [` + strings.Repeat("1,", 300_000) + `1]}`,
	}
	for _, r := range new(Server).routes() {
		if r.method == "GET" || !strings.HasPrefix(r.prefixes[0], "/api/2.0/mlflow") || strings.HasPrefix(r.prefixes[0], "/api/2.0/mlflow-artifacts") {
			continue
		}
		target := r.method + " " + r.prefixes[0] + strings.NewReplacer("{model_id}", "m-x", "{key}", "k", "{webhook_id}", "w").Replace(r.path)
		for name, body := range bodies {
			if name == "two names for a field" && strings.Contains(r.path, "{") {
				continue // not all of these have a field of two words
			}
			status, answer := ask(t, h, target, body)
			if r.method == "POST" && name == "two names for a field" && status < 400 {
				t.Errorf("%s, %s: %d %.300s", target, name, status, answer)
			}
			if status >= 400 {
				refusal(t, target+", "+name, status, answer)
			} else if !reading(r.path) {
				t.Errorf("%s, %s: %d %.300s", target, name, status, answer)
			}
		}
	}
	if after := everything(t, h); after != before {
		t.Errorf("something was written:\n%s\n%s", before, after)
	}
}

// reading says whether a call that is a POST only reads: what it takes from
// such a body is nobody's harm.
func reading(path string) bool { return strings.Contains(path, "search") }

func TestLargeBatches(t *testing.T) {
	t.Parallel()
	h := newHandler(t)
	_, answer := ask(t, h, "POST /runs/create", `{}`)
	run := answer[strings.Index(answer, `"run_uuid":"`)+12:][:32]
	list := func(n int, element string) string {
		var s strings.Builder
		s.WriteByte('[')
		for i := range n {
			if i > 0 {
				s.WriteByte(',')
			}
			fmt.Fprintf(&s, element, i)
		}
		s.WriteByte(']')
		return s.String()
	}
	const metric, pair = `{"key": "k", "value": 1, "timestamp": 1, "step": %d}`, `{"key": "k%d", "value": "v"}`
	for _, test := range []struct {
		name, body string
		want       string // "" for accepted
	}{
		{"1,000 metrics", `"metrics": ` + list(1000, metric), ""},
		{"1,001 metrics", `"metrics": ` + list(1001, metric), "A batch logging request can contain at most 1000 metrics. Got 1001 metrics. Please split up metrics across multiple requests and try again."},
		{"100 params", `"params": ` + list(100, pair), ""},
		{"101 params", `"params": ` + list(101, pair), "at most 100 params. Got 101 params."},
		{"101 tags", `"tags": ` + list(101, pair), "at most 100 tags. Got 101 tags."},
		{"1,001 of all", `"metrics": ` + list(900, metric) + `, "params": ` + list(100, pair) + `, "tags": ` + list(1, pair), "at most 1000 metrics, params, and tags. Got 1001 metrics, params, and tags."},
		{"params of 60,000 characters", `"params": ` + list(100, `{"key": "long%d", "value": "`+strings.Repeat("é", 60_000)+`"}`), ""},
		{"more than 16 MB", `"tags": [{"key": "k", "value": "` + strings.Repeat("x", maxBatchBody) + `"}]`, "over the limit of 16777216 bytes"},
	} {
		status, answer := ask(t, h, "POST /runs/log-batch", `{"run_id": "`+run+`", `+test.body+`}`)
		if test.want == "" {
			if status != http.StatusOK {
				t.Errorf("%s: %d %.300s", test.name, status, answer)
			}
			continue
		}
		refusal(t, test.name, status, answer)
		if !strings.Contains(answer, test.want) {
			t.Errorf("%s: %s", test.name, answer)
		}
	}
	_, answer = ask(t, h, "GET /runs/get?run_id="+run, "")
	if !strings.Contains(answer, `"value":"`+strings.Repeat("é", 6000)+`"`) {
		t.Error("a long value is not cut to 6,000 characters")
	}
}

func TestContentTypeOfCalls(t *testing.T) {
	t.Parallel()
	h := newHandler(t)
	for kind, want := range map[string]string{
		"": "Bad Request. Content-Type header is missing.", "text/plain": "Bad Request. Content-Type must be one of ['application/json'].",
		"application/x-www-form-urlencoded": "must be one of", "application/jsonp": "must be one of",
		"application/json; charset=utf-8": "", "Application/JSON": "", "application/json": "",
	} {
		r := httptest.NewRequest("POST", "/api/2.0/mlflow/experiments/search", strings.NewReader(`{}`))
		if kind != "" {
			r.Header.Set("Content-Type", kind)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if want == "" && w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%q: %d %s", kind, w.Code, w.Body)
		}
		if want != "" {
			refusal(t, kind, w.Code, w.Body.String())
		}
	}
}

// TestBodyOfGET holds that a GET without a query may carry a body, and that one
// with a query is read by its query.
func TestBodyOfGET(t *testing.T) {
	t.Parallel()
	h := newHandler(t)
	if status, answer := ask(t, h, "GET /experiments/get", `{"experiment_id": "0"}`); status != http.StatusOK {
		t.Error(answer)
	}
	if status, _ := ask(t, h, "GET /experiments/get?experiment_id=0", `{"experiment_id": "9"}`); status != http.StatusOK {
		t.Error("the body was read")
	}
	if status, answer := ask(t, h, "HEAD /experiments/get?experiment_id=0", ""); status != http.StatusOK {
		t.Error(answer)
	}
}
