package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// answer is what a server says to a GET.
func answer(t *testing.T, url string) (code int, text string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content)
}

// TestDamagedDatabase: the last good model serves, what needs the store says
// what is wrong, the damaged file stays as it is; moved away, a new champion is
// trained while the last good model serves.
func TestDamagedDatabase(t *testing.T) {
	t.Parallel()
	project := pumps(t, 1)
	data := t.TempDir()
	up := append([]string{"up", "--json", "--listen", "127.0.0.1:0", "--data", data}, project...)
	p := begin(t, up...)
	p.event(t, "champion")
	p.kill()
	database := filepath.Join(data, databaseFile)
	want, _ := champion(t, data) // which writes what is in the log to the file
	whole, err := os.ReadFile(database)
	if err != nil {
		t.Fatal(err)
	}

	const question = `{"day": "2015-03-01", "pump": "west", "heat": 120}`
	for name, damaged := range map[string][]byte{
		"truncated": whole[:len(whole)/2],
		"garbage":   bytes.Repeat([]byte("\x00\xff garbage "), 5000),
	} {
		if err := os.WriteFile(database, damaged, 0o644); err != nil {
			t.Fatal(err)
		}
		p := begin(t, up...)
		e := p.event(t, "champion")
		url := e["url"].(string)
		if e["source"] != "local" {
			t.Errorf("%s: %v", name, e)
		}
		if code, text := answer(t, url+"/readyz"); code != http.StatusOK {
			t.Errorf("%s: /readyz: %d %s", name, code, text)
		}
		post(t, url+"/api/v1/predict", question, http.StatusOK)
		if said := post(t, url+"/api/v1/cycles", "", http.StatusServiceUnavailable); !strings.Contains(said, "backup") {
			t.Errorf("%s: a cycle is refused without a remedy: %s", name, said)
		}
		if status := idle(t, url); !strings.Contains(status.Error, "backup") {
			t.Errorf("%s: status %+v", name, status)
		}
		for _, args := range [][]string{{"runs"}, {"promote", "1"}} {
			if code, _, says := command(t.Context(), nil, append(args, "--data", data, "--project", project[1])...); code != exitUnavailable || !strings.Contains(says, "backup") {
				t.Errorf("%s: %q: %d, %s", name, args, code, says)
			}
		}
		code, out, says := command(t.Context(), strings.NewReader("day,pump\n2015-03-02,west\n"), "predict", "-", "--data", data, "--project", project[1])
		if code != exitOK || strings.Count(out, "\n") != 2 || !strings.Contains(says, "serves") {
			t.Errorf("%s: predict: %d, %s%s", name, code, out, says)
		}
		p.kill()
		if !strings.Contains(p.errors.String(), `"event":"warning"`) {
			t.Errorf("%s: up said nothing: %s", name, p.errors)
		}
		if after, err := os.ReadFile(database); err != nil || !bytes.Equal(after, damaged) {
			t.Errorf("%s: the file was changed: %v", name, err)
		}
	}

	kept := filepath.Join(data, championDir)
	if err := os.Rename(kept, kept+".away"); err != nil {
		t.Fatal(err)
	}
	if code, out, says := command(t.Context(), nil, up...); code != exitUnavailable || !strings.Contains(says, "backup") || out != "" {
		t.Errorf("without a last good model: %d, %s%s", code, out, says)
	}
	if err := os.Rename(kept+".away", kept); err != nil {
		t.Fatal(err)
	}

	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Rename(database+suffix, database+".damaged"+suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	p = begin(t, up...)
	if e := p.event(t, "champion"); e["source"] != "local" {
		t.Errorf("before the new champion: %v", e)
	}
	if e := p.event(t, "champion"); e["source"] != "registry" {
		t.Errorf("the new champion: %v", e)
	}
	p.kill()
	if got, _ := champion(t, data); got != want {
		t.Errorf("the new champion is %s, the old one was %s", got, want)
	}
}

// TestStaleHolder: what a dead process has left in holder.json is no server to
// talk to.
func TestStaleHolder(t *testing.T) {
	t.Parallel()
	project := pumps(t, 1)
	data := t.TempDir()
	in := func(args ...string) []string { return append(append(args, "--data", data), project[:2]...) }
	if code, _, says := command(t.Context(), nil, append(in("train"), project[2:]...)...); code != exitOK {
		t.Fatal(says)
	}
	stranger, err := listenOn("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	go http.Serve(stranger, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("a stranger was asked for %s", r.URL)
	}))
	text := fmt.Appendf(nil, `{"pid": 1, "url": %q, "since": "2026-11-23T00:00:00Z"}`, address(stranger))
	if err := os.WriteFile(filepath.Join(data, holderFile), text, 0o644); err != nil {
		t.Fatal(err)
	}
	code, out, says := command(t.Context(), nil, in("promote", "1")...)
	if code != exitOK || !strings.Contains(out, "no server") || !strings.Contains(out, "was already champion") {
		t.Errorf("promote: %d, %s%s", code, out, says)
	}
}

// TestUnusableDirectory: words, an exit code and nothing half done.
func TestUnusableDirectory(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, data := range []string{file, filepath.Join(file, "below"), strings.Repeat("x", 300)} {
		if code, _, says := command(t.Context(), nil, "runs", "--data", data); code != exitInput || !strings.Contains(says, "--data") {
			t.Errorf("--data %.40s: %d, %s", data, code, says)
		}
	}
}
