package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/mlflow/filter"
)

// experimentsPage is the list of experiments.
type experimentsPage struct {
	*page
	listing
	Heads  []column
	Offers []offers
	Rows   []listRow
	Next   string
	Fault  *fault
	Hint   string // an example of a filter
}

// listRow is a row of a list: a name that leads on, and its cells.
type listRow struct {
	ID, Name, URL string
	Cells         []cell
}

// experimentAttributes are the columns of experiments besides tags: what they
// are called in an order, "" for those that cannot be sorted by.
var experimentAttributes = map[string]string{"id": "experiment_id", "name": "name", "created": "creation_time", "updated": "last_update_time", "runs": ""}

var experimentColumns = []string{"runs", "created", "updated"}

func (c *Console) experiments(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	p := &experimentsPage{page: c.page(w, r, "runs"), Hint: "name ILIKE '%forest%'"}
	p.Title = p.T("experiments")
	var err error
	if p.listing, err = readListing(r); err != nil {
		return err
	}
	search, fault, err := p.search(filter.Experiments, experimentAttributes)
	if err != nil {
		return err
	}
	status := http.StatusOK
	var found []*pluvia.Experiment
	if p.Fault = fault; fault != nil {
		status = http.StatusUnprocessableEntity
	} else {
		var next string
		if found, next, err = c.Store.SearchExperiments(ctx, search); err != nil {
			return err
		}
		p.Next = p.next(next)
	}
	var tags []string
	for _, e := range found {
		for _, t := range e.Tags {
			if id := "tags." + t.Key; !slices.Contains(tags, id) {
				tags = append(tags, id)
			}
		}
	}
	slices.Sort(tags)
	chosen := p.Chosen
	if chosen == nil {
		chosen = experimentColumns
	}
	for _, id := range chosen {
		_, isTag := strings.CutPrefix(id, "tags.")
		_, known := experimentAttributes[id]
		switch {
		case isTag:
			p.Heads = append(p.Heads, p.head(id, id, "text", false))
		case known && id != "name":
			p.Heads = append(p.Heads, p.head(id, p.T("column."+id), map[string]string{"runs": "n", "id": "n", "created": "time", "updated": "time"}[id], experimentAttributes[id] != ""))
		default:
			return pluvia.Errorf(pluvia.Invalid, "columns: %.80q: want tags.KEY or one of id, created, updated, runs", id)
		}
	}
	for _, e := range found {
		row := listRow{ID: e.ID, Name: e.Name, URL: "/runs?" + url.Values{"experiment": {e.ID}}.Encode()}
		for _, head := range p.Heads {
			cell, err := c.experimentCell(r, p.page, e, head)
			if err != nil {
				return err
			}
			row.Cells = append(row.Cells, cell)
		}
		p.Rows = append(p.Rows, row)
	}
	p.Offers = []offers{
		offered(p.T("columns.attributes"), []string{"id", "runs", "created", "updated"}, func(id string) string { return p.T("column." + id) }, p.Heads),
		offered(p.T("run.tags"), tags, keyOf, p.Heads),
	}
	return c.show(w, r, status, "experiments.html", p)
}

// keyOf is the key in the name of a column: tags.KEY.
func keyOf(id string) string {
	_, key, _ := strings.Cut(id, ".")
	return key
}

func (c *Console) experimentCell(r *http.Request, p *page, e *pluvia.Experiment, head column) (cell, error) {
	switch head.ID {
	case "id":
		return cell{Kind: "n", Text: e.ID}, nil
	case "created":
		return cell{Kind: "time", Text: p.Stamp(e.Created), MS: e.Created}, nil
	case "updated":
		return cell{Kind: "time", Text: p.Stamp(e.Updated), MS: e.Updated}, nil
	case "runs":
		count, err := c.Store.CountRuns(r.Context(), pluvia.RunFilter{ExperimentID: e.ID})
		return cell{Kind: "n", Text: p.Int(count)}, err
	}
	return textCell(pluvia.TagValue(e.Tags, keyOf(head.ID))), nil
}
