package storetest

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"unicode"

	"github.com/pluvia-ml/pluvia"
)

// subject is an entity as a naive search sees it.
type subject struct {
	id           string
	texts        map[string]string  // attributes that it has
	numbers      map[string]float64 // likewise
	params, tags map[string]string
	metrics      []measured          // for runs one of each key
	datasets     []map[string]string // name, digest, context
}

// measured is the latest value of a metric on a data set.
type measured struct {
	key       string
	value     float64
	timestamp int64
	dataset   pluvia.DatasetRef
}

func (m measured) on(d *pluvia.DatasetRef) bool {
	return d == nil || m.dataset.Name == d.Name && (d.Digest == "" || m.dataset.Digest == d.Digest)
}

// matches is what a condition means, as its doc says it.
func (s subject) matches(e pluvia.Expr) bool {
	switch e := e.(type) {
	case nil:
		return true
	case pluvia.And:
		return !slices.ContainsFunc(e, func(x pluvia.Expr) bool { return !s.matches(x) })
	case pluvia.Or:
		return slices.ContainsFunc(e, s.matches)
	case pluvia.Not:
		return !s.matches(e.X)
	}
	c := e.(pluvia.Compare)
	texts, numbers := s.values(c.Field)
	switch c.Op {
	case pluvia.IsNull:
		return len(texts)+len(numbers) == 0
	case pluvia.IsNotNull:
		return len(texts)+len(numbers) > 0
	}
	return slices.ContainsFunc(texts, func(v string) bool { return textMatches(v, c) }) ||
		slices.ContainsFunc(numbers, func(v float64) bool { return numberMatches(v, c) })
}

// values are all that an entity has of a field.
func (s subject) values(f pluvia.Field) (texts []string, numbers []float64) {
	from := func(m map[string]string) {
		if v, ok := m[f.Key]; ok {
			texts = append(texts, v)
		}
	}
	switch f.Of {
	case pluvia.Attribute:
		from(s.texts)
		if v, ok := s.numbers[f.Key]; ok {
			numbers = append(numbers, v)
		}
	case pluvia.ParamPart:
		from(s.params)
	case pluvia.TagPart:
		from(s.tags)
	case pluvia.MetricPart:
		for _, m := range s.metrics {
			if m.key == f.Key && m.on(f.Dataset) {
				numbers = append(numbers, m.value)
			}
		}
	case pluvia.DatasetPart:
		for _, d := range s.datasets {
			from(d)
		}
	}
	return texts, numbers
}

func numberMatches(v float64, c pluvia.Compare) bool {
	if math.IsNaN(v) {
		v = 0 // as MLflow keeps it
	}
	switch c.Op {
	case pluvia.Equal:
		return v == c.Number
	case pluvia.NotEqual:
		return v != c.Number
	case pluvia.Less:
		return v < c.Number
	case pluvia.LessEqual:
		return v <= c.Number
	case pluvia.Greater:
		return v > c.Number
	}
	return v >= c.Number
}

func textMatches(v string, c pluvia.Compare) bool {
	switch c.Op {
	case pluvia.Equal:
		return v == c.Text
	case pluvia.NotEqual:
		return v != c.Text
	case pluvia.Like:
		return like([]rune(v), []rune(c.Text))
	case pluvia.ILike:
		return like(folded(v), folded(c.Text))
	case pluvia.In:
		return slices.Contains(c.List, v)
	}
	return !slices.Contains(c.List, v)
}

// like fills in the table of which beginnings of the text are like which
// beginnings of the pattern.
func like(text, pattern []rune) bool {
	row := make([]bool, len(text)+1) // by beginning of the text
	row[0] = true
	for _, p := range pattern {
		next := make([]bool, len(text)+1)
		for i := range next {
			if p == '%' {
				next[i] = row[i] || i > 0 && next[i-1]
			} else {
				next[i] = i > 0 && row[i-1] && (p == '_' || p == text[i-1])
			}
		}
		row = next
	}
	return row[len(text)]
}

// folded has the smallest of the cases of each letter.
func folded(s string) []rune {
	runes := []rune(s)
	for i, r := range runes {
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			runes[i] = min(runes[i], other)
		}
	}
	return runes
}

// rank is where an entity stands under one key of an order.
type rank struct {
	class  int // 0 a value, 1 NaN, 2 none
	text   string
	number float64
}

func (s subject) rank(f pluvia.Field) rank {
	if f.Of == pluvia.MetricPart {
		var best *measured
		for i, m := range s.metrics {
			if m.key == f.Key && m.on(f.Dataset) && (best == nil || m.timestamp > best.timestamp) {
				best = &s.metrics[i]
			}
		}
		switch {
		case best == nil:
			return rank{class: 2}
		case math.IsNaN(best.value):
			return rank{class: 1}
		}
		return rank{number: best.value}
	}
	texts, numbers := s.values(f)
	switch {
	case len(texts) > 0:
		return rank{text: texts[0]}
	case len(numbers) > 0:
		return rank{number: numbers[0]}
	}
	return rank{class: 2}
}

// compareSubjects orders as a search does.
func compareSubjects(a, b subject, order []pluvia.Order) int {
	for _, o := range order {
		x, y := a.rank(o.Field), b.rank(o.Field)
		c := cmp.Or(cmp.Compare(x.number, y.number), strings.Compare(x.text, y.text))
		if o.Descending {
			c = -c
		}
		if c = cmp.Or(cmp.Compare(x.class, y.class), c); c != 0 {
			return c
		}
	}
	return 0
}

// searched are the ids that a search should find.
func searched(all []subject, where pluvia.Expr, order []pluvia.Order) []string {
	var found []subject
	for _, s := range all {
		if s.matches(where) {
			found = append(found, s)
		}
	}
	slices.SortFunc(found, func(a, b subject) int { return compareSubjects(a, b, order) })
	ids := []string{}
	for _, s := range found {
		ids = append(ids, s.id)
	}
	return ids
}

// vocabulary is what random searches are made of.
type vocabulary struct {
	texts, numbers []pluvia.Field // that can be compared
	order          []pluvia.Field
	words          []string
	values         []float64
}

func (v vocabulary) expr(random *rand.Rand, depth int) pluvia.Expr {
	pick := random.IntN(8)
	if depth == 0 {
		pick = 7
	}
	switch pick {
	case 0:
		return pluvia.Not{X: v.expr(random, depth-1)}
	case 1, 2, 3:
		and := pluvia.And{}
		for range random.IntN(4) {
			and = append(and, v.expr(random, depth-1))
		}
		return and
	case 4, 5:
		or := pluvia.Or{}
		for range random.IntN(4) {
			or = append(or, v.expr(random, depth-1))
		}
		return or
	}
	return v.compare(random)
}

func (v vocabulary) compare(random *rand.Rand) pluvia.Compare {
	word := func() string { return v.words[random.IntN(len(v.words))] }
	if n := random.IntN(len(v.texts) + len(v.numbers)); n >= len(v.texts) {
		ops := []pluvia.Op{pluvia.Equal, pluvia.NotEqual, pluvia.Less, pluvia.LessEqual, pluvia.Greater, pluvia.GreaterEqual, pluvia.IsNull, pluvia.IsNotNull}
		return pluvia.Compare{Field: v.numbers[n-len(v.texts)], Op: ops[random.IntN(len(ops))], Number: v.values[random.IntN(len(v.values))]}
	}
	ops := []pluvia.Op{pluvia.Equal, pluvia.Equal, pluvia.NotEqual, pluvia.Like, pluvia.ILike, pluvia.In, pluvia.NotIn, pluvia.IsNull, pluvia.IsNotNull}
	c := pluvia.Compare{Field: v.texts[random.IntN(len(v.texts))], Op: ops[random.IntN(len(ops))]}
	switch c.Op {
	case pluvia.In, pluvia.NotIn:
		for range 1 + random.IntN(3) {
			c.List = append(c.List, word())
		}
	case pluvia.Like, pluvia.ILike:
		// A word of which some characters became wildcards.
		for _, r := range word() {
			switch random.IntN(4) {
			case 0:
				c.Text += "%"
			case 1:
				c.Text += "_"
			default:
				if c.Op == pluvia.ILike && random.IntN(2) == 0 {
					r = unicode.SimpleFold(r)
				}
				c.Text += string(r)
			}
		}
	default:
		c.Text = word()
	}
	return c
}

func (v vocabulary) orders(random *rand.Rand) []pluvia.Order {
	var list []pluvia.Order
	for range random.IntN(4) {
		list = append(list, pluvia.Order{Field: v.order[random.IntN(len(v.order))], Descending: random.IntN(2) == 0})
	}
	return list
}
