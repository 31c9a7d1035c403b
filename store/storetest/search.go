package storetest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia"
)

func attribute(key string) pluvia.Field { return pluvia.Field{Key: key} }
func metricOf(key string) pluvia.Field  { return pluvia.Field{Of: pluvia.MetricPart, Key: key} }
func paramOf(key string) pluvia.Field   { return pluvia.Field{Of: pluvia.ParamPart, Key: key} }
func tagOf(key string) pluvia.Field     { return pluvia.Field{Of: pluvia.TagPart, Key: key} }
func datasetOf(key string) pluvia.Field { return pluvia.Field{Of: pluvia.DatasetPart, Key: key} }
func up(f pluvia.Field) pluvia.Order    { return pluvia.Order{Field: f} }
func down(f pluvia.Field) pluvia.Order  { return pluvia.Order{Field: f, Descending: true} }
func fields(of func(string) pluvia.Field, keys ...string) (list []pluvia.Field) {
	for _, k := range keys {
		list = append(list, of(k))
	}
	return list
}

// words are values of texts: near to one another in case, in wildcards of
// either database, in bytes and in length.
var words = []string{
	"", "a", "A", "b", "ab", "aB", "abc", "%", "_", "a%", "a_c", "*", "a*", "?", "[a]", "[^b]", "^a", "]", "-", `\`, `\%`, `a\b`, "a.c", "(a|b)", "$", "{1}", "+",
	"ß", "ẞ", "ss", "ÄÖ", "äö", "Σ", "σ", "ς", "K", "k", "\u212a", "ı", "İ", "雨", "🌧️", "é", "e\u0301", "a\nb", "'", "''", `"`, "; DROP TABLE runs", "$1", "?1",
	"x\u0000y", "\xff", strings.Repeat("l", 63), strings.Repeat("l", 64), strings.Repeat("l", 65), strings.Repeat("l", 64) + "L", "\uffff", "10", "9",
}

// storedWords are the words that can be stored.
func storedWords() (list []string) {
	for _, w := range words {
		if !strings.ContainsAny(w, "\x00") && w != "\xff" {
			list = append(list, w)
		}
	}
	return list
}

var numbers = []float64{0, 1, -1, 0.5, 2, 1e300, math.Inf(1), math.Inf(-1), math.MaxFloat64, math.SmallestNonzeroFloat64, math.NaN(), 1e15, 3}

// exerciseSearch compares random searches, page by page, with naive ones.
func exerciseSearch(t *testing.T, all []subject, v vocabulary, tail []pluvia.Order, search func(pluvia.Search) ([]string, string, error)) {
	t.Helper()
	random := rand.New(rand.NewPCG(7, uint64(len(all))))
	hits := 0
	for range 400 {
		asked := pluvia.Search{Where: v.expr(random, 3), OrderBy: v.orders(random), Limit: 1 + random.IntN(len(all)+2)}
		want := searched(all, asked.Where, append(asked.OrderBy[:len(asked.OrderBy):len(asked.OrderBy)], tail...))
		hits += len(want)
		got := []string{}
		for page := 0; ; page++ {
			ids, next, err := search(asked)
			if err != nil {
				t.Fatalf("%#v: %v", asked, err)
			}
			if len(ids) > asked.Limit || next != "" && len(ids) != asked.Limit {
				t.Fatalf("%#v: a page of %d", asked, len(ids))
			}
			got = append(got, ids...)
			if asked.After = next; next == "" {
				break
			}
			if page > len(all)+1 {
				t.Fatalf("%#v: pages without end", asked)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%#v ordered by %+v\n got %v\nwant %v", asked.Where, asked.OrderBy, got, want)
		}
	}
	if hits < 400 {
		t.Errorf("%d found in 400 searches: the test is too easy", hits)
	}
}

func pick[T any](random *rand.Rand, list []T) T { return list[random.IntN(len(list))] }

// randomTexts are some of the keys a, b, c with random words.
func randomTexts(random *rand.Rand) map[string]string {
	m := make(map[string]string)
	for _, k := range []string{"a", "b", "c"} {
		if random.IntN(3) > 0 {
			m[k] = pick(random, storedWords())
		}
	}
	return m
}

func tagsOf(m map[string]string) (list []pluvia.Tag) {
	for k, v := range m {
		list = append(list, pluvia.Tag{Key: k, Value: v})
	}
	return list
}

func paramsOf(m map[string]string) (list []pluvia.Param) {
	for k, v := range m {
		list = append(list, pluvia.Param{Key: k, Value: v})
	}
	return list
}

// fillRuns makes random runs in the experiment.
func fillRuns(t *testing.T, s pluvia.Store, experiment string, n int) (all []subject) {
	random := rand.New(rand.NewPCG(3, 4))
	for range n {
		r := &pluvia.Run{ExperimentID: experiment, Name: pick(random, storedWords()[1:]), User: pick(random, storedWords()), Start: 1 + random.Int64N(5),
			Status: pick(random, []pluvia.RunStatus{pluvia.Running, pluvia.Finished}), End: pick(random, []int64{0, 0, 1, 2, 3})}
		sub := subject{params: randomTexts(random), tags: randomTexts(random)}
		r.Params, r.Tags = paramsOf(sub.params), tagsOf(sub.tags)
		for _, k := range []string{"a", "b"} {
			if random.IntN(4) > 0 {
				sub.metrics = append(sub.metrics, measured{key: k, value: pick(random, numbers)})
				// An older point does not count.
				r.Metrics = append(r.Metrics, pluvia.Metric{Key: k, Step: 2, Value: sub.metrics[len(sub.metrics)-1].value}, pluvia.Metric{Key: k, Step: 1, Value: pick(random, numbers)})
			}
		}
		for range random.IntN(3) {
			d := pluvia.Dataset{Name: pick(random, []string{"a", "b", "A"}), Digest: pick(random, []string{"1", "2"})}
			has := false
			for _, in := range r.Inputs {
				has = has || in.Dataset == d
			}
			if has {
				continue
			}
			in := pluvia.Input{Dataset: d}
			seen := map[string]string{"name": d.Name, "digest": d.Digest}
			if random.IntN(2) == 0 {
				seen["context"] = pick(random, storedWords())
				in.Tags = []pluvia.Tag{{Key: pluvia.TagDataContext, Value: seen["context"]}, {Key: "other", Value: "x"}}
			}
			r.Inputs, sub.datasets = append(r.Inputs, in), append(sub.datasets, seen)
		}
		ok(t, s.CreateRun(t.Context(), r))
		sub.id = r.ID
		sub.tags[pluvia.TagRunName] = r.Name
		sub.texts = map[string]string{"run_id": r.ID, "run_name": r.Name, "user_id": r.User, "status": string(r.Status), "artifact_uri": r.ArtifactURI}
		sub.numbers = map[string]float64{"start_time": float64(r.Start)}
		if r.End != 0 {
			sub.numbers["end_time"] = float64(r.End)
		}
		all = append(all, sub)
	}
	return all
}

var runTail = []pluvia.Order{down(attribute("start_time")), up(attribute("run_id"))}

func runVocabulary(all []subject) vocabulary {
	v := vocabulary{
		texts:   append(fields(attribute, "run_id", "run_name", "user_id", "status", "artifact_uri"), append(append(fields(paramOf, "a", "b", "c", "none", "x\x00"), fields(tagOf, "a", "b", pluvia.TagRunName)...), fields(datasetOf, "name", "digest", "context")...)...),
		numbers: append(fields(metricOf, "a", "b", "none"), fields(attribute, "start_time", "end_time")...),
		order:   append(append(fields(attribute, "run_name", "user_id", "status", "start_time", "end_time", "run_id"), fields(metricOf, "a", "a", "b", "none")...), append(fields(paramOf, "a", "\xff"), tagOf("b"))...),
		words:   append([]string{"FINISHED", "finished", "1", "2"}, words...),
		values:  numbers,
	}
	for _, s := range all[:3] {
		v.words = append(v.words, s.id)
	}
	return v
}

func runIDs(found []*pluvia.Run, next string, err error) ([]string, string, error) {
	return ids(found), next, err
}

var searchTests = map[string]func(*testing.T, pluvia.Tracking){
	"SearchRuns": func(t *testing.T, s pluvia.Tracking) {
		all := fillRuns(t, s, "0", 60)
		other := &pluvia.Experiment{Name: "other"}
		ok(t, s.CreateExperiment(t.Context(), other))
		ok(t, s.CreateRun(t.Context(), &pluvia.Run{ExperimentID: other.ID}))
		gone := &pluvia.Run{ExperimentID: "0"}
		ok(t, s.CreateRun(t.Context(), gone))
		ok(t, s.DeleteRun(t.Context(), gone.ID))
		exerciseSearch(t, all, runVocabulary(all), runTail, func(asked pluvia.Search) ([]string, string, error) {
			asked.Experiments = []string{"0"}
			return runIDs(s.SearchRuns(t.Context(), asked))
		})
		// What is found is what Run gives.
		found, _, err := s.SearchRuns(t.Context(), pluvia.Search{Experiments: []string{"0"}, Limit: 7})
		ok(t, err)
		for _, r := range found {
			equalRuns(t, r, must(s.Run(t.Context(), r.ID))(t))
		}
	},
	"SearchManyRuns": func(t *testing.T, s pluvia.Tracking) {
		// So many that an index of values is walked.
		var all []subject
		random := rand.New(rand.NewPCG(5, 6))
		for i := range 2100 {
			r := &pluvia.Run{ExperimentID: "0", Start: int64(1 + i/3)}
			sub := subject{texts: map[string]string{}, params: map[string]string{}, numbers: map[string]float64{"start_time": float64(r.Start)}}
			if random.IntN(4) > 0 {
				sub.params["p"] = pick(random, storedWords())
				r.Params = []pluvia.Param{{Key: "p", Value: sub.params["p"]}}
			}
			if random.IntN(4) > 0 {
				sub.metrics = []measured{{key: "m", value: pick(random, numbers)}}
				r.Metrics = []pluvia.Metric{{Key: "m", Value: sub.metrics[0].value}}
			}
			ok(t, s.CreateRun(t.Context(), r))
			sub.id, sub.texts["run_id"] = r.ID, r.ID
			all = append(all, sub)
		}
		above := pluvia.Compare{Field: metricOf("m"), Op: pluvia.Greater, Number: 0.2}
		param := pluvia.Compare{Field: paramOf("p"), Op: pluvia.NotEqual, Text: "a"}
		for _, asked := range []pluvia.Search{
			{OrderBy: []pluvia.Order{up(metricOf("m"))}}, {OrderBy: []pluvia.Order{down(metricOf("m"))}},
			{OrderBy: []pluvia.Order{down(metricOf("m")), up(paramOf("p"))}, Where: pluvia.And{above, param}},
			{OrderBy: []pluvia.Order{up(metricOf("m"))}, Where: pluvia.Or{pluvia.Not{X: above}, pluvia.Compare{Field: metricOf("m"), Op: pluvia.IsNull}}},
			{OrderBy: []pluvia.Order{up(metricOf("m"))}, Where: pluvia.Compare{Field: metricOf("m"), Op: pluvia.IsNull}},
			{OrderBy: []pluvia.Order{up(paramOf("p")), down(metricOf("m"))}}, {OrderBy: []pluvia.Order{down(paramOf("p"))}, Where: param},
			{OrderBy: []pluvia.Order{up(metricOf("none"))}}, {OrderBy: []pluvia.Order{up(paramOf("x\x00")), down(metricOf("m"))}},
			{Where: pluvia.Compare{Field: paramOf("p"), Op: pluvia.Equal, Text: strings.Repeat("l", 64)}},
		} {
			want := searched(all, asked.Where, append(asked.OrderBy, runTail...))
			asked.Experiments, asked.Limit = []string{"0"}, 271
			got := []string{}
			for {
				ids, next, err := runIDs(s.SearchRuns(t.Context(), asked))
				ok(t, err)
				got = append(got, ids...)
				if asked.After = next; next == "" {
					break
				}
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%+v by %+v: %d found, want %d, or in another order", asked.Where, asked.OrderBy, len(got), len(want))
			}
		}
	},
	"SearchScope": func(t *testing.T, s pluvia.Tracking) {
		a, b := &pluvia.Experiment{Name: "a"}, &pluvia.Experiment{Name: "b"}
		ok(t, s.CreateExperiment(t.Context(), a))
		ok(t, s.CreateExperiment(t.Context(), b))
		inA, inB := &pluvia.Run{ExperimentID: a.ID, Start: 2}, &pluvia.Run{ExperimentID: b.ID, Start: 1}
		ok(t, s.CreateRun(t.Context(), inA))
		ok(t, s.CreateRun(t.Context(), inB))
		gone := &pluvia.Run{ExperimentID: a.ID, Start: 3}
		ok(t, s.CreateRun(t.Context(), gone))
		ok(t, s.DeleteRun(t.Context(), gone.ID))
		for _, c := range []struct {
			experiments []string
			view        pluvia.View
			want        []string
		}{
			{[]string{a.ID}, pluvia.ActiveOnly, []string{inA.ID}},
			{[]string{b.ID, a.ID, a.ID, "77"}, pluvia.ActiveOnly, []string{inA.ID, inB.ID}},
			{[]string{a.ID, b.ID}, pluvia.AllStages, []string{gone.ID, inA.ID, inB.ID}},
			{[]string{a.ID, b.ID}, pluvia.DeletedOnly, []string{gone.ID}},
			{[]string{"77"}, pluvia.AllStages, []string{}},
			{nil, pluvia.AllStages, []string{}},
		} {
			got, _, err := runIDs(s.SearchRuns(t.Context(), pluvia.Search{Experiments: c.experiments, View: c.view, Limit: 10}))
			ok(t, err)
			equal(t, fmt.Sprintf("%+v", c), got, c.want)
		}
	},
	"SearchErrors": func(t *testing.T, s pluvia.Tracking) {
		deep := pluvia.Expr(pluvia.And{})
		for range 10_000 {
			deep = pluvia.Not{X: deep}
		}
		clause := pluvia.Compare{Field: tagOf("a"), Op: pluvia.Equal, Text: "x"}
		var wide pluvia.Or
		for range 10_000 {
			wide = append(wide, clause)
		}
		bad := []pluvia.Search{
			{Limit: 0}, {Limit: -1}, {Limit: 1, View: 7}, {Limit: 1, Where: deep}, {Limit: 1, Where: wide}, {Limit: 1, Where: pluvia.And{pluvia.And{wide[0], wide}}},
			{Limit: 1, Where: pluvia.Compare{Field: attribute("no such"), Op: pluvia.Equal}},
			{Limit: 1, Where: pluvia.Compare{Field: attribute("start_time"), Op: pluvia.Like}},
			{Limit: 1, Where: pluvia.Compare{Field: tagOf("a"), Op: pluvia.Less}},
			{Limit: 1, Where: pluvia.Compare{Field: tagOf("a"), Op: "=; DROP TABLE runs"}},
			{Limit: 1, Where: pluvia.Compare{Field: tagOf("a"), Op: pluvia.In}},
			{Limit: 1, Where: pluvia.Compare{Field: tagOf("a"), Op: pluvia.In, List: make([]string, 10_001)}},
			{Limit: 1, Where: pluvia.Compare{Field: tagOf("a"), Op: pluvia.Like, Text: strings.Repeat("%a", 1<<19)}},
			{Limit: 1, Where: pluvia.Compare{Field: datasetOf("no such"), Op: pluvia.Equal}},
			{Limit: 1, Where: pluvia.Compare{Field: pluvia.Field{Of: 99}, Op: pluvia.Equal}},
			{Limit: 1, OrderBy: []pluvia.Order{up(attribute("no such"))}}, {Limit: 1, OrderBy: []pluvia.Order{up(datasetOf("name"))}},
			{Limit: 1, OrderBy: make([]pluvia.Order, 21)},
			{Limit: 1, After: "x"}, {Limit: 1, After: strings.Repeat("A", 1<<20)}, {Limit: 1, After: "e30"},
		}
		for _, asked := range bad {
			asked.Experiments = []string{"0"}
			_, _, err := s.SearchRuns(t.Context(), asked)
			coded(t, err, pluvia.Invalid)
			if err != nil && len(err.Error()) > 2000 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
		}
		_, _, err := s.SearchRuns(t.Context(), pluvia.Search{Limit: 1, Experiments: []string{"x"}})
		coded(t, err, pluvia.Invalid, "x")
		for _, k := range []pluvia.Field{metricOf("a"), paramOf("a"), attribute("run_id"), datasetOf("name")} {
			_, _, err := s.SearchExperiments(t.Context(), pluvia.Search{Limit: 1, Where: pluvia.Compare{Field: k, Op: pluvia.Equal}})
			coded(t, err, pluvia.Invalid)
			_, _, err = s.SearchModels(t.Context(), pluvia.Search{Limit: 1, Where: pluvia.Compare{Field: k, Op: pluvia.Equal}})
			coded(t, err, pluvia.Invalid)
		}
	},
	"PageTokens": func(t *testing.T, s pluvia.Tracking) {
		var want []string
		for i := range 6 {
			r := &pluvia.Run{ExperimentID: "0", Start: int64(100 - i), Metrics: []pluvia.Metric{{Key: "m", Value: float64(i)}}}
			ok(t, s.CreateRun(t.Context(), r))
			want = append(want, r.ID)
		}
		asked := pluvia.Search{Experiments: []string{"0"}, Limit: 2, Where: pluvia.Compare{Field: metricOf("m"), Op: pluvia.Less, Number: 100}}
		first, token, err := runIDs(s.SearchRuns(t.Context(), asked))
		ok(t, err)
		// What arrives, goes or ends meanwhile neither repeats nor hides others.
		ok(t, s.CreateRun(t.Context(), &pluvia.Run{ExperimentID: "0", Start: 1000, Metrics: []pluvia.Metric{{Key: "m", Value: 0}}}))
		ok(t, s.DeleteRun(t.Context(), first[1]))
		ok(t, s.DeleteRun(t.Context(), want[3]))
		asked.After = token
		second, token, err := runIDs(s.SearchRuns(t.Context(), asked))
		ok(t, err)
		equal(t, "pages", append(first, second...), []string{want[0], want[1], want[2], want[4]})
		asked.After, asked.Limit = token, 50
		last, end, err := runIDs(s.SearchRuns(t.Context(), asked))
		ok(t, err)
		equal(t, "last page", last, []string{want[5]})
		equal(t, "no token after the last", end, "")

		// A token is good for its search only.
		for what, other := range map[string]pluvia.Search{
			"filter":     {Where: pluvia.Compare{Field: metricOf("m"), Op: pluvia.Less, Number: 101}},
			"key":        {Where: pluvia.Compare{Field: metricOf("n"), Op: pluvia.Less, Number: 100}},
			"no filter":  {},
			"order":      {Where: asked.Where, OrderBy: []pluvia.Order{up(metricOf("m"))}},
			"view":       {Where: asked.Where, View: pluvia.AllStages},
			"experiment": {Where: asked.Where, Experiments: []string{"1"}},
		} {
			other.After, other.Limit = token, 2
			if other.Experiments == nil {
				other.Experiments = []string{"0"}
			}
			_, _, err := s.SearchRuns(t.Context(), other)
			if coded(t, err, pluvia.Invalid, "Invalid page token"); t.Failed() {
				t.Errorf("with another %s", what)
			}
		}
		_, _, err = s.SearchExperiments(t.Context(), pluvia.Search{Limit: 2, After: token})
		coded(t, err, pluvia.Invalid, "Invalid page token")
		for i := range token {
			asked.After = token[:i] + "!" + token[i+1:]
			_, _, err = s.SearchRuns(t.Context(), asked)
			coded(t, err, pluvia.Invalid, "Invalid page token")
		}
	},
	"SearchExperiments": func(t *testing.T, s pluvia.Tracking) {
		all := []subject{}
		random := rand.New(rand.NewPCG(8, 9))
		add := func(e *pluvia.Experiment, tags map[string]string) {
			n, _ := strconv.ParseFloat(e.ID, 64)
			all = append(all, subject{id: e.ID, texts: map[string]string{"name": e.Name}, tags: tags,
				numbers: map[string]float64{"experiment_id": n, "creation_time": float64(e.Created), "last_update_time": float64(e.Updated)}})
		}
		add(must(s.Experiment(t.Context(), "0"))(t), nil)
		for _, name := range storedWords()[1:] {
			tags := randomTexts(random)
			e := &pluvia.Experiment{Name: name, Tags: tagsOf(tags)}
			ok(t, s.CreateExperiment(t.Context(), e))
			add(e, tags)
		}
		v := vocabulary{
			texts:   append(fields(attribute, "name", "name"), fields(tagOf, "a", "b", "x\xff")...),
			numbers: fields(attribute, "creation_time", "last_update_time"),
			order:   append(fields(attribute, "name", "experiment_id", "creation_time"), tagOf("a")),
			words:   words, values: append([]float64{all[0].numbers["creation_time"], all[9].numbers["creation_time"]}, numbers...),
		}
		exerciseSearch(t, all, v, []pluvia.Order{down(attribute("creation_time")), up(attribute("experiment_id"))}, func(asked pluvia.Search) ([]string, string, error) {
			found, next, err := s.SearchExperiments(t.Context(), asked)
			ids := []string{}
			for _, e := range found {
				ids = append(ids, e.ID)
			}
			return ids, next, err
		})
	},
	"SearchModels": func(t *testing.T, s pluvia.Tracking) {
		var models, versions []subject
		random := rand.New(rand.NewPCG(10, 11))
		for _, name := range storedWords() {
			m := &pluvia.Model{Name: name}
			tags := randomTexts(random)
			m.Tags = tagsOf(tags)
			if s.CreateModel(t.Context(), m) != nil {
				continue // no name for a model
			}
			for i := range random.IntN(3) {
				tags := randomTexts(random)
				v := &pluvia.Version{Model: name, Source: pick(random, storedWords()), RunID: pick(random, storedWords()), Tags: tagsOf(tags)}
				ok(t, s.AddVersion(t.Context(), v))
				sub := subject{id: fmt.Sprintf("%s/%d", name, i+1), texts: map[string]string{"name": name, "source_path": v.Source}, tags: tags,
					numbers: map[string]float64{"version_number": float64(v.Number), "creation_timestamp": float64(v.Created), "last_updated_timestamp": float64(v.Updated)}}
				if v.RunID != "" {
					sub.texts["run_id"] = v.RunID
				}
				versions = append(versions, sub)
			}
			m = must(s.Model(t.Context(), name))(t)
			models = append(models, subject{id: name, texts: map[string]string{"name": name}, numbers: map[string]float64{"last_updated_timestamp": float64(m.Updated), "creation_timestamp": float64(m.Created)}, tags: tags})
		}
		v := vocabulary{
			texts: append(fields(attribute, "name"), fields(tagOf, "a", "b")...), numbers: fields(attribute, "last_updated_timestamp"),
			order: fields(attribute, "name", "last_updated_timestamp"), words: words, values: append([]float64{models[3].numbers["last_updated_timestamp"]}, numbers...),
		}
		exerciseSearch(t, models, v, []pluvia.Order{up(attribute("name"))}, func(asked pluvia.Search) ([]string, string, error) {
			found, next, err := s.SearchModels(t.Context(), asked)
			ids := []string{}
			for _, m := range found {
				ids = append(ids, m.Name)
			}
			return ids, next, err
		})
		v.texts = append(v.texts, fields(attribute, "run_id", "source_path")...)
		v.numbers = append(v.numbers, attribute("version_number"))
		v.order = append(v.order, fields(attribute, "version_number", "run_id")...)
		tail := []pluvia.Order{down(attribute("last_updated_timestamp")), up(attribute("name")), down(attribute("version_number"))}
		exerciseSearch(t, versions, v, tail, func(asked pluvia.Search) ([]string, string, error) {
			found, next, err := s.SearchVersions(t.Context(), asked)
			ids := []string{}
			for _, v := range found {
				ids = append(ids, fmt.Sprintf("%s/%d", v.Model, v.Number))
			}
			return ids, next, err
		})
	},
}
