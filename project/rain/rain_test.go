package rain_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/project"
	"github.com/pluvia-ml/pluvia/project/rain"
	"github.com/pluvia-ml/pluvia/recipe"
	"github.com/pluvia-ml/pluvia/table"
)

var ctx = context.Background()

func Example() {
	p, err := rain.Project()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.Title.In("es") + ": " + p.Question.In("es"))
	fmt.Println(len(p.Schema.Fields), "fields,", len(p.Catalogue.Places), "stations")
	// Output:
	// Lluvia en Australia: ¿Lloverá mañana?
	// 24 fields, 49 stations
}

// The data set is whole, and none of its rows breaks a rule. That its bytes
// are those of the project's sha256 is checked wherever it is read.
func TestSnapshot(t *testing.T) {
	t.Parallel()
	p := load(t)
	x, report := observations()
	if x.Rows() != p.Source.Rows || report.Read != p.Source.Rows || report.FaultCount != 0 {
		t.Errorf("%d rows kept of %d, want %d; faults: %v", x.Rows(), report.Read, p.Source.Rows, report.Faults[:min(5, len(report.Faults))])
	}
	if want := "a4f2b071196fef2a06849899187ff91dbcb097baf573e49391f0b75692fecb2b"; p.Source.SHA256 != want {
		t.Errorf("sha256 is %s, want %s", p.Source.SHA256, want)
	}
	positive := 0
	for _, y := range labels(x, p) {
		if y {
			positive++
		}
	}
	if positive != 23957+7920 {
		t.Errorf("%d rows are positive", positive)
	}
}

func labels(x *table.Table, p *project.Project) []bool {
	target, y := x.Column(p.Target.Field), make([]bool, x.Rows())
	for row := range y {
		y[row] = target.Text(row) == p.Target.Positive
	}
	return y
}

// Every category of the schema stands in the data, and the other way round:
// a value that the schema does not have would have been set aside.
func TestEveryCategoryOccurs(t *testing.T) {
	t.Parallel()
	x, _ := observations()
	for _, c := range x.Columns() {
		if c.Kind != table.Category {
			continue
		}
		seen := make([]bool, len(c.Levels))
		for row, code := range c.Codes {
			if !c.Missing(row) {
				seen[code] = true
			}
		}
		for code, ok := range seen {
			if !ok {
				t.Errorf("%s has no row with %q", c.Name, c.Levels[code])
			}
		}
	}
}

func TestFieldsAreDescribed(t *testing.T) {
	t.Parallel()
	p := load(t)
	names := strings.Split("Date,Location,MinTemp,MaxTemp,Rainfall,Evaporation,Sunshine,WindGustDir,WindGustSpeed,WindDir9am,WindDir3pm,"+
		"WindSpeed9am,WindSpeed3pm,Humidity9am,Humidity3pm,Pressure9am,Pressure3pm,Cloud9am,Cloud3pm,Temp9am,Temp3pm,RainToday,RISK_MM,RainTomorrow", ",")
	if got := p.Schema.Names(); !slices.Equal(got, names) {
		t.Errorf("fields are %q, want %q", got, names)
	}
	for _, f := range p.Schema.Fields {
		for _, language := range []string{"en", "es"} {
			if len(p.About[f.Name][language]) < 15 {
				t.Errorf("%s is not described in %q", f.Name, language)
			}
		}
		if f.Type == table.TypeNumber && (f.Unit == "" || f.Min == nil || f.Max == nil) {
			t.Errorf("%s has no unit or no range", f.Name)
		}
	}
}

// What the system that Pluvia replaces was called, to the letter.
func TestNamesOfTheOriginal(t *testing.T) {
	t.Parallel()
	p := load(t)
	n := p.Names
	for _, c := range []struct{ what, got, want string }{
		{"title", p.Title.In("en"), "Rain in Australia"},
		{"experiment", n.Experiment, "Rain in Australia"},
		{"model_dev", n.ModelDev, "rain_australia_model_dev"},
		{"model_prod", n.ModelProd, "rain_australia_model_prod"},
		{"etl_run", project.RunName(n.ETLRun, "2026-11-01"), "ETL_run_2026-11-01"},
		{"train_run", project.RunName(n.TrainRun, "2026-11-01"), "Challenger_run_2026-11-01"},
		{"tag of etl", n.RunTags["etl"]["experiment"], "etl"},
		{"dataset tag of etl", n.RunTags["etl"]["dataset"], "Rain in Australia"},
		{"tag of train", n.RunTags["train"]["experiment"], "challenger models"},
		{"dataset_raw", n.DatasetRaw, "weather_data_complete"},
		{"dataset_ready", n.DatasetReady, "weather_data_transformed"},
		{"key_raw", n.KeyRaw, "raw/weatherAUS.csv"},
		{"key_fixed", n.KeyFixed, "raw/weatherAUS_corregido.csv"},
		{"key_info", n.KeyInfo, "data_info/data.json"},
		{"key_train_x", n.KeyTrainX, "final/train/weather_X_train.csv"},
		{"key_train_y", n.KeyTrainY, "final/train/weather_y_train.csv"},
		{"key_test_x", n.KeyTestX, "final/test/weather_X_test.csv"},
		{"key_test_y", n.KeyTestY, "final/test/weather_y_test.csv"},
		{"welcome", p.API.Welcome, "Welcome to the Weather Prediction API"},
		{"positive", p.API.Positive, "Rain expected tomorrow"},
		{"negative", p.API.Negative, "No rain tomorrow"},
		{"updated", p.API.Updated, "Modelo actualizado"},
		{"same", p.API.Same, "Sin cambios"},
		{"local", p.API.Local, "Se utiliza modelo local"},
	} {
		if c.got != c.want {
			t.Errorf("%s is %q, want %q", c.what, c.got, c.want)
		}
	}
}

// The flat call has the original's features in the order of the recipe, and
// its bounds.
func TestFeaturesOfTheOriginal(t *testing.T) {
	t.Parallel()
	p := load(t)
	bounds := map[string][2]float64{
		"MinTemp": {-50, 60}, "MaxTemp": {-50, 60}, "Temp9am": {-50, 60}, "Temp3pm": {-50, 60},
		"Rainfall": {0, 500}, "Evaporation": {0, 50}, "Sunshine": {0, 15},
		"WindGustSpeed": {0, 200}, "WindSpeed9am": {0, 150}, "WindSpeed3pm": {0, 150},
		"Humidity9am": {0, 100}, "Humidity3pm": {0, 100}, "Pressure9am": {0, 1100}, "Pressure3pm": {0, 1100},
		"Cloud9am": {0, 9}, "Cloud3pm": {0, 9}, "RainToday": {0, 1}, "Year": {1900, 2100}, "Month": {1, 12}, "Day": {1, 31},
		"Latitude": {-90, 90}, "Longitude": {-180, 180},
	}
	for _, name := range []string{"WindGustDir", "WindDir9am", "WindDir3pm"} {
		bounds[name+"_sin"], bounds[name+"_cos"] = [2]float64{-1, 1}, [2]float64{-1, 1}
	}
	inverse, err := recipe.Invert(p.Recipes[p.API.Recipe], p.Inputs())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range p.API.Features {
		names = append(names, f.Name)
		if b, ok := bounds[f.Name]; !ok || f.Min != b[0] || f.Max != b[1] {
			t.Errorf("%s is from %v to %v, want %v", f.Name, f.Min, f.Max, b)
		}
		if got, want := f.Optional, slices.Contains([]string{"Pressure9am", "Temp9am", "Temp3pm"}, f.Name); got != want {
			t.Errorf("%s is optional: %v, want %v", f.Name, got, want)
		}
		if got, want := f.Integer, slices.Contains([]string{"RainToday", "Year", "Month", "Day"}, f.Name); got != want {
			t.Errorf("%s is an integer: %v, want %v", f.Name, got, want)
		}
	}
	if got := inverse.Features(); len(names) != 28 || !slices.Equal(names, got) {
		t.Errorf("features are %q, the recipe's %q", names, got)
	}
}

func TestFormOfTheOriginal(t *testing.T) {
	t.Parallel()
	p := load(t)
	type slider struct{ min, max, value float64 }
	want := map[string]slider{
		"MinTemp": {-10, 50, 12.3}, "MaxTemp": {-10, 50, 24.7}, "Rainfall": {0, 100, 0}, "Evaporation": {0, 20, 5.6},
		"Sunshine": {0, 15, 9.8}, "WindGustSpeed": {0, 100, 35}, "WindSpeed9am": {0, 100, 20}, "WindSpeed3pm": {0, 100, 24},
		"Humidity9am": {0, 100, 82}, "Humidity3pm": {0, 100, 55}, "Cloud9am": {0, 9, 4}, "Cloud3pm": {0, 9, 3},
	}
	seen := make(map[string]bool)
	for _, in := range p.Form {
		seen[in.Field] = true
		if w, ok := want[in.Field]; ok && (in.Default == nil || w != (slider{in.Min, in.Max, *in.Default})) {
			t.Errorf("%s is %+v, want %+v", in.Field, in, w)
		}
		if strings.HasPrefix(in.Field, "Pressure") && (in.Min != 950 || in.Max != 1050 || in.Default != nil) {
			t.Errorf("%s is %+v", in.Field, in)
		}
	}
	for _, f := range p.Inputs() {
		if !seen[f.Name] {
			t.Errorf("the form has no %s", f.Name)
		}
	}
}

// The check finds the leak in the data; the list of the project is not asked.
func TestLeakIsFound(t *testing.T) {
	t.Parallel()
	p := load(t)
	x, _ := observations()
	var candidates []string
	for _, f := range p.Schema.Fields {
		if f.Name != p.Target.Field {
			candidates = append(candidates, f.Name)
		}
	}
	leaks := table.Leaks(x, labels(x, p), candidates)
	if len(leaks) != 1 || leaks[0].Column != "RISK_MM" {
		t.Errorf("leaks are %v, want RISK_MM alone", leaks)
	}
	for _, f := range p.Inputs() {
		if f.Name == "RISK_MM" || f.Name == "RainTomorrow" {
			t.Errorf("%s may be a feature", f.Name)
		}
	}
}

// A station has its place on the map: in the box of Australia and its islands,
// and those that the original had wrong where they are.
func TestStations(t *testing.T) {
	t.Parallel()
	p := load(t)
	for _, place := range p.Catalogue.Places {
		if place.Latitude < -44 || place.Latitude > -10 || place.Longitude < 112 || place.Longitude > 168 || place.Region == "" {
			t.Errorf("%+v", place)
		}
	}
	if at := p.Catalogue.Place("Richmond"); at == nil || at.Region != "New South Wales" || at.Longitude > 152 {
		t.Errorf("Richmond is %+v", at)
	}
	if at := p.Catalogue.Place("WaggaWagga"); at == nil || at.Longitude < 140 {
		t.Errorf("WaggaWagga is %+v", at)
	}
}

// Behind classic nothing is missing, in no part of the rows; native leaves
// what is missing and what is a category as they are.
func TestRecipesOnTheParts(t *testing.T) {
	t.Parallel()
	p := load(t)
	x, _ := observations()
	parts, err := learn.ByDay(x.Column(p.Split.Field).Days, p.Split.Validate, p.Split.Test)
	if err != nil {
		t.Fatal(err)
	}
	if train, validate, test := len(parts[0]), len(parts[1]), len(parts[2]); train != 98988 || validate != 17231 || test != 25974 {
		t.Errorf("the parts have %d, %d and %d rows", train, validate, test)
	}
	for name, r := range p.Recipes {
		fitted, err := r.Fit(p.Inputs(), x.Take(parts[0]))
		if err != nil {
			t.Fatal(name, err)
		}
		categories := 0
		for _, rows := range parts {
			features, err := fitted.Apply(x.Take(rows))
			if err != nil {
				t.Fatal(name, err)
			}
			for _, c := range features.Columns() {
				if c.Kind == table.Category {
					categories++
				}
				for row := range c.Len() {
					if name == "classic" && c.Missing(row) {
						t.Fatalf("%s: %s is missing in row %d", name, c.Name, row)
					}
				}
			}
		}
		if want := map[string]int{"classic": 0, "native": 3 * 5}[name]; categories != want {
			t.Errorf("%s leaves %d categories in three parts, want %d", name, categories, want)
		}
	}
}
