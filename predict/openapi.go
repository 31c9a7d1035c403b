package predict

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/pluvia-ml/pluvia/project"
	"github.com/pluvia-ml/pluvia/table"
)

// openAPI is openapi.json: the routes as OpenAPI 3.1, with bounds, units,
// categories and examples of the project.
func openAPI(p *project.Project) ([]byte, error) {
	row := exampleObservation(p)
	observation := observationExample(row)
	paths := ordered{
		{"/", ordered{{"get", operation("welcome", "Say hello", "For a program; a browser gets the console.", nil,
			ordered{{"200", answer("The welcome.", example{"welcome", map[string]string{"message": p.API.Welcome}})}})}}},
	}
	if len(p.API.Features) > 0 {
		features, err := featureExample(p, row)
		if err != nil {
			return nil, err
		}
		yes := ordered{{"int_output", true}, {"str_output", p.API.Positive}}
		no := ordered{{"int_output", false}, {"str_output", p.API.Negative}}
		paths = append(paths, member{"/predict/", ordered{{"post", operation("predict", "Predict from features", fmt.Sprintf(
			"The features of the recipe %s by name, before any scaling. They are turned back into the observation that they were made of, so that a champion with any recipe answers; "+
				"features of which there is no observation, such as a 30 February, are refused.", p.API.Recipe),
			body("FlatCall", example{"features", ordered{{"features", features}}}),
			ordered{{"200", answerOf("FlatAnswer", "The answer.", example{"positive", yes}, example{"negative", no})}, tooLargeAnswer, invalidAnswer, unavailableAnswer})}}})
	}
	paths = append(paths,
		member{"/api/v1/predict", ordered{{"post", operation("predictObservations", "Predict from observations",
			fmt.Sprintf("One raw observation, or up to %d of them, as they stand in the data set. Any field may be null, absent or one of the texts for missing. "+
				"The target and fields that give it away may be sent; they are ignored, and the answer says so. A field that is not known is refused.", MaxObservations),
			body("Observations", example{"one", observation}, example{"several", ordered{{listName, []ordered{observation, observation[:min(4, len(observation))]}}}}),
			ordered{{"200", answerOf("Predictions", "A prediction for each observation, in order.")}, tooLargeAnswer, invalidAnswer, unavailableAnswer})}}},
		member{"/update-model", ordered{{"post", operation("updateModel", "Take the newest champion",
			"Asks the registry for its champion and takes it if it is another one. No request is lost. When the registry cannot be reached the last good model goes on serving.", nil,
			ordered{{"200", answer("What has become of it.",
				example{"updated", map[string]string{"status": p.API.Updated}},
				example{"same", map[string]string{"status": p.API.Same}},
				example{"local", map[string]string{"status": p.API.Local}})}, unavailableAnswer})}}},
		member{"/healthz", ordered{{"get", operation("healthz", "Is the process alive?", "", nil, ordered{{"200", answer("It is.", example{"alive", map[string]string{"status": "alive"}})}})}}},
		member{"/readyz", ordered{{"get", operation("readyz", "Is a champion loaded?", "", nil, ordered{{"200", answer("It is.")}, unavailableAnswer})}}},
		member{"/metrics", ordered{{"get", operation("metrics", "Metrics", "In the exposition format of Prometheus.", nil,
			ordered{{"200", ordered{{"description", "The metrics."}, {"content", ordered{{"text/plain", ordered{{"schema", ordered{{"type", "string"}}}}}}}}}})}}},
	)
	return json.Marshal(ordered{
		{"openapi", "3.1.0"},
		{"info", ordered{{"title", p.Title.In("en")}, {"summary", p.Question.In("en")}, {"version", "1"}}},
		{"paths", paths},
		{"components", ordered{{"schemas", schemas(p)}}},
	})
}

func schemas(p *project.Project) ordered {
	var features, fields ordered
	var required []string
	for _, f := range p.API.Features {
		features = append(features, member{f.Name, featureSchema(f)})
		if !f.Optional {
			required = append(required, f.Name)
		}
	}
	for _, f := range p.Inputs() {
		fields = append(fields, member{f.Name, fieldSchema(f, p.About[f.Name].In("en"), p.Schema.Missing)})
	}
	for _, name := range append([]string{p.Target.Field}, p.Leaks...) {
		fields = append(fields, member{name, ordered{{"description", "Taken, and never used."}}})
	}
	out := ordered{}
	if len(features) > 0 {
		out = append(out,
			member{"Features", ordered{{"type", "object"}, {"properties", features}, {"required", required}}},
			member{"FlatCall", ordered{{"type", "object"}, {"properties", ordered{{"features", ref("Features")}}}, {"required", []string{"features"}}}},
			member{"FlatAnswer", ordered{{"type", "object"}, {"properties", ordered{
				{"int_output", ordered{{"type", "boolean"}}},
				{"str_output", ordered{{"type", "string"}, {"enum", []string{p.API.Negative, p.API.Positive}}}},
			}}, {"required", []string{"int_output", "str_output"}}}},
		)
	}
	return append(out,
		// Without other properties, so that a list of observations is no
		// observation with everything missing.
		member{"Observation", ordered{{"type", "object"}, {"properties", fields}, {"additionalProperties", false}}},
		member{"Observations", ordered{{"oneOf", []any{ref("Observation"), ordered{
			{"type", "object"},
			{"properties", ordered{{listName, ordered{{"type", "array"}, {"items", ref("Observation")}, {"minItems", 1}, {"maxItems", MaxObservations}}}}},
			{"required", []string{listName}},
			{"additionalProperties", false},
		}}}}},
		member{"Prediction", ordered{{"type", "object"}, {"properties", ordered{
			{"probability", ordered{{"type", "number"}, {"minimum", 0}, {"maximum", 1}, {"description", "That " + p.Target.Field + " is " + p.Target.Positive + "."}}},
			{"label", ordered{{"type", "string"}, {"description", p.Target.Positive + " from the threshold on."}}},
			{"threshold", ordered{{"type", "number"}}},
			{"model", ordered{{"type", "string"}}},
			{"version", ordered{{"type", "integer"}}},
			{"ignored", ordered{{"type", "array"}, {"items", ordered{{"type", "string"}}}, {"description", "Fields that were sent and are never used."}}},
		}}, {"required", []string{"probability", "label", "threshold", "model", "version"}}}},
		member{"Predictions", ordered{{"oneOf", []any{ref("Prediction"), ordered{
			{"type", "object"},
			{"properties", ordered{{"predictions", ordered{{"type", "array"}, {"items", ref("Prediction")}}}, {"ignored", ordered{{"type", "array"}, {"items", ordered{{"type", "string"}}}}}}},
			{"required", []string{"predictions"}},
		}}}}},
		member{"Detail", ordered{{"type", "object"}, {"properties", ordered{
			{"type", ordered{{"type", "string"}}},
			{"loc", ordered{{"type", "array"}, {"items", ordered{{"type", []string{"string", "integer"}}}}}},
			{"msg", ordered{{"type", "string"}}},
			{"input", ordered{{"description", "What was sent."}}},
			{"ctx", ordered{{"type", "object"}}},
		}}, {"required", []string{"type", "loc", "msg"}}}},
		member{"Invalid", ordered{{"type", "object"}, {"properties", ordered{{"detail", ordered{{"type", "array"}, {"items", ref("Detail")}}}}}}},
		member{"Refused", ordered{{"type", "object"}, {"properties", ordered{{"detail", ordered{{"type", "string"}}}}}}},
	)
}

func featureSchema(f project.Feature) ordered {
	kind := "number"
	if f.Integer {
		kind = "integer"
	}
	o := ordered{{"type", kind}}
	if f.Optional {
		o = ordered{{"type", []string{kind, "null"}}}
	}
	return append(o, member{"minimum", f.Min}, member{"maximum", f.Max})
}

// fieldSchema is one field of an observation. Numbers may come as texts too.
func fieldSchema(f table.Field, about string, missing []string) ordered {
	o := ordered{}
	switch f.Type {
	case table.TypeCategory:
		o = append(o, member{"enum", append(texts(slices.Concat(f.Categories, missing)), "", nil)})
	case table.TypeDate:
		o = append(o, member{"anyOf", []any{ordered{{"type", "string"}, {"format", "date"}}, ordered{{"enum", append(texts(missing), "", nil)}}}})
		about += bounds(f.Earliest, f.Latest)
	default:
		o = append(o, member{"type", []string{string(f.Type), "string", "null"}})
		if f.Min != nil {
			o = append(o, member{"minimum", *f.Min})
		}
		if f.Max != nil {
			o = append(o, member{"maximum", *f.Max})
		}
	}
	if f.Unit != "" {
		about += " In " + f.Unit + "."
	}
	if about != "" {
		o = append(o, member{"description", about})
	}
	return o
}

func texts(words []string) []any {
	out := make([]any, len(words))
	for i, word := range words {
		out[i] = word
	}
	return out
}

func bounds(from, to string) string {
	switch {
	case from != "" && to != "":
		return " From " + from + " to " + to + "."
	case from != "":
		return " Not before " + from + "."
	case to != "":
		return " Not after " + to + "."
	}
	return ""
}

func ref(schema string) ordered { return ordered{{"$ref", "#/components/schemas/" + schema}} }

// example is a named example of a body.
type example struct {
	name  string
	value any
}

func content(schema any, examples []example) ordered {
	o := ordered{{"schema", schema}}
	if len(examples) > 0 {
		var all ordered
		for _, e := range examples {
			all = append(all, member{e.name, ordered{{"value", e.value}}})
		}
		o = append(o, member{"examples", all})
	}
	return ordered{{"application/json", o}}
}

func body(schema string, examples ...example) ordered {
	return ordered{{"required", true}, {"content", content(ref(schema), examples)}}
}

func answer(description string, examples ...example) ordered {
	return ordered{{"description", description}, {"content", content(ordered{{"type", "object"}}, examples)}}
}

func answerOf(schema, description string, examples ...example) ordered {
	return ordered{{"description", description}, {"content", content(ref(schema), examples)}}
}

func operation(id, summary, description string, body ordered, responses ordered) ordered {
	o := ordered{{"operationId", id}, {"summary", summary}}
	if description != "" {
		o = append(o, member{"description", description})
	}
	if body != nil {
		o = append(o, member{"requestBody", body})
	}
	return append(o, member{"responses", responses})
}

var (
	tooLargeAnswer    = member{"413", answerOf("Refused", "The body is too large.")}
	invalidAnswer     = member{"422", answerOf("Invalid", "The body breaks rules: all of its faults at once, the first hundred listed.")}
	unavailableAnswer = member{"503", answerOf("Refused", "No champion is loaded yet.")}
)
