package rain_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/project"
	"github.com/pluvia-ml/pluvia/project/rain"
	"github.com/pluvia-ml/pluvia/recipe"
	"github.com/pluvia-ml/pluvia/source"
	"github.com/pluvia-ml/pluvia/table"
	"github.com/pluvia-ml/pluvia/table/csv"
)

// golden is what the pandas and scikit-learn code of the original makes of the
// data set; testdata/rain_etl.py makes the figures again.
type golden struct {
	Rows   int `json:"source_rows"`
	Bounds map[string]struct {
		Lower, Upper float64
		Below        int `json:"n_below"`
		Above        int `json:"n_above"`
	} `json:"outlier_bounds_1.5_iqr"`
	MissingBefore  map[string]int     `json:"missing_wind_directions_before"`
	MissingBetween map[string]int     `json:"missing_wind_directions_after_month_location_mode"`
	MissingAfter   map[string]int     `json:"missing_wind_directions_after_month_mode"`
	MonthMode      map[string]string  `json:"month_mode_WindGustDir"`
	Medians        map[string]float64 `json:"medians"`
	Order          []string           `json:"feature_order"`
	Split          struct {
		Train         int    `json:"n_train"`
		Test          int    `json:"n_test"`
		FirstTrain    []int  `json:"first_10_train"`
		FirstTest     []int  `json:"first_10_test"`
		TrainSHA256   string `json:"sha256_train_int64_little_endian"`
		TestSHA256    string `json:"sha256_test_int64_little_endian"`
		TrainPositive int    `json:"train_positive"`
		TestPositive  int    `json:"test_positive"`
	} `json:"split"`
	Mean      map[string]float64   `json:"standard_scaler_mean"`
	Deviation map[string]float64   `json:"standard_scaler_std"`
	First     []map[string]float64 `json:"first_3_rows_before_scaling"`
}

// observations is the embedded data set, read once for all tests.
var observations = sync.OnceValues(func() (*table.Table, *table.Report) {
	p, err := rain.Project()
	if err != nil {
		panic(err)
	}
	s, err := source.Open(ctx, "", "", source.Options{Project: p})
	if err != nil {
		panic(err)
	}
	t, report, err := s.Read(ctx, &p.Schema, csv.Options{Strict: true})
	if err != nil {
		panic(err)
	}
	return t, report
})

func load(t *testing.T) *project.Project {
	t.Helper()
	p, err := rain.Project()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestClassicIsTheOriginal fits the recipe on all rows, as the original did;
// nothing but this test does.
func TestClassicIsTheOriginal(t *testing.T) {
	t.Parallel()
	p := load(t)
	x, _ := observations()
	var want golden
	data, err := os.ReadFile("testdata/rain_etl.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	if x.Rows() != want.Rows {
		t.Fatalf("%d rows, want %d", x.Rows(), want.Rows)
	}

	classic := p.Recipes["classic"]
	scaling := len(classic) - 1
	fitted, err := classic[:scaling].Fit(p.Inputs(), x)
	if err != nil {
		t.Fatal(err)
	}
	features, err := fitted.Apply(x)
	if err != nil {
		t.Fatal(err)
	}
	if got := features.Names(); !slices.Equal(got, want.Order) {
		t.Fatalf("features are %q, want %q", got, want.Order)
	}

	var modes []*recipe.Modes
	for _, step := range fitted.Steps() {
		switch step := step.(type) {
		case *recipe.Bounds:
			if len(step.Columns) != len(want.Bounds) {
				t.Errorf("%d columns are clipped, want %d", len(step.Columns), len(want.Bounds))
			}
			for i, name := range step.Columns {
				w := want.Bounds[name]
				if step.Lower[i] != w.Lower || step.Upper[i] != w.Upper {
					t.Errorf("%s is clipped to %v, %v, want %v, %v", name, step.Lower[i], step.Upper[i], w.Lower, w.Upper)
				}
				below, above := 0, 0
				for _, v := range x.Column(name).Numbers {
					if v < step.Lower[i] {
						below++
					}
					if v > step.Upper[i] {
						above++
					}
				}
				if below != w.Below || above != w.Above {
					t.Errorf("%s: %d below and %d above, want %d and %d", name, below, above, w.Below, w.Above)
				}
			}
		case *recipe.Modes:
			modes = append(modes, step)
		case *recipe.Medians:
			for name, w := range want.Medians {
				if i := slices.Index(step.Columns, name); i < 0 || step.Median[i] != w {
					t.Errorf("median of %s is not %v: %v", name, w, step.Median)
				}
			}
		}
	}
	testModes(t, p, x, modes, &want)

	for row, w := range want.First {
		for name, v := range w {
			// A sine in the last place depends on the library; the golden
			// file has two for one direction.
			if got := features.Column(name).Numbers[row]; math.Abs(got-v) > 1e-15 {
				t.Errorf("row %d, %s is %v, want %v", row, name, got, v)
			}
		}
	}

	train, test := originalSplit(x.Rows())
	testSplit(t, "training", train, want.Split.Train, want.Split.TrainPositive, want.Split.FirstTrain, want.Split.TrainSHA256, x)
	testSplit(t, "test", test, want.Split.Test, want.Split.TestPositive, want.Split.FirstTest, want.Split.TestSHA256, x)

	scaled, err := classic[scaling:].Fit(fitted.Output(), features.Take(train))
	if err != nil {
		t.Fatal(err)
	}
	scale := scaled.Steps()[0].(*recipe.Scale)
	if !slices.Equal(scale.Columns, want.Order) {
		t.Fatalf("scaled are %q", scale.Columns)
	}
	for i, name := range scale.Columns {
		if d := math.Abs(scale.Mean[i] - want.Mean[name]); !(d <= 1e-9) {
			t.Errorf("mean of %s is %v, want %v", name, scale.Mean[i], want.Mean[name])
		}
		if d := math.Abs(scale.Deviation[i] - want.Deviation[name]); !(d <= 1e-9) {
			t.Errorf("deviation of %s is %v, want %v", name, scale.Deviation[i], want.Deviation[name])
		}
	}
}

// originalSplit is the original's: a quarter of NumPy's permutation is the test part.
func originalSplit(rows int) (train, test []int) {
	permutation := learn.Permutation(1234, rows)
	n := (rows + 3) / 4
	return permutation[n:], permutation[:n]
}

func testSplit(t *testing.T, name string, rows []int, count, positive int, first []int, digest string, x *table.Table) {
	t.Helper()
	sum := sha256.New()
	target, got := x.Column("RainTomorrow"), 0
	yes := target.Level("Yes")
	for _, row := range rows {
		binary.Write(sum, binary.LittleEndian, int64(row))
		if target.Codes[row] == yes {
			got++
		}
	}
	if len(rows) != count || got != positive || !slices.Equal(rows[:len(first)], first) {
		t.Errorf("%s part: %d rows, %d positive, %v..., want %d, %d, %v", name, len(rows), got, rows[:len(first)], count, positive, first)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != digest {
		t.Errorf("%s part: sha256 %s, want %s", name, got, digest)
	}
}

func testModes(t *testing.T, p *project.Project, x *table.Table, modes []*recipe.Modes, want *golden) {
	t.Helper()
	if len(modes) != 2 {
		t.Fatalf("%d steps fill modes, want 2", len(modes))
	}
	byMonth := modes[1]
	if len(byMonth.Groups) != 12 {
		t.Errorf("%d months have modes", len(byMonth.Groups))
	}
	gust := slices.Index(byMonth.Columns, "WindGustDir")
	for i, group := range byMonth.Groups {
		if got := byMonth.Modes[i][gust]; got != want.MonthMode[group[0]] {
			t.Errorf("mode of month %s is %q, want %q", group[0], got, want.MonthMode[group[0]])
		}
	}
	// How many directions are missing before, between and after the two.
	classic := p.Recipes["classic"]
	for n, counts := range map[int]map[string]int{4: want.MissingBefore, 5: want.MissingBetween, 6: want.MissingAfter} {
		fitted, err := classic[:n].Fit(p.Inputs(), x)
		if err != nil {
			t.Fatal(err)
		}
		filled, err := fitted.Apply(x)
		if err != nil {
			t.Fatal(err)
		}
		for name, count := range counts {
			c, missing := filled.Column(name), 0
			for row := range c.Len() {
				if c.Missing(row) {
					missing++
				}
			}
			if missing != count {
				t.Errorf("after %s steps %d of %s are missing, want %d", strconv.Itoa(n), missing, name, count)
			}
		}
	}
}
