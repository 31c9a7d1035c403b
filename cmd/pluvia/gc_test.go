package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	pluvia "github.com/pluvia-ml/pluvia"
)

func TestParseAge(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"0s": 0, "30d": 30 * 24 * time.Hour, "1d2h3m4s": 26*time.Hour + 3*time.Minute + 4*time.Second, "90m": 90 * time.Minute,
	} {
		if got, err := parseAge(text); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"d", "-1d", "xd", "1d-2h", "1w", "999999d"} {
		if got, err := parseAge(text); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

// TestGC: what was deleted goes for good, with its artifacts; what was not
// stays, and so does what was deleted too lately.
func TestGC(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	o := &options{data: data, ui: newUI(os.Stdout, os.Stderr)}
	h, err := openHouse(t.Context(), o, false)
	if err != nil {
		t.Fatal(err)
	}
	runs := make([]*pluvia.Run, 2)
	for i := range runs {
		runs[i] = &pluvia.Run{ExperimentID: "0"}
		if err := h.store.CreateRun(t.Context(), runs[i]); err != nil {
			t.Fatal(err)
		}
		bucket, key, err := pluvia.ParseURI(runs[i].ArtifactURI + "/note.txt")
		if err != nil {
			t.Fatal(err)
		}
		if err := h.buckets.Put(t.Context(), bucket, key, strings.NewReader("kept")); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.store.DeleteRun(t.Context(), runs[0].ID); err != nil {
		t.Fatal(err)
	}
	artifact := func(run *pluvia.Run) bool {
		_, err := os.Stat(filepath.Join(data, bucketsDir, strings.TrimPrefix(run.ArtifactURI, "s3://"), "note.txt"))
		return err == nil
	}
	gc := func(args ...string) {
		t.Helper()
		if code, out, says := command(t.Context(), nil, append([]string{"gc", "--data", data}, args...)...); code != 0 {
			t.Fatal(out, says)
		}
	}
	gc("--older-than", "1d")
	if _, err := h.store.Run(t.Context(), runs[0].ID); err != nil || !artifact(runs[0]) {
		t.Errorf("what was deleted just now is gone: %v", err)
	}
	gc()
	if _, err := h.store.Run(t.Context(), runs[0].ID); pluvia.ErrorCode(err) != pluvia.NotFound || artifact(runs[0]) {
		t.Errorf("what was deleted is still there: %v", err)
	}
	if _, err := h.store.Run(t.Context(), runs[1].ID); err != nil || !artifact(runs[1]) {
		t.Errorf("what was not deleted is gone: %v", err)
	}
	if err := h.close(); err != nil {
		t.Error(err)
	}
}
