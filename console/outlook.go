package console

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/chart"
	"github.com/pluvia-ml/pluvia/project"
	"github.com/pluvia-ml/pluvia/table"
	"github.com/pluvia-ml/pluvia/table/parquet"
)

// forecast is what the champion says of the latest observation of a place.
type forecast struct {
	Place       project.Place
	Probability float64
	Yes         bool
	Day         table.Day // of the observation
	Link        string    // to the form with the observation filled in
}

// outlook is the forecasts for all places of the catalogue, the most likely
// first.
type outlook struct {
	Forecasts   []forecast
	Yes         int // forecasts from the threshold on
	Threshold   float64
	First, Last table.Day // of the observations
}

// outlookKey is what an outlook is made from.
type outlookKey struct {
	model    string
	version  int
	run      string
	key      string
	size     int64
	modified time.Time
}

const (
	outlookMost = 64 << 20 // bytes of the object with the latest observations
	mostLikely  = 12       // forecasts that stand beside the map; the others a click away
)

// outlook is what the champion says of the latest observations, nil when there
// are none: no champion, no catalogue, or data of before they were kept.
func (c *Console) outlook(ctx context.Context, champion *Champion) (*outlook, error) {
	if champion == nil || c.Project.Catalogue == nil {
		return nil, nil
	}
	info, err := c.readInfo(ctx)
	if err != nil || info == nil || info.Latest == "" {
		return nil, err
	}
	object, about, err := c.Buckets.Open(ctx, pluvia.DataBucket, info.Latest)
	if pluvia.ErrorCode(err) == pluvia.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer object.Close()
	key := outlookKey{champion.Model, champion.Version, champion.RunID, info.Latest, about.Size, about.Modified}
	return c.outlooks.of(key, func() (*outlook, error) {
		data, err := io.ReadAll(io.LimitReader(object, outlookMost))
		if err != nil {
			return nil, err
		}
		latest, _, err := parquet.Read(bytes.NewReader(data), int64(len(data)), &c.Project.Schema)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", pluvia.URI(pluvia.DataBucket, info.Latest), err)
		}
		return c.ask(champion, latest), nil
	})
}

// ask asks the champion about each row of latest whose place is in the
// catalogue; nil when there is none.
func (c *Console) ask(champion *Champion, latest *table.Table) *outlook {
	places, days := latest.Column(c.Project.Catalogue.Field), latest.Column(c.Project.Split.Field)
	columns := make([]*table.Column, len(c.Project.Schema.Fields))
	for i, f := range c.Project.Schema.Fields {
		columns[i] = latest.Column(f.Name)
	}
	o := &outlook{Threshold: champion.Threshold}
	row := make([]float64, len(columns))
	for i := range latest.Rows() {
		place := c.Project.Catalogue.Place(places.Text(i))
		for j, column := range columns {
			row[j] = column.Float(i)
		}
		p := champion.Probability(row)
		if place == nil || days.Missing(i) || math.IsNaN(p) {
			continue
		}
		f := forecast{Place: *place, Probability: p, Yes: p >= champion.Threshold, Day: days.Days[i], Link: c.form(latest, i)}
		if f.Yes {
			o.Yes++
		}
		if len(o.Forecasts) == 0 {
			o.First, o.Last = f.Day, f.Day
		}
		o.First, o.Last = min(o.First, f.Day), max(o.Last, f.Day)
		o.Forecasts = append(o.Forecasts, f)
	}
	if len(o.Forecasts) == 0 {
		return nil
	}
	slices.SortStableFunc(o.Forecasts, func(a, b forecast) int { return cmp.Compare(b.Probability, a.Probability) })
	return o
}

// form is the address of the form with a row filled in, and answered.
func (c *Console) form(t *table.Table, row int) string {
	query := url.Values{}
	for _, in := range c.Project.Form {
		query.Set(in.Field, t.Column(in.Field).Text(row))
	}
	return "/predict?" + query.Encode() + "#answer"
}

// outlookView is an outlook in the page's language.
type outlookView struct {
	*outlook
	page   *page
	Map    *chart.Map // nil when the project has no outline
	Title  string     // what it shows
	About  string     // what it is
	Top    []forecast
	Others []forecast
}

// forecastList is a table of forecasts.
type forecastList struct {
	*page
	Rows      []forecast
	Threshold float64
}

// List makes a table of forecasts.
func (v outlookView) List(rows []forecast) forecastList {
	return forecastList{v.page, rows, v.Threshold}
}

// Shades are those of the legend, from 0 to 1.
func (outlookView) Shades() []int { return []int{0, 1, 2, 3, 4, 5, 6} }

// Bar is a probability as a length, of 100.
func (forecastList) Bar(share float64) string { return strconv.FormatFloat(share*100, 'f', 1, 64) }

// Day is the day of a forecast's observation.
func (l forecastList) Day(f forecast) string { return l.shortDay(f.Day.Time(), l.now) }

func (c *Console) outlookView(p *page, o *outlook) *outlookView {
	v := &outlookView{outlook: o, page: p, Top: o.Forecasts[:min(mostLikely, len(o.Forecasts))]}
	v.Others = o.Forecasts[len(v.Top):]
	v.Title = p.T("outlook.yes", p.Int(o.Yes), p.Int(len(o.Forecasts)))
	days := p.day(o.Last.Time(), p.now)
	if o.First != o.Last {
		days = p.T("range", p.day(o.First.Time(), p.now), days)
	}
	v.About = p.T("outlook.about", days, p.Percent(o.Threshold, 0))
	if c.outline.path == "" {
		return v
	}
	of := map[string]forecast{}
	for _, f := range o.Forecasts {
		of[f.Place.Name] = f
	}
	places := c.outline.places(c.Project.Catalogue)
	for i := range places {
		if f, ok := of[places[i].Name]; ok {
			places[i].Value, places[i].Link = f.Probability, f.Link
			places[i].Label = places[i].Name
			places[i].Name += ": " + p.Chance(f.Probability)
		}
	}
	v.Map = &chart.Map{Caption: p.caption(v.Title, v.About), Width: c.outline.width, Height: c.outline.height, Outline: c.outline.path, Places: places}
	return v
}
