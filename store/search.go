package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/pluvia-ml/pluvia"
)

// fewEnough is how many entities are rather sorted than found by walking the
// index of a metric, which holds everybody's.
const fewEnough = 2000

// entity is what names an entity inside the database: its number, or those of
// a model and a version.
type entity [2]int64

// search is a [pluvia.Search] on its way: which entities its page has.
type search struct {
	kind     *kind
	database *dialect
	datasets []pluvia.DatasetRef
	asked    pluvia.Search

	// scope is the condition that makes out where to look: experiments and
	// stages.
	scope func(q *query) string
}

// page finds the entities of a page in their order, and the token of the next.
func (s *search) page(ctx context.Context, t *tx) (found []entity, next string, err error) {
	if s.asked.Limit < 1 {
		return nil, "", pluvia.Errorf(pluvia.Invalid, "limit %d: want 1 or more", s.asked.Limit)
	}
	// The plain query is the measure of the others: it checks the search, and
	// its text and arguments are what tokens are good for.
	plain := s.query()
	where, err := s.where(plain)
	if err != nil {
		return nil, "", err
	}
	terms, err := plain.terms(s.asked.OrderBy)
	if err != nil {
		return nil, "", err
	}
	sum := checksum(s.kind.name, where, orderBy(terms), plain.args)
	var m mark
	if s.asked.After != "" {
		if m, err = readToken(s.asked.After, sum, terms); err != nil {
			return nil, "", err
		}
	}

	limit := s.asked.Limit + 1 // one more, to know whether there is a next page
	var marks []mark
	byIndex, err := s.byIndex(ctx, t, terms[0])
	if err != nil {
		return nil, "", err
	}
	if !byIndex {
		found, marks, err = s.run(ctx, t, plain, where, terms, m, limit)
	} else {
		class := hasValue
		if m != nil {
			class = m[0].class
		}
		for ; class < classes && len(found) < limit && err == nil; class++ {
			var more []entity
			var moreMarks []mark
			more, moreMarks, err = s.runClass(ctx, t, terms[0].field, class, m, limit-len(found))
			found, marks, m = append(found, more...), append(marks, moreMarks...), nil
		}
	}
	if err != nil {
		return nil, "", err
	}
	if len(found) == limit {
		found = found[:limit-1]
		next = writeToken(sum, marks[limit-2])
	}
	return found, next, nil
}

func (s *search) query() *query {
	return &query{kind: s.kind, database: s.database, datasets: s.datasets}
}

func (s *search) where(q *query) (string, error) {
	where, err := q.where(s.asked.Where)
	if err == nil && len(s.datasets) > 0 && !speaksOfMetrics(s.asked.Where) {
		p := s.kind.parts[pluvia.MetricPart]
		where += fmt.Sprintf(` AND EXISTS (SELECT 1 FROM %s x WHERE %s%s)`, p.table, fmt.Sprintf(p.on, "x"), q.ofDatasets("x"))
	}
	return s.scope(q) + ` AND ` + where, err
}

func speaksOfMetrics(e pluvia.Expr) bool {
	switch e := e.(type) {
	case pluvia.And:
		for _, x := range e {
			if speaksOfMetrics(x) {
				return true
			}
		}
	case pluvia.Or:
		return speaksOfMetrics(pluvia.And(e))
	case pluvia.Not:
		return speaksOfMetrics(e.X)
	case pluvia.Compare:
		return e.Field.Of == pluvia.MetricPart
	}
	return false
}

// byIndex says whether an index has the values of the first term in order, and
// whether it is better to walk it than to sort what is in scope.
func (s *search) byIndex(ctx context.Context, t *tx, first term) (bool, error) {
	p := s.kind.parts[first.field.Of]
	if first.field.Of == pluvia.Attribute || p.owner == "" {
		return false, nil
	}
	q := s.query()
	text := fmt.Sprintf(`SELECT COUNT(*) FROM (SELECT 1 FROM %s WHERE %s LIMIT %d) few`, s.kind.table, s.scope(q), fewEnough+1)
	var n int
	err := t.sql.QueryRowContext(ctx, text, q.args...).Scan(&n)
	return n > fewEnough, err
}

// runClass finds the entities of one class under the first term, that of a
// field, from its index.
func (s *search) runClass(ctx context.Context, t *tx, first pluvia.Field, class int, m mark, limit int) ([]entity, []mark, error) {
	q := s.query()
	p := s.kind.parts[first.Of]
	var from, driven string
	if class == hasNone {
		q.joined = map[pluvia.Field]string{first: ""}
		from = s.kind.table
		driven = fmt.Sprintf(`NOT EXISTS (SELECT 1 FROM %s x WHERE %s AND x.key = %s)`, p.table, fmt.Sprintf(p.on, "x"), q.arg(first.Key))
	} else {
		q.joined = map[pluvia.Field]string{first: "o"}
		// SQLite takes the left side of a cross join for the outer loop.
		from = fmt.Sprintf(`%s o CROSS JOIN %s`, p.table, s.kind.table)
		driven = fmt.Sprintf(`%s AND o.key = %s`, fmt.Sprintf(p.on, "o"), q.arg(first.Key))
		switch {
		case p.real && class == hasValue:
			driven += ` AND o.is_nan = FALSE`
		case p.real:
			driven += ` AND o.is_nan = TRUE`
		case class == hasNaN:
			return nil, nil, nil // texts
		}
	}
	where, err := s.where(q)
	if err != nil {
		return nil, nil, err
	}
	terms, err := q.terms(s.asked.OrderBy)
	if err != nil {
		return nil, nil, err
	}
	if class == hasValue {
		return s.runFrom(ctx, t, q, from, driven+` AND `+where, terms, m, limit)
	}
	// Under the first term all are alike.
	if m != nil {
		m = m[1:]
	}
	found, marks, err := s.runFrom(ctx, t, q, from, driven+` AND `+where, terms[1:], m, limit)
	for i := range marks {
		marks[i] = append(mark{{class: class}}, marks[i]...)
	}
	return found, marks, err
}

func (s *search) run(ctx context.Context, t *tx, q *query, where string, terms []term, m mark, limit int) ([]entity, []mark, error) {
	return s.runFrom(ctx, t, q, s.kind.table, where, terms, m, limit)
}

func (s *search) runFrom(ctx context.Context, t *tx, q *query, from, where string, terms []term, m mark, limit int) (found []entity, marks []mark, err error) {
	columns := s.kind.ids[:len(s.kind.ids):len(s.kind.ids)]
	for _, term := range terms {
		from += term.join
		if term.class != "" {
			columns = append(columns, term.class)
		}
		columns = append(columns, term.value)
	}
	if m != nil {
		where += ` AND ` + q.after(terms, m)
	}
	text := fmt.Sprintf(`SELECT %s FROM %s WHERE %s ORDER BY %s LIMIT %s`, strings.Join(columns, `, `), from, where, orderBy(terms), q.arg(limit))
	rows, err := t.sql.QueryContext(ctx, text, q.args...) // made by users, too many to keep
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		e, m, err := s.scan(rows, terms)
		if err != nil {
			return nil, nil, err
		}
		found, marks = append(found, e), append(marks, m)
	}
	return found, marks, rows.Err()
}

func (s *search) scan(rows *sql.Rows, terms []term) (e entity, m mark, err error) {
	m = make(mark, len(terms))
	var into []any
	for i := range s.kind.ids {
		into = append(into, &e[i])
	}
	for i, term := range terms {
		if term.class != "" {
			into = append(into, &m[i].class)
		}
		into = append(into, &m[i].value)
	}
	err = rows.Scan(into...)
	return e, m, err
}

// search checks where to look and gives the search of a kind whose entities
// belong to experiments.
func (s *Store) search(k *kind, asked pluvia.Search) (*search, error) {
	numbers := make([]int64, len(asked.Experiments))
	for i, id := range asked.Experiments {
		number, err := experimentNumber(id)
		if err != nil {
			return nil, err
		}
		numbers[i] = number
	}
	view, err := inView(k.table, asked.View)
	if err != nil {
		return nil, err
	}
	return &search{kind: k, database: s.dialect, asked: asked, scope: func(q *query) string {
		// One experiment and one stage are what indices have in order.
		var text string
		if len(numbers) == 1 {
			text = fmt.Sprintf(`%s.experiment = %s`, k.table, q.arg(numbers[0]))
		} else {
			operator, list := s.dialect.numbers(numbers)
			text = fmt.Sprintf(`%s.experiment `+operator, k.table, q.arg(list))
		}
		return text + ` AND ` + view
	}}, nil
}

// inView is the condition on the stage of an entity.
func inView(table string, v pluvia.View) (string, error) {
	switch v {
	case pluvia.ActiveOnly:
		return table + `.stage = 'active'`, nil
	case pluvia.DeletedOnly:
		return table + `.stage = 'deleted'`, nil
	case pluvia.AllStages:
		return always, nil
	}
	return "", pluvia.Errorf(pluvia.Invalid, "view %d: want active, deleted or all", v)
}

// firsts are the numbers of entities that have one.
func firsts(page []entity) []int64 {
	numbers := make([]int64, len(page))
	for i, e := range page {
		numbers[i] = e[0]
	}
	return numbers
}

// inOrder is found, of which each stands under its number, in the order of the
// page.
func inOrder[T any](page []entity, found []T, numbers []int64) []T {
	at := make(map[int64]T, len(found))
	for i, n := range numbers {
		at[n] = found[i]
	}
	list := make([]T, 0, len(page))
	for _, e := range page {
		if x, ok := at[e[0]]; ok {
			list = append(list, x)
		}
	}
	return list
}
