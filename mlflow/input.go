package mlflow

import (
	"context"

	"github.com/pluvia-ml/pluvia"
)

// appendInput writes a DatasetInput.
func appendInput(b []byte, in *pluvia.Input) []byte {
	b = tagsField(append(b, '{'), in.Tags)
	d := &in.Dataset
	b = append(key(b, "dataset"), '{')
	b = textField(b, "name", d.Name)
	b = textField(b, "digest", d.Digest)
	b = textField(b, "source_type", d.SourceType)
	b = textField(b, "source", d.Source)
	b = textUnless(b, "schema", d.Schema)
	b = textUnless(b, "profile", d.Profile)
	return append(b, '}', '}')
}

// inputs reads a list of DatasetInput. Of two with one name and digest the
// first counts.
func (m message) inputs(name string) []pluvia.Input {
	var inputs []pluvia.Input
	seen := make(map[pluvia.DatasetRef]bool)
	for in := range m.messages(name) {
		d := in.message("dataset")
		input := pluvia.Input{
			Tags: in.tags("tags"),
			Dataset: pluvia.Dataset{
				Name: d.need("name"), Digest: d.need("digest"), SourceType: d.need("source_type"), Source: d.need("source"),
				Schema: d.text("schema"), Profile: d.text("profile"),
			},
		}
		if ref := (pluvia.DatasetRef{Name: input.Dataset.Name, Digest: input.Dataset.Digest}); !seen[ref] {
			seen[ref] = true
			inputs = append(inputs, input)
		}
	}
	return inputs
}

func (s *Server) logInputs(ctx context.Context, q *request, out []byte) ([]byte, error) {
	id, inputs := q.need("run_id"), q.inputs("datasets")
	var models []string
	for m := range q.messages("models") {
		models = append(models, m.need("model_id"))
	}
	if err := q.err(); err != nil {
		return nil, err
	}
	if err := validRunID(id); err != nil {
		return nil, err
	}
	if err := validInputs(inputs); err != nil {
		return nil, err
	}
	for _, m := range models {
		if err := atMost("model_id", maxKey, m); err != nil {
			return nil, err
		}
	}
	if err := s.store.Log(ctx, id, pluvia.Batch{Inputs: inputs}); err != nil || len(models) == 0 {
		return empty(out), err
	}
	return empty(out), s.store.LogInputModels(ctx, id, models)
}

func (s *Server) logOutputs(ctx context.Context, q *request, out []byte) ([]byte, error) {
	id := q.need("run_id")
	if !q.has("models") {
		q.missing("models")
	}
	var outputs []pluvia.ModelOutput
	for m := range q.messages("models") {
		outputs = append(outputs, pluvia.ModelOutput{ModelID: m.need("model_id"), Step: m.integer("step", 0)})
	}
	if err := q.err(); err != nil {
		return nil, err
	}
	return empty(out), s.store.LogOutputs(ctx, id, outputs)
}
