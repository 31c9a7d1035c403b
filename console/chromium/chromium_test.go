// Package chromium looks at the console's pages in a real Chromium: wide and
// narrow, light and dark, in both languages, with a script and without.
//
// To look at them yourself:
//
//	go test ./console/chromium -shots shots            pictures of every page
//	go test ./console/chromium -serve localhost:8900   the made-up console
package chromium

import (
	"bytes"
	"compress/gzip"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/console"
	"github.com/pluvia-ml/pluvia/console/consoletest"
)

var (
	shots = flag.String("shots", "", "write a picture of every page into this directory")
	serve = flag.String("serve", "", "serve the made-up console on this address until interrupted")
)

// axe is axe-core 4.14.1 (npm, MPL-2.0), which checks a page for what keeps
// people from using it, contrast among it.
//
//go:embed testdata/axe.min.js.gz
var packedAxe []byte

var browser context.Context // the one process; each test opens its own tab

func TestMain(m *testing.M) {
	flag.Parse()
	path, err := find()
	if err != nil && *serve == "" {
		if os.Getenv("CI") == "true" {
			fmt.Fprintln(os.Stderr, "console/chromium:", err)
			os.Exit(1)
		}
		fmt.Println("testing: warning: no tests to run") // go test shows it behind the package
		os.Exit(0)
	}
	os.Exit(run(m, path))
}

// find is the path of a Chromium.
func find() (string, error) {
	names := []string{os.Getenv("PLUVIA_CHROMIUM"), "chromium-headless-shell", "headless-shell", "chromium", "chromium-browser", "google-chrome"}
	for _, name := range names {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path, nil
		}
	}
	return "", errors.New("no Chromium: install chromium-headless-shell, or name one in PLUVIA_CHROMIUM")
}

func run(m *testing.M, path string) int {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.Flag("disable-gpu", true))
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	defer cancel()
	var stop context.CancelFunc
	browser, stop = chromedp.NewContext(allocator)
	defer stop()
	if *shots != "" {
		if err := os.MkdirAll(*shots, 0o755); err != nil {
			fmt.Fprintln(os.Stderr, "console/chromium:", err)
			return 1
		}
	}
	if path != "" {
		if err := chromedp.Do(browser); err != nil { // starts the process
			fmt.Fprintln(os.Stderr, "console/chromium: start", path+":", err)
			return 1
		}
	}
	return m.Run()
}

func TestServe(t *testing.T) {
	if *serve == "" {
		t.Skip("only with -serve")
	}
	fmt.Println("http://" + *serve)
	t.Fatal(http.ListenAndServe(*serve, consoletest.Filled(t)))
}

// mode is a way in which people look at the console.
type mode struct {
	name          string
	width, height int64
	scheme, lang  string
}

// modes are chosen so that every pair of width, scheme and language occurs.
var modes = []mode{
	{"wide-light-en", 1400, 900, "light", "en"},
	{"wide-dark-es", 1400, 900, "dark", "es"},
	{"narrow-light-es", 390, 844, "light", "es"},
	{"narrow-dark-en", 390, 844, "dark", "en"},
}

// tab is a page of the browser that remembers what went wrong in it.
type tab struct {
	ctx    context.Context
	mu     sync.Mutex
	faults []string
}

// open opens a tab that may talk to host only.
func open(t *testing.T, host string) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	b := &tab{ctx: ctx}
	messages := chromedp.Console(ctx)
	requests := cdp.Events(ctx, chromedp.FromContext(ctx).Target, network.RequestWillBeSent)
	go func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			// A page that answers 404 or 422 is said to be an error; the handler tests know the status.
			// That the script of an artifact is refused, and that axe cannot talk to it, is as it should be.
			if !strings.HasPrefix(m.Text, "Failed to load resource: the server responded with a status of 4") && !strings.Contains(m.Text, "report.html?preview") && !strings.Contains(m.Text, "the recipient window's origin ('null')") {
				b.fault("%s", m)
			}
		}
	}()
	go func() {
		for e, err := range requests {
			if err != nil {
				return
			}
			if u, err := url.Parse(e.Request.URL); err != nil || u.Scheme != "data" && u.Host != host {
				b.fault("request to another host: %.200s", e.Request.URL)
			}
		}
	}()
	// Tabs work side by side, and each is to behave as the one in front.
	b.do(t, command(network.Enable, network.EnableParams{}), command(emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}))
	return b
}

func (b *tab) fault(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.faults = append(b.faults, fmt.Sprintf(format, args...))
}

type step = chromedp.Action[chromedp.Void]

// command is a command of the protocol whose answer does not matter.
func command[P, R any](c cdp.Command[P, R], params P) step {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}

// into keeps what an action returns.
func into[T any](to *T, a chromedp.Action[T]) step {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) (err error) {
		*to, err = a(ctx, t)
		return err
	})
}

func (b *tab) do(t *testing.T, steps ...step) {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

func look(m mode) step {
	return chromedp.Steps(
		command(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: m.width, Height: m.height, DeviceScaleFactor: 1, Mobile: m.width < 600}),
		command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: m.scheme}}}),
	)
}

// clean reports what has gone wrong in the tab since the last time.
func (b *tab) clean(t *testing.T) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, fault := range b.faults {
		t.Error(fault)
	}
	b.faults = nil
}

// visit is a page of a made-up console.
type visit struct{ name, path string }

func pages(d *consoletest.Demo) []visit {
	return []visit{
		{"overview", "/"}, {"data", "/data"}, {"predict", "/predict"},
		{"answer", "/predict?Location=Hobart&Date=2017-06-01&Humidity3pm=80&MinTemp=9.5"},
		{"faults", "/predict?Location=Atlantis&Date=2023-02-30&MinTemp=warm"},
		{"runs", "/runs"}, {"run-cycle", "/runs/" + d.Parent}, {"run-train", "/runs/" + d.Train}, {"run-compare", "/runs/" + d.Compare},
		{"not-found", "/nowhere"},
	}
}

// tracking are the pages of somebody's own experiment.
func tracking(t *testing.T, d *consoletest.Demo) []visit {
	id := d.Many(t, 120)
	return []visit{
		{"folder", "/runs/" + d.Compare + "/files/report"}, {"html", "/runs/" + d.Compare + "/files/report/report.html"}, {"csv", "/runs/" + d.Compare + "/files/report/worst.csv"},
		{"text", "/runs/" + d.Compare + "/files/comparison.json"}, {"image", "/runs/" + d.Compare + "/files/pictures/importance.svg"}, {"no-preview", "/runs/" + d.Compare + "/files/model/a%20b%23c.bin"},
		{"models", "/models"}, {"model", "/models/" + d.Project.Names.ModelProd}, {"alias", "/models/" + d.Project.Names.ModelProd + "/alias?alias=champion&version=2"},
		{"experiments", "/experiments"}, {"compare", "/compare?run=" + strings.Join(d.Trials, "&run=")}, {"run-trial", "/runs/" + d.Trials[0]},
		{"table", "/runs?experiment=" + id}, {"table-sorted", "/runs?experiment=" + id + "&order=metrics.roc_auc&desc=1&filter=params.learner+%3D+%27boost%27"},
		{"table-fault", "/runs?experiment=" + id + "&filter=metrics.roc_auc+%3E+%27high%27"}, {"table-nothing", "/runs?experiment=" + id + "&filter=metrics.roc_auc+%3E+2"},
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	axe := unpack(t)
	filled, empty, first, broken := consoletest.Filled(t), consoletest.Empty(t), consoletest.Empty(t), consoletest.Filled(t)
	first.Cycle.Now = console.Status{Running: true, Steps: []string{"etl", "train", "compare", "promote", "swap"}, Step: "train", Doing: "random forest", Done: 30, Total: 120}
	broken.Cycle.Now = console.Status{Err: errors.New("etl: no space left on device")}
	for _, site := range []struct {
		name  string
		demo  *consoletest.Demo
		pages []visit
	}{
		{"filled", filled, append(pages(filled), tracking(t, filled)...)},
		{"empty", empty, []visit{{"overview", "/"}, {"data", "/data"}, {"predict", "/predict?MinTemp=1"}, {"runs", "/runs"}, {"models", "/models"}}},
		{"first", first, []visit{{"overview", "/"}, {"data", "/data"}}},
		{"broken", broken, []visit{{"overview", "/"}}},
	} {
		server := httptest.NewServer(site.demo)
		t.Cleanup(server.Close)
		host := strings.TrimPrefix(server.URL, "http://")
		for _, m := range modes {
			t.Run(site.name+"/"+m.name, func(t *testing.T) {
				b := open(t, host)
				b.do(t, look(m))
				for _, page := range site.pages {
					separator := "?"
					if strings.Contains(page.path, "?") {
						separator = "&"
					}
					var overflow, scheme string
					var faults []string
					b.do(t, chromedp.Navigate(server.URL+page.path+separator+"lang="+m.lang),
						into(&overflow, chromedp.Evaluate[string](overflowing)),
						into(&scheme, chromedp.Evaluate[string](`getComputedStyle(document.body).backgroundColor`)),
						chromedp.Evaluate[chromedp.Void](axe),
						into(&faults, chromedp.Evaluate[[]string](violations, chromedp.EvalAwaitPromise)))
					if overflow != "" {
						t.Errorf("%s is wider than the window: %s", page.name, overflow)
					}
					if dark := scheme == "rgb(15, 20, 26)"; dark != (m.scheme == "dark") {
						t.Errorf("%s: the background is %s", page.name, scheme)
					}
					for _, fault := range faults {
						t.Errorf("%s: %s", page.name, fault)
					}
					b.clean(t)
					if *shots != "" {
						var picture []byte
						b.do(t, into(&picture, chromedp.FullScreenshot(100)))
						if err := os.WriteFile(filepath.Join(*shots, site.name+"-"+page.name+"-"+m.name+".png"), picture, 0o644); err != nil {
							t.Fatal(err)
						}
					}
				}
			})
		}
	}
}

// overflowing names the first element that makes a page scroll sideways.
const overflowing = `(() => {
	const wide = document.documentElement.clientWidth;
	if (document.documentElement.scrollWidth <= wide) return "";
	for (const e of document.querySelectorAll("body *"))
		if (e.getBoundingClientRect().right > wide + 0.5 && !e.closest(".scroll")) return e.outerHTML.slice(0, 200);
	return "scrollWidth " + document.documentElement.scrollWidth;
})()`

// violations are what axe-core finds by the rules of WCAG 2.1 AA.
const violations = `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"], resultTypes: ["violations"]})
	.then(r => r.violations.map(v => v.id + ": " + v.help + ": " + v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + " " + (n.any[0]?.message ?? "")).join(" | ")))`

func unpack(t *testing.T) string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(packedAxe))
	if err != nil {
		t.Fatal(err)
	}
	script, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(script) + ";0"
}

func TestFormWithAScript(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(consoletest.Filled(t))
	t.Cleanup(server.Close)
	b := open(t, strings.TrimPrefix(server.URL, "http://"))
	var number, slider, answer string
	b.do(t, look(modes[0]), chromedp.Navigate(server.URL+"/predict?lang=en"),
		chromedp.WaitVisible(chromedp.CSS(`input[type=range][data-for="f-Humidity3pm"]`)),
		// The slider moves the number, and the number the slider.
		into(&number, chromedp.Evaluate[string](`(() => { const r = document.querySelector('[data-for="f-Humidity3pm"]'); r.value = 90; r.dispatchEvent(new Event("input")); return document.getElementById("f-Humidity3pm").value })()`)),
		chromedp.Evaluate[chromedp.Void](`document.getElementById("f-MinTemp").select()`), chromedp.SendKeys(chromedp.CSS("#f-MinTemp"), "-4.5"),
		into(&slider, chromedp.Evaluate[string](`document.querySelector('[data-for="f-MinTemp"]').value`)),
		chromedp.Click(chromedp.CSS(".form button")), chromedp.WaitVisible(chromedp.CSS("#answer")), into(&answer, chromedp.Text(chromedp.CSS("#answer"))))
	if number != "90" || slider != "-4.5" || !strings.Contains(answer, "Probably yes") || !strings.Contains(answer, "89%") {
		t.Errorf("number %q, slider %q, answer %q", number, slider, answer)
	}
	b.clean(t)
}

func TestFormAndCycleWithoutAScript(t *testing.T) {
	t.Parallel()
	d := consoletest.Filled(t)
	server := httptest.NewServer(d)
	t.Cleanup(server.Close)
	b := open(t, strings.TrimPrefix(server.URL, "http://"))
	var answer, status, display string
	b.do(t, look(modes[3]), command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}), chromedp.Navigate(server.URL+"/predict?lang=en"),
		into(&display, chromedp.Evaluate[string](`getComputedStyle(document.querySelector("input[type=range]")).display`)),
		chromedp.SetValue(chromedp.CSS("#f-Humidity3pm"), "20"), chromedp.Submit(chromedp.CSS(".form")), chromedp.WaitVisible(chromedp.CSS("#answer")), into(&answer, chromedp.Text(chromedp.CSS("#answer"))),
		chromedp.Navigate(server.URL+"/"), chromedp.Submit(chromedp.CSS(`form[action="/cycle"]`)), chromedp.WaitVisible(chromedp.CSS(".status.ok")), into(&status, chromedp.Text(chromedp.CSS(".status"))))
	if display != "none" || !strings.Contains(answer, "Probably not") || !strings.Contains(status, "All is well") || d.Cycle.Started != 1 {
		t.Errorf("sliders %q, answer %q, status %q, %d cycles started", display, answer, status, d.Cycle.Started)
	}
	b.clean(t)
}

// Filter, columns, order, comparison and the move of an alias are links and
// forms: they need no script.
func TestTrackingWithoutAScript(t *testing.T) {
	t.Parallel()
	d := consoletest.Filled(t)
	id := d.Many(t, 12)
	server := httptest.NewServer(d)
	t.Cleanup(server.Close)
	b := open(t, strings.TrimPrefix(server.URL, "http://"))
	var heads, first, compared, moved string
	b.do(t, look(modes[0]), command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}), chromedp.Navigate(server.URL+"/runs?lang=en&experiment="+id),
		chromedp.SetValue(chromedp.CSS("#filter"), "params.learner = 'forest'"), chromedp.Submit(chromedp.CSS(".filter")), chromedp.WaitVisible(chromedp.CSS(`.choose summary`)),
		chromedp.Click(chromedp.CSS(".choose summary")), chromedp.Click(chromedp.CSS(`.choose input[value="metrics.fold_7"]`)), chromedp.Click(chromedp.CSS(".choose button")),
		chromedp.WaitVisible(chromedp.CSS(`th a[href*="order=metrics.fold_7"]`)), chromedp.Click(chromedp.CSS(`th a[href*="order=metrics.roc_auc"]`)),
		chromedp.WaitVisible(chromedp.CSS(`th[aria-sort="descending"]`)), into(&heads, chromedp.Text(chromedp.CSS("thead"))), into(&first, chromedp.Text(chromedp.CSS("tbody tr"))),
		chromedp.Click(chromedp.CSS("tbody tr:nth-child(1) input")), chromedp.Click(chromedp.CSS("tbody tr:nth-child(3) input")), chromedp.Click(chromedp.CSS(`form[action="/compare"] button`)),
		chromedp.WaitVisible(chromedp.CSS(".plot.wide")), into(&compared, chromedp.Text(chromedp.CSS(".status"))),
		chromedp.Navigate(server.URL+"/models/"+d.Project.Names.ModelProd), chromedp.Click(chromedp.CSS(`a[href*="alias=champion&version=1"]`)), chromedp.WaitVisible(chromedp.CSS(`form[method="post"] .button`)),
		chromedp.Click(chromedp.CSS(`form[method="post"] .button`)), chromedp.WaitVisible(chromedp.CSS(".status.ok")), into(&moved, chromedp.Text(chromedp.CSS(".status"))))
	if !strings.Contains(heads, "fold_7") || !strings.Contains(first, "trial 00001") || !strings.Contains(compared, "differ") || !strings.Contains(moved, "Version 1") {
		t.Errorf("heads %q, first %q, compared %q, moved %q", heads, first, compared, moved)
	}
	b.clean(t)
}

// A link to a section of the data page opens it, and the table behind a chart
// can be opened.
func TestWhatIsFoldedOpens(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(consoletest.Filled(t))
	t.Cleanup(server.Close)
	b := open(t, strings.TrimPrefix(server.URL, "http://"))
	var before, after bool
	var row string
	const shown = `document.querySelector("#unique table").checkVisibility()`
	b.do(t, look(modes[3]), chromedp.Navigate(server.URL+"/data?lang=en"), into(&before, chromedp.Evaluate[bool](shown)),
		chromedp.Click(chromedp.CSS(`a[href="#unique"]`)), chromedp.WaitVisible(chromedp.CSS("#unique table")), into(&after, chromedp.Evaluate[bool](shown)),
		chromedp.Navigate(server.URL+"/?lang=en"), chromedp.Click(chromedp.CSS("figure summary")), chromedp.WaitVisible(chromedp.CSS("figure table")), into(&row, chromedp.Text(chromedp.CSS("figure tbody tr"))))
	if before || !after || !strings.HasPrefix(row, "Version 3") {
		t.Errorf("section shown before %v, after %v; first row of the table %q", before, after, row)
	}
	b.clean(t)
}

// HTML that a run has left is shown, but its script does not run, neither in
// the frame nor at its own address, and it asks nothing of other hosts.
func TestArtifactsRunNoScript(t *testing.T) {
	t.Parallel()
	d := consoletest.Filled(t)
	server := httptest.NewServer(d)
	t.Cleanup(server.Close)
	var mu sync.Mutex
	asked := 0
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked++
	}))
	t.Cleanup(elsewhere.Close)
	run, err := d.Store.Run(t.Context(), d.Compare)
	if err != nil {
		t.Fatal(err)
	}
	bucket, prefix, err := pluvia.ParseURI(run.ArtifactURI)
	if err != nil {
		t.Fatal(err)
	}
	hostile := `<!doctype html><title>Report</title><link rel="stylesheet" href="` + elsewhere.URL + `/a.css"><p id="said">Written by hand</p><img src="` + elsewhere.URL + `/a.png" onerror="parent.document.title='taken'" alt="">
		<script>document.getElementById("said").textContent = "script ran"; parent.document.title = "taken"; fetch("` + elsewhere.URL + `")</script><iframe src="` + elsewhere.URL + `"></iframe><meta http-equiv="refresh" content="0;url=` + elsewhere.URL + `">`
	if err := d.Buckets.Put(t.Context(), bucket, prefix+"/hostile.html", strings.NewReader(hostile)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	b := &tab{ctx: ctx}
	var title, framed, said string
	b.do(t, chromedp.Navigate(server.URL+"/runs/"+d.Compare+"/files/hostile.html?lang=en"), chromedp.WaitVisible(chromedp.CSS("iframe.look")),
		into(&title, chromedp.Evaluate[string](`new Promise(done => setTimeout(() => done(document.title), 300))`, chromedp.EvalAwaitPromise)),
		into(&framed, chromedp.Evaluate[string](`String(document.querySelector("iframe").contentDocument)`)),
		chromedp.Navigate(server.URL+"/runs/"+d.Compare+"/files/report/report.html?lang=en"), chromedp.WaitVisible(chromedp.CSS("iframe.look")),
		chromedp.Navigate(server.URL+"/runs/"+d.Compare+"/artifacts/report/report.html?preview"), chromedp.WaitVisible(chromedp.CSS("#said")), into(&said, chromedp.Text(chromedp.CSS("#said"))))
	if !strings.HasPrefix(title, "hostile.html") || framed != "null" || said != "Written by hand" {
		t.Errorf("title %q, document of the frame %q, the page says %q", title, framed, said)
	}
	mu.Lock()
	defer mu.Unlock()
	if asked > 0 {
		t.Errorf("%d requests went to another host", asked)
	}
}

// While a cycle runs the page changes by itself, and stops asking when it is over.
func TestProgressMoves(t *testing.T) {
	t.Parallel()
	d := consoletest.Filled(t)
	var mu sync.Mutex
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.URL.Path == "/" {
			asked++
			d.Cycle.Now = console.Status{Running: asked < 3, Steps: []string{"etl", "train"}, Step: []string{"etl", "train"}[min(asked-1, 1)]}
		}
		d.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	b := open(t, strings.TrimPrefix(server.URL, "http://"))
	var before, after string
	b.do(t, chromedp.Navigate(server.URL+"/?lang=en"), into(&before, chromedp.Text(chromedp.CSS(".steps .now b"))), chromedp.WaitVisible(chromedp.CSS(".status.ok")), into(&after, chromedp.Text(chromedp.CSS(".status"))))
	if before != "Prepare the data" || !strings.Contains(after, "All is well") {
		t.Errorf("before %q, after %q", before, after)
	}
	b.clean(t)
}

// The whole console is light: what a first visit carries, compressed.
func TestWeight(t *testing.T) {
	t.Parallel()
	d := consoletest.Filled(t)
	server := httptest.NewServer(d)
	t.Cleanup(server.Close)
	b := open(t, strings.TrimPrefix(server.URL, "http://"))
	const most = 60_000
	for _, page := range []string{"/", "/data", "/predict", "/runs"} {
		var sizes string
		b.do(t, chromedp.Navigate(server.URL+page), into(&sizes, chromedp.Evaluate[string](`JSON.stringify([...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].map(e => e.encodedBodySize))`)))
		var list []int
		if err := json.Unmarshal([]byte(sizes), &list); err != nil {
			t.Fatal(err)
		}
		sum := 0
		for _, n := range list {
			sum += n
		}
		t.Logf("%s: %d bytes in %d requests", page, sum, len(list))
		if sum == 0 || sum > most {
			t.Errorf("%s weighs %d bytes: want at most %d", page, sum, most)
		}
	}
}
