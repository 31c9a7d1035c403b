package recipe_test

import (
	"encoding/json"
	"fmt"
	"log"

	"github.com/pluvia-ml/pluvia/recipe"
	"github.com/pluvia-ml/pluvia/table"
)

func Example() {
	fields := []table.Field{
		{Name: "wind", Type: table.TypeCategory, Categories: []string{"N", "E", "S", "W"}},
		{Name: "speed", Type: table.TypeNumber},
	}
	train := table.New(
		table.Categories("wind", []int32{1, 1, 3, table.MissingCode}, fields[0].Categories),
		table.Numbers("speed", []float64{10, 20, table.Missing, 30}),
	)
	r := recipe.Recipe{
		&recipe.FillMode{Columns: []string{"wind"}},
		&recipe.Compass{Columns: []string{"wind"}},
		&recipe.FillMedian{Columns: []string{"speed"}},
	}
	fitted, err := r.Fit(fields, train)
	if err != nil {
		log.Fatal(err)
	}

	features, err := fitted.Apply(train)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(features.Names(), features.Column("speed").Numbers)

	row := make([]float64, len(fitted.Output()))
	fitted.ApplyRow(row, []float64{table.Missing, 15}) // no wind, speed 15
	fmt.Printf("%.1f\n", row)

	file, err := json.Marshal(fitted.Steps())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(file))
	// Output:
	// [speed wind_sin wind_cos] [10 20 20 30]
	// [15.0 1.0 0.0]
	// [{"columns":["wind"],"groups":[[]],"modes":[["E"]]},{"columns":["wind"]},{"columns":["speed"],"median":[20]}]
}

// A recipe is checked without data; every fault names step, key and rule.
func ExampleRecipe_Check() {
	fields := []table.Field{{Name: "speed", Type: table.TypeNumber}}
	_, faults := recipe.Recipe{
		&recipe.Clip{Upper: map[string]float64{"sped": 40}},
		&recipe.Compass{Columns: []string{"speed"}},
	}.Check(fields)
	for _, fault := range faults {
		fmt.Println(fault)
	}
	// Output:
	// step 1 (clip), upper: "sped" is not a column that is clipped; those are speed
	// step 2 (compass), columns: column "speed" is a number, want a category
}

func ExampleInvert() {
	fields := []table.Field{{Name: "wind", Type: table.TypeCategory, Categories: []string{"N", "E", "S", "W"}}}
	inverse, err := recipe.Invert(recipe.Recipe{&recipe.Compass{Columns: []string{"wind"}}}, fields)
	if err != nil {
		log.Fatal(err)
	}
	row := make([]float64, len(fields))
	bad := inverse.Row(row, []float64{-0.9, 0.1}) // wind_sin, wind_cos
	fmt.Println(fields[0].Categories[int(row[0])], bad == "")
	// Output: W true
}
