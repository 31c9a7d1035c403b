package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	pluvia "github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/cycle"
	"github.com/pluvia-ml/pluvia/store"
)

// asPluvia makes the test binary be the command, so that tests can start real
// processes and kill them.
const asPluvia = "PLUVIA_TEST_RUN_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asPluvia) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// pumps are the flags for the small project of the cycle's tests, on data that
// the seed decides.
func pumps(t *testing.T, seed uint64) []string {
	t.Helper()
	data := filepath.Join(t.TempDir(), "readings.csv")
	var text strings.Builder
	text.WriteString("day,pump,heat,load,hours_lost,stops\n")
	r := rand.New(rand.NewPCG(seed, 1))
	for day := time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() < 2015; day = day.AddDate(0, 0, 1) {
		for _, pump := range []string{"north", "south", "west"} {
			heat := 60 + 20*r.NormFloat64()
			stops := "No"
			if heat+30*r.NormFloat64() > 90 {
				stops = "Yes"
			}
			fmt.Fprintf(&text, "%s,%s,%.1f,%d,NA,%s\n", day.Format(time.DateOnly), pump, heat, r.IntN(100), stops)
		}
	}
	if err := os.WriteFile(data, []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	project, err := filepath.Abs("../../cycle/testdata/pumps.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return []string{"--project", project, "--source", data}
}

// process is a pluvia of its own.
type process struct {
	cmd    *exec.Cmd
	events *bufio.Scanner // of standard output
	errors *bytes.Buffer
}

func begin(t *testing.T, args ...string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: exec.Command(self, args...), errors: new(bytes.Buffer)}
	p.cmd.Env = append(os.Environ(), asPluvia+"=1")
	p.cmd.Stderr = p.errors
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.events = bufio.NewScanner(out)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	return p
}

// kill ends the process as a power cut would, and waits for it.
func (p *process) kill() {
	p.cmd.Process.Kill()
	p.cmd.Wait()
}

// event waits for an event of that name in the JSON on standard output.
func (p *process) event(t *testing.T, name string) map[string]any {
	t.Helper()
	for p.events.Scan() {
		var e map[string]any
		if err := json.Unmarshal(p.events.Bytes(), &e); err != nil {
			t.Fatalf("%q: %v", p.events.Text(), err)
		}
		if e["event"] == name {
			return e
		}
		if e["event"] == "failed" {
			break
		}
	}
	t.Fatalf("no event %q; standard error has:\n%s", name, p.errors)
	return nil
}

// command runs a command line to its end.
func command(ctx context.Context, in io.Reader, args ...string) (code int, out, diagnostics string) {
	var o, d bytes.Buffer
	code = execute(ctx, args, in, &o, &d)
	return code, o.String(), d.String()
}

// champion is the digest of the champion's model and its version.
func champion(t *testing.T, data string) (digest string, version int) {
	t.Helper()
	s, err := store.Open(t.Context(), filepath.Join(data, databaseFile))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	v, err := s.VersionByAlias(t.Context(), "pumps_prod", "champion")
	if err != nil {
		t.Fatal(err)
	}
	run, err := s.Run(t.Context(), v.RunID)
	if err != nil {
		t.Fatal(err)
	}
	return run.Tag(cycle.TagDigest), v.Number
}

// TestKilled kills the first start at 10 random moments and a later cycle, on
// other data, at 10 more: each time the next start carries on, and the champion
// at the end is the one of a house that nobody has disturbed.
func TestKilled(t *testing.T) {
	t.Parallel()
	first, later := pumps(t, 1), pumps(t, 2)
	up := func(data string, project []string) []string {
		return append([]string{"up", "--json", "--listen", "127.0.0.1:0", "--data", data}, project...)
	}
	// through starts a house, waits until it has nothing left to do, and ends it.
	through := func(data string, project []string) (took time.Duration) {
		began := time.Now()
		p := begin(t, up(data, project)...)
		url := p.event(t, "champion")["url"].(string)
		// The champion of before is told of at once, the cycle begins behind that.
		for settled := 0; settled < 3; settled++ {
			time.Sleep(50 * time.Millisecond)
			if idle(t, url); taken(t, data) != digestOf(t, project) {
				settled = 0
			}
		}
		took = time.Since(began)
		p.kill()
		return took
	}

	quiet, disturbed := t.TempDir(), t.TempDir()
	r := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	for _, project := range [][]string{first, later} {
		whole := through(quiet, project)
		want, version := champion(t, quiet)
		for range 10 {
			p := begin(t, up(disturbed, project)...)
			time.Sleep(time.Duration(r.Int64N(int64(whole))))
			p.kill()
		}
		through(disturbed, project)
		if got, number := champion(t, disturbed); got != want || number != version {
			t.Fatalf("after 10 kills the champion is version %d, %s; undisturbed it is version %d, %s", number, got, version, want)
		}
	}
}

// digestOf is the sha256 of the data of a project's flags.
func digestOf(t *testing.T, project []string) string {
	t.Helper()
	data, err := os.ReadFile(project[len(project)-1])
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", sha256.Sum256(data))
}

// taken is the sha256 of the data that the last whole cycle has taken.
func taken(t *testing.T, data string) string {
	t.Helper()
	s, err := store.Open(t.Context(), filepath.Join(data, databaseFile))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	swapped, err := s.Runs(t.Context(), pluvia.RunFilter{Status: pluvia.Finished, Limit: 1, Tags: map[string]string{cycle.TagStep: "cycle"}})
	if err != nil || len(swapped) == 0 {
		return ""
	}
	etl, err := s.Runs(t.Context(), pluvia.RunFilter{
		Status: pluvia.Finished, Limit: 1, Tags: map[string]string{cycle.TagStep: "etl", pluvia.TagParentRun: swapped[0].ID},
	})
	if err != nil || len(etl) == 0 {
		return ""
	}
	return etl[0].Param("source_sha256")
}

// idle waits until no cycle runs any more.
func idle(t *testing.T, url string) cycleStatus {
	t.Helper()
	for {
		status, err := call(t.Context(), http.MethodGet, url+"/api/v1/cycles/current", nil)
		if err != nil {
			t.Fatal(err)
		}
		if !status.Running {
			return *status
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func post(t *testing.T, url, body string, want ...int) string {
	t.Helper()
	response, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(want, response.StatusCode) {
		t.Fatalf("POST %s: %s\n%s", url, response.Status, text)
	}
	return string(text)
}

// TestWorkday goes through what a person does with the command, one process up
// beside it.
func TestWorkday(t *testing.T) {
	t.Parallel()
	project := pumps(t, 1)
	data := t.TempDir()
	in := func(args ...string) []string {
		return append(append(args, "--data", data), project[:2]...)
	}

	code, _, says := command(t.Context(), nil, in("predict", "-")...)
	if code != exitUnavailable || !strings.Contains(says, "pluvia up") {
		t.Errorf("predict before there is a champion: %d, %s", code, says)
	}
	if code, out, _ := command(t.Context(), nil, in("runs")...); code != 0 || !strings.Contains(out, "No runs yet") {
		t.Errorf("runs before there are any: %d, %s", code, out)
	}

	p := begin(t, append(in("up", "--json", "--listen", "127.0.0.1:0"), project[2:]...)...)
	url := p.event(t, "champion")["url"].(string)
	if code, _, says := command(t.Context(), nil, in("up", "--listen", "127.0.0.1:0")...); code != exitHeld ||
		!strings.Contains(says, fmt.Sprint("process ", p.cmd.Process.Pid)) || !strings.Contains(says, url) {
		t.Errorf("a second up: %d, %s", code, says)
	}

	answer := post(t, url+"/api/v1/predict", `{"day": "2015-03-01", "pump": "west", "heat": 120}`, http.StatusOK)
	var one struct {
		Probability float64
		Version     int
	}
	if err := json.Unmarshal([]byte(answer), &one); err != nil || one.Version != 1 {
		t.Fatalf("%s: %v", answer, err)
	}
	observations := "day,pump,heat,note\n2015-03-01,west,120,hot\n2015-03-02,north,NA,\n"
	code, out, says := command(t.Context(), strings.NewReader(observations), in("predict", "-")...)
	rows := strings.Split(strings.TrimSpace(out), "\n")
	if code != 0 || len(rows) != 3 || !strings.HasSuffix(rows[0], ",probability,label,version") {
		t.Fatalf("predict: %d, %s%s", code, out, says)
	}
	if want := fmt.Sprintf(",%v,", one.Probability); !strings.Contains(rows[1], want) {
		t.Errorf("file and call disagree: %s has no %s", rows[1], want)
	}
	if !strings.Contains(says, `no column ["load"]`) || !strings.Contains(says, `["note"]`) {
		t.Errorf("predict does not say which columns are absent and left out: %s", says)
	}
	file := filepath.Join(t.TempDir(), "out.parquet")
	input := filepath.Join(t.TempDir(), "in.csv")
	if err := os.WriteFile(input, []byte(observations), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, _, says := command(t.Context(), nil, in("predict", input, "--out", file)...); code != 0 {
		t.Fatal(says)
	}
	if code, again, says := command(t.Context(), nil, in("predict", file)...); code != 0 || again != out {
		t.Errorf("predictions of the Parquet file with predictions: %d\n%s%s", code, again, says)
	}
	code, out, says = command(t.Context(), strings.NewReader("day,pump\n2015-02-30,west\n2015-03-01,eats\n2015-03-02,west\n"), in("predict", "-")...)
	if code != exitInput || strings.Count(out, "\n") != 2 || !strings.Contains(says, "2015-02-30") || !strings.Contains(says, "eats") {
		t.Errorf("predict with faults: %d, %s%s", code, out, says)
	}

	code, out, says = command(t.Context(), nil, in("train", "--json")...)
	if code != 0 || !strings.Contains(out, `"decision":"kept"`) || !strings.Contains(out, `"version":2`) {
		t.Errorf("train beside up: %d, %s%s", code, out, says)
	}
	code, out, says = command(t.Context(), nil, in("promote", "2")...)
	if code != 0 || !strings.Contains(out, "Version 2") {
		t.Errorf("promote: %d, %s%s", code, out, says)
	}
	if answer := post(t, url+"/api/v1/predict", `{"day": "2015-03-01", "pump": "west", "heat": 120}`, http.StatusOK); !strings.Contains(answer, `"version":2`) {
		t.Errorf("after promote 2 the server answers %s", answer)
	}
	for _, bad := range [][]string{{"promote", "7"}, {"promote", "x"}, {"promote"}, {"runs", "no-such-run"}, {"frobnicate"}, {"runs", "--limit", "0"}, {"predict", "/no/such/file.csv"}} {
		if code, _, says := command(t.Context(), nil, in(bad...)...); code != exitInput || says == "" {
			t.Errorf("%q: exit code %d, want %d; %s", bad, code, exitInput, says)
		}
	}
	code, out, _ = command(t.Context(), nil, in("runs", "--json", "--limit", "100")...)
	if lines := strings.Count(out, "\n"); code != 0 || lines < 20 {
		t.Errorf("runs: %d, %d lines", code, lines)
	}
	var first map[string]any
	if err := json.Unmarshal([]byte(out[:strings.Index(out, "\n")]), &first); err != nil {
		t.Fatal(err)
	}
	if code, out, _ := command(t.Context(), nil, in("runs", first["run_id"].(string))...); code != 0 || !strings.Contains(out, first["name"].(string)) {
		t.Errorf("runs RUN: %d, %s", code, out)
	}
}

// TestStopped: a signal lets requests finish, leaves the cycle to be carried
// on, and gives the lock back.
func TestStopped(t *testing.T) {
	t.Parallel()
	project := pumps(t, 1)
	data := t.TempDir()
	args := append([]string{"up", "--json", "--listen", "127.0.0.1:0", "--data", data}, project...)
	p := begin(t, args...)
	p.event(t, "listening")
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := p.cmd.Wait(); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != exitInterrupted) {
		t.Errorf("after an interrupt: %v\n%s", err, p.errors)
	}
	if _, err := os.Stat(filepath.Join(data, holderFile)); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", holderFile, err)
	}
	p = begin(t, args...)
	p.event(t, "champion")
}

// TestInterrupted: a cycle in the foreground that is interrupted says that it
// is carried on, and is.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	project := pumps(t, 1)
	data := t.TempDir()
	args := append([]string{"train", "--data", data}, project...)
	running := func() bool {
		s, err := store.Open(t.Context(), filepath.Join(data, databaseFile))
		if err != nil {
			return false // it is being made
		}
		defer s.Close()
		runs, err := s.Runs(t.Context(), pluvia.RunFilter{Status: pluvia.Running})
		return err == nil && len(runs) > 0
	}
	code, out, says := 0, "", ""
	for code == exitOK { // a cycle may be over before it is seen to run
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); code, out, says = command(ctx, nil, args...) }()
		for over := false; !over && !running(); {
			select {
			case <-done:
				over = true
			default:
			}
		}
		cancel()
		<-done
	}
	if code != exitInterrupted || !strings.Contains(says, "carries this cycle on") || out != "" {
		t.Fatalf("%d, %s%s", code, out, says)
	}
	if code, _, says := command(t.Context(), nil, args...); code != exitOK {
		t.Fatal(code, says)
	}
	if _, version := champion(t, data); version != 1 {
		t.Errorf("version %d is champion, want the first", version)
	}
}

// TestServe serves an empty house and begins nothing by itself.
func TestServe(t *testing.T) {
	t.Parallel()
	project := pumps(t, 1)
	p := begin(t, append([]string{"serve", "--json", "--listen", "127.0.0.1:0", "--data", t.TempDir()}, project...)...)
	url := p.event(t, "listening")["url"].(string)
	if status := idle(t, url); status.RunID != "" {
		t.Errorf("a cycle has begun: %+v", status)
	}
	post(t, url+"/api/v1/cycles", `{"steps": ["etl"]}`, http.StatusAccepted)
	if status := idle(t, url); status.Error != "" || status.RunID == "" {
		t.Errorf("after an ETL: %+v", status)
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("PLUVIA_DATA", filepath.Join(t.TempDir(), "from-environment"))
	if code, out, says := command(t.Context(), nil, "runs"); code != 0 {
		t.Fatal(out, says)
	}
	if _, err := os.Stat(filepath.Join(os.Getenv("PLUVIA_DATA"), databaseFile)); err != nil {
		t.Error(err)
	}
	t.Setenv("PLUVIA_LIMIT", "many")
	if code, _, says := command(t.Context(), nil, "runs"); code != exitInput || !strings.Contains(says, `PLUVIA_LIMIT="many"`) {
		t.Errorf("%d, %s", code, says)
	}
}

func TestAddressTaken(t *testing.T) {
	t.Parallel()
	l, err := listenOn("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	code, _, says := command(t.Context(), nil, "up", "--data", t.TempDir(), "--listen", l.Addr().String())
	if code != exitUnavailable || !strings.Contains(says, "--listen") {
		t.Errorf("%d, %s", code, says)
	}
}
