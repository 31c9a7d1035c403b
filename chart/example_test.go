package chart_test

import (
	"bytes"
	"fmt"

	"github.com/pluvia-ml/pluvia/chart"
)

func Example() {
	svg := chart.Standalone(chart.Bars{
		Caption: chart.Caption{Title: "Humidity counts most", Subtitle: "Share of the gain by feature"},
		X:       chart.Axis{Unit: "%"},
		Bars:    []chart.Bar{{Name: "humidity", Value: 0.62}, {Name: "pressure", Value: 0.38}},
	})
	fmt.Println(bytes.HasPrefix(svg, []byte("<svg ")), bytes.Contains(svg, []byte(">62.0%<")))
	// Output: true true
}
