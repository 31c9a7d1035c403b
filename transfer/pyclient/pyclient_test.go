// Package pyclient moves between Pluvia and the real MLflow: what its newest
// client and the one of the original record comes in, goes out again as an
// mlruns folder, and is read there by the same client as it was before.
package pyclient

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia/bucket"
	"github.com/pluvia-ml/pluvia/store"
	"github.com/pluvia-ml/pluvia/transfer"
)

// clients are Pythons with an MLflow in them, and what they record into.
var clients = []struct {
	name, variable, python string
	stores                 []string
}{
	{"newest", "PLUVIA_MLFLOW", "../../.tools/venv/bin/python", []string{"sqlite:///mlflow.db", "mlruns"}},
	{"2.10", "PLUVIA_MLFLOW_2_10", "../../.tools/mlflow-2.10/bin/python", []string{"mlruns"}},
}

func TestMain(m *testing.M) {
	var missing []string
	for i, c := range clients {
		if named := os.Getenv(c.variable); named != "" {
			c.python = named
		}
		path, err := filepath.Abs(c.python)
		if err == nil {
			_, err = os.Stat(path)
		}
		if err != nil {
			missing, path = append(missing, c.name+" ("+c.python+")"), ""
		}
		clients[i].python = path
	}
	if len(missing) > 0 && os.Getenv("CI") == "true" {
		fmt.Fprintln(os.Stderr, "transfer/pyclient: no Python with MLflow:", strings.Join(missing, ", ")+": run tools/setup clients, or name them in PLUVIA_MLFLOW and PLUVIA_MLFLOW_2_10")
		os.Exit(1)
	}
	if len(missing) == len(clients) {
		fmt.Println("testing: warning: no tests to run") // go test shows it behind the package
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestThereAndBack(t *testing.T) {
	t.Parallel()
	script, err := filepath.Abs("../testdata/make.py")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range clients {
		if c.python == "" {
			continue // said by TestMain where leaving out is failing
		}
		for _, kind := range c.stores {
			t.Run(c.name+" "+kind, func(t *testing.T) {
				dir := t.TempDir()
				uri := kind
				if kind == "mlruns" {
					uri = "file://" + filepath.Join(dir, "mlruns")
				}
				run := func(args ...string) {
					t.Helper()
					cmd := exec.CommandContext(t.Context(), c.python, append([]string{script}, args...)...)
					cmd.Dir = dir
					if out, err := cmd.CombinedOutput(); err != nil {
						t.Fatalf("%v: %v\n%s", args, err, out)
					}
				}
				run("fill", uri)
				run("read", uri, "before.json")

				s, err := store.Open(t.Context(), filepath.Join(dir, "pluvia.db"))
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				buckets, err := bucket.OpenFolder(filepath.Join(dir, "buckets"))
				if err != nil {
					t.Fatal(err)
				}
				defer buckets.Close()
				from, err := transfer.Open(t.Context(), filepath.Join(dir, filepath.Base(uri)), "")
				if err != nil {
					t.Fatal(err)
				}
				defer from.Close()
				report, err := transfer.Import(t.Context(), transfer.Config{From: from, Store: s, Buckets: buckets})
				if err == nil {
					err = report.Err()
				}
				if err != nil {
					t.Fatal(err)
				}
				out := filepath.Join(dir, "out")
				report, err = transfer.Export(t.Context(), transfer.ExportConfig{Store: s, Buckets: buckets, Directory: out})
				if err == nil {
					err = report.Err()
				}
				if err != nil {
					t.Fatal(err)
				}
				run("read", "file://"+out, "after.json")
				before, after := load(t, dir, "before.json"), load(t, dir, "after.json")
				for part := range before {
					for id, was := range before[part] {
						if !reflect.DeepEqual(after[part][id], was) {
							t.Errorf("%s %s is %v\nwas %v", part, id, after[part][id], was)
						}
					}
					if len(after[part]) != len(before[part]) {
						t.Errorf("%d %s, were %d", len(after[part]), part, len(before[part]))
					}
				}
				if len(before["runs"]) < 6 || len(before["versions"]) != 3 {
					t.Errorf("too little was recorded: %d runs, %d versions", len(before["runs"]), len(before["versions"]))
				}
			})
		}
	}
}

// folder is what a source says before the experiment: where MLflow was.
var folder = regexp.MustCompile(`"[^"]*/(mlruns|out)/`)

// load reads what a client has read. MLflow's databases keep infinity as the
// largest number; its file store reads step 0 for a metric that was measured on
// a data set, whatever it has written, so that step is not compared.
func load(t *testing.T, dir, name string) (said map[string]map[string]any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	plain := strings.ReplaceAll(folder.ReplaceAllString(string(text), `"`), `"1.7976931348623157e+308"`, `"Infinity"`)
	if err := json.Unmarshal([]byte(plain), &said); err != nil {
		t.Fatal(err)
	}
	for _, r := range said["runs"] {
		if points, ok := r.(map[string]any)["points"].(map[string]any)["accuracy"].([]any); ok {
			points[0].([]any)[0] = nil
		}
	}
	return said
}
