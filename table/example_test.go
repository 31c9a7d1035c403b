package table_test

import (
	"fmt"
	"os"

	"github.com/pluvia-ml/pluvia/table"
)

func limit(v float64) *float64 { return &v }

// A schema checks every value at the door; a row with a fault stays out whole.
func Example() {
	schema := &table.Schema{Fields: []table.Field{
		{Name: "station", Type: table.TypeCategory, Categories: []string{"Albury", "Cobar", "Hobart"}, Required: true},
		{Name: "temperature", Type: table.TypeNumber, Unit: "°C", Min: limit(-50), Max: limit(60)},
	}}
	b := table.NewBuilder(schema, 3)
	for _, row := range [][2]string{{"Hobart", "12.5"}, {"Hobbart", "125"}, {"Cobar", ""}} {
		b.Text(0, []byte(row[0]))
		b.Text(1, []byte(row[1]))
		b.EndRow()
	}

	t, report := b.Table(), b.Report()
	fmt.Println(t.Rows(), "rows,", t.Column("temperature"))
	report.Write(os.Stdout)
	fmt.Println(report.Exceeds(0.01))
	// Output:
	// 2 rows, temperature number[2]
	// line,row,column,value,rule
	// ,2,station,Hobbart,"one of Albury, Cobar, Hobart"
	// ,2,temperature,125,a number from -50 to 60 °C
	// 1 of 3 rows break a rule: 33.33 %, and at most 1 % may; row 2, column station: "Hobbart": must be one of Albury, Cobar, Hobart; row 2, column temperature: "125": must be a number from -50 to 60 °C. Correct the rows or the schema, or allow a larger share
}

// One value at a time, as a prediction service gets them.
func ExampleRules() {
	rules := table.NewRules(&table.Schema{Fields: []table.Field{
		{Name: "day", Type: table.TypeDate},
		{Name: "wind", Type: table.TypeCategory, Categories: []string{"N", "NE", "E"}},
	}})
	fmt.Println(rules.Text(0, []byte("1970-01-11")))
	fmt.Println(rules.Text(1, []byte("E")))
	if _, ok := rules.Text(0, []byte("2023-02-30")); !ok {
		fmt.Println(rules.Fault(0, "2023-02-30").Rule)
	}
	// Output:
	// 10 true
	// 2 true
	// a date of the calendar, written YYYY-MM-DD
}

func ExampleLeaks() {
	const n = 1000
	y := make([]bool, n)
	tomorrow, today := make([]float64, n), make([]float64, n)
	for i := range n {
		today[i], tomorrow[i] = float64(i%7), float64(i%10)
		y[i] = tomorrow[i] > 6
	}
	t := table.New(table.Numbers("today", today), table.Numbers("tomorrow", tomorrow))
	for _, leak := range table.Leaks(t, y, t.Names()) {
		fmt.Println(leak)
	}
	// Output: tomorrow decides the target by itself: from 7 to 9 tells 100 % of the rows right (balanced)
}
