package console

import (
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pluvia-ml/pluvia/chart"
	"github.com/pluvia-ml/pluvia/project"
	"github.com/pluvia-ml/pluvia/table"
)

// predictPage is the form, and the answer once there are values.
type predictPage struct {
	*page
	Inputs   []input
	Faults   int
	Asked    bool
	Champion *Champion
	Answer   *answer
	Map      *chart.Map // nil when the project has none
	Place    *project.Place
	OffMap   bool // the place lies outside of the outline
}

// answer is what the champion says.
type answer struct {
	Probability float64
	Yes         bool
	Threshold   float64
	Version     int
	Of          string // the place and the day of the observation, as far as they are known
	Scale       scale
}

// Word names what is said: the threshold need not lie at one half, and nothing
// is called probable that is not.
func (a *answer) Word() string {
	switch likely := a.Probability >= 0.5; {
	case a.Yes && likely:
		return "yes"
	case a.Yes:
		return "yes.unlikely"
	case likely:
		return "no.likely"
	}
	return "no"
}

// scale is the picture of a probability: a bar of 400 units with a mark at the threshold.
type scale struct{ At, Mark string }

// input is one input of the form with what was put in.
type input struct {
	project.Input
	Type    table.Type
	Unit    string
	About   string
	Options []option // of a category
	Value   string   // as it was sent, or the default
	Fault   string   // what is wrong with it; "" when nothing is
}

type option struct {
	Value, Text string
	Chosen      bool
}

// Slider says whether the input is shown with a slider.
func (i input) Slider() bool {
	return (i.Type == table.TypeNumber || i.Type == table.TypeInteger) && i.Max > i.Min
}

// Decimal writes a bound or a step of a slider as HTML wants it.
func (i input) Decimal(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func (c *Console) predict(w http.ResponseWriter, r *http.Request) error {
	p := &predictPage{page: c.page(w, r, "predict"), Champion: c.Champion()}
	p.Title = p.T("nav.predict")
	query := r.URL.Query()
	for _, in := range c.Project.Form {
		p.Asked = p.Asked || query.Has(in.Field)
	}
	row := p.fill(query, c.rules)
	status := http.StatusOK
	switch {
	case p.Faults > 0:
		status = http.StatusUnprocessableEntity
	case p.Asked && p.Champion != nil:
		p.answer(row)
	}
	c.locate(p, row)
	if p.Answer != nil {
		var of []string
		if p.Place != nil {
			of = append(of, p.Place.Name)
		}
		if at := c.Project.Schema.Field(c.Project.Split.Field); at >= 0 && !math.IsNaN(row[at]) {
			of = append(of, p.day(table.Day(row[at]).Time(), p.now))
		}
		p.Answer.Of = strings.Join(of, ", ")
	}
	return c.show(w, r, status, "predict.html", p)
}

// fill makes the inputs and the observation that they describe. Every fault
// stands at its input; what is empty is missing.
func (p *predictPage) fill(query url.Values, rules *table.Rules) []float64 {
	place := ""
	if cat := p.Project.Catalogue; cat != nil {
		place = cat.Field
	}
	row := make([]float64, len(p.Project.Schema.Fields))
	for i := range row {
		row[i] = table.Missing
	}
	for _, in := range p.Project.Form {
		at := p.Project.Schema.Field(in.Field)
		if at < 0 {
			continue
		}
		field := &p.Project.Schema.Fields[at]
		i := input{Input: in, Type: field.Type, Unit: field.Unit, About: p.In(p.Project.About[in.Field]), Value: in.Choice}
		if in.Default != nil {
			i.Value = strconv.FormatFloat(*in.Default, 'f', -1, 64)
		}
		switch {
		case p.Asked:
			i.Value = strings.TrimSpace(query.Get(in.Field))
		case i.Value == "" && field.Type == table.TypeDate:
			i.Value = p.now.UTC().Format(time.DateOnly)
		case i.Value == "" && in.Field == place && len(field.Categories) > 0:
			i.Value = field.Categories[0]
		}
		text := i.Value
		if i.Slider() && !strings.Contains(text, ".") {
			text = strings.Replace(text, ",", ".", 1) // a decimal comma
		}
		if text != "" {
			value, ok := rules.Text(at, []byte(text))
			if ok {
				row[at] = value
			} else {
				i.Fault = p.rule(field)
				p.Faults++
			}
		}
		if field.Type == table.TypeCategory {
			for _, level := range field.Categories {
				i.Options = append(i.Options, option{level, level, level == i.Value})
			}
			if i.Fault != "" { // keep what was sent in sight
				shown := i.Value
				if len([]rune(shown)) > 40 {
					shown = string([]rune(shown)[:40]) + "…"
				}
				i.Options = append(i.Options, option{i.Value, shown, true})
			}
		}
		p.Inputs = append(p.Inputs, i)
	}
	return row
}

// rule says in the page's language what a field's values must be.
func (t *tongue) rule(f *table.Field) string {
	switch f.Type {
	case table.TypeCategory:
		return t.T("rule.category", t.Int(len(f.Categories)))
	case table.TypeDate:
		switch {
		case f.Earliest != "" && f.Latest != "":
			return t.T("rule.date.between", f.Earliest, f.Latest)
		case f.Earliest != "":
			return t.T("rule.date.from", f.Earliest)
		case f.Latest != "":
			return t.T("rule.date.to", f.Latest)
		}
		return t.T("rule.date")
	}
	key := "rule.number"
	if f.Type == table.TypeInteger {
		key = "rule.integer"
	}
	unit := ""
	if f.Unit != "" {
		unit = "\u00a0" + f.Unit
	}
	switch {
	case f.Min != nil && f.Max != nil:
		return t.T(key+".between", t.plain(*f.Min), t.plain(*f.Max)+unit)
	case f.Min != nil:
		return t.T(key+".from", t.plain(*f.Min)+unit)
	case f.Max != nil:
		return t.T(key+".to", t.plain(*f.Max)+unit)
	}
	return t.T(key)
}

// plain writes a bound with as many decimals as it has.
func (t *tongue) plain(v float64) string {
	_, fraction, _ := strings.Cut(strconv.FormatFloat(v, 'f', -1, 64), ".")
	return t.Num(v, len(fraction))
}

func (p *predictPage) answer(row []float64) {
	probability := p.Champion.Probability(row)
	if math.IsNaN(probability) {
		return
	}
	mark := func(share float64) string { return strconv.FormatFloat(math.Round(share*4000)/10, 'f', -1, 64) }
	p.Answer = &answer{
		Probability: probability, Yes: probability >= p.Champion.Threshold,
		Threshold: p.Champion.Threshold, Version: p.Champion.Version,
		Scale: scale{mark(probability), mark(p.Champion.Threshold)},
	}
}

// locate draws the catalogue's places, the chosen one in front.
func (c *Console) locate(p *predictPage, row []float64) {
	cat := c.Project.Catalogue
	if cat == nil || c.outline.path == "" {
		return
	}
	chosen := ""
	if at := c.Project.Schema.Field(cat.Field); at >= 0 && !math.IsNaN(row[at]) {
		chosen = c.Project.Schema.Fields[at].Categories[int(row[at])]
	}
	title := p.T("map.none")
	if chosen != "" {
		title = chosen
	}
	places := c.outline.places(cat)
	p.OffMap = chosen != ""
	for i := range places {
		if places[i].Name == chosen {
			p.OffMap = false
			places[i].Selected = true
			if p.Answer != nil {
				places[i].Value = p.Answer.Probability
			}
		}
	}
	if i := slices.IndexFunc(cat.Places, func(place project.Place) bool { return place.Name == chosen }); i >= 0 {
		p.Place = &cat.Places[i]
	}
	p.Map = &chart.Map{Caption: p.caption(title, p.T("map.about", p.Int(len(cat.Places)))), Width: c.outline.width, Height: c.outline.height, Outline: c.outline.path, Places: places}
}
