package store

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pluvia-ml/pluvia"
)

// TestMigrateRows opens a database that was made and filled at migration 1.
func TestMigrateRows(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "p.db")
	rows, err := os.ReadFile("testdata/0001_rows.sql")
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	known, err := readMigrations(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	old := &Store{Now: time.Now, place: path, dialect: &sqliteDialect, writer: db}
	if err := old.migrate(t.Context(), known[:1]); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(string(rows)); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	field := func(of pluvia.Part, key string) pluvia.Field { return pluvia.Field{Of: of, Key: key} }
	found, _, err := s.SearchRuns(t.Context(), pluvia.Search{Experiments: []string{"1"}, Limit: 9,
		Where: pluvia.And{
			pluvia.Compare{Field: field(pluvia.MetricPart, "auc"), Op: pluvia.Greater, Number: 0.8},
			pluvia.Compare{Field: field(pluvia.ParamPart, "trees"), Op: pluvia.Equal, Text: "100"},
			pluvia.Compare{Field: field(pluvia.TagPart, "kind"), Op: pluvia.Equal, Text: "old"},
			pluvia.Compare{Field: field(pluvia.DatasetPart, "context"), Op: pluvia.Equal, Text: "training"},
		}})
	if err != nil || len(found) != 1 || found[0].Name != "first" {
		t.Fatalf("found %v, %v", found, err)
	}
	v, err := s.VersionByAlias(t.Context(), "m", "champion")
	if err != nil || v.Stage != "None" || v.RunID != found[0].ID || v.Storage != "" {
		t.Errorf("the champion is %+v, %v", v, err)
	}
	// What was deleted before anybody noted when can be purged.
	gone, err := s.Purge(t.Context(), 1)
	if err != nil || len(gone) != 1 || gone[0] != "s3://mlflow/1/bb/artifacts" {
		t.Errorf("purged %v, %v", gone, err)
	}
}
