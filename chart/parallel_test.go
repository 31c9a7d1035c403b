package chart

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

func TestParallel(t *testing.T) {
	t.Parallel()
	ch := Parallel{Caption: Caption{Title: "t"}, Names: []string{"<a>", "b", "c"}, Axes: []Upright{
		{Name: "depth", Values: []float64{1, 2, 3}},
		{Name: "learner", Values: []float64{0, 1, math.NaN()}, Levels: []string{"boost", "forest"}},
		{Name: "same", Values: []float64{5, 5, 5}},
		{Name: "odd", Values: []float64{math.Inf(1), 1e308, 7}},
	}}
	svg := Inline(ch)
	for _, want := range []string{`class="plot wide"`, "&lt;a&gt;", ">boost<", ">forest<", `class="line"`, `class="line quiet"`, ">depth<"} {
		if !strings.Contains(svg, want) {
			t.Errorf("%q is missing in %s", want, svg)
		}
	}
	if strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") || strings.Contains(svg, "<a>") {
		t.Error(svg)
	}
	if n := strings.Count(svg, `class="line`); n != 3 {
		t.Errorf("%d lines, want 3", n)
	}
	// The line without a learner is broken there.
	if n := strings.Count(svg[strings.Index(svg, `class="line quiet"`):], "M"); n < 2 {
		t.Errorf("the line of c is whole: %s", svg)
	}
	for name, ch := range map[string]Parallel{
		"nothing": {}, "axes without lines": {Axes: []Upright{{Name: "a"}}}, "lines without axes": {Names: []string{"a"}},
		"no number": {Names: []string{"a"}, Axes: []Upright{{Values: []float64{math.NaN()}}}},
	} {
		if svg := Inline(ch); !strings.Contains(svg, "No data") {
			t.Errorf("%s: %s", name, svg)
		}
	}
}

// However many lines end at one place, no name lies on another.
func TestParallelNames(t *testing.T) {
	t.Parallel()
	ch := Parallel{Axes: []Upright{{Name: "a"}}}
	for i := range 100 {
		ch.Names = append(ch.Names, fmt.Sprint("run ", i))
		ch.Axes[0].Values = append(ch.Axes[0].Values, float64(i%2))
	}
	seen := map[string]bool{}
	for _, part := range strings.Split(Inline(ch), `<text class="label`)[1:] {
		_, y, _ := strings.Cut(part, ` y="`)
		y, _, _ = strings.Cut(y, `"`)
		if seen[y] {
			t.Fatalf("two names at y = %s", y)
		}
		seen[y] = true
	}
	if len(seen) < 15 {
		t.Errorf("%d names", len(seen))
	}
}
