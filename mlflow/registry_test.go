package mlflow

import (
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/mlflow/filter"
)

// stamps are the times in an answer, which no test knows.
var stamps = regexp.MustCompile(`_timestamp":\d+`)

// step is a request under /api/2.0/mlflow and what it is answered.
type step struct {
	line, body string
	status     int
	want       string // the whole answer, with 0 for times; for errors, a part
}

func (s *site) steps(steps []step) {
	s.t.Helper()
	for _, step := range steps {
		method, path, _ := strings.Cut(step.line, " ")
		answer, text := s.send(method+" /api/2.0/mlflow"+path, step.body)
		text = stamps.ReplaceAllString(text, `_timestamp":0`)
		if answer.StatusCode != step.status || step.status == 200 && text != step.want || !strings.Contains(text, step.want) {
			s.t.Errorf("%s %s\n got %d %s\nwant %d %s", step.line, step.body, answer.StatusCode, text, step.status, step.want)
		}
	}
}

func TestRegistry(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	times := `"creation_timestamp":0,"last_updated_timestamp":0`
	version := func(number, stage, source, rest string) string {
		return `{"name":"m","version":"` + number + `",` + times + `,"current_stage":"` + stage + `","description":"","source":"` + source + `","run_id":"","status":"READY",` + rest + `}`
	}
	first, second := version("1", "None", "mlflow-artifacts:/1/r/artifacts/model", `"run_link":""`), version("2", "None", "s3://elsewhere/x", `"tags":[{"key":"k","value":"v"}],"run_link":"http://run"`)
	s.steps([]step{
		{"POST /registered-models/create", `{"name": "m", "tags": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}], "description": "d"}`, 200,
			`{"registered_model":{"name":"m",` + times + `,"description":"d","tags":[{"key":"a","value":"2"}]}}`},
		{"POST /registered-models/create", `{"name": "m"}`, 400, `{"error_code":"RESOURCE_ALREADY_EXISTS","message":"Registered Model (name=m) already exists.`},
		{"POST /registered-models/create", `{}`, 400, "Missing value for required parameter 'name'."},
		{"POST /registered-models/create", `{"name": "  "}`, 400, "Missing value for required parameter 'name'."},
		{"POST /registered-models/create", `{"name": "a/b"}`, 400, "Names cannot contain '/' or ':'"},
		{"POST /registered-models/create", `{"name": ".."}`, 400, "Names may be treated as files"},
		{"POST /registered-models/create", `{"name": 5}`, 400, "Invalid value 5 for parameter 'name' supplied"},
		{"POST /registered-models/create", `{"name": "n", "tags": [{"key": "` + strings.Repeat("k", 251) + `", "value": ""}]}`, 400, "exceeds the maximum length of 250"},
		{"GET /registered-models/get?name=none", "", 404, `{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"Registered Model with name=none not found`},
		{"POST /model-versions/create", `{"name": "m", "source": "mlflow-artifacts:/1/r/artifacts/model"}`, 200, `{"model_version":` + first + `}`},
		{"POST /model-versions/create", `{"name": "m", "source": "s3://elsewhere/x", "tags": [{"key": "k", "value": "v"}], "run_link": "http://run"}`, 200, `{"model_version":` + second + `}`},
		{"POST /model-versions/create", `{"name": "none", "source": "s3://elsewhere/x"}`, 404, "Registered Model with name=none not found"},
		{"GET /model-versions/get?name=m&version=1", "", 200, `{"model_version":` + first + `}`},
		{"GET /model-versions/get?name=m&version=3", "", 404, "Model Version (name=m, version=3) not found"},
		{"GET /model-versions/get?name=m&version=x", "", 400, "Parameter 'version' must be an integer, got 'x'."},
		{"GET /model-versions/get?name=m&version=9223372036854775808", "", 400, "Parameter 'version' must be an integer"},
		{"GET /model-versions/get-download-uri?name=m&version=1", "", 200, `{"artifact_uri":"mlflow-artifacts:/1/r/artifacts/model"}`},
		{"GET /registered-models/get?name=m", "", 200, `{"registered_model":{"name":"m",` + times + `,"description":"d","latest_versions":[` + second + `],"tags":[{"key":"a","value":"2"}]}}`},
		{"GET /model-versions/search?filter=name%3D%27m%27&order_by=version_number%20ASC", "", 200, `{"model_versions":[` + first + `,` + second + `]}`},
		{"GET /model-versions/search?filter=source_path%3D%27mlflow-artifacts:/1/r/artifacts/model%27", "", 200, `{"model_versions":[` + first + `]}`},
		{"GET /model-versions/search?max_results=200001", "", 400, "max_results"},
		{"GET /model-versions/search?filter=nothing", "", 400, "INVALID_PARAMETER_VALUE"},
		{"GET /registered-models/search?max_results=1001", "", 400, "max_results"},
		{"GET /registered-models/search?max_results=0", "", 400, "max_results"},
		{"GET /registered-models/search?filter=name%20LIKE%20%27x%25%27", "", 200, `{}`},

		{"POST /registered-models/alias", `{"name": "m", "alias": "champion", "version": "1"}`, 200, `{}`},
		{"POST /registered-models/alias", `{"name": "m", "alias": "champion", "version": "3"}`, 404, "Model Version (name=m, version=3) not found"},
		{"POST /registered-models/alias", `{"name": "m", "alias": "LATEST", "version": "1"}`, 400, "reserved"},
		{"POST /registered-models/alias", `{"name": "m", "alias": "V1", "version": "1"}`, 400, "reserved"},
		{"POST /registered-models/alias", `{"name": "m", "alias": "a b", "version": "1"}`, 400, "Invalid alias name: 'a b'"},
		{"POST /registered-models/alias", `{"name": "m", "alias": "` + strings.Repeat("a", 256) + `", "version": "1"}`, 400, "exceeds the maximum length of 255"},
		{"GET /registered-models/alias?name=m&alias=champion", "", 200, `{"model_version":` + version("1", "None", "mlflow-artifacts:/1/r/artifacts/model", `"run_link":"","aliases":["champion"]`) + `}`},
		{"GET /registered-models/alias?name=m&alias=latest", "", 200, `{"model_version":` + second + `}`},
		{"GET /registered-models/alias?name=m&alias=none", "", 400, `{"error_code":"INVALID_PARAMETER_VALUE","message":"Registered model alias none not found.`},
		{"GET /registered-models/alias?name=none&alias=none", "", 404, "Registered Model with name=none not found"},
		{"DELETE /registered-models/alias", `{"name": "m", "alias": "champion"}`, 200, `{}`},
		{"DELETE /registered-models/alias", `{"name": "m", "alias": "champion"}`, 200, `{}`},

		{"POST /model-versions/transition-stage", `{"name": "m", "version": "1", "stage": "PRODUCTION"}`, 200, `{"model_version":` + strings.Replace(first, `"None"`, `"Production"`, 1) + `}`},
		{"POST /model-versions/transition-stage", `{"name": "m", "version": "2", "stage": "Production", "archive_existing_versions": true}`, 200, `{"model_version":` + strings.Replace(second, `"None"`, `"Production"`, 1) + `}`},
		{"POST /model-versions/transition-stage", `{"name": "m", "version": "2", "stage": "None", "archive_existing_versions": true}`, 400, "cannot archive existing model versions"},
		{"POST /model-versions/transition-stage", `{"name": "m", "version": "2", "stage": "Gone"}`, 400, "Invalid Model Version stage: Gone. Value must be one of None, Staging, Production, Archived."},
		{"POST /registered-models/get-latest-versions", `{"name": "m", "stages": ["archived"]}`, 200, `{"model_versions":[` + strings.Replace(first, `"None"`, `"Archived"`, 1) + `]}`},
		{"GET /registered-models/get-latest-versions?name=m&stages=Staging", "", 200, `{}`},
		{"GET /registered-models/get-latest-versions?name=m", "", 200, `{"model_versions":[` + strings.Replace(first, `"None"`, `"Archived"`, 1) + `,` + strings.Replace(second, `"None"`, `"Production"`, 1) + `]}`},

		{"PATCH /model-versions/update", `{"name": "m", "version": "1", "description": "what"}`, 200, `{"model_version":` + strings.Replace(strings.Replace(first, `"None"`, `"Archived"`, 1), `"description":""`, `"description":"what"`, 1) + `}`},
		{"PATCH /model-versions/update", `{"name": "m", "version": "1"}`, 200, `{"model_version":` + strings.Replace(first, `"None"`, `"Archived"`, 1) + `}`},
		{"POST /model-versions/set-tag", `{"name": "m", "version": "1", "key": "t", "value": ""}`, 200, `{}`},
		{"POST /model-versions/set-tag", `{"name": "m", "version": "1", "key": "t", "value": "` + strings.Repeat("v", 100_001) + `"}`, 400, "exceeds the maximum length of 100000"},
		{"GET /model-versions/search?filter=tags.t%3D%27%27", "", 200, `{"model_versions":[` + strings.Replace(strings.Replace(first, `"None"`, `"Archived"`, 1), `"run_link"`, `"tags":[{"key":"t","value":""}],"run_link"`, 1) + `]}`},
		{"DELETE /model-versions/delete-tag", `{"name": "m", "version": "1", "key": "t"}`, 200, `{}`},
		{"DELETE /model-versions/delete-tag", `{"name": "m", "version": "1", "key": "t"}`, 200, `{}`},
		{"POST /registered-models/set-tag", `{"name": "m", "key": "t", "value": "1"}`, 200, `{}`},
		{"DELETE /registered-models/delete-tag", `{"name": "m", "key": "a"}`, 200, `{}`},
		{"PATCH /registered-models/update", `{"name": "m", "description": ""}`, 200,
			`{"registered_model":{"name":"m",` + times + `,"latest_versions":[` + strings.Replace(first, `"None"`, `"Archived"`, 1) + `,` + strings.Replace(second, `"None"`, `"Production"`, 1) + `],"tags":[{"key":"t","value":"1"}]}}`},

		{"DELETE /model-versions/delete", `{"name": "m", "version": "2"}`, 200, `{}`},
		{"GET /model-versions/get?name=m&version=2", "", 404, "Model Version (name=m, version=2) not found"},
		{"POST /model-versions/create", `{"name": "m", "source": "s3://elsewhere/y"}`, 200, `{"model_version":` + version("3", "None", "s3://elsewhere/y", `"run_link":""`) + `}`},
		{"POST /registered-models/rename", `{"name": "m", "new_name": "n:n"}`, 400, "Names cannot contain"},
		{"POST /registered-models/rename", `{"name": "none", "new_name": "n"}`, 404, "Registered Model with name=none not found"},
		{"DELETE /registered-models/delete", `{"name": "m"}`, 200, `{}`},
		{"DELETE /registered-models/delete", `{"name": "m"}`, 404, "Registered Model with name=m not found"},
		{"GET /registered-models/search", "", 200, `{}`},
	})
}

// TestRegistryPages walks a search page by page while a model is added.
func TestRegistryPages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, name := range []string{"a", "b", "c", "d"} {
		s.want(200, "", "POST /api/2.0/mlflow/registered-models/create", `{"name": "`+name+`"}`)
	}
	var names []string
	for token := ""; ; {
		page := decode(t, s.want(200, "", "GET /api/2.0/mlflow/registered-models/search?max_results=2&page_token="+url.QueryEscape(token), ""))
		for _, m := range page["registered_models"].([]any) {
			names = append(names, m.(map[string]any)["name"].(string))
		}
		if token, _ = page["next_page_token"].(string); token == "" {
			break
		}
		s.want(200, "", "POST /api/2.0/mlflow/registered-models/create", `{"name": "0"}`)
	}
	if got := strings.Join(names, " "); got != "a b c d" {
		t.Errorf("pages hold %s", got)
	}
	s.want(400, "Invalid page token", "GET /api/2.0/mlflow/registered-models/search?page_token=nonsense", "")
}

// TestVersionSources looks at what follows from the source of a version.
func TestVersionSources(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	run := s.newRun("0")
	m := &pluvia.LoggedModel{ExperimentID: "0", Name: "m", SourceRunID: run.ID}
	if err := s.store.CreateLoggedModel(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	local, err := s.store.ExperimentByName(t.Context(), "local")
	if pluvia.ErrorCode(err) == pluvia.NotFound {
		local = &pluvia.Experiment{Name: "local", ArtifactLocation: "file:///srv/ml"}
		err = s.store.CreateExperiment(t.Context(), local)
	}
	if err != nil {
		t.Fatal(err)
	}
	kept := s.newRun(local.ID) // its artifacts are on the client's machine
	s.want(200, "", "POST /api/2.0/mlflow/registered-models/create", `{"name": "m"}`)
	at := toWire(m.ArtifactURI)
	for _, test := range []struct{ fields, source, run, download string }{
		{`"source": "models:/` + m.ID + `", "model_id": "` + m.ID + `"`, "models:/" + m.ID, run.ID, at},
		{`"source": "models:/` + m.ID + `"`, "models:/" + m.ID, run.ID, at},
		{`"source": "models:/m/1"`, "models:/m/1", run.ID, at},
		{`"source": "models:/m/latest", "run_id": "r"`, "models:/m/3", "r", at},
		{`"source": "models:/m/none"`, "models:/m/4", "r", at},
		{`"source": "mlflow-artifacts:/0/x"`, "mlflow-artifacts:/0/x", "", "mlflow-artifacts:/0/x"},
		{`"source": "mlflow-artifacts://host:5000/0/x"`, "mlflow-artifacts:/0/x", "", "mlflow-artifacts:/0/x"},
		{`"source": "mlflow-artifacts:/models/foo///bar"`, "mlflow-artifacts:/models/foo///bar", "", "mlflow-artifacts:/models/foo///bar"},
		{`"source": "mlflow-artifacts:/a/..../b"`, "mlflow-artifacts:/a/..../b", "", "mlflow-artifacts:/a/..../b"},
		{`"source": "s3:/my_bucket/x"`, "s3:/my_bucket/x", "", "s3:/my_bucket/x"},
		{`"source": "s3://my_bucket/x/"`, "s3://my_bucket/x/", "", "s3://my_bucket/x/"},
		{`"source": "runs:/` + run.ID + `/model", "run_id": "other"`, "runs:/" + run.ID + "/model", "other", "runs:/" + run.ID + "/model"},
		{`"source": "https://host/a%20b"`, "https://host/a%20b", "", "https://host/a%20b"},
		{`"source": "file:///srv/ml/` + kept.ID + `/artifacts/model", "run_id": "` + kept.ID + `"`, "file:///srv/ml/" + kept.ID + "/artifacts/model", kept.ID, "file:///srv/ml/" + kept.ID + "/artifacts/model"},
		{`"source": "/srv/ml/` + kept.ID + `/artifacts/./model", "run_id": "` + kept.ID + `"`, "/srv/ml/" + kept.ID + "/artifacts/./model", kept.ID, "/srv/ml/" + kept.ID + "/artifacts/./model"},
		{`"source": "prompt-template", "tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}]`, "prompt-template", "", "prompt-template"},
	} {
		made := decode(t, s.want(200, "", "POST /api/2.0/mlflow/model-versions/create", `{"name": "m", `+test.fields+`}`))
		v, ok := made["model_version"].(map[string]any)
		if !ok {
			continue
		}
		if v["source"] != test.source || v["run_id"] != test.run {
			t.Errorf("%s: source %v of run %v, want %s of %s", test.fields, v["source"], v["run_id"], test.source, test.run)
		}
		s.want(200, `{"artifact_uri":"`+test.download+`"}`, "GET /api/2.0/mlflow/model-versions/get-download-uri?name=m&version="+v["version"].(string), "")
	}
	for _, fields := range []string{
		`"source": "/srv/ml/` + kept.ID + `/artifacts/model"`,
		`"source": "/srv/ml/` + kept.ID + `/artifacts/../x", "run_id": "` + kept.ID + `"`,
		`"source": "/srv/ml/` + kept.ID + `/artifacts2", "run_id": "` + kept.ID + `"`,
		`"source": "/srv/ml/` + kept.ID + `/artifacts/model", "run_id": "` + run.ID + `"`,
		`"source": "/srv/ml/` + kept.ID + `/artifacts/model", "model_id": "` + m.ID + `"`,
		`"source": "models:/` + m.ID + `", "model_id": "m-00000000000000000000000000000000"`,
		`"source": "/etc/passwd", "tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}]`,
	} {
		s.want(400, "Invalid", "POST /api/2.0/mlflow/model-versions/create", `{"name": "m", `+fields+`}`)
	}
	got, err := s.store.LoggedModel(t.Context(), m.ID)
	if err != nil {
		t.Fatal(err)
	}
	tag := pluvia.TagValue(got.Tags, "mlflow.modelVersions")
	if !strings.HasPrefix(tag, `[{"name": "m", "version": 1}, {"name": "m", "version": 2}, {"name": "m", "version": 3}`) || !strings.HasSuffix(tag, "}]") {
		t.Errorf("the logged model is tagged %s", tag)
	}

	s.Server.sources = regexp.MustCompile(`^s3://ours/`)
	s.want(200, "", "POST /api/2.0/mlflow/model-versions/create", `{"name": "m", "source": "s3://ours/x"}`)
	s.want(400, "Invalid model version source: 's3://theirs/x'.", "POST /api/2.0/mlflow/model-versions/create", `{"name": "m", "source": "s3://theirs/x"}`)
}

// TestHouseModel looks at a model that the house itself has registered, whose
// source is an address in its bucket.
func TestHouseModel(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	run := s.newRun("0")
	if err := s.store.CreateModel(t.Context(), &pluvia.Model{Name: "prod"}); err != nil {
		t.Fatal(err)
	}
	v := &pluvia.Version{Model: "prod", RunID: run.ID, Source: run.ArtifactURI + "/model", Aliases: []string{pluvia.Champion}}
	if err := s.store.CreateVersion(t.Context(), v); err != nil {
		t.Fatal(err)
	}
	at := "0/" + run.ID + "/artifacts/model"
	if err := s.buckets.Put(t.Context(), pluvia.MLflowBucket, at+"/MLmodel", strings.NewReader("flavors:")); err != nil {
		t.Fatal(err)
	}
	s.want(200, `"source":"mlflow-artifacts:/`+at+`"`, "GET /api/2.0/mlflow/registered-models/alias?name=prod&alias=champion", "")
	s.want(200, `{"artifact_uri":"mlflow-artifacts:/`+at+`"}`, "GET /api/2.0/mlflow/model-versions/get-download-uri?name=prod&version=1", "")
	s.want(200, `{"files":[{"path":"MLmodel","is_dir":false,"file_size":8}]}`, "GET /artifacts?path="+at, "")
	s.want(200, "flavors:", "GET /artifacts/"+at+"/MLmodel", "")
	s.want(200, "flavors:", "GET /model-versions/get-artifact?name=prod&version=1&path=MLmodel", "")
	s.want(400, "Missing value for required parameter 'path'", "GET /model-versions/get-artifact?name=prod&version=1", "")
	s.want(404, "", "GET /model-versions/get-artifact?name=prod&version=2&path=MLmodel", "")
	s.want(200, "", "POST /api/2.0/mlflow/model-versions/create", `{"name": "prod", "source": "runs:/`+run.ID+`/model"}`)
	s.want(200, "flavors:", "GET /model-versions/get-artifact?name=prod&version=2&path=MLmodel", "")
	s.want(200, "", "POST /api/2.0/mlflow/model-versions/create", `{"name": "prod", "source": "https://elsewhere/model"}`)
	s.want(400, "this server does not read", "GET /model-versions/get-artifact?name=prod&version=3&path=MLmodel", "")
}

func TestPrompts(t *testing.T) {
	t.Parallel()
	not := pluvia.Not{X: isPrompt}
	name := pluvia.Compare{Field: pluvia.Field{Key: "name"}, Op: pluvia.Equal, Text: "x"}
	for text, want := range map[string]pluvia.Expr{
		"":           not,
		"name = 'x'": pluvia.And{name, not},
		"tag.`mlflow.prompt.is_prompt` != 'true'":                   not,
		"tags.`mlflow.prompt.is_prompt` = 'false'":                  not,
		"tag.`mlflow.prompt.is_prompt` = 'true'":                    isPrompt,
		"tag.`mlflow.prompt.is_prompt` != 'false'":                  isPrompt,
		"name = 'x' AND tag.`mlflow.prompt.is_prompt` != 'true'":    pluvia.And{name, not},
		"name = 'x' AND tag.`mlflow.prompt.is_prompt` = 'true'":     pluvia.And{name, isPrompt},
		"name = 'x' OR tag.`mlflow.prompt.is_prompt` = 'true'":      pluvia.Or{name, isPrompt},
		"NOT (tag.`mlflow.prompt.is_prompt` = 'true')":              not,
		"NOT (name = 'x' OR tag.`mlflow.prompt.is_prompt`= 'true')": pluvia.Not{X: pluvia.Or{name, isPrompt}},
	} {
		e, err := filter.Models.Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := withoutPrompts(e); !reflect.DeepEqual(got, want) {
			t.Errorf("%s\n got %#v\nwant %#v", text, got, want)
		}
	}
	s := newSite(t)
	for _, body := range []string{`{"name": "model"}`, `{"name": "prompt", "tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}]}`, `{"name": "tagged", "tags": [{"key": "mlflow.prompt.is_prompt", "value": "false"}]}`} {
		s.want(200, "", "POST /api/2.0/mlflow/registered-models/create", body)
	}
	for text, want := range map[string]string{
		"": "model tagged", "tag.`mlflow.prompt.is_prompt` != 'true'": "model tagged", "tag.`mlflow.prompt.is_prompt` = 'true'": "prompt", "name LIKE '%o%'": "model",
	} {
		var names []string
		found := decode(t, s.want(200, "", "GET /api/2.0/mlflow/registered-models/search?filter="+url.QueryEscape(text), ""))
		all, _ := found["registered_models"].([]any)
		for _, m := range all {
			names = append(names, m.(map[string]any)["name"].(string))
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s finds %s, want %s", text, got, want)
		}
	}
}
