// Package filter reads the filters and orders of MLflow's searches:
//
//	metrics.auc > 0.8 and (params.model = 'boost' or not tags.`mlflow.user` LIKE 'test%')
//
// The grammar is MLflow's, with OR, NOT and parentheses besides:
//
//	filter  = [ or [ AND ] ]                       a trailing AND is let pass, as by MLflow
//	or      = and { OR and }
//	and     = not { AND not }
//	not     = NOT not | "(" or ")" | clause
//	clause  = name operator value | name [ NOT ] IN list | name IS [ NOT ] NULL
//	operator = "=" | "!=" | "<" | "<=" | ">" | ">=" | LIKE | ILIKE
//	list    = "(" text { "," text } [ "," ] ")"
//	name    = [ entity "." ] key                   split at the first dot; either may be in `..` or ".."
//	text    = '..' | ".."                          without escapes; '' inside '..' stands for itself
//	order   = name [ ASC | DESC ]
//
// Key words are taken in any case. A bare key may have letters, digits and
// any of _ . - / : @ $ in it. What comes out has been checked against what the
// [Kind] of entity has, so that whoever runs it meets no unknown field and no
// operator that does not fit. The package knows no SQL, and keeps no text of a
// user's for anything but a value or a key.
//
// Errors are [pluvia.Error] with the code [pluvia.Invalid]; they begin with
// the place, in characters counted from 1: "at 17: expected a value".
package filter

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pluvia-ml/pluvia"
)

// Bounds of a filter, so that what a database is asked stays askable.
const (
	MaxBytes   = 512 << 10 // of a filter: ten thousand run ids fit
	MaxClauses = 200       // of a filter
	MaxList    = 10_000    // texts in the lists of a filter
	MaxDepth   = 50        // of parentheses and NOT in each other
	MaxOrders  = 50        // keys to order by
)

// Kind is a kind of entity that can be searched: what its filters may name.
type Kind struct {
	entities map[string]pluvia.Part // what may stand before the dot
	order    []string               // those of entities that messages list, by their first name
	texts    map[string]string      // attributes that are texts, by each of their names
	numbers  map[string]string      // attributes that are numbers, likewise
	quoted   map[string]string      // attributes that are integers and written in quotes, likewise
	lists    []string               // attributes that may be compared with a list
	null     []pluvia.Part          // parts that may be missing
	orders   map[string]string      // attributes to order by
	orderOf  []pluvia.Part          // parts to order by besides attributes
}

// The kinds.
var (
	Runs = &Kind{
		entities: map[string]pluvia.Part{
			"metric": pluvia.MetricPart, "metrics": pluvia.MetricPart,
			"parameter": pluvia.ParamPart, "parameters": pluvia.ParamPart, "param": pluvia.ParamPart, "params": pluvia.ParamPart,
			"tag": pluvia.TagPart, "tags": pluvia.TagPart,
			"attribute": pluvia.Attribute, "attributes": pluvia.Attribute, "attr": pluvia.Attribute, "run": pluvia.Attribute,
			"dataset": pluvia.DatasetPart, "datasets": pluvia.DatasetPart,
		},
		order: []string{"metric", "parameter", "tag", "attribute", "dataset"},
		texts: map[string]string{
			"run_id": "run_id", "run_name": "run_name", "run name": "run_name", "Run name": "run_name", "Run Name": "run_name",
			"user_id": "user_id", "status": "status", "artifact_uri": "artifact_uri",
		},
		numbers: map[string]string{"start_time": "start_time", "end_time": "end_time", "created": "start_time", "Created": "start_time"},
		lists:   []string{"run_id"},
		null:    []pluvia.Part{pluvia.ParamPart, pluvia.TagPart},
		orders: map[string]string{
			"run_id": "run_id", "run_name": "run_name", "user_id": "user_id", "status": "status", "artifact_uri": "artifact_uri",
			"start_time": "start_time", "end_time": "end_time", "created": "start_time", "Created": "start_time",
		},
		orderOf: []pluvia.Part{pluvia.MetricPart, pluvia.ParamPart, pluvia.TagPart},
	}
	Experiments = &Kind{
		entities: map[string]pluvia.Part{"attribute": pluvia.Attribute, "tag": pluvia.TagPart, "tags": pluvia.TagPart},
		order:    []string{"attribute", "tag"},
		texts:    map[string]string{"name": "name"},
		numbers:  map[string]string{"creation_time": "creation_time", "last_update_time": "last_update_time"},
		quoted:   map[string]string{"experiment_id": "experiment_id"},
		lists:    []string{"experiment_id"},
		null:     []pluvia.Part{pluvia.TagPart},
		orders: map[string]string{
			"name": "name", "experiment_id": "experiment_id",
			"creation_time": "creation_time", "last_update_time": "last_update_time",
		},
	}
	Models = &Kind{
		entities: map[string]pluvia.Part{"attribute": pluvia.Attribute, "tag": pluvia.TagPart, "tags": pluvia.TagPart},
		order:    []string{"attribute", "tag"},
		texts:    map[string]string{"name": "name"},
		lists:    []string{"name"},
		orders: map[string]string{
			"name": "name", "timestamp": "last_updated_timestamp", "last_updated_timestamp": "last_updated_timestamp",
		},
	}
	Versions = &Kind{
		entities: map[string]pluvia.Part{"attribute": pluvia.Attribute, "tag": pluvia.TagPart, "tags": pluvia.TagPart},
		order:    []string{"attribute", "tag"},
		texts:    map[string]string{"name": "name", "run_id": "run_id", "source_path": "source_path"},
		numbers:  map[string]string{"version_number": "version_number"},
		lists:    []string{"name", "run_id"},
		orders: map[string]string{
			"name": "name", "version_number": "version_number", "creation_timestamp": "creation_timestamp",
			"timestamp": "last_updated_timestamp", "last_updated_timestamp": "last_updated_timestamp",
		},
	}
	LoggedModels = &Kind{
		entities: map[string]pluvia.Part{
			"metrics": pluvia.MetricPart, "params": pluvia.ParamPart, "tags": pluvia.TagPart, "attributes": pluvia.Attribute,
		},
		order: []string{"attributes", "metrics", "params", "tags"},
		texts: map[string]string{
			"name": "name", "model_id": "model_id", "model_type": "model_type", "status": "status", "source_run_id": "source_run_id",
		},
		numbers: map[string]string{
			"creation_time": "creation_timestamp", "creation_timestamp": "creation_timestamp", "creation_timestamp_ms": "creation_timestamp",
			"last_updated_time": "last_updated_timestamp", "last_updated_timestamp": "last_updated_timestamp", "last_updated_timestamp_ms": "last_updated_timestamp",
		},
		lists: []string{"name", "model_id", "model_type", "status", "source_run_id", "params", "tags"},
		orders: map[string]string{
			"name": "name", "model_id": "model_id", "model_type": "model_type", "status": "status", "source_run_id": "source_run_id",
			"creation_time": "creation_timestamp", "creation_timestamp": "creation_timestamp",
			"last_updated_time": "last_updated_timestamp", "last_updated_timestamp": "last_updated_timestamp",
		},
		orderOf: []pluvia.Part{pluvia.MetricPart},
	}
)

// datasetKeys are what a data set is chosen by.
var datasetKeys = []string{"name", "digest", "context"}

// parts are the names of the parts in messages.
var parts = map[pluvia.Part]string{
	pluvia.Attribute: "attribute", pluvia.MetricPart: "metric", pluvia.ParamPart: "parameter", pluvia.TagPart: "tag", pluvia.DatasetPart: "dataset",
}

// Parse reads a filter. An empty one is nil, which is true of everything.
func (k *Kind) Parse(text string) (pluvia.Expr, error) {
	if len(text) > MaxBytes {
		return nil, pluvia.Errorf(pluvia.Invalid, "Invalid clause(s) in filter string: it has %d bytes, the most is %d", len(text), MaxBytes)
	}
	p := &parser{lexer: lexer{text: text, syntax: "Invalid clause(s) in filter string: "}, kind: k}
	p.next()
	var e pluvia.Expr
	if p.token.kind != end {
		e = p.or(0)
		if p.err == nil && p.token.kind != end {
			p.unexpected("AND, OR or the end")
		}
	}
	if p.err != nil {
		return nil, p.err
	}
	return e, nil
}

// ParseOrder reads what to order by: "metrics.auc DESC". Two clauses with the
// same field are an error.
func (k *Kind) ParseOrder(clauses []string) ([]pluvia.Order, error) {
	if len(clauses) > MaxOrders {
		return nil, pluvia.Errorf(pluvia.Invalid, "Invalid order_by clause: %d keys to order by, the most is %d", len(clauses), MaxOrders)
	}
	var orders []pluvia.Order
	for _, clause := range clauses {
		o, err := k.parseOrder(clause)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(orders, func(other pluvia.Order) bool { return other.Field == o.Field }) {
			return nil, pluvia.Errorf(pluvia.Invalid, "`order_by` contains duplicate fields: %s", quote(strings.Join(clauses, ", ")))
		}
		orders = append(orders, o)
	}
	return orders, nil
}

func (k *Kind) parseOrder(clause string) (o pluvia.Order, err error) {
	if len(clause) > MaxBytes {
		return o, pluvia.Errorf(pluvia.Invalid, "Invalid order_by clause: it has %d bytes, the most is %d", len(clause), MaxBytes)
	}
	p := &parser{lexer: lexer{text: clause, syntax: fmt.Sprintf("Invalid order_by clause '%s'. Could not be parsed: ", quote(clause))}, kind: k}
	p.next()
	t := p.token
	if t.kind != name && t.kind != quoted {
		p.unexpected("a key to order by")
		return o, p.err
	}
	p.next()
	if p.err == nil && p.token.kind == name && !p.token.dotted {
		switch strings.ToUpper(p.token.key) {
		case "ASC":
		case "DESC":
			o.Descending = true
		default:
			p.failf(p.token.at, "Invalid ordering key in order_by clause '%s': expected ASC or DESC, got %s", quote(clause), p.show())
		}
		p.next()
	}
	if p.err == nil && p.token.kind != end {
		p.unexpected("ASC, DESC or the end")
	}
	if p.err == nil {
		o.Field = p.orderField(t)
	}
	return o, p.err
}

// OrderField is the field to order by that stands in a request by its name
// alone: "metrics.auc", "creation_time".
func (k *Kind) OrderField(text string) (pluvia.Field, error) {
	p := &parser{lexer: lexer{text: text}, kind: k}
	entity, key, dotted := strings.Cut(text, ".")
	t := token{kind: name, entity: entity, key: key, dotted: dotted}
	if !dotted {
		t.entity, t.key = "", strings.TrimSpace(entity)
	}
	f := p.orderField(t)
	return f, p.err
}

// orderField is the field that a name orders by.
func (p *parser) orderField(t token) pluvia.Field {
	part, ok := p.part(t)
	switch {
	case !ok:
		return pluvia.Field{}
	case part == pluvia.Attribute:
		key, ok := p.kind.orders[t.key]
		if !ok {
			p.failf(t.at, "Invalid attribute key '%s' specified. Valid keys are '%s'", quote(t.key), names(p.kind.orders))
		}
		return pluvia.Field{Key: key}
	case !slices.Contains(p.kind.orderOf, part):
		p.failf(t.at, "Invalid order_by entity: %s", parts[part])
	}
	return pluvia.Field{Of: part, Key: t.key}
}
