package transfer_test

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/transfer"
)

// folderCopy is a copy of the fixture's folder, and the folder in it of a run
// that has params and artifacts.
func folderCopy(t *testing.T) (root, run string) {
	t.Helper()
	root = t.TempDir()
	if err := os.CopyFS(root, os.DirFS("testdata/folder/mlruns")); err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob(filepath.Join(root, "*", "*", "artifacts", "notes", "hello.txt"))
	if err != nil || len(found) == 0 {
		t.Fatal(found, err)
	}
	return root, filepath.Join(filepath.Dir(found[0]), "..", "..")
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Nothing of what is hostile or broken comes over, the rest does, and the error
// names the place.
func TestHostileFolders(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "secret.txt")
	write(t, secret, "the secret")
	link := func(t *testing.T, to, name string) {
		t.Helper()
		if err := os.Symlink(to, name); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
	}
	meta := func(t *testing.T, run, old, now string) {
		t.Helper()
		name := filepath.Join(run, "meta.yaml")
		text, err := os.ReadFile(name)
		if err != nil || !strings.Contains(string(text), old) {
			t.Fatal(string(text), err)
		}
		write(t, name, strings.Replace(string(text), old, now, 1))
	}
	for name, c := range map[string]struct {
		spoil func(t *testing.T, root, run string)
		said  string
	}{
		"artifact that is a link": {func(t *testing.T, _, run string) { link(t, secret, filepath.Join(run, "artifacts", "x.txt")) }, "x.txt"},
		"folder that is a link": {func(t *testing.T, _, run string) {
			link(t, filepath.Dir(secret), filepath.Join(run, "artifacts", "x"))
		}, "artifacts/x"},
		"param that is a link": {func(t *testing.T, _, run string) { link(t, secret, filepath.Join(run, "params", "p")) }, "params/p"},
		"meta.yaml that is a link": {func(t *testing.T, _, run string) {
			if err := os.Remove(filepath.Join(run, "meta.yaml")); err != nil {
				t.Fatal(err)
			}
			link(t, secret, filepath.Join(run, "meta.yaml"))
		}, "meta.yaml"},
		"experiment that is a link": {func(t *testing.T, root, _ string) { link(t, filepath.Dir(secret), filepath.Join(root, "99")) }, "99"},
		"artifacts elsewhere": {func(t *testing.T, _, run string) {
			meta(t, run, "artifact_uri: file://", "artifact_uri: file:///etc\nwas: ")
		}, "--artifacts"},
		"broken YAML": {func(t *testing.T, _, run string) { write(t, filepath.Join(run, "meta.yaml"), "a: [b\n\tc: {") }, "meta.yaml"},
		"empty YAML":  {func(t *testing.T, _, run string) { write(t, filepath.Join(run, "meta.yaml"), "") }, "it is empty"},
		"YAML anchors": {func(t *testing.T, _, run string) {
			write(t, filepath.Join(run, "meta.yaml"), "run_name: &a x\nuser_id: *a\n")
		}, "anchors"},
		"wrong status": {func(t *testing.T, _, run string) { meta(t, run, "status: 3", "status: 99") }, `status "99"`},
		"broken metric": {func(t *testing.T, _, run string) {
			write(t, filepath.Join(run, "metrics", "loss"), "1 2 3\nnot a number\n")
		}, "metric \"loss\""},
		"broken data set": {func(t *testing.T, _, run string) {
			found, err := filepath.Glob(filepath.Join(run, "inputs", "*", "meta.yaml"))
			if err != nil || len(found) == 0 {
				t.Fatal(err)
			}
			write(t, found[0], "source_type: DATASET\nsource_id: ../../../etc\n")
		}, "source_id"},
		"broken alias": {func(t *testing.T, root, _ string) {
			write(t, filepath.Join(root, "models", "reg", "aliases", "champion"), "x")
		}, "champion"},
		"reserved alias": {func(t *testing.T, root, _ string) {
			write(t, filepath.Join(root, "models", "reg", "aliases", "latest"), "1")
		}, "latest"},
		"name of a data base": {func(t *testing.T, _, run string) { write(t, filepath.Join(run, "tags", "bad\\key"), "1") }, "bad"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root, run := folderCopy(t)
			c.spoil(t, root, run)
			h := newHouse(t)
			err := h.take(t, root).Err()
			if err == nil || !strings.Contains(err.Error(), c.said) {
				t.Errorf("said %v\nwant %q", err, c.said)
			}
			all := h.dump(t)
			if strings.Contains(all, "the secret") {
				t.Error("the secret has come over")
			}
			if !strings.Contains(all, "Name:imported") || !strings.Contains(all, "Name:run 0") && !strings.Contains(all, "Name:run 1") {
				t.Error("the rest has not come over")
			}
		})
	}
}

func TestHostileDatabase(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"no database": "text", "empty": "", "half a header": "SQLite format 3\x00"} {
		file := filepath.Join(t.TempDir(), "mlflow.db")
		write(t, file, text)
		if _, err := transfer.Open(t.Context(), file, ""); pluvia.ErrorCode(err) != pluvia.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, place := range []string{"nowhere.db", "gopher://x", "postgres://%zz", t.TempDir(), "http://"} {
		if _, err := transfer.Open(t.Context(), place, ""); pluvia.ErrorCode(err) != pluvia.Invalid {
			t.Errorf("%s: %v", place, err)
		}
	}
}

// What a server says is not believed: its artifacts lie where they were asked
// for, its pages end.
func TestHostileServer(t *testing.T) {
	t.Parallel()
	answers := map[string]any{
		"experiments/search":       map[string]any{"experiments": []any{map[string]any{"experiment_id": "7", "name": "e", "lifecycle_stage": "active"}}},
		"registered-models/search": map[string]any{},
		"logged-models/search":     map[string]any{},
	}
	run := map[string]any{"info": map[string]any{
		"run_id": strings.Repeat("a", 32), "experiment_id": "7", "status": "FINISHED", "start_time": "5", "end_time": 6.0, "artifact_uri": "mlflow-artifacts:/7/r/artifacts",
	}, "data": map[string]any{"metrics": []any{map[string]any{"key": "m", "value": "NaN", "timestamp": 1}}}}
	answers["runs/search"] = map[string]any{"runs": []any{run}}
	answers["runs/get"] = map[string]any{"run": run}
	answers["metrics/get-history"] = map[string]any{"metrics": run["data"].(map[string]any)["metrics"]}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/api/2.0/mlflow/")
		switch {
		case r.URL.Path == "/version":
			w.Write([]byte("3.17.2"))
		case r.URL.Path == "/api/2.0/mlflow-artifacts/artifacts":
			files := []any{map[string]any{"path": "../../up.txt"}, map[string]any{"path": "ok.txt", "file_size": 2}, map[string]any{"path": ".."}, map[string]any{"path": ""}}
			json.NewEncoder(w).Encode(map[string]any{"files": files})
		case strings.HasSuffix(r.URL.Path, "/ok.txt"):
			w.Write([]byte("ok"))
		case answers[name] != nil:
			json.NewEncoder(w).Encode(answers[name])
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	h := newHouse(t)
	err := h.take(t, server.URL).Err()
	if err == nil || strings.Count(err.Error(), "it is left out") != 3 {
		t.Errorf("said %v", err)
	}
	objects, err := h.buckets.List(t.Context(), pluvia.MLflowBucket, "")
	if err != nil || len(objects) != 1 || objects[0].Key != "7/"+strings.Repeat("a", 32)+"/artifacts/ok.txt" {
		t.Errorf("here are %v, %v", objects, err)
	}
	points, err := h.store.MetricHistory(t.Context(), strings.Repeat("a", 32), "m")
	if err != nil || len(points) != 1 || points[0].Value == points[0].Value {
		t.Errorf("points are %v, %v", points, err)
	}
	// The keys of a tag leave the export's directory neither.
	if err := h.store.SetExperimentTag(t.Context(), "7", pluvia.Tag{Key: "../../out", Value: "x"}); err != nil {
		t.Fatal(err)
	}
	above := t.TempDir()
	report, err := transfer.Export(t.Context(), transfer.ExportConfig{Store: h.store, Buckets: h.buckets, Directory: filepath.Join(above, "a", "b")})
	if err != nil || report.Err() == nil || !strings.Contains(report.Err().Error(), `"../../out"`) {
		t.Errorf("export: %v, %v", report, err)
	}
	if found, err := fs.Glob(os.DirFS(above), "out"); err != nil || len(found) > 0 {
		t.Errorf("written: %v, %v", found, err)
	}
}
