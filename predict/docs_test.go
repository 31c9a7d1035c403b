package predict

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

// Every example of openapi.json is answered with 200, and every reference
// points at something.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	p := rainProject(t)
	h := newHouse(t, p)
	h.register(t, trained(t, p, p.Recipes["native"], 5, 1), run(1))
	h.ask("POST", "/update-model", "")
	code, answer := h.ask("GET", "/openapi.json", "")
	var spec struct {
		OpenAPI string `json:"openapi"`
		Paths   map[string]map[string]struct {
			RequestBody struct {
				Content map[string]struct {
					Examples map[string]struct{ Value json.RawMessage }
				}
			}
			Responses map[string]any
		}
		Components struct{ Schemas map[string]any }
	}
	if err := json.Unmarshal([]byte(answer), &spec); code != 200 || err != nil || spec.OpenAPI != "3.1.0" {
		t.Fatal(code, err, spec.OpenAPI)
	}
	examples := 0
	for path, operations := range spec.Paths {
		if code, answer := h.ask("PATCH", path, ""); path != "/" && code != 405 {
			t.Errorf("PATCH %s, which has %d others: %d %s", path, len(operations), code, answer)
		}
	}
	for path, operations := range spec.Paths {
		for method, operation := range operations {
			method = strings.ToUpper(method)
			if len(operation.RequestBody.Content) == 0 {
				if code, answer := h.ask(method, path, ""); code != 200 {
					t.Errorf("%s %s: %d %s", method, path, code, answer)
				}
				continue
			}
			for name, example := range operation.RequestBody.Content["application/json"].Examples {
				examples++
				if code, answer := h.ask(method, path, string(example.Value)); code != 200 {
					t.Errorf("%s %s, example %s: %d %s\n%s", method, path, name, code, answer, example.Value)
				}
			}
		}
	}
	if examples < 3 {
		t.Errorf("%d examples", examples)
	}
	for _, ref := range regexp.MustCompile(`#/components/schemas/(\w+)`).FindAllStringSubmatch(answer, -1) {
		if spec.Components.Schemas[ref[1]] == nil {
			t.Errorf("no schema %s", ref[1])
		}
	}
	// A body is one of the two kinds, never both: an observation has no other
	// properties, and those that are taken and ignored are among its own.
	var observation struct {
		Properties           map[string]any
		AdditionalProperties *bool
	}
	text, err := json.Marshal(spec.Components.Schemas["Observation"])
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &observation); err != nil || observation.AdditionalProperties == nil || *observation.AdditionalProperties {
		t.Errorf("an observation may have other properties: %v %s", err, text)
	}
	for _, name := range append(p.Schema.Names(), p.Leaks...) {
		if observation.Properties[name] == nil {
			t.Errorf("an observation has no %s", name)
		}
	}
	for _, want := range []string{`"MinTemp":{"type":"number","minimum":-50,"maximum":60}`, `"enum":["N","NNE"`, "°C"} {
		if !strings.Contains(answer, want) {
			t.Errorf("no %s", want)
		}
	}
}

func TestDocs(t *testing.T) {
	t.Parallel()
	p := rainProject(t)
	h := newHouse(t, p)
	code, page := h.ask("GET", "/docs", "")
	if code != 200 {
		t.Fatal(code, page)
	}
	for _, want := range []string{"/predict/", "/update-model", "Hobart", "WindGustDir", "Rain expected tomorrow", "30th of a February"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in the page", want)
		}
	}
	if away := regexp.MustCompile(`(src|href)="(https?:)?//`).FindString(page); away != "" {
		t.Errorf("the page asks another host: %s", away)
	}
	if inline := regexp.MustCompile(`<style|style=|<script>|\son\w+=`).FindString(page); inline != "" {
		t.Errorf("the page breaks its own policy: %s", inline)
	}
	links := regexp.MustCompile(`(?:src|href)="(/[^"]*)"`).FindAllStringSubmatch(page, -1)
	if len(links) < 3 {
		t.Errorf("links %q", links)
	}
	for _, link := range links {
		if code, _ := h.ask("GET", link[1], ""); code != 200 {
			t.Errorf("%s: %d", link[1], code)
		}
	}
	for _, anchor := range regexp.MustCompile(`href="#([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if !strings.Contains(page, `id="`+anchor[1]+`"`) {
			t.Errorf("no place %s", anchor[1])
		}
	}
	if code, answer := h.ask("GET", "/docs/nothing.js", ""); code != 404 || !strings.Contains(answer, "nothing.js") {
		t.Errorf("a file that is not there: %d %s", code, answer)
	}
}
