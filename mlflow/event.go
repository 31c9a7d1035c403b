package mlflow

import (
	"context"
	"slices"
	"strconv"

	"github.com/pluvia-ml/pluvia"
)

// event is something that happens in the registry; what happens to a prompt
// is told as another event, or as none when that is zero.
type event struct{ model, prompt pluvia.WebhookEvent }

var (
	modelCreated      = event{pluvia.WebhookEvent{Entity: "REGISTERED_MODEL", Action: "CREATED"}, pluvia.WebhookEvent{Entity: "PROMPT", Action: "CREATED"}}
	versionCreated    = event{pluvia.WebhookEvent{Entity: "MODEL_VERSION", Action: "CREATED"}, pluvia.WebhookEvent{Entity: "PROMPT_VERSION", Action: "CREATED"}}
	versionTagSet     = event{pluvia.WebhookEvent{Entity: "MODEL_VERSION_TAG", Action: "SET"}, pluvia.WebhookEvent{Entity: "PROMPT_VERSION_TAG", Action: "SET"}}
	versionTagDeleted = event{pluvia.WebhookEvent{Entity: "MODEL_VERSION_TAG", Action: "DELETED"}, pluvia.WebhookEvent{Entity: "PROMPT_VERSION_TAG", Action: "DELETED"}}
	aliasCreated      = event{pluvia.WebhookEvent{Entity: "MODEL_VERSION_ALIAS", Action: "CREATED"}, pluvia.WebhookEvent{Entity: "PROMPT_ALIAS", Action: "CREATED"}}
	aliasDeleted      = event{pluvia.WebhookEvent{Entity: "MODEL_VERSION_ALIAS", Action: "DELETED"}, pluvia.WebhookEvent{Entity: "PROMPT_ALIAS", Action: "DELETED"}}
	modelTagSet       = event{prompt: pluvia.WebhookEvent{Entity: "PROMPT_TAG", Action: "SET"}}
	modelTagDeleted   = event{prompt: pluvia.WebhookEvent{Entity: "PROMPT_TAG", Action: "DELETED"}}
)

// listeners are the webhooks that are told of one of the events. That the
// store does not say is logged, as what has happened has happened.
func (s *Server) listeners(ctx context.Context, events ...pluvia.WebhookEvent) []*pluvia.Webhook {
	all, err := s.store.Webhooks(ctx)
	if err != nil {
		s.log.ErrorContext(ctx, "no webhook is told", "error", err)
		return nil
	}
	return slices.DeleteFunc(all, func(w *pluvia.Webhook) bool {
		return w.Disabled || !slices.ContainsFunc(w.Events, func(e pluvia.WebhookEvent) bool { return slices.Contains(events, e) })
	})
}

// tell delivers an event about a model or version with the given tags; data
// appends the members of its payload.
func (s *Server) tell(ctx context.Context, e event, tags []pluvia.Tag, data func([]byte) []byte) {
	what := e.model
	if ofPrompt(tags) {
		what = e.prompt
	}
	for _, w := range s.listeners(ctx, what) {
		s.courier.post(pack(w, what, data))
	}
}

// tellOf delivers an event about the registered model of that name.
func (s *Server) tellOf(ctx context.Context, e event, model string, data func([]byte) []byte) {
	if len(s.listeners(ctx, e.model, e.prompt)) == 0 {
		return
	}
	m, err := s.store.Model(ctx, model)
	if err != nil {
		s.log.ErrorContext(ctx, "no webhook is told", "error", err)
		return
	}
	s.tell(ctx, e, m.Tags, data)
}

// tellOfVersion delivers the event that a version has been created.
func (s *Server) tellOfVersion(ctx context.Context, v *pluvia.Version) {
	s.tell(ctx, versionCreated, v.Tags, func(b []byte) []byte {
		b = textField(b, "name", v.Model)
		b = textField(b, "version", strconv.Itoa(v.Number))
		if ofPrompt(v.Tags) {
			b = textOrNull(b, "template", pluvia.TagValue(v.Tags, promptText))
		} else {
			b = textField(b, "source", toWire(v.Source))
			b = textOrNull(b, "run_id", v.RunID)
		}
		b = payloadTags(b, v.Tags)
		return textOrNull(b, "description", v.Description)
	})
}

// Tags that make a prompt what it is, and are not told of.
const (
	promptText = "mlflow.prompt.text"
	promptType = "_mlflow_prompt_type"
)

// payloadTags is the member "tags" of a payload: an object by key.
func payloadTags(b []byte, tags []pluvia.Tag) []byte {
	b = append(key(b, "tags"), '{')
	for _, t := range tags {
		if ofPrompt(tags) && (t.Key == promptTag || t.Key == promptText || t.Key == promptType) {
			continue
		}
		b = append(appendText(next(b), t.Key), ':')
		b = appendText(b, t.Value)
	}
	return append(b, '}')
}

func textOrNull(b []byte, name, value string) []byte {
	if value == "" {
		return append(key(b, name), "null"...)
	}
	return textField(b, name, value)
}

// example is the payload by which a webhook is tried.
func example(e pluvia.WebhookEvent) func([]byte) []byte {
	return func(b []byte) []byte {
		b = textField(b, "name", "example_model")
		switch e.Entity {
		case "REGISTERED_MODEL", "PROMPT":
			b = payloadTags(b, []pluvia.Tag{{Key: "example_key", Value: "example_value"}})
			return textField(b, "description", "An example registered model")
		case "MODEL_VERSION", "PROMPT_VERSION":
			b = textField(b, "version", "1")
			if e.Entity == "MODEL_VERSION" {
				b = textField(textField(b, "source", "models:/123"), "run_id", "abcd1234abcd5678")
			} else {
				b = textField(b, "template", "Hello {{name}}!")
			}
			b = payloadTags(b, []pluvia.Tag{{Key: "example_key", Value: "example_value"}})
			return textField(b, "description", "An example model version")
		case "MODEL_VERSION_ALIAS", "PROMPT_ALIAS":
			b = textField(b, "alias", "example_alias")
			if e.Action == "CREATED" {
				b = textField(b, "version", "1")
			}
			return b
		}
		if e.Entity != "PROMPT_TAG" {
			b = textField(b, "version", "1")
		}
		b = textField(b, "key", "example_key")
		if e.Action == "SET" {
			b = textField(b, "value", "example_value")
		}
		return b
	}
}

// testWebhook delivers an example of an event once, and says what came of it.
func (s *Server) testWebhook(ctx context.Context, q *request, out []byte) ([]byte, error) {
	var e pluvia.WebhookEvent
	if q.has("event") {
		e = q.message.message("event").event()
	}
	if err := q.err(); err != nil {
		return nil, err
	}
	w, err := s.store.Webhook(ctx, q.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if e.Entity == "" {
		e = w.Events[0]
	}
	out = append(key(append(out, '{'), "result"), '{')
	status, _, body, err := s.courier.send(ctx, pack(w, e, example(e)))
	if err != nil {
		out = boolField(out, "success", false)
		out = textField(out, "error_message", "Failed to test webhook: "+withoutURL(err).Error())
	} else {
		out = boolField(out, "success", status < 300)
		out = intField(out, "response_status", int64(status))
		out = textField(out, "response_body", string(body))
	}
	return append(out, '}', '}'), nil
}
