package store

import (
	"fmt"
	"strings"

	"github.com/pluvia-ml/pluvia"
)

// The classes of an entity under one key of an order. They come in this order
// whichever way the values go.
const (
	hasValue = iota
	hasNaN
	hasNone
	classes
)

// term is one key of an order.
type term struct {
	field      pluvia.Field
	descending bool
	of         valueKind
	class      string // SQL of the class, "" when every entity has a value
	value      string // SQL of the value; something when there is none
	prefix     string // SQL of what an index has of the value, to order by before it; "" for the value itself
	join       string // joins what class and value speak of
}

// valueKind is what the values of a term are.
type valueKind int

const (
	aText valueKind = iota
	anInteger
	aReal
)

// terms makes an order total: by the keys given, then by those of the kind.
func (q *query) terms(given []pluvia.Order) ([]term, error) {
	if len(given) > maxSearchKeys {
		return nil, pluvia.Errorf(pluvia.Invalid, "order: more than %d keys", maxSearchKeys)
	}
	var terms []term
	seen := make(map[string]bool)
	for _, o := range append(given[:len(given):len(given)], q.kind.tail...) {
		// Whatever comes second by the same key changes nothing.
		name := fmt.Sprintf("%d %s %v", o.Field.Of, o.Field.Key, o.Field.Dataset)
		if seen[name] {
			continue
		}
		seen[name] = true
		t, err := q.term(o, len(terms))
		if err != nil {
			return nil, err
		}
		if storable(o.Field.Key) { // nobody has any other
			terms = append(terms, t)
		}
	}
	return terms, nil
}

func (q *query) term(o pluvia.Order, i int) (term, error) {
	f := o.Field
	t := term{field: f, descending: o.Descending}
	if f.Of == pluvia.Attribute {
		col, ok := q.kind.attributes[f.Key]
		if !ok {
			return t, q.noField(f)
		}
		if col.number {
			t.of = anInteger
		}
		t.value = col.sql
		if col.missing != "" {
			t.class = fmt.Sprintf(`CASE WHEN %s THEN %d ELSE %d END`, col.missing, hasNone, hasValue)
		}
		return t, nil
	}
	p, ok := q.kind.parts[f.Of]
	if !ok || p.keys != nil {
		return t, pluvia.Errorf(pluvia.Invalid, "%s cannot be ordered by %s", q.kind.name, fieldName(f))
	}
	if p.real {
		t.of = aReal
	}
	if !storable(f.Key) {
		return t, nil // not a term
	}
	if name, ok := q.joined[f]; ok {
		t.value = name + `.value`
		if !p.real {
			t.prefix = fmt.Sprintf(`SUBSTR(%s.value, 1, %d)`, name, indexed)
		}
		return t, nil
	}
	name := fmt.Sprintf("o%d", i)
	on := fmt.Sprintf(p.on, name) + ` AND ` + name + `.key = ` + q.arg(f.Key)
	if p.dataset {
		on += q.ofDataset(name, f.Dataset)
	}
	if p.newer != "" {
		on += fmt.Sprintf(` AND NOT EXISTS (SELECT 1 FROM %s x WHERE %s AND x.key = %s.key%s AND %s)`,
			p.table, fmt.Sprintf(p.on, "x"), name, q.ofDataset("x", f.Dataset), fmt.Sprintf(p.newer, name, "x"))
	}
	t.join = fmt.Sprintf(` LEFT JOIN %s %s ON %s`, p.table, name, on)
	t.value = fmt.Sprintf(`COALESCE(%s.value, %s)`, name, p.nothing())
	isNaN := ""
	if p.real {
		isNaN = fmt.Sprintf(` WHEN %s.is_nan THEN %d`, name, hasNaN)
	}
	t.class = fmt.Sprintf(`CASE WHEN %s.key IS NULL THEN %d%s ELSE %d END`, name, hasNone, isNaN, hasValue)
	return t, nil
}

// nothing is the SQL of a value that stands for none.
func (p part) nothing() string {
	if p.real {
		return `0.0`
	}
	return `''`
}

// orderBy is the SQL of an order.
func orderBy(terms []term) string {
	var keys []string
	for _, t := range terms {
		way := ` ASC`
		if t.descending {
			way = ` DESC`
		}
		if t.class != "" {
			keys = append(keys, t.class)
		}
		if t.prefix != "" {
			keys = append(keys, t.prefix+way)
		}
		keys = append(keys, t.value+way)
	}
	return strings.Join(keys, `, `)
}

// mark is the place of an entity in an order: its class and value under each
// term.
type mark []place

type place struct {
	class int
	value any // string, int64 or float64
}

// after is the condition that an entity comes after the one at m.
func (q *query) after(terms []term, m mark) string {
	type compared struct{ equal, later, notBefore string }
	each := make([]compared, len(terms))
	for i, t := range terms {
		operator := `>`
		if t.descending {
			operator = `<`
		}
		if m[i].class != hasValue { // all of that class are alike
			each[i] = compared{
				equal:     fmt.Sprintf(`%s = %d`, t.class, m[i].class),
				later:     fmt.Sprintf(`%s > %d`, t.class, m[i].class),
				notBefore: fmt.Sprintf(`%s >= %d`, t.class, m[i].class),
			}
			continue
		}
		v := q.arg(m[i].value)
		c := compared{
			equal:     t.value + ` = ` + v,
			later:     t.value + ` ` + operator + ` ` + v,
			notBefore: t.value + ` ` + operator + `= ` + v,
		}
		if t.prefix != "" {
			c.notBefore = t.prefix + ` ` + operator + `= ` + q.arg(cut(m[i].value.(string), indexed))
		}
		if t.class != "" {
			c = compared{
				equal:     fmt.Sprintf(`(%s = %d AND %s)`, t.class, hasValue, c.equal),
				later:     fmt.Sprintf(`(%s > %d OR %s)`, t.class, hasValue, c.later),
				notBefore: fmt.Sprintf(`(%s > %d OR %s)`, t.class, hasValue, c.notBefore),
			}
		}
		each[i] = c
	}
	condition := never
	for i := len(each) - 1; i >= 0; i-- {
		condition = fmt.Sprintf(`(%s OR (%s AND %s))`, each[i].later, each[i].equal, condition)
	}
	// Says nothing new, but lets an index begin at the mark.
	return each[0].notBefore + ` AND ` + condition
}
