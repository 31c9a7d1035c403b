package mlflow

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pluvia-ml/pluvia"
)

// webhookRoutes are the calls about webhooks.
func (s *Server) webhookRoutes() []route {
	return []route{
		{api2, "POST", "/webhooks", s.rpc(s.createWebhook)},
		{api2, "GET", "/webhooks", s.rpc(s.listWebhooks)},
		{api2, "GET", "/webhooks/{id}", s.rpc(s.getWebhook)},
		{api2, "PATCH", "/webhooks/{id}", s.rpc(s.updateWebhook)},
		{api2, "DELETE", "/webhooks/{id}", s.rpc(s.deleteWebhook)},
		{api2, "POST", "/webhooks/{id}/test", s.rpc(s.testWebhook)},
	}
}

// The words of the wire, with their numbers there.
var (
	webhookEntities = map[string]int64{
		"REGISTERED_MODEL": 1, "MODEL_VERSION": 2, "MODEL_VERSION_TAG": 3, "MODEL_VERSION_ALIAS": 4,
		"PROMPT": 5, "PROMPT_VERSION": 6, "PROMPT_TAG": 7, "PROMPT_VERSION_TAG": 8, "PROMPT_ALIAS": 9, "BUDGET_POLICY": 10,
	}
	webhookActions  = map[string]int64{"CREATED": 1, "UPDATED": 2, "DELETED": 3, "SET": 4, "EXCEEDED": 5}
	webhookStatuses = map[string]int64{"ACTIVE": 1, "DISABLED": 2}
)

// actionsOf are the actions that are told of an entity.
var actionsOf = map[string][]string{
	"REGISTERED_MODEL": {"CREATED"}, "MODEL_VERSION": {"CREATED"}, "MODEL_VERSION_TAG": {"SET", "DELETED"}, "MODEL_VERSION_ALIAS": {"CREATED", "DELETED"},
	"PROMPT": {"CREATED"}, "PROMPT_VERSION": {"CREATED"}, "PROMPT_TAG": {"SET", "DELETED"}, "PROMPT_VERSION_TAG": {"SET", "DELETED"},
	"PROMPT_ALIAS": {"CREATED", "DELETED"}, "BUDGET_POLICY": {"EXCEEDED"},
}

func (s *Server) createWebhook(ctx context.Context, q *request, out []byte) ([]byte, error) {
	w := &pluvia.Webhook{
		Name: q.need("name"), URL: q.need("url"), Events: q.events(), Description: q.text("description"), Secret: q.text("secret"),
		Disabled: q.enum("status", webhookStatuses) == "DISABLED",
	}
	if len(w.Events) == 0 {
		q.missing("events")
	}
	if err := q.err(); err != nil {
		return nil, err
	}
	if err := s.checkWebhook(ctx, w); err != nil {
		return nil, err
	}
	if err := s.store.CreateWebhook(ctx, w); err != nil {
		return nil, err
	}
	return webhookAnswer(out, w), nil
}

// listWebhooks lists webhooks page by page; the token of a page is the ID that
// the one before it has ended with.
func (s *Server) listWebhooks(ctx context.Context, q *request, out []byte) ([]byte, error) {
	limit, after := q.integer("max_results", 100), q.text("page_token")
	if err := q.err(); err != nil {
		return nil, err
	}
	if limit < 1 || limit > 1000 {
		return nil, pluvia.Errorf(pluvia.Invalid, "max_results must be between 1 and 1000.")
	}
	all, err := s.store.Webhooks(ctx)
	if err != nil {
		return nil, err
	}
	if after != "" {
		i := slices.IndexFunc(all, func(w *pluvia.Webhook) bool { return w.ID == after })
		if i < 0 {
			return nil, pluvia.Errorf(pluvia.Invalid, "Invalid page token: its webhook is not there any more; begin with the first page")
		}
		all = all[i+1:]
	}
	page := all[:min(int(limit), len(all))]
	out = append(out, '{')
	if len(page) > 0 {
		out = append(key(out, "webhooks"), '[')
		for _, w := range page {
			out = appendWebhook(next(out), w)
		}
		out = append(out, ']')
	}
	if len(page) < len(all) {
		out = textField(out, "next_page_token", page[len(page)-1].ID)
	}
	return append(out, '}'), nil
}

func (s *Server) getWebhook(ctx context.Context, q *request, out []byte) ([]byte, error) {
	w, err := s.store.Webhook(ctx, q.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return webhookAnswer(out, w), nil
}

func (s *Server) updateWebhook(ctx context.Context, q *request, out []byte) ([]byte, error) {
	name, address, events := q.text("name"), q.text("url"), q.events()
	description, secret, status := q.maybe("description"), q.maybe("secret"), q.enum("status", webhookStatuses)
	if err := q.err(); err != nil {
		return nil, err
	}
	w, err := s.store.Webhook(ctx, q.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if name != "" {
		w.Name = name
	}
	if address != "" {
		w.URL = address
	}
	if len(events) > 0 {
		w.Events = events
	}
	if description != nil {
		w.Description = *description
	}
	if secret != nil {
		w.Secret = *secret
	}
	if status != "" {
		w.Disabled = status == "DISABLED"
	}
	if err := s.checkWebhook(ctx, w); err != nil {
		return nil, err
	}
	if err := s.store.UpdateWebhook(ctx, w); err != nil {
		return nil, err
	}
	return webhookAnswer(out, w), nil
}

func (s *Server) deleteWebhook(ctx context.Context, q *request, out []byte) ([]byte, error) {
	if err := s.store.DeleteWebhook(ctx, q.PathValue("id")); err != nil {
		return nil, err
	}
	return empty(out), nil
}

// events reads the events that a webhook is told of.
func (q *request) events() []pluvia.WebhookEvent {
	var events []pluvia.WebhookEvent
	for m := range q.messages("events") {
		if e := m.event(); !slices.Contains(events, e) {
			events = append(events, e)
		}
	}
	return events
}

// event reads one event.
func (m message) event() pluvia.WebhookEvent {
	e := pluvia.WebhookEvent{Entity: m.enum("entity", webhookEntities), Action: m.enum("action", webhookActions)}
	switch {
	case e.Entity == "":
		m.missing("entity")
	case e.Action == "":
		m.missing("action")
	case !slices.Contains(actionsOf[e.Entity], e.Action):
		m.fail(pluvia.Errorf(pluvia.Invalid, "Invalid action '%s' for entity '%s'. Valid actions are: %s", strings.ToLower(e.Action), strings.ToLower(e.Entity),
			strings.ToLower(strings.Join(actionsOf[e.Entity], ", "))))
	}
	return e
}

func webhookAnswer(out []byte, w *pluvia.Webhook) []byte {
	return append(appendWebhook(key(append(out, '{'), "webhook"), w), '}')
}

// appendWebhook appends a webhook, without its secret.
func appendWebhook(out []byte, w *pluvia.Webhook) []byte {
	out = textField(append(out, '{'), "webhook_id", w.ID)
	out = textField(out, "name", w.Name)
	out = textUnless(out, "description", w.Description)
	out = textField(out, "url", w.URL)
	out = append(key(out, "events"), '[')
	for _, e := range w.Events {
		out = textField(append(next(out), '{'), "entity", e.Entity)
		out = append(textField(out, "action", e.Action), '}')
	}
	status := "ACTIVE"
	if w.Disabled {
		status = "DISABLED"
	}
	out = textField(append(out, ']'), "status", status)
	out = intField(out, "creation_timestamp", w.Created)
	out = intField(out, "last_updated_timestamp", w.Updated)
	return append(out, '}')
}

var webhookName = regexp.MustCompile(`^(?i:[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?)$`)

// Limits of a webhook, in characters.
const (
	maxWebhookURL  = 2_048
	maxWebhookText = 1_000
)

// checkWebhook checks what a client says of a webhook.
func (s *Server) checkWebhook(ctx context.Context, w *pluvia.Webhook) error {
	if !webhookName.MatchString(w.Name) {
		return pluvia.Errorf(pluvia.Invalid, "Webhook name '%s' is invalid. It must start and end with a letter or digit, be less than 63 characters long,"+
			" and contain only letters, digits, dots (.), underscores (_), and hyphens (-).", clip(w.Name))
	}
	for _, f := range []struct {
		name  string
		limit int
		value string
	}{{"url", maxWebhookURL, w.URL}, {"description", maxWebhookText, w.Description}, {"secret", maxWebhookText, w.Secret}} {
		if err := atMost(f.name, f.limit, f.value); err != nil {
			return err
		}
	}
	return s.courier.checkURL(ctx, w.URL)
}

// numeric is a host that some programs take for an address of numbers in
// another spelling: 127.1, 0177.0.0.1, 2130706433, 0x7f000001.
var numeric = regexp.MustCompile(`^(?i:0x[0-9a-f.x]*|[0-9.]+)$`)

// checkURL checks the address of a webhook: https, to a host that is not
// inside. What a name leads to may be another when something is delivered, and
// is looked at again then, on the connection itself.
func (c *courier) checkURL(ctx context.Context, address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return pluvia.Errorf(pluvia.Invalid, "Invalid webhook URL '%s'.", clip(address))
	case u.Scheme != "https":
		return pluvia.Errorf(pluvia.Invalid, "Invalid webhook URL scheme: '%s'. Allowed schemes are: https.", clip(u.Scheme))
	case u.Hostname() == "":
		return pluvia.Errorf(pluvia.Invalid, "Webhook URL must include a hostname: '%s'", clip(address))
	case u.User != nil:
		return pluvia.Errorf(pluvia.Invalid, "Webhook URL must not include embedded credentials; use a secret.")
	}
	inside := func(what string) error {
		return pluvia.Errorf(pluvia.Invalid, "Webhook URL must not resolve to a non-public IP address. '%s' %s.", clip(u.Hostname()), what)
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if ip, err := netip.ParseAddr(host); err == nil {
		if !c.reachable(ip) {
			return inside("is one")
		}
		return nil
	}
	if numeric.MatchString(host) {
		return pluvia.Errorf(pluvia.Invalid, "Webhook URL host '%s' is not a canonical IP address literal.", clip(u.Hostname()))
	}
	if (host == "localhost" || strings.HasSuffix(host, ".localhost")) && !c.inside {
		return inside("is this machine")
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil // it may come to be before the first delivery
	}
	for _, ip := range found {
		if !c.reachable(ip) {
			return inside("resolves to " + ip.Unmap().String())
		}
	}
	return nil
}
