package project

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
)

const (
	maxCatalogue = 16 << 20 // bytes
	maxPlaces    = 100_000
)

// catalogue reads the places. Faults in its file carry that file's name, line
// and column.
func (c *checker) catalogue(p *Project) {
	cat := p.Catalogue
	if cat == nil {
		return
	}
	if cat.Outline != "" {
		c.exists("catalogue.outline", cat.Outline)
	}
	if !c.exists("catalogue.file", cat.File) {
		return
	}
	data, err := read(c.files, cat.File, maxCatalogue)
	if err != nil {
		c.wrong("catalogue.file", cat.File, "a file that can be read", err.Error())
		return
	}
	c.sum.Write(data)
	fault := func(line, column int, key, value, rule, remedy string) {
		c.add(Fault{cat.File, line, column, key, cut(value), rule, remedy})
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))))
	header, err := r.Read()
	if err != nil {
		c.wrong("catalogue.file", cat.File, "a CSV with a header", cut(err.Error()))
		return
	}
	column := func(key, name string) int {
		for i, h := range header[1:] {
			if h == name {
				return i + 1
			}
		}
		rule, remedy := oneOf("a column of "+cat.File+" after the first", name, header[1:])
		c.wrong(join("catalogue", key), name, rule, remedy)
		return -1
	}
	latitude, longitude := column("latitude", cat.Latitude), column("longitude", cat.Longitude)
	region := -1
	if cat.Region != "" {
		region = column("region", cat.Region)
	}
	if latitude < 0 || longitude < 0 {
		return
	}
	seen := make(map[string]int)
	for {
		record, err := r.Read()
		if err == io.EOF {
			break
		}
		if parse := (*csv.ParseError)(nil); errors.As(err, &parse) {
			fault(parse.Line, max(parse.Column, 1), "", "", "a CSV row of "+strconv.Itoa(len(header))+" values", parse.Err.Error())
			return
		}
		degrees := func(i int, limit float64) float64 {
			x, err := strconv.ParseFloat(record[i], 64)
			if err != nil || !(math.Abs(x) <= limit) {
				line, column := r.FieldPos(i)
				fault(line, column, header[i], record[i], fmt.Sprintf("degrees from -%g to %g", limit, limit), "")
			}
			return x
		}
		place := Place{Name: record[0], Latitude: degrees(latitude, 90), Longitude: degrees(longitude, 180)}
		if region >= 0 {
			place.Region = record[region]
		}
		line, col := r.FieldPos(0)
		switch first, twice := seen[place.Name]; {
		case !plain(place.Name):
			fault(line, col, header[0], place.Name, plainRule, "")
		case twice:
			fault(line, col, header[0], place.Name, "a place named once", "it is there already in line "+strconv.Itoa(first))
		case len(cat.Places) == maxPlaces:
			fault(line, col, "", "", fmt.Sprintf("one of at most %d places", maxPlaces), "")
			return
		}
		seen[place.Name] = line
		cat.Places = append(cat.Places, place)
	}
	if len(cat.Places) == 0 {
		fault(1, 1, "", "", "a catalogue of one place or more", "write a row for each below the header")
	}
}
