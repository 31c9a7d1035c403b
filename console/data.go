package console

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/chart"
	"github.com/pluvia-ml/pluvia/table"
)

// dataInfo is what the page reads of the object that the ETL leaves under the
// project's KeyInfo.
type dataInfo struct {
	DTypes   map[string]string `json:"dtypes"`
	Rows     int               `json:"rows"`
	Rejected struct {
		Rows int    `json:"rows"`
		Key  string `json:"key"` // in the bucket "data"
	} `json:"rejected"`
	Source struct {
		Name   string `json:"name"`
		URI    string `json:"uri"`
		SHA256 string `json:"sha256"`
		Stale  bool   `json:"stale"`
	} `json:"source"`
	Split struct {
		Train    int `json:"train"`
		Validate int `json:"validate"`
		Test     int `json:"test"`
		NoTarget int `json:"no_target"`
	} `json:"split"`
	Leaks []struct {
		Column string `json:"column"`
		Why    string `json:"why"`
	} `json:"leaks"`
	Summary table.Summary `json:"summary"`
	Latest  string        `json:"latest"` // key of the latest observation of each place; "" for none
	RunID   string        `json:"run_id"`
}

// infoKey tells one state of that object from the next.
type infoKey struct {
	size     int64
	modified time.Time
}

// readInfo reads what is known of the data set, nil before the first ETL. Nobody may change what it gives.
func (c *Console) readInfo(ctx context.Context) (*dataInfo, error) {
	key := c.Project.Names.KeyInfo
	object, about, err := c.Buckets.Open(ctx, pluvia.DataBucket, key)
	if pluvia.ErrorCode(err) == pluvia.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer object.Close()
	return c.infos.of(infoKey{about.Size, about.Modified}, func() (*dataInfo, error) {
		info := new(dataInfo)
		if err := json.NewDecoder(object).Decode(info); err != nil {
			return nil, fmt.Errorf("read %s: %w", pluvia.URI(pluvia.DataBucket, key), err)
		}
		return info, nil
	})
}

// dataPage describes the data set in the six sections of the original.
type dataPage struct {
	*page
	Info     *dataInfo // nil when no data has been loaded
	Running  bool      // a cycle is on its way to load some
	Columns  []columnView
	Period   string
	Total    int          // rows that were read
	Missing  *chart.Bars  // nil when nothing is missing
	Sparse   []columnView // those that miss values, the most first
	Worst    string       // the first of them, in words
	Rejected bool         // there is a list of the rows set aside
}

// columnView is a column with what the project and the data say of it.
type columnView struct {
	table.ColumnSummary
	Field   *table.Field
	Role    string // target, leak, key, feature
	About   string
	DType   string
	Rule    string // what is allowed
	Picture chart.Chart
}

func (c *Console) data(w http.ResponseWriter, r *http.Request) error {
	p := &dataPage{page: c.page(w, r, "data"), Running: c.Cycle.Status().Running}
	p.Title = p.T("nav.data")
	var err error
	if p.Info, err = c.readInfo(r.Context()); err != nil {
		return err
	}
	if p.Info == nil {
		if p.Running {
			p.Refresh = 2
		}
		return c.show(w, r, http.StatusOK, "data.html", p)
	}
	p.Rejected = p.Info.Rejected.Rows > 0 && p.Info.Rejected.Key != ""
	p.Total = p.Info.Rows + p.Info.Rejected.Rows
	p.describe()
	return c.show(w, r, http.StatusOK, "data.html", p)
}

// rejected is the list of the rows that were set aside.
func (c *Console) rejected(w http.ResponseWriter, r *http.Request) error {
	info, err := c.readInfo(r.Context())
	if err != nil {
		return err
	}
	if info == nil || info.Rejected.Key == "" {
		return pluvia.Errorf(pluvia.NotFound, "no rows have been set aside")
	}
	object, about, err := c.Buckets.Open(r.Context(), pluvia.DataBucket, info.Rejected.Key)
	if err != nil {
		return err
	}
	defer object.Close()
	c.send(w, object, about, "text/csv; charset=utf-8", path.Base(info.Rejected.Key), artifactPolicy, true)
	return nil
}

// topShown is how many of the most frequent categories are named.
const topShown = 3

func (p *dataPage) describe() {
	for _, summary := range p.Info.Summary.Columns {
		v := columnView{ColumnSummary: summary, Field: new(table.Field), Role: "feature", DType: p.Info.DTypes[summary.Name], About: p.In(p.Project.About[summary.Name])}
		if i := p.Project.Schema.Field(summary.Name); i >= 0 {
			v.Field = &p.Project.Schema.Fields[i]
			v.Rule = p.rule(v.Field)
		}
		switch {
		case v.Name == p.Project.Target.Field:
			v.Role = "target"
		case slices.Contains(p.Project.Leaks, v.Name):
			v.Role = "leak"
		case slices.Contains(p.Project.Schema.Key, v.Name):
			v.Role = "key"
		}
		v.Picture = p.picture(v)
		if v.Name == p.Project.Split.Field && v.Date != nil {
			p.Period = p.T("range", p.written(v.Date.First), p.written(v.Date.Last))
		}
		if v.Missing > 0 && p.Info.Summary.Rows > 0 {
			p.Sparse = append(p.Sparse, v)
		}
		p.Columns = append(p.Columns, v)
	}
	if len(p.Sparse) == 0 {
		return
	}
	slices.SortStableFunc(p.Sparse, func(a, b columnView) int { return cmp.Compare(b.Missing, a.Missing) })
	p.Worst = p.T("missing.worst", p.Sparse[0].Name, p.Share(p.Sparse[0]))
	p.Missing = &chart.Bars{Caption: p.caption(p.T("missing.chart"), ""), X: chart.Axis{Unit: "%"}}
	for _, v := range p.Sparse {
		p.Missing.Bars = append(p.Missing.Bars, chart.Bar{Name: v.Name, Value: float64(v.Missing) / float64(p.Info.Summary.Rows)})
	}
}

// levelsShown is how many categories the small picture of a column has.
const levelsShown = 6

// picture draws the values of a column: a histogram of numbers and years, bars
// of categories.
func (p *dataPage) picture(v columnView) chart.Chart {
	ch := chart.Histogram{Caption: p.caption(v.Name, p.T("histogram.about")), Flat: true} // the unit stands in the heading
	switch {
	case v.Number != nil:
		for _, b := range v.Number.Histogram {
			ch.Bins = append(ch.Bins, chart.Bin{From: b.From, To: b.To, Count: b.Count})
		}
	case v.Category != nil:
		bars := chart.Bars{Caption: p.caption(v.Name, p.T("levels.about")), Most: levelsShown}
		for _, t := range byCount(v.Category.Levels) {
			bars.Bars = append(bars.Bars, chart.Bar{Name: t.Name, Value: float64(t.Count)})
		}
		return bars
	case v.Date != nil:
		if years(v.Date.Periods) {
			ch.X.Plain = true
			for _, t := range v.Date.Periods {
				year, _ := strconv.Atoi(t.Name)
				ch.Bins = append(ch.Bins, chart.Bin{From: float64(year), To: float64(year + 1), Count: t.Count})
			}
			return ch
		}
		bars := chart.Bars{Caption: ch.Caption, Most: 40}
		for _, t := range v.Date.Periods {
			bars.Bars = append(bars.Bars, chart.Bar{Name: t.Name, Value: float64(t.Count)})
		}
		return bars
	}
	return ch
}

// years says whether each period is a year, rather than a month.
func years(periods []table.Tally) bool {
	return !slices.ContainsFunc(periods, func(t table.Tally) bool { _, err := strconv.Atoi(t.Name); return err != nil })
}

// byCount orders tallies, the most frequent first.
func byCount(tallies []table.Tally) []table.Tally {
	tallies = slices.Clone(tallies)
	slices.SortStableFunc(tallies, func(a, b table.Tally) int { return b.Count - a.Count })
	return tallies
}

// Top names the most frequent categories, the first and the last date, or the
// least and the greatest number.
func (p *dataPage) Top(v columnView) string {
	switch {
	case v.Category != nil:
		var names []string
		for _, t := range byCount(v.Category.Levels) {
			if len(names) == topShown || t.Count == 0 {
				break
			}
			names = append(names, t.Name+" "+p.Int(t.Count))
		}
		return strings.Join(names, ", ")
	case v.Date != nil:
		return p.T("range", p.written(v.Date.First), p.written(v.Date.Last))
	case v.Number != nil:
		return p.T("range", p.Stat(v.Number, v.Number.Min), p.Stat(v.Number, v.Number.Max))
	}
	return ""
}

// written is a day as people write it; one that is no date stays as it is.
func (p *dataPage) written(date string) string {
	at, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return date
	}
	return p.day(at, p.now)
}

// Stat writes a figure of a column with as many decimals as three significant
// digits of its spread have, so that a row of figures can be compared.
func (p *dataPage) Stat(of *table.NumberSummary, v float64) string {
	if of.Std == 0 || math.Abs(v) >= 1e6 {
		return p.Short(v)
	}
	return p.Num(v, min(max(0, 2-int(math.Floor(math.Log10(of.Std)))), 6))
}

// Share is the share of a column's values that are missing.
func (p *dataPage) Share(v columnView) string {
	if p.Info.Summary.Rows == 0 {
		return p.Percent(0, 1)
	}
	return p.Percent(float64(v.Missing)/float64(p.Info.Summary.Rows), 1)
}
