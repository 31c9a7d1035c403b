package mlflow

import (
	"strings"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/mlflow/filter"
)

// views are the numbers of MLflow's ViewType.
var views = map[string]int64{"ACTIVE_ONLY": 1, "DELETED_ONLY": 2, "ALL": 3}

// view is a ViewType, of which active entities are the default.
func (m message) view(name string) pluvia.View {
	switch m.enum(name, views) {
	case "DELETED_ONLY":
		return pluvia.DeletedOnly
	case "ALL":
		return pluvia.AllStages
	}
	return pluvia.ActiveOnly
}

// newSearch makes a search of a filter, keys to order by, and the size of a
// page. Addresses of artifacts in the filter become those of the store.
func newSearch(k *filter.Kind, where string, orders []string, limit int64) (s pluvia.Search, err error) {
	if s.Limit, err = page(limit, maxPage); err != nil {
		return s, err
	}
	if s.Where, err = k.Parse(where); err != nil {
		return s, err
	}
	s.Where = addresses(s.Where)
	s.OrderBy, err = k.ParseOrder(orders)
	return s, err
}

// addresses turns the artifact URIs of a filter into the store's. A pattern
// that begins with one is one.
func addresses(e pluvia.Expr) pluvia.Expr {
	switch e := e.(type) {
	case pluvia.And:
		for i := range e {
			e[i] = addresses(e[i])
		}
	case pluvia.Or:
		for i := range e {
			e[i] = addresses(e[i])
		}
	case pluvia.Not:
		return pluvia.Not{X: addresses(e.X)}
	case pluvia.Compare:
		if e.Field.Of == pluvia.Attribute && e.Field.Key == "artifact_uri" && strings.HasPrefix(e.Text, onWire) {
			e.Text = inStore + strings.TrimPrefix(e.Text, onWire)
		}
		return e
	}
	return e
}

// appendOne writes {"name": entity}.
func appendOne[T any](b []byte, name string, entity T, appendTo func([]byte, T) []byte) []byte {
	b = key(append(b, '{'), name)
	return append(appendTo(b, entity), '}')
}

// appendPage writes {"name": [...], "next_page_token": "..."}, each of them
// only when there is something in it.
func appendPage[T any](b []byte, name string, found []T, token string, appendTo func([]byte, T) []byte) []byte {
	b = append(b, '{')
	if len(found) > 0 {
		b = append(key(b, name), '[')
		for _, entity := range found {
			b = appendTo(next(b), entity)
		}
		b = append(b, ']')
	}
	b = textUnless(b, "next_page_token", token)
	return append(b, '}')
}
