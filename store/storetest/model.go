package storetest

import (
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia"
)

// newModel is a model with n versions.
func newModel(t *testing.T, s pluvia.Store, name string, n int) {
	t.Helper()
	ok(t, s.CreateModel(t.Context(), &pluvia.Model{Name: name}))
	for i := range n {
		v := &pluvia.Version{Model: name}
		ok(t, s.CreateVersion(t.Context(), v))
		equal(t, "number", v.Number, i+1)
	}
}

var modelTests = map[string]func(*testing.T, pluvia.Store){
	"Model": func(t *testing.T, s pluvia.Store) {
		m := &pluvia.Model{Name: "b", Description: "what", Tags: []pluvia.Tag{{Key: "k", Value: "v"}}}
		ok(t, s.CreateModel(t.Context(), m))
		if m.Created == 0 || m.Updated != m.Created {
			t.Errorf("made %+v", m)
		}
		equal(t, "as read", must(s.Model(t.Context(), "b"))(t), m)
		newModel(t, s, "a", 2)
		ok(t, s.UpdateVersion(t.Context(), "a", 2, pluvia.VersionUpdate{Aliases: []string{"champion"}}))
		all := must(s.Models(t.Context()))(t)
		if len(all) != 2 || all[0].Name != "a" || all[0].Alias("champion") != 2 || all[1].Name != "b" {
			t.Errorf("models are %+v", all)
		}
		ok(t, s.DeleteModel(t.Context(), "a"))
		_, err := s.Model(t.Context(), "a")
		coded(t, err, pluvia.NotFound, "a")
		coded(t, s.DeleteModel(t.Context(), "a"), pluvia.NotFound)
		newModel(t, s, "a", 1) // the name is free again, and a new model begins at 1
		equal(t, "aliases", len(must(s.Model(t.Context(), "a"))(t).Aliases), 0)
	},
	"ModelErrors": func(t *testing.T, s pluvia.Store) {
		for _, name := range []string{"", " ", "a/b", "a:b", ".", "..", "nul\x00", "\xff", strings.Repeat("n", 257)} {
			coded(t, s.CreateModel(t.Context(), &pluvia.Model{Name: name}), pluvia.Invalid)
		}
		coded(t, s.CreateModel(t.Context(), &pluvia.Model{Name: "a", Aliases: []pluvia.Alias{{Name: "x", Version: 1}}}), pluvia.Invalid, "x")
		coded(t, s.CreateModel(t.Context(), &pluvia.Model{Name: "a", Tags: []pluvia.Tag{{Key: "k", Value: strings.Repeat("v", 100_001)}}}), pluvia.Invalid)
		newModel(t, s, "a", 1)
		coded(t, s.CreateModel(t.Context(), &pluvia.Model{Name: "a"}), pluvia.Exists, "a")
		for _, name := range hostile {
			if !strings.ContainsAny(name, "/:") && name != " " && len(name) < 200 {
				newModel(t, s, name, 1)
				equal(t, name, must(s.Version(t.Context(), name, 1))(t).Model, name)
			}
		}
	},
	"Version": func(t *testing.T, s pluvia.Store) {
		newModel(t, s, "m", 0)
		newModel(t, s, "other", 1)
		v := &pluvia.Version{Model: "m", Description: "d", Source: "s3://mlflow/0/r/artifacts/model", RunID: "r1",
			Tags: []pluvia.Tag{{Key: "k", Value: "v"}}, Aliases: []string{"challenger"}}
		ok(t, s.CreateVersion(t.Context(), v))
		if v.Number != 1 || v.Created == 0 || v.Updated != v.Created {
			t.Errorf("made %+v", v)
		}
		equal(t, "as read", must(s.Version(t.Context(), "m", 1))(t), v)

		// The step that registers is repeated.
		again := &pluvia.Version{Model: "m", RunID: "r1", Source: "elsewhere"}
		ok(t, s.CreateVersion(t.Context(), again))
		equal(t, "registered again", again, v)
		next := &pluvia.Version{Model: "m", RunID: "r2"}
		ok(t, s.CreateVersion(t.Context(), next))
		equal(t, "no number is skipped", next.Number, 2)
		elsewhere := &pluvia.Version{Model: "other", RunID: "r1"}
		ok(t, s.CreateVersion(t.Context(), elsewhere))
		equal(t, "of another model", elsewhere.Number, 2)

		all := must(s.Versions(t.Context(), "m"))(t)
		if len(all) != 2 {
			t.Fatalf("versions are %+v", all)
		}
		equal(t, "highest first", all[0], next)
		equal(t, "lowest last", all[1], v)
	},
	"VersionErrors": func(t *testing.T, s pluvia.Store) {
		newModel(t, s, "m", 1)
		coded(t, s.CreateVersion(t.Context(), &pluvia.Version{Model: "none"}), pluvia.NotFound, "none")
		_, err := s.Versions(t.Context(), "none")
		coded(t, err, pluvia.NotFound, "none")
		for _, number := range []int{0, -1, 2, 1 << 40} {
			_, err = s.Version(t.Context(), "m", number)
			coded(t, err, pluvia.NotFound, "m")
			coded(t, s.UpdateVersion(t.Context(), "m", number, pluvia.VersionUpdate{Aliases: []string{"x"}}), pluvia.NotFound, "m")
		}
		_, err = s.Version(t.Context(), "none", 1)
		coded(t, err, pluvia.NotFound, "none")
		_, err = s.VersionByAlias(t.Context(), "m", "none")
		coded(t, err, pluvia.NotFound, "none")
		_, err = s.VersionByAlias(t.Context(), "none", "x")
		coded(t, err, pluvia.NotFound, "none")
		for _, name := range []string{"a\x00", "\xff"} {
			for what, err := range map[string]error{
				"Model": second(s.Model(t.Context(), name)), "Versions": second(s.Versions(t.Context(), name)), "Version": second(s.Version(t.Context(), name, 1)),
				"VersionByAlias": second(s.VersionByAlias(t.Context(), name, "x")), "alias": second(s.VersionByAlias(t.Context(), "m", name)),
				"DeleteModel": s.DeleteModel(t.Context(), name), "CreateVersion": s.CreateVersion(t.Context(), &pluvia.Version{Model: name}),
				"UpdateVersion": s.UpdateVersion(t.Context(), name, 1, pluvia.VersionUpdate{}),
			} {
				if coded(t, err, pluvia.NotFound); t.Failed() {
					t.Fatal(what)
				}
			}
			ok(t, s.UpdateVersion(t.Context(), "m", 1, pluvia.VersionUpdate{DropAliases: []string{name}}))
		}
		for _, alias := range []string{"", "latest", "LATEST", "v1", "V22", "a b", "a/b", "a\x00", strings.Repeat("a", 256)} {
			coded(t, s.UpdateVersion(t.Context(), "m", 1, pluvia.VersionUpdate{Aliases: []string{alias}}), pluvia.Invalid)
			coded(t, s.CreateVersion(t.Context(), &pluvia.Version{Model: "m", Aliases: []string{alias}}), pluvia.Invalid)
		}
		coded(t, s.UpdateVersion(t.Context(), "m", 1, pluvia.VersionUpdate{Aliases: []string{"x"}, DropAliases: []string{"x"}}), pluvia.Invalid, "x")
		equal(t, "versions", len(must(s.Versions(t.Context(), "m"))(t)), 1)
	},
	"Aliases": func(t *testing.T, s pluvia.Store) {
		newModel(t, s, "m", 3)
		ok(t, s.UpdateVersion(t.Context(), "m", 1, pluvia.VersionUpdate{Aliases: []string{"champion"}}))
		ok(t, s.UpdateVersion(t.Context(), "m", 2, pluvia.VersionUpdate{Aliases: []string{"challenger"}}))
		// Promotion: one step moves one alias, drops the other and says why.
		ok(t, s.UpdateVersion(t.Context(), "m", 2, pluvia.VersionUpdate{
			Aliases: []string{"champion"}, DropAliases: []string{"challenger", "never set"}, Tags: []pluvia.Tag{{Key: "why", Value: "better"}},
		}))
		v := must(s.VersionByAlias(t.Context(), "m", "champion"))(t)
		if v.Number != 2 || v.Tag("why") != "better" || len(v.Aliases) != 1 || v.Aliases[0] != "champion" {
			t.Errorf("champion is %+v", v)
		}
		_, err := s.VersionByAlias(t.Context(), "m", "challenger")
		coded(t, err, pluvia.NotFound)
		equal(t, "the old one", len(must(s.Version(t.Context(), "m", 1))(t).Aliases), 0)
		equal(t, "of the model", must(s.Model(t.Context(), "m"))(t).Aliases, []pluvia.Alias{{Name: "champion", Version: 2}})
		ok(t, s.UpdateVersion(t.Context(), "m", 3, pluvia.VersionUpdate{DropAliases: []string{"champion"}}))
		equal(t, "dropped from another version", len(must(s.Model(t.Context(), "m"))(t).Aliases), 0)
	},
}
