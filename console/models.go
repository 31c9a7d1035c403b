package console

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/pluvia-ml/pluvia"
)

// modelsPage is the registry: models by name.
type modelsPage struct {
	*page
	listing
	Models []registered
	Next   string
}

type registered struct {
	*pluvia.Model
	URL string
}

func modelURL(name string) string { return "/models/" + url.PathEscape(name) }

func (c *Console) models(w http.ResponseWriter, r *http.Request) error {
	p := &modelsPage{page: c.page(w, r, "models")}
	p.Title = p.T("nav.models")
	var err error
	if p.listing, err = readListing(r); err != nil {
		return err
	}
	found, next, err := c.Store.SearchModels(r.Context(), pluvia.Search{Limit: rowsPerPage, After: p.After})
	if err != nil {
		return err
	}
	for _, m := range found {
		p.Models = append(p.Models, registered{m, modelURL(m.Name)})
	}
	p.Next = p.next(next)
	return c.show(w, r, http.StatusOK, "models.html", p)
}

// modelPage is one registered model: its versions, the highest number first.
type modelPage struct {
	*page
	listing
	Model    registered
	Aliases  []string // that can be moved: those of the model, and the champion
	Versions []versionRow
	Next     string
}

// versionRow is a version with where it comes from.
type versionRow struct {
	*pluvia.Version
	Run  *pluvia.Run // nil when it is not here
	Data []pluvia.Dataset
	Move []move
}

// move is an alias that another version has.
type move struct{ Alias, URL string }

func (c *Console) model(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	m, err := c.Store.Model(ctx, r.PathValue("name"))
	if err != nil {
		return err
	}
	p := &modelPage{page: c.page(w, r, "models"), Model: registered{m, modelURL(m.Name)}}
	p.Title = m.Name
	if p.listing, err = readListing(r); err != nil {
		return err
	}
	for _, a := range m.Aliases {
		p.Aliases = append(p.Aliases, a.Name)
	}
	if m.Alias(pluvia.Champion) == 0 {
		p.Aliases = append(p.Aliases, pluvia.Champion)
	}
	found, next, err := c.Store.SearchVersions(ctx, pluvia.Search{
		Where:   pluvia.Compare{Field: pluvia.Field{Key: "name"}, Op: pluvia.Equal, Text: m.Name},
		OrderBy: []pluvia.Order{{Field: pluvia.Field{Key: "version_number"}, Descending: true}},
		Limit:   rowsPerPage, After: p.After,
	})
	if err != nil {
		return err
	}
	p.Next = p.next(next)
	for _, v := range found {
		row := versionRow{Version: v}
		if row.Run, row.Data, err = c.lineage(ctx, v.RunID); err != nil {
			return err
		}
		for _, alias := range p.Aliases {
			if m.Alias(alias) != v.Number {
				to := url.Values{"alias": {alias}, "version": {strconv.Itoa(v.Number)}}
				row.Move = append(row.Move, move{alias, modelURL(m.Name) + "/alias?" + to.Encode()})
			}
		}
		p.Versions = append(p.Versions, row)
	}
	return c.show(w, r, http.StatusOK, "model.html", p)
}

// lineage is the run that made a version, and the data sets that it read. A run
// that has been deleted for good is no error.
func (c *Console) lineage(ctx context.Context, id string) (*pluvia.Run, []pluvia.Dataset, error) {
	if id == "" {
		return nil, nil, nil
	}
	run, err := c.Store.Run(ctx, id)
	if pluvia.ErrorCode(err) == pluvia.NotFound {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	var data []pluvia.Dataset
	for _, input := range run.Inputs {
		data = append(data, input.Dataset)
	}
	return run, data, nil
}

// aliasPage asks once before an alias is moved, and says what that changes.
type aliasPage struct {
	*page
	Model  registered
	Alias  string
	From   int // the version that has it, 0 for none
	To     int
	Serves bool // the server answers with what this alias points at
}

// aliasAsked reads which alias is to go where.
func (c *Console) aliasAsked(r *http.Request) (m *pluvia.Model, alias string, to int, err error) {
	if m, err = c.Store.Model(r.Context(), r.PathValue("name")); err != nil {
		return nil, "", 0, err
	}
	if alias = r.FormValue("alias"); alias == "" {
		return nil, "", 0, pluvia.Errorf(pluvia.Invalid, "alias is empty: name the one to move")
	}
	if to, err = strconv.Atoi(r.FormValue("version")); err != nil {
		return nil, "", 0, pluvia.Errorf(pluvia.Invalid, "version is %.40q: want a number from 1 on", r.FormValue("version"))
	}
	_, err = c.Store.Version(r.Context(), m.Name, to)
	return m, alias, to, err
}

func (c *Console) alias(w http.ResponseWriter, r *http.Request) error {
	m, alias, to, err := c.aliasAsked(r)
	if err != nil {
		return err
	}
	p := &aliasPage{
		page: c.page(w, r, "models"), Model: registered{m, modelURL(m.Name)}, Alias: alias, From: m.Alias(alias), To: to,
		Serves: m.Name == c.Project.Names.ModelProd && alias == pluvia.Champion,
	}
	p.Title = p.T("alias.move", alias)
	return c.show(w, r, http.StatusOK, "alias.html", p)
}

// moveAlias moves an alias, if it still points where the person who confirmed
// has seen it.
func (c *Console) moveAlias(w http.ResponseWriter, r *http.Request) error {
	m, alias, to, err := c.aliasAsked(r)
	if err != nil {
		return err
	}
	seen, err := strconv.Atoi(cmp.Or(r.FormValue("from"), "0"))
	if err != nil || seen != m.Alias(alias) {
		return pluvia.Errorf(pluvia.Conflict, "alias %s of %s points at version %d by now: look at it again, then move it", alias, m.Name, m.Alias(alias))
	}
	if err := c.Store.UpdateVersion(r.Context(), m.Name, to, pluvia.VersionUpdate{Aliases: []string{alias}}); err != nil {
		return err
	}
	http.Redirect(w, r, modelURL(m.Name), http.StatusSeeOther)
	return nil
}
