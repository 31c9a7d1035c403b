package console_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"maps"
	"math"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/console"
	"github.com/pluvia-ml/pluvia/console/consoletest"
)

// scenario is a request and what must and must not be in the answer.
type scenario struct {
	name, target string
	method       string   // GET when empty
	headers      []string // "Name: value"
	status       int
	has, hasNot  []string // in headers and body
	before       func(*consoletest.Demo)
}

func play(t *testing.T, d *consoletest.Demo, scenarios []scenario) {
	t.Helper()
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			if s.before != nil {
				s.before(d)
			}
			r := httptest.NewRequest(max(s.method, "GET"), s.target, nil)
			r.Header.Set("Accept", "text/html")
			for _, h := range s.headers {
				name, value, _ := strings.Cut(h, ": ")
				r.Header.Set(name, value)
			}
			w := httptest.NewRecorder()
			d.ServeHTTP(w, r)
			if w.Code != s.status {
				t.Errorf("status %d, want %d\n%.2000s", w.Code, s.status, w.Body)
			}
			var answer strings.Builder
			w.Header().Write(&answer)
			answer.WriteString(w.Body.String())
			for _, want := range s.has {
				if !strings.Contains(answer.String(), want) {
					t.Errorf("%q is missing in\n%.3000s", want, answer.String())
				}
			}
			for _, no := range append(s.hasNot, "%!", "<no value>", "NaN", "ZgotmplZ") {
				if strings.Contains(answer.String(), no) {
					t.Errorf("%q is in the answer", no)
				}
			}
		})
	}
}

func TestBeforeTheFirstCycle(t *testing.T) {
	t.Parallel()
	d := consoletest.Empty(t)
	play(t, d, []scenario{
		{name: "overview", target: "/", status: 200, has: []string{"There is no model yet.", "Run a cycle", "No cycle has ended yet"}},
		{name: "data", target: "/data", status: 200, has: []string{"No data has been loaded yet.", "Run one on the overview"}},
		{name: "rejected", target: "/data/rejected.csv", status: 404},
		{name: "predict", target: "/predict", status: 200, has: []string{"No model serves yet"}},
		{name: "predict asked", target: "/predict?MinTemp=3", status: 200, has: []string{"Wait for the first cycle", `value="3"`}, hasNot: []string{"Probably"}},
		{name: "runs", target: "/runs", status: 200, has: []string{"No run yet."}},
		{name: "first cycle", target: "/", status: 200, before: func(d *consoletest.Demo) {
			d.Cycle.Now = console.Status{Running: true, Steps: []string{"etl", "train", "compare", "promote", "swap"}, Step: "train", Doing: "random forest", Done: 30, Total: 120}
		}, has: []string{"The first cycle is running.", `<li class="done"><b>Prepare the data</b>`, `<li class="now" aria-current="step"><b>Train</b>`, `value="30"`, "random forest", "30 of 120", `<noscript><meta http-equiv="refresh" content="2">`, "disabled"}},
		{name: "data while it is loaded", target: "/data", status: 200, has: []string{"The cycle that is running loads it"}},
		{name: "failed", target: "/", status: 200, before: func(d *consoletest.Demo) {
			d.Cycle.Now = console.Status{Steps: []string{"etl"}, Err: fmt.Errorf("etl: %w", pluvia.Errorf(pluvia.Invalid, "no column <Date>."))}
		}, has: []string{"The last cycle failed.", "no column &lt;Date&gt;. No model serves.", "Mend the cause"}},
		{name: "failed for a reason that is nobody's business", target: "/", status: 200, before: func(d *consoletest.Demo) {
			d.Cycle.Now = console.Status{Err: errors.New("dial postgres://user:hunter2@db")}
		}, has: []string{"the server&#39;s log has the cause"}, hasNot: []string{"hunter2"}},
	})
}

func TestAfterSomeCycles(t *testing.T) {
	t.Parallel()
	d := consoletest.Filled(t)
	play(t, d, []scenario{
		{name: "overview", target: "/", status: 200, has: []string{"All is well.", "Version 3", "gradient boosting", "0.883", "95% interval 0.879 to 0.887", "Surely better on the same", "Champion kept.", "Cycle failed.", "since 21 Nov, 09:30",
			"The challenger is the same model as the champion: both answer all 25,974 rows alike.", "ROC AUC &#43;0.0118", "&#43;0.012 on version 1"}, hasNot: []string{"http-equiv", "roc_auc"}},
		{name: "outlook", target: "/", status: 200, has: []string{"Yes in 9 of 49 places", "Most likely", "yes from 38% on", "37 more places"}},
		{name: "outlook in Spanish", target: "/?lang=es", status: 200, has: []string{"Sí en 9 de 49 lugares", "Más probable"}},
		{name: "charts of the champion's comparison", target: "/", status: 200, has: []string{"When it says 65%, it happens 66% of the time", "10 of 10 95% intervals hold the forecast", "It ranks a positive above a negative 88 times in 100", "It finds 69% of the positives; 61% of its yes answers are right", "line second", "points second", "/artifacts/comparison.json"}, hasNot: []string{"<img"}},
		{name: "Spanish by address", target: "/?lang=es", status: 200, has: []string{`<html lang="es">`, "Todo va bien.", "0,883", "Mejor con seguridad", "Set-Cookie: pluvia_lang=es", "Content-Language: es", "21 nov, 09:30"}, hasNot: []string{"All is well", "Champion"}},
		{name: "Spanish by cookie", target: "/runs", headers: []string{"Cookie: pluvia_lang=es"}, status: 200, has: []string{"Ejecuciones"}, hasNot: []string{"Set-Cookie"}},
		{name: "Spanish by browser", target: "/data", headers: []string{"Accept-Language: es-AR,en;q=0.5"}, status: 200, has: []string{"Valores ausentes"}},
		{name: "unknown language", target: "/?lang=xx", headers: []string{"Accept-Language: fr, " + strings.Repeat("x", 5000)}, status: 200, has: []string{`<html lang="en">`}},
		{name: "data", target: "/data", status: 200, has: []string{"3 rows were set aside.", "Of 3,003;", `id="columns"`, `id="unique"`, `id="types"`, `id="statistics"`, `id="size"`, `id="missing"`, "/data/rejected.csv", "1 January 2008 to 18 March 2016", "leak, never a feature", "<svg class=\"plot\""}},
		{name: "rejected", target: "/data/rejected.csv", status: 200, has: []string{"Content-Disposition: attachment", "2023-02-30", "sandbox"}},
		{name: "runs", target: "/runs", status: 200, has: []string{"22 runs", "&lt;script&gt;alert(1)&lt;/script&gt;", "ROC AUC\u00a00.883"}, hasNot: []string{"<script>alert"}},
		{name: "runs, first page by number", target: "/runs?page=1", status: 200}, {name: "runs, page that is not there", target: "/runs?page=9", status: 404},
		{name: "runs, no page", target: "/runs?page=-1", status: 422}, {name: "runs, no number", target: "/runs?page=<b>", status: 422, has: []string{"&lt;b&gt;"}},
		{name: "cycle's run", target: "/runs/" + d.Parent, status: 200, has: []string{"Its steps", "Compare_run_2026-11-21", "Surely better"}},
		{name: "train's run", target: "/runs/" + d.Train, status: 200, has: []string{"Part of", "Cycle_run_2026-11-21", "validation_log_loss", "Latest value at each step", `class="line"`}},
		{name: "comparison's run", target: "/runs/" + d.Compare, status: 200, has: []string{"0.879 to 0.887", "pictures/test_reliability.svg", "comparison.json", "a%20b%23c.bin", "pluvia.decision"}},
		{name: "two ways to judge", target: "/runs/" + d.Compare, status: 200, has: []string{"Two ways to judge", "F1 at probability 0.5", "0.6486", "0.6402", "&#43;0.0084", "The challenger wins", "The honest one: ROC AUC", "&#43;0.0118", "&#43;0.0103 to &#43;0.0133", "from 1,000 draws", "Promoted", "When it says 65%"}},
		{name: "the same model", target: "/runs/" + d.Same + "?lang=es", status: 200, has: []string{"Se mantiene el campeón", "El aspirante es el mismo modelo que el campeón"}},
		{name: "no champion to compare with, and pictures alone", target: "/runs/" + d.Older, status: 200, has: []string{"There was no champion to compare with.", `<img src="/runs/` + d.Older + `/artifacts/pictures/test_roc.svg"`}, hasNot: []string{"points second"}},
		{name: "no such run", target: "/runs/0123", status: 404, has: []string{"Not found", "To the overview"}},
		{name: "picture", target: "/runs/" + d.Compare + "/artifacts/pictures/test_roc.svg", status: 200, has: []string{"Content-Type: image/svg+xml", "sandbox", "nosniff", "<svg"}, hasNot: []string{"attachment"}},
		{name: "artifact as text", target: "/runs/" + d.Compare + "/artifacts/comparison.json", status: 200, has: []string{"text/plain", "25974"}},
		{name: "artifact that could be a page", target: "/runs/" + d.Compare + "/artifacts/model/page.html", status: 200, has: []string{"application/octet-stream", "attachment", "sandbox"}},
		{name: "artifact with an odd name", target: "/runs/" + d.Compare + "/artifacts/model/a%20b%23c.bin", status: 200, has: []string{"attachment; filename*=UTF-8''a%20b%23c.bin"}},
		{name: "artifact to keep", target: "/runs/" + d.Compare + "/artifacts/pictures/importance.svg?download", status: 200, has: []string{"attachment"}},
		{name: "artifact outside", target: "/runs/" + d.Compare + "/artifacts/..%2f..%2f..%2fdata%2frejected.csv", status: 422},
		{name: "no such artifact", target: "/runs/" + d.Compare + "/artifacts/none", status: 404},
		{name: "no such page", target: "/nowhere/<b>", status: 404, has: []string{"/nowhere/%3Cb%3E"}},
		{name: "no such page for a program", target: "/nowhere", headers: []string{"Accept: application/json"}, status: 404, has: []string{`{"code":"not_found"`}},
		{name: "icon", target: "/static/drop.svg", status: 200, has: []string{"image/svg+xml"}},
	})
}

// The forecasts are made once for a champion and a state of the data, and anew
// when either changes.
func TestOutlookIsKept(t *testing.T) {
	t.Parallel()
	d := consoletest.Filled(t)
	asked := 0
	serve := func(version int, p float64) {
		champion := *d.Champion
		champion.Version, champion.Probability = version, func([]float64) float64 { asked++; return p }
		d.Champion = &champion
	}
	for i, step := range []struct {
		name   string
		change func()
		asked  int
		has    string
	}{
		{"first", func() { serve(3, 0.9) }, 49, "Yes in 49 of 49 places"},
		{"again", func() {}, 0, "Yes in 49 of 49 places"},
		{"next champion", func() { serve(4, 0.001) }, 49, "&lt;1%"},
		{"again", func() {}, 0, "Yes in 0 of 49 places"},
		{"same data, written anew", func() { rewrite(t, d, func(data []byte) []byte { return append(data, 0)[:len(data)] }) }, 49, "Yes in 0 of 49 places"},
		{"probabilities that are none", func() { serve(5, math.NaN()) }, 49, "An older version serves."},
		{"data that cannot be read", func() { rewrite(t, d, func([]byte) []byte { return []byte("PAR1") }) }, 0, "ROC AUC"},
	} {
		asked = 0
		step.change()
		w := httptest.NewRecorder()
		d.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		if w.Code != 200 || asked != step.asked || !strings.Contains(w.Body.String(), step.has) {
			t.Errorf("%d, %s: status %d, asked %d times, want %d; %q there: %v", i, step.name, w.Code, asked, step.asked, step.has, strings.Contains(w.Body.String(), step.has))
		}
	}
}

// rewrite changes the latest observations.
func rewrite(t *testing.T, d *consoletest.Demo, change func([]byte) []byte) {
	t.Helper()
	const key = "raw/latest.parquet"
	object, _, err := d.Buckets.Open(t.Context(), pluvia.DataBucket, key)
	if err != nil {
		t.Fatal(err)
	}
	defer object.Close()
	data, err := io.ReadAll(object)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Buckets.Put(t.Context(), pluvia.DataBucket, key, bytes.NewReader(change(data))); err != nil {
		t.Fatal(err)
	}
}

// A link of the outlook asks what the outlook has answered.
func TestOutlookLinksToItsObservation(t *testing.T) {
	t.Parallel()
	d := consoletest.Filled(t)
	get := func(target string) string {
		w := httptest.NewRecorder()
		d.ServeHTTP(w, httptest.NewRequest("GET", target, nil))
		if w.Code != 200 {
			t.Fatalf("%s: status %d", target, w.Code)
		}
		return w.Body.String()
	}
	rows := regexp.MustCompile(`<td><a href="(/predict\?[^"]*)#answer">([^<]*)</a></td>.*?</svg>([^<]*)<`).FindAllStringSubmatch(get("/"), -1)
	if len(rows) != 49 {
		t.Fatalf("%d places are listed, want 49", len(rows))
	}
	for _, row := range rows[:5] {
		answer := get(html.UnescapeString(row[1]))
		if !strings.Contains(answer, `<p class="probability">`+row[3]+`</p>`) || !strings.Contains(answer, row[2]+", ") {
			t.Errorf("%s is listed with %s; its link says otherwise", row[2], row[3])
		}
	}
}

// Numbers that cannot be read leave the pictures.
func TestComparisonThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{"no JSON": "{", "no curves": "{}", "curves of nothing": `{"curves": [{"name": "version 3"}]}`, "one point": `{"rows": 1, "curves": [{"roc": [[0, 0]], "reliability": [{}]}]}`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := consoletest.Filled(t)
			run, err := d.Store.Run(t.Context(), d.Compare)
			if err != nil {
				t.Fatal(err)
			}
			bucket, prefix, err := pluvia.ParseURI(run.ArtifactURI)
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Buckets.Put(t.Context(), bucket, prefix+"/comparison.json", strings.NewReader(content)); err != nil {
				t.Fatal(err)
			}
			has := "pictures/test_roc.svg\" alt"
			if name == "one point" {
				has = "<svg class=\"plot\""
			}
			play(t, d, []scenario{{name: "overview", target: "/", status: 200, has: []string{has}}, {name: "run", target: "/runs/" + d.Compare, status: 200, has: []string{has}}})
		})
	}
}

func TestPredict(t *testing.T) {
	t.Parallel()
	d := consoletest.Filled(t)
	play(t, d, []scenario{
		{name: "form", target: "/predict", status: 200, has: []string{`value="12.3"`, `min="-10" max="50" step="0.1"`, `type="date" value="2026-11-23"`, `<option value="No" selected>`, "Version 3 answers", `class="plot map"`}, hasNot: []string{"Probably", "aria-invalid"}},
		{name: "wet", target: "/predict?Location=Hobart&Date=2017-06-01&Humidity3pm=90", status: 200, has: []string{"Probably yes", "89%", "Hobart, 1 June 2017. Probability 88.9%; from 38.0% on", "Hobart, Tasmania", "Latitude −42.88°", "place p6 selected"}},
		{name: "yes, but not probable", target: "/predict?Location=Hobart&Humidity3pm=62", status: 200, has: []string{"Take it for a yes", "44%", "from 38.0% on"}, hasNot: []string{"Probably"}},
		{name: "dry", target: "/predict?Humidity3pm=20&Location=Hobart", status: 200, has: []string{"Probably not", "2%"}},
		{name: "nothing known", target: "/predict?Location=", status: 200, has: []string{"Probably not", "22%", "No place chosen"}},
		{name: "decimal comma", target: "/predict?Humidity3pm=90,5&lang=es", status: 200, has: []string{"Probablemente sí", "89\u00a0%", `value="90,5"`}},
		{name: "off the map", target: "/predict?Location=NorfolkIsland", status: 200, has: []string{"It lies outside of this map."}},
		{name: "every fault at once", target: "/predict?Location=Atlantis&Date=2023-02-30&WindGustDir=NNNE&MinTemp=Inf&Humidity3pm=1e3&MaxTemp=%3Cb%3E&Pressure9am=", status: 422, has: []string{
			"6 values break a rule.", "“Atlantis”: must be one of the 49 in the list", "“2023-02-30”: must be a date from 1900-01-01 on", "“NNNE”: must be one of the 16",
			"“Inf”: must be a number from −50 to 60", "“1e3”: must be a number from 0 to 100", "“&lt;b&gt;”", `<option value="Atlantis" selected>`, `value="1e3"`}, hasNot: []string{"Probably"}},
		{name: "faults in Spanish", target: "/predict?MinTemp=x&lang=es", status: 422, has: []string{"1 valor incumple una regla.", "«x»: debe ser un número de −50 a 60\u00a0°C"}},
	})
}

func TestStatusLine(t *testing.T) {
	t.Parallel()
	d := consoletest.Filled(t)
	champion := *d.Champion
	serve := func(change func(*console.Champion), status console.Status) func(*consoletest.Demo) {
		return func(d *consoletest.Demo) {
			next := champion
			d.Champion = &next
			d.Cycle.Now = status
			if change == nil {
				d.Champion = nil
			} else {
				change(d.Champion)
			}
		}
	}
	same := func(*console.Champion) {}
	play(t, d, []scenario{
		{name: "running", before: serve(same, console.Status{Running: true}), target: "/", status: 200, has: []string{"A cycle is running.", "Version 3 serves meanwhile."}},
		{name: "failed", before: serve(same, console.Status{Err: pluvia.Errorf(pluvia.Full, "no space left")}), target: "/", status: 200, has: []string{"status warn", "no space left. Version 3 goes on serving."}},
		{name: "local", before: serve(func(c *console.Champion) { c.LastGood = true }, console.Status{}), target: "/", status: 200, has: []string{"The last good copy serves."}},
		{name: "behind", before: serve(func(c *console.Champion) { c.Version = 1 }, console.Status{}), target: "/", status: 200, has: []string{"An older version serves."}},
		{name: "silent", before: serve(nil, console.Status{}), target: "/", status: 200, has: []string{"No model serves.", "status bad"}},
	})
}

func TestRunACycle(t *testing.T) {
	t.Parallel()
	d := consoletest.Filled(t)
	play(t, d, []scenario{
		{name: "from the page", method: "POST", target: "/cycle", headers: []string{"Sec-Fetch-Site: same-origin"}, status: 303, has: []string{"Location: /"}},
		{name: "from another site", method: "POST", target: "/cycle", headers: []string{"Sec-Fetch-Site: cross-site"}, status: 403, has: []string{"Refused"}},
		{name: "by reading", target: "/cycle", status: 404},
		{name: "twice", method: "POST", target: "/cycle", status: 409, has: []string{"Not now", "is running already"}, before: func(d *consoletest.Demo) {
			d.Cycle.Refuse = pluvia.Errorf(pluvia.Conflict, "a cycle is running already")
		}},
	})
	if d.Cycle.Started != 1 {
		t.Errorf("%d cycles were started, want 1", d.Cycle.Started)
	}
}

// catalogue reads the messages of a language.
func catalogue(t *testing.T, language string) map[string]string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("messages", language+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var messages map[string]string
	if err := json.Unmarshal(data, &messages); err != nil {
		t.Fatal(err)
	}
	return messages
}

var verb = regexp.MustCompile(`%[.0-9]*[a-z]`)

func TestLanguagesSayTheSame(t *testing.T) {
	t.Parallel()
	en, es := catalogue(t, "en"), catalogue(t, "es")
	for _, key := range slices.Sorted(maps.Keys(en)) {
		if es[key] == "" || en[key] == "" {
			t.Errorf("%s is missing in a language", key)
		}
		if a, b := verb.FindAllString(en[key], -1), verb.FindAllString(es[key], -1); !slices.Equal(a, b) {
			t.Errorf("%s takes %q in English and %q in Spanish", key, a, b)
		}
		if strings.ContainsAny(en[key]+es[key], "!¡") || strings.Contains(strings.ToLower(en[key]), "please") {
			t.Errorf("%s: no exclamation marks, no please", key)
		}
	}
	for key := range es {
		if _, ok := en[key]; !ok {
			t.Errorf("%s is in Spanish only", key)
		}
	}
}

func TestTemplatesHaveNoBareText(t *testing.T) {
	t.Parallel()
	en := catalogue(t, "en")
	action := regexp.MustCompile(`\{\{[^}]*\}\}`)
	tag := regexp.MustCompile(`<[^>]*>`)
	attribute := regexp.MustCompile(`(?:aria-label|alt|title|placeholder)="([^"]*)"`)
	key := regexp.MustCompile(`\.[TN] "([^"]+)"`)
	letters := regexp.MustCompile(`\pL`)
	names, err := filepath.Glob("templates/*.html")
	if err != nil || len(names) == 0 {
		t.Fatal("no templates", err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		bare := action.ReplaceAllString(string(data), "")
		for _, m := range attribute.FindAllStringSubmatch(bare, -1) {
			if letters.MatchString(m[1]) {
				t.Errorf("%s: %s", name, m[0])
			}
		}
		for line := range strings.Lines(tag.ReplaceAllString(bare, "\n")) {
			if letters.MatchString(line) {
				t.Errorf("%s: bare text %q", name, strings.TrimSpace(line))
			}
		}
		for _, m := range key.FindAllStringSubmatch(string(data), -1) {
			if _, ok := en[m[1]]; !ok && en[m[1]+".one"] == "" {
				t.Errorf("%s: no message is called %s", name, m[1])
			}
		}
	}
}

func TestManyRunsPageByPage(t *testing.T) {
	t.Parallel()
	d := consoletest.Filled(t)
	own, err := d.Store.ExperimentByName(t.Context(), d.Project.Names.Experiment)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 120 {
		if err := d.Store.CreateRun(t.Context(), &pluvia.Run{ExperimentID: own.ID, Name: fmt.Sprint("trial ", i), Start: int64(i + 1)}); err != nil {
			t.Fatal(err)
		}
	}
	play(t, d, []scenario{
		{name: "first", target: "/runs", status: 200, has: []string{"1 to 50 of 142", "/runs?page=2", "trial 119"}, hasNot: []string{"Newer", "trial 1<"}},
		{name: "last", target: "/runs?page=3", status: 200, has: []string{"101 to 142 of 142", "Newer", "trial 1<", "1 Jan 1970, 00:00"}, hasNot: []string{"Older"}},
	})
}

// The parts of a run stand behind it, in the order in which they were done,
// also where a page of the list ends between them.
func TestRunsStandBehindTheirRun(t *testing.T) {
	t.Parallel()
	d := consoletest.Filled(t)
	list := func(target string) string {
		w := httptest.NewRecorder()
		d.ServeHTTP(w, httptest.NewRequest("GET", target, nil))
		return w.Body.String()
	}
	order := func(page string, names ...string) {
		t.Helper()
		at := -1
		for _, name := range names {
			next := strings.Index(page, name)
			if next <= at {
				t.Errorf("%s stands at %d, want it behind %d", name, next, at)
			}
			at = next
		}
	}
	order(list("/runs"), `part0"><a href="/runs/`+d.Parent, `part1"><a`, `Etl_run_2026-11-21`, `part1"><a href="/runs/`+d.Train, `part2"><a`, `part1"><a href="/runs/`+d.Compare, "Promote_run_2026-11-21", "Cycle_run_2026-11-18", "Cycle_run_2026-11-13")
	parent, err := d.Store.Run(t.Context(), d.Parent)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 60 {
		part := &pluvia.Run{ExperimentID: parent.ExperimentID, Name: fmt.Sprint("trial ", i, "."), Start: parent.Start + 100_000 + int64(i), Tags: []pluvia.Tag{{Key: pluvia.TagParentRun, Value: parent.ID}}}
		if err := d.Store.CreateRun(t.Context(), part); err != nil {
			t.Fatal(err)
		}
	}
	first, second := list("/runs"), list("/runs?page=2")
	order(first, parent.ID, "goes on on another page", "trial 10.", "trial 59.")
	order(second, parent.ID, "Etl_run", "trial 0.", "trial 9.", "Cycle_run_2026-11-18")
	if strings.Contains(second, "goes on on another page") {
		t.Error("the run itself stands on the second page")
	}
}
