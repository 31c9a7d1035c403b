// Command tracking measures the MLflow REST dialect beside MLflow's own server
// and fasttrackml, in one run on one machine, with one Python client
// (tracking.py) and with wrk. It exits 1 when a bar does not hold.
//
//	go run ./bench/tracking            Pluvia, fasttrackml, MLflow; 1,000 runs
//	go run ./bench/tracking -large     20,000 runs too, and 2 million rows of history
//
// It needs wrk, and the peers of bench/requirements.txt in .tools/venv. Run it
// from the root of the checkout.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/pluvia-ml/pluvia/bench/bar"
)

func main() {
	large := flag.Bool("large", false, "measure 20,000 runs as well")
	python := flag.String("python", ".tools/venv/bin/python", "the interpreter that has the peers")
	alone := flag.Bool("alone", false, "measure Pluvia only")
	flag.Parse()
	held, err := run(*python, *large, *alone)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench/tracking:", err)
		os.Exit(2)
	}
	if !held {
		os.Exit(1)
	}
}

// figures are what tracking.py prints of a server: milliseconds at the median
// and the 95th percentile, rates, MiB.
type figures struct {
	Cold      float64   `json:"cold_ms"`
	Idle      float64   `json:"rss_idle_mib"`
	End       float64   `json:"rss_end_mib"`
	LogMetric []float64 `json:"log_metric_ms"`
	LogBatch  float64   `json:"log_batch_rows_s"`
	Populate  float64   `json:"populate_s"`
	Search    []float64 `json:"search_100_ms"`
	Ordered   []float64 `json:"search_metric_order_ms"`
	Thousand  []float64 `json:"search_1000_ms"`
	History   float64   `json:"history_1000pt_ms"`
}

func p50(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	return values[0]
}

func run(python string, large, alone bool) (held bool, err error) {
	dir, err := os.MkdirTemp("", "bench-tracking-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "pluvia")
	build := exec.Command("go", "build", "-trimpath", "-o", binary, "./cmd/pluvia")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return false, fmt.Errorf("%w\n%s", err, out)
	}
	tools, err := filepath.Abs(filepath.Dir(python))
	if err != nil {
		return false, err
	}
	pluvia := []string{binary, "serve", "--data", "{dir}/data", "--listen", "127.0.0.1:{port}"}
	servers := map[string][]string{
		"fasttrackml": {filepath.Join(tools, "fml"), "server", "--listen-address", "127.0.0.1:{port}", "--database-uri", "sqlite://{dir}/fml.db", "--default-artifact-root", "{dir}/artifacts"},
		"mlflow":      {filepath.Join(tools, "mlflow"), "server", "--host", "127.0.0.1", "--port", "{port}", "--backend-store-uri", "sqlite:///{dir}/mlflow.db", "--artifacts-destination", "{dir}/artifacts", "--workers", "1"},
	}

	ours, err := measure(python, "pluvia", pluvia, 1000)
	if err != nil {
		return false, err
	}
	fast, official := none(), none()
	if !alone {
		if fast, err = measure(python, "fasttrackml", servers["fasttrackml"], 1000); err != nil {
			return false, err
		}
		if official, err = measure(python, "mlflow", servers["mlflow"], 300); err != nil {
			return false, err
		}
		fmt.Printf("MLflow: start %.0f ms, %.0f / %.0f MiB, log-metric %.2f ms, log-batch %.0f rows/s, 300 runs %.1f s, search %.1f / %.1f / %.1f ms, history %.1f ms\n",
			official.Cold, official.Idle, official.End, p50(official.LogMetric), official.LogBatch, official.Populate,
			p50(official.Search), p50(official.Ordered), p50(official.Thousand), official.History)
	}
	sheet := bar.NewSheet(os.Stdout, "fasttrackml")
	sheet.Alone("start to first answer, ms", ours.Cold, fast.Cold, bar.AtMost(80))
	sheet.Alone("resident at rest, MiB", ours.Idle, fast.Idle, bar.AtMost(45))
	sheet.Alone("resident after the run, MiB", ours.End, fast.End, bar.AtMost(60))
	sheet.Alone("log-metric p50, ms", p50(ours.LogMetric), p50(fast.LogMetric), bar.AtMost(0.8))
	sheet.Alone("log-batch of 1,000, rows/s", ours.LogBatch, fast.LogBatch, bar.AtLeast(120_000))
	sheet.Alone("1,000 runs of 10 params, 10 metrics, s", ours.Populate, fast.Populate, bar.AtMost(3.5))
	sheet.Alone("search 100 runs p50, ms", p50(ours.Search), p50(fast.Search), bar.AtMost(5))
	sheet.Alone("search filtered and ordered p50, ms", p50(ours.Ordered), p50(fast.Ordered), bar.AtMost(6))
	sheet.Alone("search 1,000 runs p50, ms", p50(ours.Thousand), p50(fast.Thousand), bar.AtMost(45))
	sheet.Alone("history of 1,000 points, ms", ours.History, fast.History, bar.AtMost(5))
	if err := load(sheet, pluvia, dir); err != nil {
		return false, err
	}
	if large {
		many, err := measure(python, "pluvia", pluvia, 20_000)
		if err != nil {
			return false, err
		}
		peer := none()
		if !alone {
			if peer, err = measure(python, "fasttrackml", servers["fasttrackml"], 20_000); err != nil {
				return false, err
			}
		}
		sheet.Alone("20,000 runs: search 100 p50, ms", p50(many.Search), p50(peer.Search), bar.AtMost(6))
		sheet.Alone("20,000 runs: filtered and ordered p50, ms", p50(many.Ordered), p50(peer.Ordered), bar.AtMost(15))
		sheet.Alone("20,000 runs: search 1,000 p50, ms", p50(many.Thousand), p50(peer.Thousand), bar.AtMost(50))
	}
	return sheet.Held(), nil
}

// none are the figures of a server that was not measured.
func none() figures {
	n := math.NaN()
	return figures{Cold: n, Idle: n, End: n, LogBatch: n, Populate: n, History: n}
}

// measure runs tracking.py on a server of its own.
func measure(python, name string, command []string, runs int) (f figures, err error) {
	cmd := exec.Command(python, append([]string{"bench/tracking/tracking.py", name, "--"}, command...)...)
	cmd.Env = append(os.Environ(), "NRUNS="+strconv.Itoa(runs))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return f, fmt.Errorf("%s: %w\n%s(\"make peers\" sets the peers up)", name, err, out)
	}
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	if err := json.Unmarshal(lines[len(lines)-1], &f); err != nil {
		return f, fmt.Errorf("%s: %w\n%s", name, err, out)
	}
	return f, nil
}

// load posts log-metric from 1, 8 and 32 connections of wrk.
func load(sheet *bar.Sheet, command []string, dir string) error {
	address, err := freeAddress()
	if err != nil {
		return err
	}
	_, port, _ := strings.Cut(address, ":")
	args := make([]string, len(command))
	for i, a := range command {
		args[i] = strings.NewReplacer("{port}", port, "{dir}", filepath.Join(dir, "load")).Replace(a)
	}
	server := exec.Command(args[0], args[1:]...)
	if err := server.Start(); err != nil {
		return err
	}
	defer func() {
		server.Process.Signal(syscall.SIGTERM)
		server.Wait()
	}()
	base := "http://" + address + "/api/2.0/mlflow"
	var created struct {
		Run struct {
			Info struct {
				ID string `json:"run_id"`
			}
		}
	}
	if err := eventually(func() error { return post(base+"/runs/create", `{"experiment_id":"0"}`, &created) }); err != nil {
		return err
	}
	for _, c := range []struct {
		connections int
		least       float64
	}{{1, 3000}, {8, 7000}, {32, 9000}} {
		wrk := exec.Command("wrk", "-t", "1", "-c", strconv.Itoa(c.connections), "-d", "5s", "-s", "bench/tracking/logmetric.lua", base+"/runs/log-metric")
		wrk.Env = append(os.Environ(), "RUN="+created.Run.Info.ID)
		out, err := wrk.CombinedOutput()
		if err != nil {
			return fmt.Errorf("wrk: %w\n%s", err, out)
		}
		rate := regexp.MustCompile(`Requests/sec:\s+([0-9.]+)`).FindSubmatch(out)
		if rate == nil || bytes.Contains(out, []byte("Non-2xx")) || bytes.Contains(out, []byte("Socket errors")) {
			return fmt.Errorf("wrk saw errors:\n%s", out)
		}
		value, err := strconv.ParseFloat(string(rate[1]), 64)
		if err != nil {
			return err
		}
		sheet.Alone(fmt.Sprintf("log-metric by wrk, %d connections, requests/s", c.connections), value, math.NaN(), bar.AtLeast(c.least))
	}
	return nil
}

func post(url, body string, into any) error {
	response, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s\n%s", url, response.Status, text)
	}
	return json.Unmarshal(text, into)
}

func eventually(f func() error) (err error) {
	for range 100 {
		if err = f(); err == nil {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return err
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), errors.Join(l.Close())
}
