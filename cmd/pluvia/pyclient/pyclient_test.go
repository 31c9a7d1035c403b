// Package pyclient starts the real command on the real data set, and looks at
// what its first cycle has left with MLflow's own clients, the newest and the
// one that the original used. It has tests only.
package pyclient

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

var pythons = map[string]string{
	"newest": "../../../.tools/venv/bin/python",
	"2.10":   "../../../.tools/mlflow-2.10/bin/python",
}

func TestMain(m *testing.M) {
	for name, python := range pythons {
		path, err := filepath.Abs(python)
		if err == nil {
			_, err = os.Stat(path)
		}
		switch {
		case err == nil:
			pythons[name] = path
		case os.Getenv("CI") == "true":
			fmt.Fprintf(os.Stderr, "cmd/pluvia/pyclient: %v: run tools/setup clients\n", err)
			os.Exit(1)
		default:
			fmt.Println("testing: warning: no tests to run") // go test shows it behind the package
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}

const observation = `{"Date": "2017-06-24", "Location": "Hobart", "MaxTemp": 13.5, "Humidity3pm": 88, "WindGustDir": "NNW", "WindGustSpeed": 61, "RainToday": "Yes"}`

func TestWhole(t *testing.T) {
	url := up(t)
	want := predict(t, url)
	if !(want > 0.05 && want < 0.99) {
		t.Errorf("a wet, windy day in Hobart has probability %v", want)
	}
	for name, python := range pythons {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), python, "whole.py", url, observation)
			cmd.Env = append(os.Environ(), "MLFLOW_DISABLE_TELEMETRY=true", "DO_NOT_TRACK=true", "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR=false")
			var complaints bytes.Buffer
			cmd.Stderr = &complaints
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v\n%s", err, complaints.Bytes())
			}
			lines := strings.Split(strings.TrimSpace(string(out)), "\n")
			got, err := strconv.ParseFloat(lines[len(lines)-1], 64)
			if err != nil || math.Abs(got-want) > 1e-6 {
				t.Errorf("MLflow gives %v (%v), the service %v", got, err, want)
			}
		})
	}
}

// up starts pluvia and waits for the champion.
func up(t *testing.T) (url string) {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "pluvia")
	if out, err := exec.Command("go", "build", "-o", binary, "..").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(binary, "up", "--json", "--listen", "127.0.0.1:0", "--data", t.TempDir())
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	for events := bufio.NewScanner(out); events.Scan(); {
		var e struct{ Event, URL string }
		if err := json.Unmarshal(events.Bytes(), &e); err != nil {
			t.Fatalf("%q: %v", events.Text(), err)
		}
		if e.Event == "champion" {
			return e.URL
		}
	}
	t.Fatalf("no champion:\n%s", complaints.Bytes())
	return ""
}

func predict(t *testing.T, url string) float64 {
	t.Helper()
	response, err := http.Post(url+"/api/v1/predict", "application/json", strings.NewReader(observation))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var answer struct{ Probability float64 }
	if err := json.Unmarshal(text, &answer); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v\n%s", response.Status, err, text)
	}
	return answer.Probability
}
