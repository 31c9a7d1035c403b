package store

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pluvia-ml/pluvia"
)

func TestOpenTogether(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "p.db")
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			s, err := Open(context.Background(), path)
			if err != nil {
				t.Errorf("open: %v", err)
				return
			}
			if err := s.CreateRun(context.Background(), &pluvia.Run{ExperimentID: "0"}); err != nil {
				t.Errorf("create a run: %v", err)
			}
			if err := s.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
	}
	wait.Wait()
}

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := filepath.Join(dir, "text.db")
	if err := os.WriteFile(text, []byte(strings.Repeat("not a database\n", 100)), 0o666); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]pluvia.Code{
		"":                                   pluvia.Invalid,
		"?synchronous=full":                  pluvia.Invalid,
		"a\x00b":                             pluvia.Invalid,
		"mysql://host/db":                    pluvia.Invalid,
		"postgres://u:secret@host:x/db":      pluvia.Invalid,
		"postgres://u:secret@127.0.0.1:1/db": pluvia.Unavailable,
		dir + "/p.db?synchronous=off":        pluvia.Invalid,
		dir + "/p.db?journal_mode=off":       pluvia.Invalid,
		dir + "/p.db?%zz":                    pluvia.Invalid,
		text:                                 pluvia.Invalid,
		filepath.Join(dir, "none", "p.db"):   pluvia.Unavailable,
		dir:                                  pluvia.Unavailable,
		filepath.Join(text, "below", "p.db"): pluvia.Unavailable,
	} {
		s, err := Open(t.Context(), path)
		if err == nil {
			s.Close()
		}
		if strings.Contains(pluvia.ErrorMessage(err), "secret") {
			t.Errorf("open %q tells the password: %v", path, err)
		}
		if pluvia.ErrorCode(err) != want {
			t.Errorf("open %q: %v of code %s, want %s", path, err, pluvia.ErrorCode(err), want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, filepath.Join(dir, "p.db")); !errors.Is(err, context.Canceled) {
		t.Errorf("open with a cancelled context: %v", err)
	}
	// What has a meaning in a URL has none in a path.
	odd := filepath.Join(dir, "a b%20#c&d=e ünï.db")
	s, err := Open(t.Context(), odd)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, err := os.Stat(odd); err != nil {
		t.Errorf("the database is not at its path: %v", err)
	}
}

// TestSettings looks at what every connection has been told.
func TestSettings(t *testing.T) {
	t.Parallel()
	for suffix, synchronous := range map[string]int{"": 1, "?synchronous=normal": 1, "?synchronous=FULL": 2} {
		s, err := Open(t.Context(), filepath.Join(t.TempDir(), "p.db")+suffix)
		if err != nil {
			t.Fatal(err)
		}
		for what, db := range map[string]*sql.DB{"writer": s.writer, "reader": s.reader} {
			for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": string(rune('0' + synchronous)), "foreign_keys": "1", "busy_timeout": "5000"} {
				var got string
				if err := db.QueryRow("PRAGMA " + pragma).Scan(&got); got != want || err != nil {
					t.Errorf("%s%s: %s is %s, %v; want %s", what, suffix, pragma, got, err, want)
				}
			}
		}
		if _, err := s.reader.Exec(`DELETE FROM experiments`); err == nil {
			t.Error("a reader has written")
		}
		s.Close()
	}
}

// TestLocked has another process's lock outlast the patience of this one.
func TestLocked(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "p.db")
	a, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	b, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	held, err := a.writer.Begin()
	if err != nil {
		t.Fatal(err)
	}
	// Reading goes on, and so does opening.
	if _, err := b.Runs(t.Context(), pluvia.RunFilter{}); err != nil {
		t.Errorf("read beside a writer: %v", err)
	}
	if c, err := Open(t.Context(), path); err != nil {
		t.Errorf("open beside a writer: %v", err)
	} else {
		c.Close()
	}
	// A context ends the wait.
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := b.CreateRun(ctx, &pluvia.Run{ExperimentID: "0"}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("write beside a writer: %v, want the context's error", err)
	}
	if _, err := b.writer.Exec(`PRAGMA busy_timeout = 100`); err != nil {
		t.Fatal(err)
	}
	if err := b.CreateRun(t.Context(), &pluvia.Run{ExperimentID: "0"}); pluvia.ErrorCode(err) != pluvia.Unavailable {
		t.Errorf("write beside a writer: %v, want unavailable", err)
	}
	held.Rollback()
	if err := b.CreateRun(t.Context(), &pluvia.Run{ExperimentID: "0"}); err != nil {
		t.Errorf("write after the other: %v", err)
	}
}

// TestDeletedExperiment: its name stays taken and it takes no runs.
func TestDeletedExperiment(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "p.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	e := &pluvia.Experiment{Name: "e"}
	if err := s.CreateExperiment(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if _, err := s.writer.Exec(`UPDATE experiments SET stage = 'deleted' WHERE id = 1`); err != nil {
		t.Fatal(err)
	}
	if err := s.CreateExperiment(t.Context(), &pluvia.Experiment{Name: "e"}); pluvia.ErrorCode(err) != pluvia.Exists {
		t.Errorf("the name of a deleted experiment: %v, want exists", err)
	}
	if err := s.CreateRun(t.Context(), &pluvia.Run{ExperimentID: "1"}); pluvia.ErrorCode(err) != pluvia.Conflict {
		t.Errorf("a run in a deleted experiment: %v, want conflict", err)
	}
	if got, err := s.ExperimentByName(t.Context(), "e"); err != nil || got.Stage != pluvia.Deleted {
		t.Errorf("a deleted experiment by name: %v, %v", got, err)
	}
	if got, err := s.Experiments(t.Context(), pluvia.ExperimentFilter{Stage: pluvia.Deleted}); err != nil || len(got) != 1 || got[0].ID != "1" {
		t.Errorf("the deleted experiments: %v, %v", got, err)
	}
}

// TestClosed: a closed store says so.
func TestClosed(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "p.db"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Runs(t.Context(), pluvia.RunFilter{}); pluvia.ErrorCode(err) != pluvia.Unavailable {
		t.Errorf("read: %v, want unavailable", err)
	}
	if err := s.CreateRun(t.Context(), &pluvia.Run{ExperimentID: "0"}); pluvia.ErrorCode(err) != pluvia.Unavailable {
		t.Errorf("write: %v, want unavailable", err)
	}
}
