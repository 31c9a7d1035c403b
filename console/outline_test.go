package console

import (
	"math"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pluvia-ml/pluvia/project"
)

const island = `<!-- a comment --><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 50" data-west="110" data-north="-10" data-x="2" data-y="4"><path d="M0 0H9Z"/></svg>`

func readIsland(svg string) (outline, error) {
	return readOutline(&project.Project{
		Catalogue: &project.Catalogue{Outline: "island.svg"},
		Files:     fstest.MapFS{"island.svg": {Data: []byte(svg)}},
	})
}

func TestOutline(t *testing.T) {
	t.Parallel()
	o, err := readIsland(island)
	if err != nil {
		t.Fatal(err)
	}
	places := o.places(&project.Catalogue{Places: []project.Place{
		{Name: "in", Longitude: 120, Latitude: -15}, {Name: "west", Longitude: 109, Latitude: -15}, {Name: "south", Longitude: 120, Latitude: -40},
	}})
	if len(places) != 1 || places[0].Name != "in" || places[0].X != 20 || places[0].Y != 20 {
		t.Errorf("places %+v, want the first at 20, 20", places)
	}
	for name, test := range map[string]struct{ old, new, want string }{
		"no projection": {`data-x="2"`, ``, "data-x"},
		"not a number":  {`"110"`, `"west"`, "data-west"},
		"view box":      {"0 0 100 50", "1 0 100 50", "viewBox"},
		"cut off":       {"</svg>", "", "island.svg"},
	} {
		if _, err := readIsland(strings.Replace(island, test.old, test.new, 1)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want one that names %s", name, err, test.want)
		}
	}
	if o, err := readOutline(&project.Project{}); err != nil || o.path != "" {
		t.Errorf("no catalogue: %v, %v", o, err)
	}
}

func FuzzOutline(f *testing.F) {
	f.Add(island)
	f.Add(strings.Replace(island, `"110"`, `"NaN"`, 1))
	f.Add("<svg viewBox='0 0 1e999 -1'/>")
	f.Fuzz(func(t *testing.T, svg string) {
		o, err := readIsland(svg)
		if err != nil {
			return
		}
		for _, v := range []float64{o.width, o.height, o.west, o.north, o.dx, o.dy} {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Errorf("%+v is accepted", o)
			}
		}
	})
}
