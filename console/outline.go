package console

import (
	"encoding/xml"
	"fmt"
	"io/fs"
	"math"
	"strconv"

	"github.com/pluvia-ml/pluvia/chart"
	"github.com/pluvia-ml/pluvia/project"
)

// outline is the map of a catalogue: an SVG file with one path, whose root
// says in four attributes where the world lies in it (plate carrée):
//
//	x = (longitude - data-west) * data-x      data-west, data-north: degrees at the upper left corner
//	y = (data-north - latitude) * data-y      data-x, data-y: units for each degree
//
// The zero outline is no map.
type outline struct {
	path                string
	width, height       float64
	west, north, dx, dy float64
}

func readOutline(p *project.Project) (outline, error) {
	var o outline
	if p.Catalogue == nil || p.Catalogue.Outline == "" || p.Files == nil {
		return o, nil
	}
	data, err := fs.ReadFile(p.Files, p.Catalogue.Outline)
	if err != nil {
		return o, fmt.Errorf("outline: %w", err)
	}
	var file struct {
		ViewBox string     `xml:"viewBox,attr"`
		Attrs   []xml.Attr `xml:",any,attr"`
		Path    struct {
			D string `xml:"d,attr"`
		} `xml:"path"`
	}
	if err := xml.Unmarshal(data, &file); err != nil {
		return o, fmt.Errorf("outline %s: %w", p.Catalogue.Outline, err)
	}
	o.path = file.Path.D
	var left, top float64
	if _, err := fmt.Sscan(file.ViewBox, &left, &top, &o.width, &o.height); err != nil || left != 0 || top != 0 || !(o.width > 0 && o.width < 1e9 && o.height > 0 && o.height < 1e9) {
		return o, fmt.Errorf("outline %s: viewBox is %q: want 0 0 WIDTH HEIGHT", p.Catalogue.Outline, file.ViewBox)
	}
	for name, to := range map[string]*float64{"data-west": &o.west, "data-north": &o.north, "data-x": &o.dx, "data-y": &o.dy} {
		value := ""
		for _, a := range file.Attrs {
			if a.Name.Local == name {
				value = a.Value
			}
		}
		if *to, err = strconv.ParseFloat(value, 64); err != nil || math.IsNaN(*to) || math.IsInf(*to, 0) {
			return o, fmt.Errorf("outline %s: attribute %s of the root is %q: want a number", p.Catalogue.Outline, name, value)
		}
	}
	return o, nil
}

// places are the places of a catalogue on the map, but those that lie outside
// of it.
func (o *outline) places(cat *project.Catalogue) []chart.Place {
	var places []chart.Place
	for _, p := range cat.Places {
		x, y := (p.Longitude-o.west)*o.dx, (o.north-p.Latitude)*o.dy
		if x >= 0 && y >= 0 && x <= o.width && y <= o.height {
			places = append(places, chart.Place{Name: p.Name, X: x, Y: y, Value: -1})
		}
	}
	return places
}
