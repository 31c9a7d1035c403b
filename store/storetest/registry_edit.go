package storetest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia"
)

var registryTests = map[string]func(*testing.T, pluvia.Tracking){
	"UpdateModel": func(t *testing.T, s pluvia.Tracking) {
		newModel(t, s, "m", 2)
		newModel(t, s, "other", 0)
		ok(t, s.UpdateVersion(t.Context(), "m", 1, pluvia.VersionUpdate{Aliases: []string{"champion", "x"}, Tags: []pluvia.Tag{{Key: "k", Value: "v"}}}))
		name, description := "new", "what it is"
		ok(t, s.UpdateModel(t.Context(), "m", pluvia.ModelUpdate{Tags: []pluvia.Tag{{Key: "a", Value: "1"}, {Key: "b", Value: "2"}}}))
		ok(t, s.UpdateModel(t.Context(), "m", pluvia.ModelUpdate{Name: &name, Description: &description, Tags: []pluvia.Tag{{Key: "a", Value: "3"}},
			DropTags: []string{"b", "never set", "\x00"}, DropAliases: []string{"x", "never set", "\xff"}}))
		_, err := s.Model(t.Context(), "m")
		coded(t, err, pluvia.NotFound)
		got := must(s.Model(t.Context(), "new"))(t)
		equal(t, "tags", got.Tags, []pluvia.Tag{{Key: "a", Value: "3"}})
		equal(t, "aliases", got.Aliases, []pluvia.Alias{{Name: "champion", Version: 1}})
		equal(t, "description", got.Description, description)
		v := must(s.VersionByAlias(t.Context(), "new", "champion"))(t)
		if v.Model != "new" || v.Tag("k") != "v" {
			t.Errorf("its version is %+v", v)
		}
		empty := ""
		ok(t, s.UpdateModel(t.Context(), "new", pluvia.ModelUpdate{Name: &name, Description: &empty}))
		equal(t, "no description", must(s.Model(t.Context(), "new"))(t).Description, "")
		taken, bad := "other", "a/b"
		coded(t, s.UpdateModel(t.Context(), "new", pluvia.ModelUpdate{Name: &taken, Tags: []pluvia.Tag{{Key: "half"}}}), pluvia.Exists, "other")
		coded(t, s.UpdateModel(t.Context(), "new", pluvia.ModelUpdate{Name: &bad}), pluvia.Invalid, "a/b")
		coded(t, s.UpdateModel(t.Context(), "new", pluvia.ModelUpdate{Tags: []pluvia.Tag{{Key: "k"}}, DropTags: []string{"k"}}), pluvia.Invalid, "k")
		coded(t, s.UpdateModel(t.Context(), "none\x00", pluvia.ModelUpdate{}), pluvia.NotFound)
		equal(t, "after refusals", must(s.Model(t.Context(), "new"))(t).Tags, got.Tags)
	},
	"AddVersion": func(t *testing.T, s pluvia.Tracking) {
		newModel(t, s, "m", 0)
		for i := range 2 {
			v := &pluvia.Version{Model: "m", RunID: "r", Source: "s", RunLink: "http://x", ModelID: "m-1", Storage: "s3://x", Description: "d", Tags: []pluvia.Tag{{Key: "k"}}}
			ok(t, s.AddVersion(t.Context(), v))
			equal(t, "number", v.Number, i+1)
			equal(t, "stage", v.Stage, "None")
			equal(t, "as read", must(s.Version(t.Context(), "m", i+1))(t), v)
		}
		for _, bad := range []pluvia.Version{{Model: "m", Stage: "Gone"}, {Model: "m", Source: strings.Repeat("s", 2049)}, {Model: "m", RunLink: "\x00"}, {Model: "m", Storage: "\xff"}, {Model: "m", Aliases: []string{"latest"}}} {
			coded(t, s.AddVersion(t.Context(), &bad), pluvia.Invalid)
		}
		coded(t, s.AddVersion(t.Context(), &pluvia.Version{Model: "none"}), pluvia.NotFound, "none")
		coded(t, s.AddVersion(t.Context(), &pluvia.Version{Model: "\x00"}), pluvia.NotFound)
		equal(t, "versions", len(must(s.Versions(t.Context(), "m"))(t)), 2)
	},
	"EditVersion": func(t *testing.T, s pluvia.Tracking) {
		newModel(t, s, "m", 3)
		stage := func(number int, to string, archive bool) error {
			return s.EditVersion(t.Context(), "m", number, pluvia.VersionEdit{Stage: &to, ArchiveExisting: archive})
		}
		stages := func() (list []string) {
			for _, v := range must(s.Versions(t.Context(), "m"))(t) {
				list = append(list, fmt.Sprint(v.Number, v.Stage))
			}
			return list
		}
		ok(t, stage(1, "production", false))
		ok(t, stage(2, "PRODUCTION", false))
		equal(t, "stages", stages(), []string{"3None", "2Production", "1Production"})
		ok(t, stage(3, "Production", true))
		equal(t, "archived", stages(), []string{"3Production", "2Archived", "1Archived"})
		coded(t, stage(3, "None", true), pluvia.Invalid)
		coded(t, stage(3, "Gone", false), pluvia.Invalid, "Gone")
		coded(t, stage(9, "None", false), pluvia.NotFound, "9")
		coded(t, s.EditVersion(t.Context(), "none", 1, pluvia.VersionEdit{}), pluvia.NotFound, "none")

		text := "text"
		ok(t, s.EditVersion(t.Context(), "m", 1, pluvia.VersionEdit{Description: &text, Tags: []pluvia.Tag{{Key: "a", Value: "1"}, {Key: "b"}}}))
		ok(t, s.EditVersion(t.Context(), "m", 1, pluvia.VersionEdit{DropTags: []string{"b", "never set", "\x00"}}))
		v := must(s.Version(t.Context(), "m", 1))(t)
		equal(t, "tags", v.Tags, []pluvia.Tag{{Key: "a", Value: "1"}})
		equal(t, "description", v.Description, text)
		coded(t, s.EditVersion(t.Context(), "m", 1, pluvia.VersionEdit{Tags: []pluvia.Tag{{Key: "a"}}, DropTags: []string{"a"}}), pluvia.Invalid, "a")
		bad := "\x00"
		coded(t, s.EditVersion(t.Context(), "m", 1, pluvia.VersionEdit{Description: &bad}), pluvia.Invalid)
	},
	"DeleteVersion": func(t *testing.T, s pluvia.Tracking) {
		newModel(t, s, "m", 2)
		ok(t, s.UpdateVersion(t.Context(), "m", 2, pluvia.VersionUpdate{Aliases: []string{"champion"}, Tags: []pluvia.Tag{{Key: "k"}}}))
		ok(t, s.DeleteVersion(t.Context(), "m", 2))
		coded(t, s.DeleteVersion(t.Context(), "m", 2), pluvia.NotFound, "m", "2")
		coded(t, s.DeleteVersion(t.Context(), "none", 2), pluvia.NotFound, "none")
		_, err := s.VersionByAlias(t.Context(), "m", "champion")
		coded(t, err, pluvia.NotFound)
		equal(t, "aliases", len(must(s.Model(t.Context(), "m"))(t).Aliases), 0)
		v := &pluvia.Version{Model: "m"}
		ok(t, s.AddVersion(t.Context(), v))
		equal(t, "a number is used once", v.Number, 3)
		equal(t, "tags", len(v.Tags), 0)
	},
	"Webhooks": func(t *testing.T, s pluvia.Tracking) {
		equal(t, "none", len(must(s.Webhooks(t.Context()))(t)), 0)
		w := &pluvia.Webhook{Name: "a", URL: "https://example.com/x?y", Description: "d", Secret: "s3cret", Events: []pluvia.WebhookEvent{{Entity: "MODEL_VERSION", Action: "CREATED"}}}
		ok(t, s.CreateWebhook(t.Context(), w))
		if w.ID == "" || w.Created == 0 || w.Updated != w.Created {
			t.Errorf("made %+v", w)
		}
		equal(t, "as read", must(s.Webhook(t.Context(), w.ID))(t), w)
		second := &pluvia.Webhook{Name: "b-2", URL: "u", Disabled: true, Events: []pluvia.WebhookEvent{{Entity: "e", Action: "<&>"}, {Entity: "f", Action: "雨"}}}
		ok(t, s.CreateWebhook(t.Context(), second))
		equal(t, "all", must(s.Webhooks(t.Context()))(t), []*pluvia.Webhook{w, second})
		w.URL, w.Disabled = "https://elsewhere", true
		ok(t, s.UpdateWebhook(t.Context(), w))
		equal(t, "updated", must(s.Webhook(t.Context(), w.ID))(t), w)
		events := w.Events
		for _, bad := range []pluvia.Webhook{
			{URL: "u", Events: events}, {Name: "-a", URL: "u", Events: events}, {Name: strings.Repeat("n", 64), URL: "u", Events: events}, {Name: "a b", URL: "u", Events: events},
			{Name: "a", Events: events}, {Name: "a", URL: "u"}, {Name: "a", URL: strings.Repeat("u", 2049), Events: events}, {Name: "a", URL: "u\x00", Events: events},
			{Name: "a", URL: "u", Events: []pluvia.WebhookEvent{{}}}, {Name: "a", URL: "u", Events: make([]pluvia.WebhookEvent, 101)},
		} {
			coded(t, s.CreateWebhook(t.Context(), &bad), pluvia.Invalid)
			bad.ID = w.ID
			coded(t, s.UpdateWebhook(t.Context(), &bad), pluvia.Invalid)
		}
		leak := &pluvia.Webhook{Name: "a", URL: "u", Events: events, Secret: "hidden\x00"}
		err := s.CreateWebhook(t.Context(), leak)
		if coded(t, err, pluvia.Invalid); strings.Contains(fmt.Sprint(err), "hidden") {
			t.Errorf("the error tells the secret: %v", err)
		}
		ok(t, s.DeleteWebhook(t.Context(), w.ID))
		for _, id := range []string{w.ID, "", "\x00"} {
			coded(t, s.DeleteWebhook(t.Context(), id), pluvia.NotFound)
			_, err := s.Webhook(t.Context(), id)
			coded(t, err, pluvia.NotFound)
			gone := *second
			gone.ID = id
			coded(t, s.UpdateWebhook(t.Context(), &gone), pluvia.NotFound)
		}
		equal(t, "left", must(s.Webhooks(t.Context()))(t), []*pluvia.Webhook{second})
	},
}
