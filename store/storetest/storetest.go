// Package storetest is the suite that every [pluvia.Tracking] must pass: each
// method, each error code, bounds, hostile text, concurrent writers, and what
// must still be there after a death.
//
// It tests through the contract alone and knows no database.
package storetest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/pluvia-ml/pluvia"
)

// Exercise runs the suite. Each call of open gives a store of its own, which is
// empty but for the default experiment; the suite closes it.
func Exercise(t *testing.T, open func(t *testing.T) pluvia.Tracking) {
	run := func(name string, test func(*testing.T, pluvia.Tracking)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			})
			test(t, s)
		})
	}
	for _, part := range []map[string]func(*testing.T, pluvia.Store){experimentTests, runTests, logTests, modelTests, concurrencyTests} {
		for name, test := range part {
			run(name, func(t *testing.T, s pluvia.Tracking) { test(t, s) })
		}
	}
	for _, part := range []map[string]func(*testing.T, pluvia.Tracking){searchTests, experimentEditTests, metricPageTests, registryTests, loggedModelTests, importTests} {
		for name, test := range part {
			run(name, test)
		}
	}
}

// crashDSN names the variable that makes a test process the one that dies.
const crashDSN = "PLUVIA_STORETEST_CRASH"

// ExerciseDurable tests what outlives a store: one that is opened again, two
// that are open at once, and a process that is killed while it writes. open
// opens the database at dsn, which is empty at first. The test that calls it
// runs itself again in a child process, so it must do nothing else.
func ExerciseDurable(t *testing.T, dsn string, open func(t *testing.T, dsn string) pluvia.Tracking) {
	if dsn := os.Getenv(crashDSN); dsn != "" {
		writeUntilKilled(t, open(t, dsn))
		return
	}
	acknowledged := killWhileWriting(t, dsn, open)

	first, second := open(t, dsn), open(t, dsn)
	for id, n := range acknowledged {
		history, err := second.MetricHistory(t.Context(), id, "m")
		if err != nil || len(history) < n {
			t.Errorf("run %s: %d points were acknowledged, %d are there: %v", id, n, len(history), err)
		}
		for i, p := range history {
			if p.Step != int64(i) {
				t.Fatalf("run %s: point %d has step %d", id, i, p.Step)
			}
		}
		// A batch is there whole or not at all.
		r := must(second.Run(t.Context(), id))(t)
		if tagged, err := strconv.Atoi(r.Tag("points")); err != nil || tagged != len(history) {
			t.Errorf("run %s: tag of the last batch is %q, want %d", id, r.Tag("points"), len(history))
		}
	}

	r := &pluvia.Run{ExperimentID: "0", Params: []pluvia.Param{{Key: "p", Value: "ünï"}}, Metrics: []pluvia.Metric{{Key: "nan", Value: math.NaN()}, {Key: "inf", Value: math.Inf(-1)}}}
	ok(t, first.CreateRun(t.Context(), r))
	equalRuns(t, must(second.Run(t.Context(), r.ID))(t), r)
	ok(t, first.Close())
	ok(t, second.Close())
	third := open(t, dsn)
	equalRuns(t, must(third.Run(t.Context(), r.ID))(t), r)
	ok(t, third.Close())
}

// killWhileWriting starts this test in a child process, kills it in the middle
// and gives the number of points that it has acknowledged for each run.
func killWhileWriting(t *testing.T, dsn string, open func(t *testing.T, dsn string) pluvia.Tracking) map[string]int {
	acknowledged := make(map[string]int)
	for range 5 {
		child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v=false")
		// A killed process cannot remove its temporary folders.
		child.Env = append(os.Environ(), crashDSN+"="+dsn, "TMPDIR="+t.TempDir())
		out := must(child.StdoutPipe())(t)
		ok(t, child.Start())
		lines := bufio.NewScanner(out)
		own, killed := make(map[string]bool), false
		for n := 0; lines.Scan(); n++ {
			id, points, _ := strings.Cut(lines.Text(), " ")
			count, err := strconv.Atoi(points)
			if err != nil {
				t.Fatalf("the child says %q", lines.Text())
			}
			acknowledged[id] = count
			if n == 100 {
				readBeside(t, open(t, dsn), id, count)
			}
			if own[id] = true; !killed && n >= 200 && len(own) == crashWriters {
				ok(t, child.Process.Kill())
				killed = true
			}
		}
		var exit *exec.ExitError
		if err := child.Wait(); !errors.As(err, &exit) || exit.ExitCode() != -1 {
			t.Fatalf("the child was to be killed: %v", err)
		}
	}
	if len(acknowledged) != 5*crashWriters {
		t.Fatalf("%d runs acknowledged, want %d", len(acknowledged), 5*crashWriters)
	}
	return acknowledged
}

// readBeside reads and writes in this process while the child writes.
func readBeside(t *testing.T, s pluvia.Store, id string, acknowledged int) {
	history := must(s.MetricHistory(t.Context(), id, "m"))(t)
	if len(history) < acknowledged || len(history)%10 != 0 {
		t.Errorf("beside a writer: %d points, %d were acknowledged in batches of 10", len(history), acknowledged)
	}
	ok(t, s.CreateRun(t.Context(), &pluvia.Run{ExperimentID: "0"}))
	ok(t, s.Close())
}

const crashWriters = 2

func writeUntilKilled(t *testing.T, s pluvia.Store) {
	var wait sync.WaitGroup
	var out sync.Mutex
	for range crashWriters {
		wait.Go(func() {
			r := &pluvia.Run{ExperimentID: "0", Tags: []pluvia.Tag{{Key: "points", Value: "0"}}}
			err := s.CreateRun(t.Context(), r)
			for n := 0; err == nil; n++ {
				out.Lock()
				fmt.Println(r.ID, n*10)
				out.Unlock()
				b := pluvia.Batch{Tags: []pluvia.Tag{{Key: "points", Value: strconv.Itoa((n + 1) * 10)}}}
				for i := range 10 {
					b.Metrics = append(b.Metrics, pluvia.Metric{Key: "m", Value: 1, Step: int64(n*10 + i)})
				}
				err = s.Log(t.Context(), r.ID, b)
			}
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		})
	}
	wait.Wait()
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// ok fails the test when err is not nil.
func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// must gives a value whose error fails the test.
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		ok(t, err)
		return v
	}
}

// coded fails the test when err is not of that code or says nothing.
func coded(t *testing.T, err error, want pluvia.Code, mentions ...string) {
	t.Helper()
	if pluvia.ErrorCode(err) != want {
		t.Errorf("error %v of code %q, want %q", err, pluvia.ErrorCode(err), want)
		return
	}
	for _, m := range mentions {
		if !strings.Contains(pluvia.ErrorMessage(err), m) {
			t.Errorf("error %q does not mention %q", pluvia.ErrorMessage(err), m)
		}
	}
}

// equal compares what reflect.DeepEqual can.
func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s\n got %+v\nwant %+v", what, got, want)
	}
}

// equalRuns compares runs, for which NaN is NaN.
func equalRuns(t *testing.T, got, want *pluvia.Run) {
	t.Helper()
	a, b := *got, *want
	equal(t, "metrics", bits(a.Metrics), bits(b.Metrics))
	a.Metrics, b.Metrics = nil, nil
	equal(t, "run", a, b)
}

// bits is points as text, in which every float64 is itself.
func bits(points []pluvia.Metric) []string {
	var list []string
	for _, m := range points {
		list = append(list, fmt.Sprintf("%s step %d at %d: %v", m.Key, m.Step, m.Timestamp, m.Value))
	}
	return list
}

// ids are the IDs of runs.
func ids(runs []*pluvia.Run) []string {
	list := []string{}
	for _, r := range runs {
		list = append(list, r.ID)
	}
	return list
}

// hostile are texts that have broken other programs.
var hostile = []string{
	`'; DROP TABLE runs; --`, `" OR 1=1 --`, "`", `$1 ? :a @b %s %d`, `\'`, "tab\tline\nreturn\r", "\x01\x1f\x7f",
	"ünïcødé 雨 🌧️ e\u0301", "\u202eright to left", "<script>alert(1)</script>", "null", "NaN", " ", "../../etc/passwd",
	strings.Repeat("雨", 400),
}
