package pluvia

// Webhook is an address that is told of events in the registry.
type Webhook struct {
	ID               string
	Name             string
	Description      string
	URL              string
	Events           []WebhookEvent
	Disabled         bool
	Secret           string // never shown; signs what is sent
	Created, Updated int64  // milliseconds
}

// WebhookEvent is a kind of event: {"MODEL_VERSION", "CREATED"}.
type WebhookEvent struct{ Entity, Action string }
