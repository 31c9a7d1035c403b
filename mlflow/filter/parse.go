package filter

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pluvia-ml/pluvia"
)

// parser reads tokens by recursive descent: a method a rule of the grammar.
type parser struct {
	lexer
	kind    *Kind
	clauses int
	listed  int // texts in lists
}

// word says whether the token is a key word, in any case.
func (p *parser) word(w string) bool {
	return p.token.kind == name && p.token.bare && strings.EqualFold(p.token.key, w)
}

func (p *parser) symbol(s string) bool { return p.token.kind == symbol && p.token.key == s }

func (p *parser) or(depth int) pluvia.Expr {
	parts := pluvia.Or{p.and(depth)}
	for p.err == nil && p.word("OR") {
		p.next()
		parts = append(parts, p.and(depth))
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return parts
}

func (p *parser) and(depth int) pluvia.Expr {
	parts := pluvia.And{p.not(depth)}
	for p.err == nil && p.word("AND") {
		p.next()
		if p.token.kind == end && depth == 0 {
			break
		}
		parts = append(parts, p.not(depth))
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return parts
}

func (p *parser) not(depth int) pluvia.Expr {
	negated, open := p.word("NOT"), p.symbol("(")
	if !negated && !open {
		return p.clause()
	}
	if depth == MaxDepth {
		p.failf(p.token.at, "%sparentheses and NOT stand deeper than %d in each other", p.syntax, MaxDepth)
		return nil
	}
	p.next()
	if negated {
		return pluvia.Not{X: p.not(depth + 1)}
	}
	e := p.or(depth + 1)
	if p.err == nil && !p.symbol(")") {
		p.unexpected("AND, OR or )")
	}
	p.next()
	return e
}

// comparators are the operators by what they are good for.
var (
	ofNumbers = []pluvia.Op{pluvia.Equal, pluvia.NotEqual, pluvia.Less, pluvia.LessEqual, pluvia.Greater, pluvia.GreaterEqual}
	ofTexts   = []pluvia.Op{pluvia.Equal, pluvia.NotEqual, pluvia.Like, pluvia.ILike}
)

func (p *parser) clause() pluvia.Expr {
	if p.token.kind != name && p.token.kind != quoted || p.reserved() {
		p.unexpected("a name to compare, such as metrics.auc")
		return nil
	}
	if p.clauses++; p.clauses > MaxClauses {
		p.failf(p.token.at, "%smore than %d clauses", p.syntax, MaxClauses)
		return nil
	}
	// The form is looked at before the meaning: "tags a" lacks an operator,
	// whatever tags may be.
	named := p.token
	p.next()
	at := p.token.at
	op := p.operator()
	if p.err != nil {
		return nil
	}
	field, numeric, listable := p.field(named)
	c := pluvia.Compare{Field: field, Op: op}
	switch {
	case p.err != nil:
		return nil
	case field.Of == pluvia.Attribute && p.kind.quoted[named.key] != "":
		return p.quotedClause(c, at)
	case c.Op == pluvia.IsNull || c.Op == pluvia.IsNotNull:
		if !slices.Contains(p.kind.null, field.Of) {
			p.failf(at, "IS NULL / IS NOT NULL is only supported for %s, not for '%s' '%s'", p.nullable(), parts[field.Of], quote(field.Key))
		}
	case c.Op == pluvia.In || c.Op == pluvia.NotIn:
		if !listable {
			p.failf(at, "Only %s support comparison with a list of quoted string values.", p.listable())
			return nil
		}
		c.List = p.list()
	case numeric:
		if !slices.Contains(ofNumbers, c.Op) {
			p.failf(at, "Invalid comparator '%s' for a number, not one of %q", c.Op, ofNumbers)
			return nil
		}
		if p.noValue() {
			p.unexpected("a value")
		} else if p.token.kind != number {
			p.failf(p.token.at, "Expected numeric value type for %s. Found %s", called(field), quote(p.text[p.token.at:p.token.to]))
		}
		c.Number = p.token.number
		p.next()
	default:
		if !slices.Contains(ofTexts, c.Op) {
			p.failf(at, "Invalid comparator '%s' for a text, not one of %q", c.Op, ofTexts)
			return nil
		}
		c.Text = p.string("Expected a quoted string value for " + parts[field.Of] + " (e.g. 'my-value').")
	}
	return c
}

// quotedClause reads what an integer in quotes is compared with. A list of
// them becomes a comparison with each.
func (p *parser) quotedClause(c pluvia.Compare, at int) pluvia.Expr {
	one := func(op pluvia.Op, place int, s string) pluvia.Compare {
		n, err := strconv.ParseInt(s, 10, 53) // what a float64 holds exactly
		if err != nil {
			p.failf(place, "Invalid %s '%s'. It must be a valid integer.", c.Field.Key, quote(s))
		}
		return pluvia.Compare{Field: c.Field, Op: op, Number: float64(n)}
	}
	place := p.token.at
	switch c.Op {
	case pluvia.Equal, pluvia.NotEqual:
		return one(c.Op, place, p.string("Expected a quoted string value for attribute (e.g. '1')."))
	case pluvia.In, pluvia.NotIn:
		var equal pluvia.Or
		var differ pluvia.And
		list := p.list()
		if p.clauses += len(list) - 1; p.clauses > MaxClauses {
			p.failf(place, "%smore than %d clauses, each of the list being one", p.syntax, MaxClauses)
			return nil
		}
		for _, s := range list {
			equal = append(equal, one(pluvia.Equal, place, s))
			differ = append(differ, one(pluvia.NotEqual, place, s))
		}
		if c.Op == pluvia.In {
			return equal
		}
		return differ
	}
	p.failf(at, "Invalid comparator '%s' for %s, not one of [\"=\" \"!=\" \"IN\" \"NOT IN\"]", c.Op, c.Field.Key)
	return nil
}

// noValue says whether the token is nothing that somebody has taken for a value.
func (p *parser) noValue() bool {
	return p.token.kind == end || p.token.kind == symbol || p.reserved()
}

// reserved says whether the token is a word that can only stand elsewhere.
func (p *parser) reserved() bool {
	return slices.ContainsFunc([]string{"AND", "OR", "NOT", "IN", "IS", "NULL", "LIKE", "ILIKE"}, p.word)
}

// called is how messages call a field that is a number.
func called(f pluvia.Field) string {
	if f.Of == pluvia.MetricPart {
		return "metric"
	}
	return "numeric attribute: " + f.Key
}

// part is the part of an entity that a name names.
func (p *parser) part(t token) (part pluvia.Part, ok bool) {
	entity, _, inside := strings.Cut(t.key, ".")
	switch {
	case t.dotted:
		entity = t.entity
		part, ok = p.kind.entities[entity]
	case !inside:
		return pluvia.Attribute, true
	}
	if !ok { // `metrics.auc` in one pair of quotes too
		p.failf(t.at, "Invalid entity type '%s'. Valid values are ['%s']", quote(entity), strings.Join(p.kind.order, "', '"))
	}
	return part, ok
}

// field is what a name in a filter names.
func (p *parser) field(t token) (f pluvia.Field, numeric, listable bool) {
	part, ok := p.part(t)
	if !ok {
		return f, false, false
	}
	f = pluvia.Field{Of: part, Key: t.key}
	switch part {
	case pluvia.Attribute:
		var known bool
		if f.Key, known = p.kind.texts[t.key]; known {
			listable = slices.Contains(p.kind.lists, f.Key)
		} else if f.Key, numeric = p.kind.numbers[t.key]; numeric {
			return f, true, false
		} else if f.Key, known = p.kind.quoted[t.key]; !known {
			p.failf(t.at, "Invalid attribute key '%s' specified. Valid keys are '%s'", quote(t.key), p.attributes())
		}
	case pluvia.MetricPart:
		numeric = true
	case pluvia.DatasetPart:
		listable = true
		if !slices.Contains(datasetKeys, t.key) {
			p.failf(t.at, "Invalid dataset key '%s' specified. Valid keys are '%s'", quote(t.key), strings.Join(datasetKeys, "', '"))
		}
	case pluvia.ParamPart:
		listable = slices.Contains(p.kind.lists, "params")
	case pluvia.TagPart:
		listable = slices.Contains(p.kind.lists, "tags")
	}
	return f, numeric, listable
}

func (p *parser) attributes() string {
	var all []string
	for _, of := range []map[string]string{p.kind.texts, p.kind.quoted, p.kind.numbers} {
		if len(of) > 0 {
			all = append(all, names(of))
		}
	}
	return strings.Join(all, "', '")
}

// listable is what messages say may be compared with a list.
func (p *parser) listable() string {
	return "['" + strings.Join(p.kind.lists, "', '") + "'] attributes"
}

// nullable is what messages say may be missing.
func (p *parser) nullable() string {
	switch len(p.kind.null) {
	case 0:
		return "searches of runs and experiments"
	case 1:
		return "tags"
	}
	return "tags and params"
}

// operator reads an operator.
func (p *parser) operator() pluvia.Op {
	switch {
	case p.token.kind == symbol:
		op := pluvia.Op(p.token.key)
		if !slices.Contains(ofNumbers, op) {
			p.unexpected("an operator")
		}
		p.next()
		return op
	case p.word("LIKE"):
		p.next()
		return pluvia.Like
	case p.word("ILIKE"):
		p.next()
		return pluvia.ILike
	case p.word("IN"):
		p.next()
		return pluvia.In
	case p.word("NOT"):
		if p.next(); !p.word("IN") {
			p.unexpected("IN")
		}
		p.next()
		return pluvia.NotIn
	case p.word("IS"):
		op := pluvia.IsNull
		if p.next(); p.word("NOT") {
			op = pluvia.IsNotNull
			p.next()
		}
		if !p.word("NULL") {
			p.unexpected("NULL")
		}
		p.next()
		return op
	}
	p.unexpected("an operator")
	return ""
}

// string reads a text in quotes; want is what MLflow says when there is none.
func (p *parser) string(want string) string {
	s := p.token.key
	switch {
	case p.token.kind == text, p.token.kind == quoted:
	case p.noValue():
		p.unexpected("a value")
	default:
		p.failf(p.token.at, "%s Got value %s", want, quote(p.lexer.text[p.token.at:p.token.to]))
	}
	p.next()
	return s
}

func (p *parser) list() []string {
	if !p.symbol("(") {
		p.unexpected("a list in parentheses, such as ('a', 'b')")
	}
	p.next()
	var all []string
	for p.err == nil && !p.symbol(")") {
		if p.listed++; p.listed > MaxList {
			p.failf(p.token.at, "%smore than %d texts in lists", p.syntax, MaxList)
			return nil
		}
		all = append(all, p.string("While parsing a list in the query, expected string value, punctuation, or whitespace."))
		if p.err == nil && !p.symbol(")") && !p.symbol(",") {
			p.unexpected("a comma or )")
		}
		if p.symbol(",") {
			p.next()
		}
	}
	if p.err == nil && len(all) == 0 {
		p.failf(p.token.at, "While parsing a list in the query, expected a non-empty list of string values, but got empty list")
	}
	p.next()
	return all
}
