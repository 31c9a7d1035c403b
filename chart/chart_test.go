package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// outline is a square island with a lake.
const outline = "M20 20H380V280H20ZM150 120H220V170H150Z"

func roc(bend float64) []Point {
	points := make([]Point, 0, 2001)
	for i := range 2001 {
		x := float64(i) / 2000
		points = append(points, Point{x, math.Pow(x, bend)})
	}
	return points
}

// samples are charts as the house draws them, and their hard cases.
func samples() map[string]Chart {
	var ten []Interval
	for i := range 10 {
		x := (float64(i) + .5) / 10
		ten = append(ten, Interval{X: x, Y: x * x * 1.1, Low: x*x*1.1 - .03, High: x*x*1.1 + .03, Count: 9000 / (i + 1)})
	}
	var bins []Bin
	for i := range 30 {
		bins = append(bins, Bin{float64(i) - 5, float64(i) - 4, i * (30 - i) * 51})
	}
	var bars []Bar
	for i := range 45 {
		bars = append(bars, Bar{fmt.Sprintf("feature number %d", i), 0.3 / float64(i+1)})
	}
	unit := Axis{Min: 0, Max: 1, Unit: "%"}
	return map[string]Chart{
		"roc": Curves{Caption: Caption{Title: "Ranks better than the champion", Subtitle: "ROC curve, test part, 25,974 rows"}, X: named(unit, "False positives"), Y: named(unit, "True positives"), Diagonal: true,
			Series: []Series{{Name: "Challenger, AUC 0.902", Points: roc(.15)}, {Name: "Champion, AUC 0.874", Points: roc(.25), Second: true}}},
		"lines": Curves{Caption: Caption{Title: "Verliert <b>schnell</b> & \"sicher\" \x00\x01 \xff", Language: "es"}, Y: Axis{Label: "Pérdida", Unit: "bits"}, X: Axis{Label: "árboles"},
			Series: []Series{{Name: "a < b", Points: []Point{{0, -1.25}, {1, math.NaN()}, {2, -.5}, {3, math.Inf(1)}, {4, 12345.5}, {5, 3}}}, {Name: "", Points: []Point{{2, 2}}}}},
		"reliability": Intervals{Caption: Caption{Title: "When it says 70 %, it is so 5 times in 10", Subtitle: "Observed share by forecast probability, 95 % intervals"}, X: named(unit, "Forecast"), Y: named(unit, "Observed"), Points: ten, Counts: "rows", Diagonal: true},
		"importance":  Bars{Caption: Caption{Title: "What counts most", Subtitle: "Share of the gain, 45 features, and a subtitle that is far too long to stand in one line of this small picture"}, Bars: bars, X: Axis{Unit: "%"}, Most: 12},
		"signed":      Bars{Caption: Caption{Title: "Up and down", Language: "es"}, X: Axis{Label: "change", Unit: "points"}, Bars: []Bar{{"up", 3.5}, {"down", -1.25}, {"none", 0}, {"nowhere", math.NaN()}}},
		"zeros":       Bars{Caption: Caption{Title: "All are zero"}, Bars: []Bar{{"a", 0}, {"b", 0}}},
		"histogram":   Histogram{Caption: Caption{Title: "Most lie between 5 and 15"}, X: Axis{Label: "Value", Unit: "mm"}, Y: Axis{Label: "rows"}, Bins: bins},
		"one-value":   Histogram{Caption: Caption{Title: "One value"}, Bins: []Bin{{3, 3, 12}}},
		"forecasts": Map{Caption: Caption{Title: "Most likely in the east"}, Width: 400, Height: 300, Outline: outline, Places: []Place{
			{Name: "Low", X: 100, Y: 90, Value: 0, Label: "Low 0%", Link: "/?a=1&b=2"}, {Name: "High", X: 300, Y: 90, Value: 1, Label: "High 100%"}, {Name: "Beside", X: 303, Y: 92, Value: .5, Label: "has no room but above"},
			{Name: "Edge", X: 396, Y: 200, Value: .66, Label: "goes to the left"}, {Name: "<b>", X: 200, Y: 200, Value: .2, Label: "<b>"}, {Name: "bad", X: math.NaN(), Label: "bad"}}},
		"compared":    Intervals{Caption: Caption{Title: "Both are calibrated", Language: "es"}, X: unit, Y: unit, Points: ten, Second: ten[3:7], Name: "version 2", Versus: "version 1 & <b>", Counts: "filas", Diagonal: true},
		"years":       Histogram{Caption: Caption{Title: "By year"}, Flat: true, X: Axis{Plain: true}, Bins: []Bin{{2007, 2008, 90}, {2008, 2009, 2270}, {2009, 2010, 16595}}},
		"map":         Map{Caption: Caption{Title: "49 places"}, Width: 400, Height: 300, Outline: outline, Places: []Place{{Name: "A", X: 50, Y: 60, Value: -1}, {Name: "<B>", X: 300, Y: 200, Value: .73, Selected: true, Link: "?at=<B>"}, {Name: "bad", X: math.NaN()}, {Name: "script", X: 9, Y: 9, Link: "javascript:alert(1)"}}},
		"bad-outline": Map{Width: 400, Height: 300, Outline: `M0 0"/><script>alert(1)</script>`},
		"empty":       Curves{Caption: Caption{Title: "Nothing yet", Empty: "No cycle has finished yet"}, Series: []Series{{Name: "x", Points: []Point{{math.NaN(), 1}}}}},
		"no-points":   Intervals{Caption: Caption{Language: "es"}}, "no-bars": Bars{}, "no-bins": Histogram{Bins: []Bin{{0, 1, 0}}},
		"extreme": Curves{Series: []Series{{Name: "x", Points: []Point{{1e16, -1e299}, {1e16 + 2, 1e299}, {math.MaxFloat64, 0}}}}},
		"flat":    Curves{Series: []Series{{Name: "flat", Points: []Point{{0, 1e-300}, {1, 1e-300}}}}},
	}
}

func named(a Axis, label string) Axis { a.Label = label; return a }

func TestGolden(t *testing.T) {
	t.Parallel()
	for name, ch := range samples() {
		got := Standalone(ch)
		file := filepath.Join("testdata", name+".svg")
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatalf("%v: run go test -update and look at the picture", err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s has changed: run go test -update and look at the difference", file)
		}
	}
}

// check says what is wrong with an SVG: not well-formed, an element or an
// attribute that no chart draws, a number that is not finite.
func check(svg []byte) error {
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("not XML: %w", err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if !strings.Contains(" svg style rect text g path circle title a ", " "+start.Name.Local+" ") {
			return fmt.Errorf("element %s", start.Name.Local)
		}
		for _, a := range start.Attr {
			switch name := a.Name.Local; {
			case strings.HasPrefix(name, "on"):
				return fmt.Errorf("attribute %s", name)
			case name == "aria-label" || name == "href" || name == "class":
			case strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf"):
				return fmt.Errorf("%s=%q", name, a.Value)
			}
			if a.Name.Local == "href" && !strings.Contains("/?#", a.Value[:1]) {
				return fmt.Errorf("link to %q", a.Value)
			}
		}
	}
}

func TestSamplesAreSafe(t *testing.T) {
	t.Parallel()
	for name, ch := range samples() {
		if err := check(Standalone(ch)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := check([]byte(Inline(ch))); err != nil {
			t.Errorf("%s inline: %v", name, err)
		}
		if a, b := Inline(ch), Inline(ch); a != b {
			t.Errorf("%s is drawn differently the second time", name)
		}
	}
}

func FuzzCharts(f *testing.F) {
	f.Add("title", 0.0, 1.0, 2.0, 3.0, 4)
	f.Add("<\x00&\xff", math.NaN(), math.Inf(1), math.MaxFloat64, -math.MaxFloat64, -1)
	f.Add("", 1e16, 1e16+2, 1e-320, -1e-320, math.MaxInt)
	f.Fuzz(func(t *testing.T, text string, a, b, c, d float64, n int) {
		caption := Caption{Title: text, Subtitle: text, Language: "es"}
		axis := Axis{Label: text, Unit: text, Min: a, Max: b}
		points := []Point{{a, b}, {c, d}, {b, c}}
		for _, ch := range []Chart{
			Curves{Caption: caption, X: axis, Y: axis, Series: []Series{{Name: text, Points: points}, {Name: text, Points: points[1:], Second: true}}, Diagonal: true},
			Curves{Caption: caption, Series: []Series{{Name: text, Points: points}}},
			Intervals{Caption: caption, X: axis, Points: []Interval{{a, b, c, d, n}, {c, d, a, b, 3}}, Second: []Interval{{d, c, b, a, n}}, Name: text, Versus: text, Counts: text, Diagonal: true},
			Bars{Caption: caption, X: axis, Bars: []Bar{{text, a}, {text, b}}, Most: n},
			Histogram{Caption: caption, X: axis, Bins: []Bin{{a, b, n}, {c, d, 1}}},
			Map{Caption: caption, Width: a, Height: b, Outline: text, Places: []Place{{Name: text, X: c, Y: d, Value: a, Link: text, Selected: true}, {Name: text, X: d, Y: c, Value: b, Link: text, Label: text}}},
		} {
			if svg := Standalone(ch); check(svg) != nil {
				t.Errorf("%T: %v\n%s", ch, check(svg), svg)
			}
		}
	})
}

func TestTicks(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		axis   Axis
		lo, hi float64
		want   string
	}{
		{Axis{Min: 0, Max: 1, Unit: "%"}, 5, 6, "0% 25% 50% 75% 100%"},
		{Axis{}, 0, 1, "0.00 0.25 0.50 0.75 1.00"},
		{Axis{}, -4.8, 33.9, "−20 0 20 40"},
		{Axis{}, 0, 28450, "0 10,000 20,000 30,000"},
		{Axis{}, 7, 7, "6.0 6.5 7.0 7.5 8.0"},
		{Axis{}, 0, 0, "0.00 0.25 0.50 0.75 1.00"},
		{Axis{Min: .871, Max: .913}, 0, 0, "0.88 0.89 0.90 0.91"},
		{Axis{Min: 2007, Max: 2018, Plain: true}, 0, 0, "2010 2015"},
		{Axis{}, 0, 3e9, "0 1 G 2 G 3 G"},
	} {
		s := newScale(test.axis, test.lo, test.hi, "en")
		var got []string
		for _, v := range s.ticks() {
			got = append(got, s.label(v))
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%+v from %v to %v: got %q, want %q", test.axis, test.lo, test.hi, got, test.want)
		}
	}
}

// Whatever the range, there are two to five grid lines, inside it.
func FuzzTicks(f *testing.F) {
	f.Add(0.0, 1.0)
	f.Add(-1e300, 1e300)
	f.Add(1e16, 1e16+2)
	f.Fuzz(func(t *testing.T, a, b float64) {
		if !finite(a) || !finite(b) {
			t.Skip()
		}
		s := newScale(Axis{}, min(a, b), max(a, b), "")
		ticks := s.ticks()
		if len(ticks) < 2 || len(ticks) > 6 {
			t.Fatalf("%v to %v: %v", a, b, ticks)
		}
		if near := s.step * 1e-8; s.lo > min(a, b)+near || s.hi < max(a, b)-near {
			t.Errorf("%v to %v: the axis goes from %v to %v", a, b, s.lo, s.hi)
		}
	})
}

func TestNumber(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		v        float64
		decimals int
		language string
		want     string
	}{
		{12480.5, 1, "en", "12,480.5"}, {12480.5, 1, "es", "12\u202f480,5"}, {1234, 0, "es", "1234"}, {1234, 0, "en", "1,234"},
		{-0.5, 1, "en", "−0.5"}, {-0.01, 1, "en", "0.0"}, {math.NaN(), 2, "en", "–"}, {999999.9, 0, "en", "1,000,000"}, {0, 0, "", "0"},
	} {
		if got := Number(test.v, test.decimals, test.language); got != test.want {
			t.Errorf("Number(%v, %d, %q) = %q, want %q", test.v, test.decimals, test.language, got, test.want)
		}
	}
	for v, want := range map[float64]string{0.00001: "1e−05", 0.1234: "0.123", 12.345: "12.3", 142193: "142.2 k", 5: "5", 2e6: "2 M", math.Inf(1): "–", -3.14159: "−3.14"} {
		if got := Short(v, "en"); got != want {
			t.Errorf("Short(%v) = %q, want %q", v, got, want)
		}
	}
}
