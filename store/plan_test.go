package store

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia"
)

// TestPlans looks at how lists are found: from an index that has them in order
// already, so that a page costs the same among any number of runs.
func TestPlans(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "p.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for name, f := range map[string]pluvia.RunFilter{
		"runs_by_start":      {},
		"runs_by_experiment": {ExperimentID: "0", Status: pluvia.Finished, Tags: map[string]string{"a": "b"}},
	} {
		where, args, err := chosen(f)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := s.reader.Query(`EXPLAIN QUERY PLAN SELECT id FROM runs `+where+` ORDER BY start_time DESC, run_id`, args...)
		if err != nil {
			t.Fatal(err)
		}
		var plan strings.Builder
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				t.Fatal(err)
			}
			plan.WriteString(detail + "\n")
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(plan.String(), name) || strings.Contains(plan.String(), "SCAN") || strings.Contains(plan.String(), "TEMP B-TREE") {
			t.Errorf("%+v is found by\n%s", f, &plan)
		}
	}
}
