package recipe

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/pluvia-ml/pluvia/table"
)

// randomFields are one to three fields of each kind.
func randomFields(r *rand.Rand) []table.Field {
	var fields []table.Field
	for i := range 1 + r.IntN(3) {
		fields = append(fields, table.Field{Name: fmt.Sprint("day", i), Type: table.TypeDate})
	}
	for i := range 1 + r.IntN(3) {
		var categories []string
		for c := range 1 + r.IntN(8) {
			categories = append(categories, string(rune('h'-c)))
		}
		fields = append(fields, table.Field{Name: fmt.Sprint("category", i), Type: table.TypeCategory, Categories: categories})
	}
	for i := range 1 + r.IntN(3) {
		fields = append(fields, table.Field{Name: fmt.Sprint("number", i), Type: table.TypeNumber})
	}
	r.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
	return fields
}

// randomTable has a column for each field, in another order, a fifth of the
// values missing, levels in another order than the field's and unknown ones among them.
func randomTable(r *rand.Rand, fields []table.Field, rows int) *table.Table {
	var columns []*table.Column
	for _, i := range r.Perm(len(fields)) {
		f := fields[i]
		switch f.Type {
		case table.TypeDate:
			days := make([]table.Day, rows)
			for i := range days {
				days[i] = table.Day(r.IntN(2_000_000) - 1_000_000)
				if r.IntN(5) == 0 {
					days[i] = table.MissingDay
				}
			}
			columns = append(columns, table.Dates(f.Name, days))
		case table.TypeCategory:
			levels := append(slices.Clone(f.Categories), "unknown")
			r.Shuffle(len(levels), func(i, j int) { levels[i], levels[j] = levels[j], levels[i] })
			codes := make([]int32, rows)
			for i := range codes {
				codes[i] = int32(r.IntN(len(levels)+1)) - 1
			}
			columns = append(columns, table.Categories(f.Name, codes, levels))
		default:
			columns = append(columns, table.Numbers(f.Name, values(r, max(rows, 1))[:rows]))
		}
	}
	return table.New(columns...)
}

// randomStep is a step that fits the fields, with random settings.
func randomStep(r *rand.Rand, kind string, fields []table.Field, unique int) Step {
	some := func(kinds ...table.Kind) []string {
		var names []string
		for _, f := range fields {
			if slices.Contains(kinds, f.Type.Kind()) {
				names = append(names, f.Name)
			}
		}
		r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		return names[:min(len(names), 1+r.IntN(3))]
	}
	one := func(kind table.Kind) string {
		if names := some(kind); len(names) > 0 {
			return names[0]
		}
		return ""
	}
	categories := func(name string) []string {
		for _, f := range fields {
			if f.Name == name {
				return f.Categories
			}
		}
		return nil
	}
	fresh := func(name string) string { return fmt.Sprint(name, "_", unique) }
	keep := r.IntN(2) == 0
	switch kind {
	case "clip":
		c := &Clip{Columns: some(table.Number), IQR: r.Float64()}
		if len(c.Columns) > 0 {
			c.Lower = map[string]float64{c.Columns[0]: -1e300}
		}
		return c
	case "set_missing":
		return &SetMissing{Columns: some(table.Number), Values: []float64{0, 1.5}}
	case "date_parts":
		return &DateParts{Column: one(table.Date), Year: fresh("y"), Month: fresh("m"), Day: fresh("d"), Keep: keep}
	case "season":
		return &Season{Column: one(table.Date), Sine: fresh("s"), Cosine: fresh("c"), Keep: keep}
	case "indicator":
		name := one(table.Category)
		if name == "" {
			return &Indicator{}
		}
		return &Indicator{Columns: []string{name}, Value: categories(name)[0]}
	case "lookup":
		l := &Lookup{Column: one(table.Category), Into: []string{fresh("u"), fresh("v")}, Values: map[string][]float64{}, Keep: keep}
		for i, name := range categories(l.Column) {
			l.Values[name] = []float64{r.NormFloat64(), float64(i)}
		}
		return l
	case "compass":
		return &Compass{Columns: some(table.Category), Keep: keep}
	case "one_hot":
		return &OneHot{Columns: some(table.Category), Keep: keep}
	case "difference":
		return &Difference{Column: fresh("difference"), Of: one(table.Number), Minus: one(table.Number)}
	case "fill_mode":
		m := &FillMode{Columns: some(table.Category)}
		for _, name := range some(table.Number, table.Category) {
			if !slices.Contains(m.Columns, name) {
				m.Within = append(m.Within, name)
			}
		}
		return m
	case "fill_median":
		return &FillMedian{Columns: some(table.Number)}
	case "standardise":
		return &Standardise{Columns: some(table.Number)}
	case "drop":
		return &Drop{Columns: some(table.Number)[:min(1, len(some(table.Number)))]}
	default:
		return &Select{Columns: some(table.Number, table.Category, table.Date)}
	}
}

// randomRecipe has up to 12 steps of random kinds that have been fitted on t.
func randomRecipe(r *rand.Rand, fields []table.Field, t *table.Table) (Recipe, *Fitted) {
	var recipe Recipe
	fitted, err := recipe.Fit(fields, t)
	if err != nil {
		panic(err) // the empty recipe has nothing to object to
	}
	for k := range 12 {
		output, _ := recipe.Check(fields)
		next := append(slices.Clone(recipe), randomStep(r, Kinds()[r.IntN(len(Kinds()))], output, k))
		if f, err := next.Fit(fields, t); err == nil {
			recipe, fitted = next, f
		}
	}
	return recipe, fitted
}

// TestRowsAndTablesAgree is the point of the package: random recipes on random
// tables give the same bits by Apply and by ApplyRow, before and after a round
// trip through JSON, and on any number of processors.
func TestRowsAndTablesAgree(t *testing.T) {
	seen := make(map[string]int)
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		fields := randomFields(r)
		train := randomTable(r, fields, 1+r.IntN(700))
		recipe, fitted := randomRecipe(r, fields, train)
		for _, step := range recipe {
			seen[step.Kind()]++
		}

		alone := runtime.GOMAXPROCS(1)
		again, err := recipe.Fit(fields, train)
		runtime.GOMAXPROCS(alone)
		if err != nil {
			t.Fatal(err)
		}
		data, same := marshal(t, fitted), marshal(t, again)
		if string(data) != string(same) {
			t.Fatalf("seed %d: on one processor it learns\n%s\nand on %d\n%s", seed, same, alone, data)
		}
		read := new(Fitted)
		if err := json.Unmarshal(data, read); err != nil {
			t.Fatalf("seed %d: %v in %s", seed, err, data)
		}
		if !reflect.DeepEqual(read.Output(), fitted.Output()) {
			t.Fatalf("seed %d: reads back to the fields\n%v\nof\n%v", seed, read.Output(), fitted.Output())
		}

		test := randomTable(r, fields, sizes[r.IntN(len(sizes))])
		whole, err := fitted.Apply(test)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range []*Fitted{fitted, read} {
			src, dst := make([]float64, len(fields)), make([]float64, len(f.Output()))
			for row := range test.Rows() {
				observation(src, fields, test, row)
				f.ApplyRow(dst, src)
				for i, c := range whole.Columns() {
					if got, want := dst[i], c.Float(row); math.Float64bits(got) != math.Float64bits(want) && (got == got || want == want) {
						t.Fatalf("seed %d, row %d, %s: ApplyRow gives %v, Apply %v; recipe %s", seed, row, c.Name, got, want, data)
					}
				}
			}
		}
	}
	for _, kind := range Kinds() {
		if seen[kind] < 20 {
			t.Errorf("%s was tried %d times only", kind, seen[kind])
		}
	}
}

// TestRequiredFeaturesAreThere: learners that take no missing values go by what
// the output says of itself, before there is a table.
func TestRequiredFeaturesAreThere(t *testing.T) {
	t.Parallel()
	promised := 0
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 2))
		fields := randomFields(r)
		recipe, fitted := randomRecipe(r, fields, randomTable(r, fields, 1+r.IntN(300)))
		output, _ := recipe.Check(fields)
		whole, err := fitted.Apply(randomTable(r, fields, 200))
		if err != nil {
			t.Fatal(err)
		}
		for i, f := range output {
			if f.Required != fitted.Output()[i].Required {
				t.Fatalf("seed %d, %s: required %t before fitting, %t behind it", seed, f.Name, f.Required, !f.Required)
			}
			if !f.Required {
				continue
			}
			promised++
			for row := range whole.Rows() {
				if whole.Columns()[i].Missing(row) {
					t.Fatalf("seed %d, row %d: %s is missing, and may not be; recipe %s", seed, row, f.Name, marshal(t, fitted))
				}
			}
		}
	}
	if promised < 200 {
		t.Errorf("%d required features were looked at only", promised)
	}
}

func TestConcurrentRows(t *testing.T) {
	t.Parallel()
	fields, in := small()
	f, err := encoding().Fit(fields, in)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := f.Apply(in)
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for k := range 8 {
		wait.Go(func() {
			src, dst, row := make([]float64, len(fields)), make([]float64, len(f.Output())), k%in.Rows()
			observation(src, fields, in, row)
			for range 2000 {
				f.ApplyRow(dst, src)
				for i, c := range whole.Columns() {
					if !same(dst[i], c.Numbers[row]) {
						t.Errorf("row %d, %s: %v, want %v", row, c.Name, dst[i], c.Numbers[row])
						return
					}
				}
			}
		})
	}
	wait.Wait()
}

func marshal(t testing.TB, f *Fitted) []byte {
	data, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// observation writes row r of t as ApplyRow wants it, finding levels by name.
func observation(dst []float64, fields []table.Field, t *table.Table, r int) {
	for i, f := range fields {
		c := t.Column(f.Name)
		dst[i] = c.Float(r)
		if c.Kind == table.Category {
			dst[i] = math.NaN()
			if code := slices.Index(f.Categories, c.Text(r)); code >= 0 {
				dst[i] = float64(code)
			}
		}
	}
}
