package store

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/pluvia-ml/pluvia"
)

func TestOpenIsQuick(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p.db")
	for _, what := range []string{"new", "existing"} {
		start := time.Now()
		s, err := Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		t.Log(what, time.Since(start))
		m := &pluvia.Model{Name: "m" + what}
		if err := s.CreateModel(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		v := &pluvia.Version{Model: m.Name, RunID: "r", Aliases: []string{"champion"}}
		for range 2 {
			if err := s.CreateVersion(t.Context(), v); err != nil || v.Number != 1 {
				t.Fatal(v, err)
			}
		}
		if v, err := s.VersionByAlias(t.Context(), m.Name, "champion"); err != nil || v.Number != 1 {
			t.Fatal(v, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
