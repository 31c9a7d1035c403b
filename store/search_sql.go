package store

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pluvia-ml/pluvia"
)

// The bounds of a filter. A database has its own, far above these, and says
// nothing that a user could understand when they are passed.
const (
	maxClauses    = 200
	maxDepth      = 100
	maxListed     = 10_000 // values in all lists of IN and NOT IN
	maxPattern    = 4_000  // characters of a LIKE pattern
	maxSearchKeys = 20     // to order by
)

// kind is a kind of entity that can be searched: where its attributes,
// metrics, params and tags stand.
type kind struct {
	name       string   // for messages
	table      string   // one row for each entity
	ids        []string // columns that name an entity inside the database
	attributes map[string]column
	parts      map[pluvia.Part]part
	tail       []pluvia.Order // ends every order; the last of it is unique
}

// column is an attribute in the table of its kind.
type column struct {
	sql     string
	number  bool   // BIGINT; else TEXT
	missing string // condition under which an entity has no such value; "" when all have
}

// part is a table of what belongs to entities. In its SQL stands %[1]s for the
// name that the table has in a query.
type part struct {
	table   string
	owner   string            // column by which an index of values finds entities whose id is ids[0]; "" when there is none
	on      string            // joins the entity
	keys    map[string]string // for data sets: the value by the field's key, where other parts have rows by key
	real    bool              // DOUBLE PRECISION with is_nan; else TEXT
	newer   string            // when an entity may have several rows of a key: condition that %[2]s comes after %[1]s
	dataset bool              // a row may say on which data set it was measured
}

// indexed is how many characters of a text an index of values holds.
const indexed = 64

// query is SQL under construction. What users have said enters it as an
// argument, never as text.
type query struct {
	kind     *kind
	database *dialect
	datasets []pluvia.DatasetRef // metrics count on these only; none for all
	args     []any

	// joined holds the metrics, params and tags that the query has joined, so
	// that a clause about them needs no second look, with the name of the
	// joined table; "" says that the query chooses entities without it.
	joined map[pluvia.Field]string

	clauses, listed int
}

// arg adds an argument and gives its placeholder.
func (q *query) arg(v any) string {
	q.args = append(q.args, v)
	return "$" + strconv.Itoa(len(q.args))
}

const always, never = `TRUE`, `FALSE`

// where is the condition that e says.
func (q *query) where(e pluvia.Expr) (string, error) { return q.condition(e, 1) }

func (q *query) condition(e pluvia.Expr, depth int) (string, error) {
	if depth > maxDepth {
		return "", pluvia.Errorf(pluvia.Invalid, "filter: nested deeper than %d; write it flatter", maxDepth)
	}
	switch e := e.(type) {
	case nil:
		return always, nil
	case pluvia.And:
		return q.list(e, " AND ", always, depth)
	case pluvia.Or:
		return q.list(e, " OR ", never, depth)
	case pluvia.Not:
		text, err := q.condition(e.X, depth+1)
		return "NOT (" + text + ")", err
	case pluvia.Compare:
		if q.clauses++; q.clauses > maxClauses {
			return "", pluvia.Errorf(pluvia.Invalid, "filter: more than %d clauses; ask in several searches", maxClauses)
		}
		return q.compare(e)
	}
	return "", pluvia.Errorf(pluvia.Invalid, "filter: unknown expression %T", e)
}

func (q *query) list(parts []pluvia.Expr, operator, empty string, depth int) (string, error) {
	if len(parts) == 0 {
		return empty, nil
	}
	if len(parts) > maxClauses {
		return "", pluvia.Errorf(pluvia.Invalid, "filter: more than %d clauses; ask in several searches", maxClauses)
	}
	var texts []string
	for _, p := range parts {
		text, err := q.condition(p, depth+1)
		if err != nil {
			return "", err
		}
		texts = append(texts, text)
	}
	return "(" + strings.Join(texts, operator) + ")", nil
}

func (q *query) compare(c pluvia.Compare) (string, error) {
	if c.Field.Of == pluvia.Attribute {
		return q.compareAttribute(c)
	}
	p, ok := q.kind.parts[c.Field.Of]
	if !ok || p.keys != nil && p.keys[c.Field.Key] == "" {
		return "", q.noField(c.Field)
	}
	name, known := q.joined[c.Field]
	if !storable(c.Field.Key) {
		name, known = "", true // nobody has it
	}
	if known {
		switch {
		case c.Op == pluvia.IsNull:
			return constant(name == ""), nil
		case c.Op == pluvia.IsNotNull:
			return constant(name != ""), nil
		case name == "":
			n := len(q.args) // PostgreSQL wants no argument that is not used
			_, err := q.test("x.value", c, p.real, false)
			q.args = q.args[:n]
			return never, err
		}
		return q.test(name+".value", c, p.real, false)
	}
	if c.Op == pluvia.Equal && p.owner != "" && !p.real && storable(c.Text) {
		return q.equalByIndex(p, c), nil
	}
	rows := fmt.Sprintf(` FROM %s x WHERE %s`, p.table, fmt.Sprintf(p.on, "x"))
	value := "x.value"
	if p.keys != nil {
		value = p.keys[c.Field.Key]
		rows += ` AND ` + value + ` IS NOT NULL`
	} else {
		rows += ` AND x.key = ` + q.arg(c.Field.Key)
	}
	if p.dataset {
		rows += q.ofDatasets("x") + q.ofDataset("x", c.Field.Dataset)
	}
	switch c.Op {
	case pluvia.IsNull:
		return `NOT EXISTS (SELECT 1` + rows + `)`, nil
	case pluvia.IsNotNull:
		return `EXISTS (SELECT 1` + rows + `)`, nil
	}
	test, err := q.test(value, c, p.real, false)
	return `EXISTS (SELECT 1` + rows + ` AND ` + test + `)`, err
}

// equalByIndex begins with the value, of which there are few as a rule, where
// others begin with the entity.
func (q *query) equalByIndex(p part, c pluvia.Compare) string {
	text := fmt.Sprintf(`%s IN (SELECT x.%s FROM %s x WHERE x.key = %s AND SUBSTR(x.value, 1, %d) = %s`,
		q.kind.ids[0], p.owner, p.table, q.arg(c.Field.Key), indexed, q.arg(cut(c.Text, indexed)))
	// A shorter text is equal when its beginning is.
	if utf8.RuneCountInString(c.Text) >= indexed {
		text += ` AND x.value = ` + q.arg(c.Text)
	}
	return text + `)`
}

// ofDataset narrows the row called name to a metric that was measured on the
// data set.
func (q *query) ofDataset(name string, d *pluvia.DatasetRef) string {
	if d == nil {
		return ""
	}
	if !storable(d.Name) || !storable(d.Digest) {
		return ` AND ` + never
	}
	text := fmt.Sprintf(` AND %s.dataset_name = %s`, name, q.arg(d.Name))
	if d.Digest != "" {
		text += fmt.Sprintf(` AND %s.dataset_digest = %s`, name, q.arg(d.Digest))
	}
	return text
}

// ofDatasets narrows the row called name to a metric that was measured on one
// of the query's data sets.
func (q *query) ofDatasets(name string) string {
	if len(q.datasets) == 0 {
		return ""
	}
	var each []string
	for _, d := range q.datasets {
		each = append(each, `(`+always+q.ofDataset(name, &d)+`)`)
	}
	return ` AND (` + strings.Join(each, ` OR `) + `)`
}

func (q *query) compareAttribute(c pluvia.Compare) (string, error) {
	col, ok := q.kind.attributes[c.Field.Key]
	if !ok {
		return "", q.noField(c.Field)
	}
	switch {
	case c.Op == pluvia.IsNull && col.missing == "":
		return never, nil
	case c.Op == pluvia.IsNull:
		return col.missing, nil
	case c.Op == pluvia.IsNotNull && col.missing == "":
		return always, nil
	case c.Op == pluvia.IsNotNull:
		return `NOT ` + col.missing, nil
	}
	test, err := q.test(col.sql, c, col.number, col.number)
	if col.missing != "" {
		test = `(NOT ` + col.missing + ` AND ` + test + `)`
	}
	return test, err
}

// test compares a value, which is there. NaN is compared as the 0 that is
// stored for it, as in MLflow.
func (q *query) test(value string, c pluvia.Compare, number, integer bool) (string, error) {
	switch c.Op {
	case pluvia.Equal, pluvia.NotEqual:
		if number {
			return q.testNumber(value, c, integer), nil
		}
		if !storable(c.Text) {
			return constant(c.Op == pluvia.NotEqual), nil
		}
		return value + ` ` + sqlOperator[c.Op] + ` ` + q.arg(c.Text), nil
	case pluvia.Less, pluvia.LessEqual, pluvia.Greater, pluvia.GreaterEqual:
		if number {
			return q.testNumber(value, c, integer), nil
		}
	case pluvia.Like, pluvia.ILike:
		if number {
			break
		}
		if utf8.RuneCountInString(c.Text) > maxPattern {
			return "", pluvia.Errorf(pluvia.Invalid, "filter: %s pattern %s is longer than %d characters", c.Op, quote(c.Text), maxPattern)
		}
		if !storable(c.Text) {
			return never, nil
		}
		operator, pattern := q.database.pattern(c.Text, c.Op == pluvia.ILike)
		return value + ` ` + operator + ` ` + q.arg(pattern), nil
	case pluvia.In, pluvia.NotIn:
		if number || len(c.List) == 0 {
			break
		}
		if q.listed += len(c.List); q.listed > maxListed {
			return "", pluvia.Errorf(pluvia.Invalid, "filter: lists of more than %d values; ask in several searches", maxListed)
		}
		var list []string
		for _, text := range c.List {
			if storable(text) {
				list = append(list, text)
			}
		}
		operator, values := q.database.texts(list)
		condition := value + ` ` + fmt.Sprintf(operator, q.arg(values))
		if c.Op == pluvia.NotIn {
			condition = `NOT (` + condition + `)`
		}
		return condition, nil
	}
	return "", pluvia.Errorf(pluvia.Invalid, "filter: %s cannot be compared by %s", fieldName(c.Field), quote(string(c.Op)))
}

var sqlOperator = map[pluvia.Op]string{
	pluvia.Equal: `=`, pluvia.NotEqual: `<>`, pluvia.Less: `<`, pluvia.LessEqual: `<=`, pluvia.Greater: `>`, pluvia.GreaterEqual: `>=`,
}

func (q *query) testNumber(value string, c pluvia.Compare, integer bool) string {
	n := c.Number
	switch {
	case math.IsNaN(n): // equals nothing, and SQLite has it for NULL
		return constant(c.Op == pluvia.NotEqual)
	case !integer:
		return value + ` ` + sqlOperator[c.Op] + ` ` + q.arg(n)
	case n == math.Trunc(n) && math.Abs(n) < 1<<53:
		return value + ` ` + sqlOperator[c.Op] + ` ` + q.arg(int64(n))
	}
	return value + ` ` + sqlOperator[c.Op] + ` CAST(` + q.arg(n) + ` AS DOUBLE PRECISION)`
}

func constant(b bool) string {
	if b {
		return always
	}
	return never
}

// storable says whether a database can hold the text. One that cannot be held
// equals nothing, and is not sent to where it would be an error.
func storable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsRune(text, 0)
}

func (q *query) noField(f pluvia.Field) error {
	return pluvia.Errorf(pluvia.Invalid, "%s have no %s", q.kind.name, fieldName(f))
}

// fieldName is a field as a user may have written it.
func fieldName(f pluvia.Field) string {
	switch f.Of {
	case pluvia.MetricPart:
		return "metric " + quote(f.Key)
	case pluvia.ParamPart:
		return "param " + quote(f.Key)
	case pluvia.TagPart:
		return "tag " + quote(f.Key)
	case pluvia.DatasetPart:
		return "data set attribute " + quote(f.Key)
	}
	return "attribute " + quote(f.Key)
}
