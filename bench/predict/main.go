// Command predict measures POST /predict/, one row a request, beside FastAPI
// with scikit-learn, in one run on one machine: the two serve in turn, in
// pairs, under wrk. It exits 1 when a bar does not hold.
//
//	go run ./bench/predict              Pluvia's service alone, with a boosting champion of 200 trees
//	go run ./bench/predict -url URL     a server that runs already, such as `pluvia up`
//
// It needs wrk, and the peers of bench/requirements.txt in .tools/venv. Run it
// from the root of the checkout.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/pluvia-ml/pluvia/bench/bar"
)

const (
	mustRatio = 10.0                 // times the peer's requests a second
	mustP99   = 5 * time.Millisecond // of Pluvia
)

func main() {
	var o options
	flag.StringVar(&o.url, "url", "", "base address of a Pluvia that runs already, instead of one of this program's own")
	flag.IntVar(&o.pairs, "pairs", 3, "how often the two are measured in turn")
	flag.DurationVar(&o.each, "each", 5*time.Second, "how long each is measured at a time")
	flag.IntVar(&o.connections, "connections", 16, "of wrk")
	flag.StringVar(&o.python, "python", ".tools/venv/bin/python", "interpreter with the peers")
	listen := flag.String("serve", "", "serve on this address and measure nothing")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if *listen != "" {
		err = serve(ctx, *listen)
	} else {
		err = measure(ctx, o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench/predict:", err)
		os.Exit(1)
	}
}

type options struct {
	url         string
	pairs       int
	each        time.Duration
	connections int
	python      string
}

// sample is what one run of wrk has seen.
type sample struct {
	rate float64 // requests a second
	p99  time.Duration
}

func measure(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "bench-predict")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	source, err := filepath.Abs("bench/predict")
	if err != nil {
		return err
	}
	python, err := filepath.Abs(o.python)
	if err != nil {
		return err
	}

	fmt.Println("making the peer's model")
	mk := exec.CommandContext(ctx, python, filepath.Join(source, "mk.py"))
	mk.Dir = dir
	if out, err := mk.CombinedOutput(); err != nil {
		return fmt.Errorf("mk.py: %w\n%s(`make peers` sets up its environment)", err, out)
	}
	peer, err := freeAddress()
	if err != nil {
		return err
	}
	_, port, _ := net.SplitHostPort(peer)
	stop, err := start(ctx, dir, []string{"OMP_NUM_THREADS=1"}, python, "-m", "uvicorn", "app:app", "--app-dir", source,
		"--workers", "2", "--host", "127.0.0.1", "--port", port, "--log-level", "warning", "--no-access-log")
	if err != nil {
		return err
	}
	defer stop()
	peerURL := "http://" + peer
	if err := waitFor(ctx, peerURL+"/openapi.json"); err != nil {
		return fmt.Errorf("the peer: %w", err)
	}

	floor := "" // the address of a handler that does nothing, when there is one
	if o.url == "" {
		address, err := freeAddress()
		if err != nil {
			return err
		}
		self, err := os.Executable()
		if err != nil {
			return err
		}
		stop, err := start(ctx, ".", nil, self, "-serve", address)
		if err != nil {
			return err
		}
		defer stop()
		o.url = "http://" + address
		floor = o.url + nothing
	}
	if err := waitFor(ctx, o.url+"/readyz"); err != nil {
		return fmt.Errorf("the server of Pluvia: %w", err)
	}
	example, err := exampleBody()
	if err != nil {
		return err
	}
	ours := filepath.Join(dir, "ours.json")
	if err := os.WriteFile(ours, example, 0o644); err != nil {
		return err
	}

	run := func(url, body string, each time.Duration) (sample, error) {
		return wrk(ctx, url, filepath.Join(source, "post.lua"), body, o.connections, each)
	}
	theirs := filepath.Join(dir, "one.json")
	peerURL += "/predict/"
	ourURL := o.url + "/predict/"
	for _, warm := range []struct{ url, body string }{{peerURL, theirs}, {ourURL, ours}} {
		if _, err := run(warm.url, warm.body, time.Second); err != nil {
			return err
		}
	}
	var pluvia, fastapi, idle []sample
	for pair := range o.pairs {
		var p, f sample
		first, second := func() error { p, err = run(ourURL, ours, o.each); return err }, func() error { f, err = run(peerURL, theirs, o.each); return err }
		if pair%2 == 1 {
			first, second = second, first
		}
		if err := errors.Join(first(), second()); err != nil {
			return err
		}
		fmt.Printf("pair %d: Pluvia %.0f requests/s, p99 %v; FastAPI %.0f, p99 %v; ratio %.1f\n", pair+1, p.rate, p.p99, f.rate, f.p99, p.rate/f.rate)
		pluvia, fastapi = append(pluvia, p), append(fastapi, f)
		if floor != "" {
			n, err := run(floor, ours, o.each)
			if err != nil {
				return err
			}
			idle = append(idle, n)
		}
	}
	return report(o, pluvia, fastapi, idle)
}

// report prints a line for each bar, from the medians of the pairs.
func report(o options, pluvia, fastapi, idle []sample) error {
	rate := func(s sample) float64 { return s.rate }
	p99 := func(s sample) float64 { return s.p99.Seconds() * 1e3 }
	what := fmt.Sprintf("/predict/, %d connections, ", o.connections)
	sheet := bar.NewSheet(os.Stdout, "FastAPI")
	sheet.Ratio(what+"requests/s", median(pluvia, rate), median(fastapi, rate), bar.AtLeast(mustRatio))
	sheet.Alone(what+"p99 ms", median(pluvia, p99), median(fastapi, p99), bar.AtMost(mustP99.Seconds()*1e3))
	if len(idle) > 0 {
		fmt.Printf("a Go handler that does nothing, in turn with them: %.0f requests/s, p99 %.2f ms\n", median(idle, rate), median(idle, p99))
	}
	if !sheet.Held() {
		return errors.New("a bar does not hold")
	}
	return nil
}

func median(samples []sample, of func(sample) float64) float64 {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = of(s)
	}
	return bar.Median(values)
}

// start runs a command as a group of processes of its own; stop ends the group.
func start(ctx context.Context, dir string, env []string, name string, args ...string) (stop func(), err error) {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir, c.Env = dir, append(os.Environ(), env...)
	c.Stdout, c.Stderr = os.Stderr, os.Stderr
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := c.Start(); err != nil {
		return nil, err
	}
	return func() {
		syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
		c.Wait()
	}, nil
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// waitFor waits until url answers 200, at most a minute.
func waitFor(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		r, err := http.Get(url)
		if err == nil {
			io.Copy(io.Discard, r.Body)
			r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer 200: %w", url, cmp.Or(err, ctx.Err()))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

var (
	rateLine = regexp.MustCompile(`Requests/sec:\s+([0-9.]+)`)
	p99Line  = regexp.MustCompile(`99%\s+([0-9.]+)(us|ms|s)\b`)
	badLine  = regexp.MustCompile(`(?m)^\s*(Non-2xx|Socket errors).*$`)
)

// wrk posts one body over and over, from one thread: a second one would take
// the core from the server that is measured.
func wrk(ctx context.Context, url, script, body string, connections int, each time.Duration) (sample, error) {
	c := exec.CommandContext(ctx, "wrk", "-t", "1", "-c", strconv.Itoa(connections), "-d", strconv.Itoa(int(each.Seconds()))+"s", "--latency", "-s", script, url)
	c.Env = append(os.Environ(), "BODY="+body)
	out, err := c.CombinedOutput()
	if err != nil {
		return sample{}, fmt.Errorf("wrk: %w\n%s", err, out)
	}
	if bad := badLine.Find(out); bad != nil {
		return sample{}, fmt.Errorf("wrk %s: %s", url, strings.TrimSpace(string(bad)))
	}
	rate, p99 := rateLine.FindSubmatch(out), p99Line.FindSubmatch(out)
	if rate == nil || p99 == nil {
		return sample{}, fmt.Errorf("wrk: no figures in\n%s", out)
	}
	var s sample
	if s.rate, err = strconv.ParseFloat(string(rate[1]), 64); err != nil {
		return s, err
	}
	s.p99, err = time.ParseDuration(string(p99[1]) + string(p99[2]))
	return s, err
}
