package console

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/mlflow/filter"
)

// Bounds of a list; what is left out is said.
const (
	rowsPerPage  = 50
	columnsMost  = 50  // that can be chosen at once
	textShown    = 80  // characters of a text in a cell
	offeredShown = 100 // keys of one kind that are offered as columns
)

// listing is how a list is looked at. All of it stands in the address, so that
// a view can be kept as a bookmark and works without a script:
//
//	?experiment=3&filter=metrics.auc > 0.8&order=metrics.auc&desc=1&columns=metrics.auc&columns=params.depth&after=TOKEN
type listing struct {
	Path       string
	Experiment string // id; "" for the page's own
	Filter     string // in the language of package filter
	Order      string // column; "" for the list's own order
	Descending bool
	Chosen     []string // columns; nil for those that the page chooses
	After      string   // token of the page before
}

// readListing reads an address. An empty choice of columns is a choice too.
func readListing(r *http.Request) (listing, error) {
	q := r.URL.Query()
	l := listing{
		Path: r.URL.Path, Experiment: q.Get("experiment"), Filter: strings.TrimSpace(q.Get("filter")),
		Order: q.Get("order"), Descending: q.Get("desc") != "", After: q.Get("after"),
	}
	if q.Has("columns") {
		l.Chosen = []string{}
		for _, id := range q["columns"] {
			if id != "" && !slices.Contains(l.Chosen, id) {
				l.Chosen = append(l.Chosen, id)
			}
		}
	}
	if len(l.Chosen) > columnsMost {
		return l, pluvia.Errorf(pluvia.Invalid, "columns: %d are chosen, the most is %d: leave some out", len(l.Chosen), columnsMost)
	}
	return l, nil
}

// Plain says whether nothing is asked of the list but what it shows by itself.
func (l listing) Plain() bool {
	return l.Filter == "" && l.Order == "" && l.Chosen == nil && l.After == ""
}

// values are what stands in the address, but for the names given.
func (l listing) values(without ...string) url.Values {
	v := url.Values{}
	set := func(name, value string) {
		if value != "" && !slices.Contains(without, name) {
			v.Set(name, value)
		}
	}
	set("experiment", l.Experiment)
	set("filter", l.Filter)
	set("order", l.Order)
	if l.Descending {
		set("desc", "1")
	}
	set("after", l.After)
	if l.Chosen != nil && !slices.Contains(without, "columns") {
		v["columns"] = l.Chosen
		if len(l.Chosen) == 0 {
			v.Set("columns", "")
		}
	}
	return v
}

func (l listing) address() string {
	if query := l.values().Encode(); query != "" {
		return l.Path + "?" + query
	}
	return l.Path
}

// Reset is the address of the list as it shows itself.
func (l listing) Reset() string { return listing{Path: l.Path, Experiment: l.Experiment}.address() }

// First is the address of the first page.
func (l listing) First() string {
	l.After = ""
	return l.address()
}

// next is the address of the page behind this one, "" when there is none.
func (l listing) next(token string) string {
	if token == "" {
		return ""
	}
	l.After = token
	return l.address()
}

// Hidden are the fields that a form of the list carries along, but for the
// names given. A form leads to the first page.
func (l listing) Hidden(without ...string) []pluvia.Tag {
	var fields []pluvia.Tag
	values := l.values(append(without, "after")...)
	for _, name := range []string{"experiment", "filter", "order", "desc", "columns"} {
		for _, value := range values[name] {
			fields = append(fields, pluvia.Tag{Key: name, Value: value})
		}
	}
	return fields
}

// column is a column of a list.
type column struct {
	ID     string
	Head   string
	Kind   string // of its cells
	Sort   string // address of the list sorted by it; "" when it cannot be
	Sorted string // ascending or descending, as aria-sort says it; "" for neither
}

// cell is a value in a list.
type cell struct {
	Kind string // n, status, time, text
	Text string // of a time: for people
	Full string // of a text that was cut
	MS   int64  // of a time
}

// textCell is a text, cut when it is long.
func textCell(text string) cell {
	if utf8.RuneCountInString(text) <= textShown {
		return cell{Kind: "text", Text: text}
	}
	return cell{Kind: "text", Text: string([]rune(text)[:textShown-1]) + "…", Full: cutText(text, 10*textShown)}
}

func cutText(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most-1]) + "…"
}

// head makes the head of a column. The first click sorts numbers and times
// from the greatest on, texts from the first on.
func (l listing) head(id, name, kind string, sortable bool) column {
	c := column{ID: id, Head: name, Kind: kind}
	if !sortable {
		return c
	}
	to := l
	to.After, to.Order, to.Descending = "", id, kind != "text" && kind != "status"
	if l.Order == id {
		to.Descending = !l.Descending
		c.Sorted = "ascending"
		if l.Descending {
			c.Sorted = "descending"
		}
	}
	c.Sort = to.address()
	return c
}

// offer is a column that can be chosen.
type offer struct {
	ID, Name string
	Chosen   bool
}

// offers are the columns of one kind that can be chosen.
type offers struct {
	Title string
	Of    []offer
	More  int // that are not offered
}

func offered(title string, ids []string, name func(id string) string, chosen []column) offers {
	o := offers{Title: title}
	for _, id := range ids {
		is := slices.ContainsFunc(chosen, func(c column) bool { return c.ID == id })
		if len(o.Of) >= offeredShown && !is {
			o.More++
			continue
		}
		o.Of = append(o.Of, offer{id, name(id), is})
	}
	return o
}

// fault is what is wrong in a filter, and where.
type fault struct {
	Message string
	Place   string // the character, from 1; "" when it is not known
	Before  string // the filter up to there, its end only when that is long
	Here    string // what stands there
	Behind  string
}

const around = 40 // characters of a filter that are shown on either side of a fault

// faultIn reads the place that errors of package filter begin with.
func faultIn(text string, err error) *fault {
	f := &fault{Message: pluvia.ErrorMessage(err)}
	rest, ok := strings.CutPrefix(f.Message, "at ")
	place, message, cut := strings.Cut(rest, ": ")
	at, number := strconv.Atoi(place)
	if !ok || !cut || number != nil || at < 1 {
		return f
	}
	runes := []rune(text)
	at = min(at-1, len(runes))
	f.Message, f.Place = message, place
	f.Before = string(runes[max(0, at-around):at])
	if at-around > 0 {
		f.Before = "…" + f.Before
	}
	if at < len(runes) {
		f.Here = string(runes[at])
		f.Behind = string(runes[at+1 : min(len(runes), at+1+around)])
		if at+1+around < len(runes) {
			f.Behind += "…"
		}
	}
	return f
}

// search reads filter and order. What is wrong with the filter is no error but
// a fault to be shown beside it.
func (l listing) search(kind *filter.Kind, attributes map[string]string) (pluvia.Search, *fault, error) {
	s := pluvia.Search{Limit: rowsPerPage, After: l.After}
	if l.Order != "" {
		field, err := kind.OrderField(orderName(l.Order, attributes))
		if err != nil {
			return s, nil, err
		}
		s.OrderBy = []pluvia.Order{{Field: field, Descending: l.Descending}}
	}
	where, err := kind.Parse(l.Filter)
	if err != nil {
		return s, faultIn(l.Filter, err), nil
	}
	s.Where = where
	return s, nil, nil
}

// orderName is what a column is called in an order.
func orderName(id string, attributes map[string]string) string {
	if name := attributes[id]; name != "" {
		return name
	}
	return id
}
