package store

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pluvia-ml/pluvia"
)

func files(texts map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range texts {
		fsys["m/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

// TestMigrateOlder takes a database with rows in it through later migrations.
func TestMigrateOlder(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "p.db")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r := &pluvia.Run{ExperimentID: "0", Name: "old", Params: []pluvia.Param{{Key: "a", Value: "1"}}}
	if err := s.CreateRun(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	known, err := readMigrations(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	n := len(known)
	later := append(known[:n:n],
		migration{n + 1, "color.sql", `ALTER TABLE runs ADD COLUMN color TEXT NOT NULL DEFAULT 'grey'; CREATE INDEX runs_by_color ON runs (color);`},
		migration{n + 2, "paint.sql", `UPDATE runs SET color = 'blue' WHERE name = 'old';`})
	broken := append(later[:n+2:n+2], migration{n + 3, "broken.sql", `UPDATE runs SET color = 'red'; CREATE TABLE no good;`})

	err = s.migrate(t.Context(), broken)
	if err == nil || !strings.Contains(err.Error(), "broken.sql") {
		t.Errorf("a broken migration: %v, want an error that names it", err)
	}
	for range 2 { // the second time there is nothing to do
		if err := s.migrate(t.Context(), later); err != nil {
			t.Fatal(err)
		}
	}
	if at, err := s.migration(t.Context()); at != n+2 || err != nil {
		t.Errorf("at migration %d, %v; want %d", at, err, n+2)
	}
	var color string
	if err := s.writer.QueryRow(`SELECT color FROM runs`).Scan(&color); err != nil || color != "blue" {
		t.Errorf("the run is %s, %v: half of the broken migration has stayed", color, err)
	}
	got, err := s.Run(t.Context(), r.ID)
	if err != nil || got.Param("a") != "1" {
		t.Errorf("the old run is %+v, %v", got, err)
	}

	// The program without those two refuses the database.
	_, err = Open(t.Context(), path)
	if pluvia.ErrorCode(err) != pluvia.Conflict || !strings.Contains(err.Error(), "newer") || !strings.Contains(err.Error(), path) {
		t.Errorf("a newer database: %v", err)
	}
}

func TestReadMigrations(t *testing.T) {
	t.Parallel()
	list, err := readMigrations(files(map[string]string{"0002_b.sql": "two", "0001_a.sql": "one"}), "m")
	if err != nil || len(list) != 2 || list[0] != (migration{1, "0001_a.sql", "one"}) || list[1] != (migration{2, "0002_b.sql", "two"}) {
		t.Errorf("read %v, %v", list, err)
	}
	for _, bad := range []map[string]string{
		{"0001_a.sql": "", "0003_c.sql": ""}, {"0002_b.sql": ""}, {"0001_a.sql": "", "0001_b.sql": ""}, {"1_a.sql": ""}, {"0001_a.sql": "", "readme.md": ""},
	} {
		if _, err := readMigrations(files(bad), "m"); err == nil {
			t.Errorf("%v was accepted", bad)
		}
	}
}
