package tree

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/table"
)

// sample makes n rows of numbers (some with few values, some with many), with
// holes, and two categories; labels follow some of them.
func sample(n, numbers int) learn.Train {
	random := rand.New(rand.NewPCG(uint64(n), uint64(numbers)))
	z := make([]float64, n)
	var columns []*table.Column
	for j := range numbers {
		values := make([]float64, n)
		for i := range values {
			v := random.NormFloat64()
			z[i] += math.Sin(2*v) / float64(j+1)
			if j%2 == 0 {
				v = math.Round(v*10) / 10
			}
			if values[i] = v; j%3 == 1 && random.Float64() < .1 {
				values[i] = math.NaN()
				z[i] += .5
			}
		}
		columns = append(columns, table.Numbers(fmt.Sprint("x", j), values))
	}
	for j, levels := range []int{4, 60} {
		codes := make([]int32, n)
		for i := range codes {
			codes[i] = int32(random.IntN(levels+1)) - 1
			z[i] += math.Sin(float64(3 * codes[i]))
		}
		columns = append(columns, table.Categories(fmt.Sprint("k", j), codes, make([]string, levels)))
	}
	y := make([]bool, n)
	for i := range y {
		y[i] = z[i]+random.NormFloat64() > 1
	}
	if n > 1 {
		y[0], y[1] = true, false
	}
	return learn.Train{X: table.New(columns...), Y: y}
}

func fit(t testing.TB, c learn.Classifier, train learn.Train) learn.Model {
	t.Helper()
	m, err := c.Fit(context.Background(), train)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestTreesAreThoseOfScikitLearn(t *testing.T) {
	t.Parallel()
	var g struct {
		X, Holes [][]*float64
		Y        []int
		Trees    []struct {
			Params        Tree
			Data          string
			Leaves        int
			P, Importance []float64
		}
	}
	data, err := os.ReadFile("../testdata/golden.json")
	if err == nil {
		err = json.Unmarshal(data, &g)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range g.Trees {
		rows := g.X
		if c.Data == "holes" {
			rows = g.Holes
		}
		train := learn.Train{Y: make([]bool, len(g.Y))}
		columns := make([]*table.Column, len(rows[0]))
		for j := range columns {
			values := make([]float64, len(rows))
			for i := range rows {
				values[i], train.Y[i] = math.NaN(), g.Y[i] == 1
				if v := rows[i][j]; v != nil {
					values[i] = *v
				}
			}
			columns[j] = table.Numbers(fmt.Sprint("x", j), values)
		}
		train.X = table.New(columns...)
		m := fit(t, c.Params, train).(*Model)
		if m.Leaves() != c.Leaves {
			t.Errorf("%+v on %s: %d leaves, want %d", c.Params, c.Data, m.Leaves(), c.Leaves)
		}
		for i, p := range m.Probabilities(nil, train.X) {
			if math.Abs(p-c.P[i]) > 1e-12 {
				t.Errorf("%+v on %s: row %d is %v, want %v", c.Params, c.Data, i, p, c.P[i])
				break
			}
		}
		for j, v := range m.Importance() {
			if math.Abs(v-c.Importance[j]) > 1e-12 {
				t.Errorf("%+v on %s: importance %v, want %v", c.Params, c.Data, m.Importance(), c.Importance)
				break
			}
		}
	}
}

// naiveGain tries every way to part the rows by one split of any feature that a
// tree may make, without bins, and gives the greatest fall of the Gini impurity
// times the rows.
func naiveGain(train learn.Train) float64 {
	gini := func(left []bool) float64 {
		var n, pos [2]float64
		for i, l := range left {
			side := 0
			if l {
				side = 1
			}
			n[side]++
			if train.Y[i] {
				pos[side]++
			}
		}
		if n[0] == 0 || n[1] == 0 {
			return math.Inf(1)
		}
		return 2*pos[0]*(n[0]-pos[0])/n[0] + 2*pos[1]*(n[1]-pos[1])/n[1]
	}
	best := math.Inf(1)
	left := make([]bool, len(train.Y))
	for _, c := range train.X.Columns() {
		if c.Kind == table.Category { // every subset of the levels, missing being one more
			for subset := range 1 << (len(c.Levels) + 1) {
				for i, code := range c.Codes {
					left[i] = subset>>(code+1)&1 == 1
				}
				best = min(best, gini(left))
			}
			continue
		}
		for _, at := range append([]float64{math.Inf(1)}, c.Numbers...) {
			for _, missingLeft := range []bool{false, true} {
				for i, v := range c.Numbers {
					left[i] = v <= at || (math.IsNaN(v) && missingLeft)
				}
				best = min(best, gini(left))
			}
		}
	}
	positives := 0.0
	for _, y := range train.Y {
		if y {
			positives++
		}
	}
	n := float64(len(train.Y))
	return 2*positives*(n-positives)/n - best
}

func TestTheFirstSplitIsTheBestOfAll(t *testing.T) {
	t.Parallel()
	for _, n := range []int{2, 3, 7, 40, 127, 128, 129, 200} {
		for kind, keep := range map[string][]string{"numbers": {"x0", "x1", "x2"}, "a category": {"k0"}, "both": {"x1", "k0"}} {
			train := sample(n, 3)
			train.X, _ = train.X.Select(keep...)
			want := naiveGain(train)
			b, err := bin(context.Background(), train.X)
			if err != nil {
				t.Fatal(err)
			}
			g := newGrower(b, Tree{MaxDepth: 1})
			var all counts
			for i, y := range train.Y {
				g.rows[i] = newDraw(i, 1, y)
				all = all.plus(counts{1, uint32(g.rows[i] >> 32 & 1)})
			}
			o := open{to: n, counts: all}
			found, err := g.find(context.Background(), &o)
			if err != nil || found == math.IsInf(want, -1) || (found && math.Abs(o.split.gain-want) > 1e-9) {
				t.Errorf("%d rows of %s: gain %v (found %t, %v), want %v", n, kind, o.split.gain, found, err, want)
			}
		}
	}
}

// TestLeavesHoldTheShareOfTheirRows sends the rows of training down the tree:
// thresholds and sets must part them as the bins did.
func TestLeavesHoldTheShareOfTheirRows(t *testing.T) {
	t.Parallel()
	for _, n := range []int{2, 50, 1000, 6000} {
		for _, params := range []Tree{{}, {MaxDepth: 6}, {MinSamplesLeaf: 10}, {MaxLeafNodes: 12}, {MaxDepth: 4, MinSamplesLeaf: 3, MaxLeafNodes: 9}} {
			train := sample(n, 5)
			m := fit(t, params, train).(*Model)
			rows, positives := map[float64]int{}, map[float64]int{}
			marked := *m // every leaf gets a number of its own
			marked.nodes = append([]node(nil), m.nodes...)
			for i := range marked.nodes {
				if marked.nodes[i].split == leaf {
					marked.nodes[i].value = float64(i)
				}
			}
			for i, at := range marked.Probabilities(nil, train.X) {
				rows[at]++
				if train.Y[i] {
					positives[at]++
				}
			}
			if len(rows) != m.Leaves() {
				t.Errorf("%d rows, %+v: %d of %d leaves are reached", n, params, len(rows), m.Leaves())
			}
			for at, k := range rows {
				if want := float64(positives[at]) / float64(k); m.nodes[int(at)].value != want {
					t.Errorf("%d rows, %+v: leaf %v has %v, want %v", n, params, at, m.nodes[int(at)].value, want)
				}
				if k < params.MinSamplesLeaf && k < n {
					t.Errorf("%d rows, %+v: a leaf of %d rows", n, params, k)
				}
			}
			if params.MaxDepth > 0 && m.Depth() > params.MaxDepth {
				t.Errorf("%+v: depth %d", params, m.Depth())
			}
			if params.MaxLeafNodes > 0 && m.Leaves() > params.MaxLeafNodes {
				t.Errorf("%+v: %d leaves", params, m.Leaves())
			}
			sum := 0.0
			for _, v := range m.Importance() {
				sum += v
			}
			if m.Leaves() > 1 && math.Abs(sum-1) > 1e-12 {
				t.Errorf("%+v: importances sum to %v", params, sum)
			}
		}
	}
}

func TestModelsDoNotDependOnThreads(t *testing.T) {
	train := sample(3000, 8)
	for name, c := range map[string]learn.Classifier{"tree": Tree{MaxDepth: 9}, "forest": Forest{NEstimators: 11, Seed: 4, MinSamplesLeaf: 2}} {
		run := func(threads int) (learn.Model, []float64) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(threads))
			m := fit(t, c, train)
			return m, m.Probabilities(nil, train.X)
		}
		one, p := run(1)
		for _, threads := range []int{2, 3, 8} {
			if got, q := run(threads); !reflect.DeepEqual(got, one) || !reflect.DeepEqual(p, q) {
				t.Errorf("%s: another model with %d threads", name, threads)
			}
		}
	}
	a, b := fit(t, Forest{NEstimators: 2, Seed: 1}, train), fit(t, Forest{NEstimators: 2, Seed: 2}, train)
	if reflect.DeepEqual(a, b) {
		t.Error("two seeds give one forest")
	}
}

func TestUnknownGoesWithTheMost(t *testing.T) {
	t.Parallel()
	// Levels 0 and 1 are positive in 2 rows, 2 and 3 negative in 3; 4 never occurs.
	train := learn.Train{
		X: table.New(table.Categories("k", []int32{0, 1, 2, 3, 3}, []string{"a", "b", "c", "d", "e"})),
		Y: []bool{true, true, false, false, false},
	}
	m := fit(t, Tree{}, train)
	for code, want := range map[float64]float64{0: 1, 1: 1, 2: 0, 3: 0, 4: 0, 200: 0, 1e9: 0, -1: 0, math.NaN(): 0, math.Inf(1): 0} {
		if got := m.Probability([]float64{code}); got != want {
			t.Errorf("code %v: %v, want %v", code, got, want)
		}
	}
	train = learn.Train{X: table.New(table.Numbers("x", []float64{1, 2, 3, 4, 5})), Y: []bool{true, true, true, false, false}}
	if got := fit(t, Tree{}, train).Probability([]float64{math.NaN()}); got != 1 {
		t.Errorf("a missing number where none was missing: %v, want 1", got)
	}
	hole := math.NaN()
	train = learn.Train{X: table.New(table.Numbers("x", []float64{1, 2, 3, hole, hole})), Y: []bool{true, true, true, false, false}}
	m = fit(t, Tree{}, train)
	if a, b := m.Probability([]float64{1e300}), m.Probability([]float64{hole}); a != 1 || b != 0 {
		t.Errorf("only missing is negative: %v and %v, want 1 and 0", a, b)
	}
}

func TestNoSplit(t *testing.T) {
	t.Parallel()
	train := learn.Train{X: table.New(table.Numbers("same", []float64{3, 3, 3, 3}), table.Numbers("holes", []float64{math.NaN(), math.NaN(), math.NaN(), math.NaN()})), Y: []bool{true, false, false, false}}
	for name, c := range map[string]learn.Classifier{"tree": Tree{}, "forest": Forest{NEstimators: 400, Seed: 1}} {
		m := fit(t, c, train)
		if p := m.Probability([]float64{0, 0}); math.Abs(p-.25) > .04 {
			t.Errorf("%s: %v, want about .25", name, p)
		}
		if !reflect.DeepEqual(m.Importance(), []float64{0, 0}) {
			t.Errorf("%s: importance %v", name, m.Importance())
		}
	}
}

func TestFitRefuses(t *testing.T) {
	t.Parallel()
	good := table.Numbers("a", []float64{1, 2, 3})
	y := []bool{true, false, true}
	for name, c := range map[string]struct {
		c     learn.Classifier
		train learn.Train
		want  []string
	}{
		"no rows":     {Tree{}, learn.Train{}, []string{"tree: no rows"}},
		"one class":   {Forest{}, learn.Train{X: table.New(good), Y: make([]bool, 3)}, []string{"forest: all 3 labels are false"}},
		"labels":      {Forest{}, learn.Train{X: table.New(good), Y: y[:1]}, []string{"1 labels for 3 rows"}},
		"every fault": {Tree{}, learn.Train{X: table.New(table.Dates("d", make([]table.Day, 3)), table.Categories("k", make([]int32, 3), make([]string, 256)), table.Numbers("i", []float64{1, math.Inf(-1), 3})), Y: y}, []string{"column d is a date", "column k has 256 levels", "column i, row 2: -Inf"}},
		"tree":        {Tree{MaxDepth: -1, MinSamplesLeaf: -1, MaxLeafNodes: 1}, learn.Train{X: table.New(good), Y: y}, []string{"max_depth is -1", "min_samples_leaf is -1", "max_leaf_nodes is 1"}},
		"forest":      {Forest{NEstimators: -1, MaxFeatures: -1, MaxDepth: -1}, learn.Train{X: table.New(good), Y: y}, []string{"n_estimators is -1", "max_features is -1", "max_depth is -1"}},
	} {
		m, err := c.c.Fit(context.Background(), c.train)
		if err == nil || m != nil {
			t.Errorf("%s: fitted %v", name, m)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q does not say %q", name, err, want)
			}
		}
	}
}

// polled is a context that is done once it has been asked so often.
type polled struct {
	context.Context
	left atomic.Int64
}

func (p *polled) Err() error {
	if p.left.Add(-1) >= 0 {
		return nil
	}
	return context.Canceled
}

// Between two looks at the context lies at most one pass over the rows, for one
// feature of one node: at 107,000 x 28 no Fit was seen to go on for more than
// 26 ms. What is tested is how often it looks, and that it stops when told to.
func TestFitStopsWithItsContext(t *testing.T) {
	t.Parallel()
	train := sample(3000, 20)
	for name, c := range map[string]struct {
		learn.Classifier
		splits func(learn.Model) int
	}{
		"tree":      {Tree{}, func(m learn.Model) int { return m.(*Model).Leaves() - 1 }},
		"best tree": {Tree{MaxLeafNodes: 50}, func(m learn.Model) int { return m.(*Model).Leaves() - 1 }},
		"forest": {Forest{NEstimators: 8, MaxFeatures: 100}, func(m learn.Model) (n int) {
			for _, t := range m.(*ForestModel).trees {
				n += t.Leaves() - 1
			}
			return n
		}},
	} {
		ctx := &polled{Context: context.Background()}
		ctx.left.Store(math.MaxInt64)
		m, err := c.Fit(ctx, train)
		if err != nil {
			t.Fatal(err)
		}
		looks := math.MaxInt64 - ctx.left.Load()
		if least := int64(c.splits(m) * len(train.X.Columns())); looks < least {
			t.Errorf("%s: looked at its context %d times, want %d: at each feature of each split", name, looks, least)
		}
		for left := int64(0); left < looks; left = 2*left + 1 {
			ctx.left.Store(left)
			if m, err := c.Fit(ctx, train); !errors.Is(err, context.Canceled) || m != nil {
				t.Errorf("%s, done at look %d: %v", name, left, err)
			}
			if late, most := -ctx.left.Load(), int64(8*runtime.GOMAXPROCS(0)); late > most {
				t.Errorf("%s, done at look %d: went on for %d looks", name, left, late)
			}
		}
	}
}

// A forest looks at the features of a split in any order.
func TestTwinsTheFirstIsTaken(t *testing.T) {
	t.Parallel()
	train := sample(400, 1)
	twin := train.X.Columns()[0]
	train.X = table.New(twin, twin.Renamed("twin"))
	if got := fit(t, Forest{NEstimators: 10, MaxFeatures: 2}, train).Importance(); !reflect.DeepEqual(got, []float64{1, 0}) {
		t.Errorf("importance %v", got)
	}
}

func TestForestReportsEachTree(t *testing.T) {
	t.Parallel()
	train := sample(100, 2)
	var told []int
	train.Progress = func(done, total int) {
		if total != 7 {
			t.Errorf("%d of %d", done, total)
		}
		told = append(told, done)
	}
	fit(t, Forest{NEstimators: 7}, train)
	if !reflect.DeepEqual(told, []int{0, 1, 2, 3, 4, 5, 6, 7}) {
		t.Errorf("told %v", told)
	}
}

func TestForestIsBetterThanATree(t *testing.T) {
	t.Parallel()
	train, test := sample(4000, 6), sample(4001, 6)
	auc := func(c learn.Classifier) float64 {
		return learn.Evaluate(test.Y, fit(t, c, train).Probabilities(nil, test.X), .5).ROCAUC
	}
	tree, forest := auc(Tree{MinSamplesLeaf: 20}), auc(Forest{NEstimators: 60, MinSamplesLeaf: 2, Seed: 1})
	if !(tree > .7 && forest > tree+.03) {
		t.Errorf("AUC of a tree %v, of a forest %v", tree, forest)
	}
}
