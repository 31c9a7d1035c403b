package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"regexp"

	"github.com/pluvia-ml/pluvia"
)

// The limits of webhooks.
const (
	maxWebhooks = 1000 // in all, each event is offered to every one
	maxEvents   = 100
	maxSecret   = 1000
)

var webhookName = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9._-]{0,61}[a-zA-Z0-9])?$`)

// Webhook is the webhook of that ID, with its secret.
func (s *Store) Webhook(ctx context.Context, id string) (w *pluvia.Webhook, err error) {
	if !storable(id) {
		return nil, noWebhook(id)
	}
	err = s.read(ctx, "read a webhook", func(t *tx) error {
		found, err := webhooks(ctx, t, `WHERE webhook_id = $1`, id)
		if err == nil && len(found) == 0 {
			err = noWebhook(id)
		}
		if err == nil {
			w = found[0]
		}
		return err
	})
	return w, err
}

// Webhooks are all webhooks in the order of their making, with their secrets.
func (s *Store) Webhooks(ctx context.Context) (list []*pluvia.Webhook, err error) {
	err = s.read(ctx, "list webhooks", func(t *tx) error {
		list, err = webhooks(ctx, t, ``)
		return err
	})
	return list, err
}

// CreateWebhook stores w and fills in its ID and times. Whether the URL may be
// called is for the one who calls it to say.
func (s *Store) CreateWebhook(ctx context.Context, w *pluvia.Webhook) error {
	if err := checkWebhook(w); err != nil {
		return err
	}
	made := *w
	made.ID = s.NewID()
	err := s.write(ctx, "create a webhook", func(t *tx) error {
		var n int
		if err := t.row(ctx, `SELECT COUNT(*) FROM webhooks`).Scan(&n); err != nil {
			return err
		}
		if n >= maxWebhooks {
			return pluvia.Errorf(pluvia.TooLarge, "there are %d webhooks already, the most that can be; delete one first", n)
		}
		made.Created, made.Updated = t.now, t.now
		_, err := t.exec(ctx, `
			INSERT INTO webhooks (webhook_id, name, description, url, events, disabled, secret, created, updated)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)`,
			made.ID, made.Name, made.Description, made.URL, eventsText(made.Events), made.Disabled, made.Secret, t.now)
		return err
	})
	if err == nil {
		*w = made
	}
	return err
}

// UpdateWebhook puts w in the place of the webhook with its ID, and fills in
// the times.
func (s *Store) UpdateWebhook(ctx context.Context, w *pluvia.Webhook) error {
	if err := checkWebhook(w); err != nil {
		return err
	}
	if !storable(w.ID) {
		return noWebhook(w.ID)
	}
	var made *pluvia.Webhook
	err := s.write(ctx, "update a webhook", func(t *tx) error {
		n, err := t.exec(ctx, `
			UPDATE webhooks SET name = $1, description = $2, url = $3, events = $4, disabled = $5, secret = $6, updated = $7
			WHERE webhook_id = $8`,
			w.Name, w.Description, w.URL, eventsText(w.Events), w.Disabled, w.Secret, t.now, w.ID)
		if err != nil {
			return err
		}
		if n == 0 {
			return noWebhook(w.ID)
		}
		found, err := webhooks(ctx, t, `WHERE webhook_id = $1`, w.ID)
		if err == nil {
			made = found[0]
		}
		return err
	})
	if err == nil {
		*w = *made
	}
	return err
}

// DeleteWebhook deletes a webhook.
func (s *Store) DeleteWebhook(ctx context.Context, id string) error {
	if !storable(id) {
		return noWebhook(id)
	}
	return s.write(ctx, "delete a webhook", func(t *tx) error {
		n, err := t.exec(ctx, `DELETE FROM webhooks WHERE webhook_id = $1`, id)
		if err == nil && n == 0 {
			err = noWebhook(id)
		}
		return err
	})
}

func checkWebhook(w *pluvia.Webhook) error {
	var f faults
	if !webhookName.MatchString(w.Name) {
		f.add("webhook name %s: want 1 to 63 letters, digits, periods, underscores and dashes, of which the first and the last are letters or digits", quote(w.Name))
	}
	f.text("description", w.Description, maxText)
	f.plainKey("webhook URL", w.URL, maxLocation)
	f.secret("secret of the webhook", w.Secret, maxSecret)
	if len(w.Events) == 0 || len(w.Events) > maxEvents {
		f.add("a webhook of %d events: want 1 to %d", len(w.Events), maxEvents)
	}
	for _, e := range w.Events {
		f.plainKey("entity of an event", e.Entity, maxKey)
		f.plainKey("action of an event", e.Action, maxKey)
	}
	return f.err()
}

func eventsText(events []pluvia.WebhookEvent) string {
	text, err := json.Marshal(events)
	if err != nil {
		panic("store: events: " + err.Error()) // valid texts only
	}
	return string(text)
}

// webhooks are those that where chooses, in the order of their making.
func webhooks(ctx context.Context, t *tx, where string, args ...any) (list []*pluvia.Webhook, err error) {
	err = eachRow(ctx, t, `
		SELECT webhook_id, name, description, url, events, disabled, secret, created, updated FROM webhooks `+where+` ORDER BY id`, args,
		func(rows *sql.Rows) error {
			w := new(pluvia.Webhook)
			var events string
			if err := rows.Scan(&w.ID, &w.Name, &w.Description, &w.URL, &events, &w.Disabled, &w.Secret, &w.Created, &w.Updated); err != nil {
				return err
			}
			list = append(list, w)
			return json.Unmarshal([]byte(events), &w.Events)
		})
	return list, err
}

func noWebhook(id string) error {
	return pluvia.Errorf(pluvia.NotFound, "Webhook with ID %s not found", cut(id, maxKey))
}

// secret checks a text that must not stand in an error.
func (f *faults) secret(what, value string, max int) {
	var own faults
	own.text(what, value, max)
	if own.err() != nil {
		f.add("%s is not valid UTF-8, holds a NUL character or is longer than %d characters", what, max)
	}
}
