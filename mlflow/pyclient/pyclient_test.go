// Package pyclient drives MLflow's own Python clients, the newest and the one
// that the original used, against the dialect: every script in
// mlflow/clienttest is a test. A script that begins with a line such as
//
//	# since 3.0
//
// is for clients from that version on. To run one by hand:
//
//	go test ./mlflow/pyclient -run TestScripts/newest/runs.py
package pyclient

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/bucket"
	"github.com/pluvia-ml/pluvia/mlflow"
	"github.com/pluvia-ml/pluvia/store"
)

// client is a Python with an MLflow in it.
type client struct {
	name    string
	python  string
	version float64 // major and minor
}

// clients are those that are tried; a variable names a Python elsewhere.
var clients = []client{
	{"newest", or(os.Getenv("PLUVIA_MLFLOW"), "../../.tools/venv/bin/python"), 3.17},
	{"2.10", or(os.Getenv("PLUVIA_MLFLOW_2_10"), "../../.tools/mlflow-2.10/bin/python"), 2.10},
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func TestMain(m *testing.M) {
	var missing []string
	for i, c := range clients {
		path, err := filepath.Abs(c.python)
		if err == nil {
			_, err = os.Stat(path)
		}
		if err != nil {
			missing = append(missing, c.name+" ("+c.python+")")
			continue
		}
		clients[i].python = path
	}
	if len(missing) > 0 {
		if os.Getenv("CI") == "true" {
			fmt.Fprintln(os.Stderr, "mlflow/pyclient: no Python with MLflow:", strings.Join(missing, ", ")+": run tools/setup clients, or name them in PLUVIA_MLFLOW and PLUVIA_MLFLOW_2_10")
			os.Exit(1)
		}
		if len(missing) == len(clients) {
			fmt.Println("testing: warning: no tests to run") // go test shows it behind the package
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}

func TestScripts(t *testing.T) {
	scripts, err := filepath.Glob("../clienttest/*.py")
	if err != nil || len(scripts) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, c := range clients {
		if !filepath.IsAbs(c.python) {
			continue // said by TestMain where leaving out is failing
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, script := range scripts {
				if since(t, script) > c.version {
					continue
				}
				t.Run(filepath.Base(script), func(t *testing.T) {
					buckets, err := bucket.OpenFolder(filepath.Join(t.TempDir(), "buckets"))
					if err != nil {
						t.Fatal(err)
					}
					defer buckets.Close()
					run(t, c, script, buckets)
				})
			}
		})
	}
}

// since is the version of MLflow that a script is written for.
func since(t *testing.T, script string) float64 {
	t.Helper()
	f, err := os.Open(script)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	line, err := bufio.NewReader(f).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	said, ok := strings.CutPrefix(line, "# since ")
	if !ok {
		return 0
	}
	version, err := strconv.ParseFloat(strings.TrimSpace(said), 64)
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return version
}

// run runs a script against a house of its own with these buckets.
func run(t *testing.T, c client, script string, buckets pluvia.Buckets) {
	dir := t.TempDir()
	db, err := store.Open(t.Context(), filepath.Join(dir, "pluvia.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	dialect := mlflow.New(mlflow.Config{Store: db, Buckets: buckets, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	defer dialect.Close()
	mux := http.NewServeMux()
	dialect.Routes(mux)
	server := httptest.NewServer(mux)
	defer server.Close()

	path, err := filepath.Abs(script)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, c.python, path)
	command.Dir = dir
	command.Env = []string{
		"PATH=" + filepath.Dir(c.python) + ":" + os.Getenv("PATH"), "HOME=" + dir, "USER=ada", "PYTHONPATH=" + filepath.Dir(path), "PYTHONDONTWRITEBYTECODE=1",
		"MLFLOW_TRACKING_URI=" + server.URL,
		"MLFLOW_HTTP_REQUEST_MAX_RETRIES=0", // an answer that asks for a repetition is a fault here
		"MLFLOW_DISABLE_TELEMETRY=true", "DO_NOT_TRACK=true", "GIT_PYTHON_REFRESH=quiet", "OMP_NUM_THREADS=1",
	}
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if _, err := os.Stat(filepath.Join(dir, "mlruns")); err == nil {
		t.Error("the client has written into a folder of its own")
	}
}
