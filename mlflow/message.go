package mlflow

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/pluvia-ml/pluvia"
)

// message is one object of a request. Its methods read a field by its name in
// snake_case, or in the camelCase that protobuf takes for the same; null is
// absent, unknown fields are nobody's business. A field that cannot be read
// yields its zero value, and the first such fault is the request's error, so
// that a call reads all fields first, in the order in which MLflow checks
// them, and then asks for the error once.
type message struct {
	d     *document
	at    int32  // its node; -1 for an object that is not there
	path  string // where it stands: "" for the whole, "metrics" for an element of that list
	index int    // of the element; -1 for what is in no list
}

// place is the path of a field, for messages: metrics[3].key.
func (m message) place(name string) string {
	switch {
	case m.path == "":
		return name
	case m.index < 0:
		return m.path + "." + name
	}
	return m.path + "[" + strconv.Itoa(m.index) + "]." + name
}

const seeDocs = " See the API docs for more information about request parameters."

// fail keeps the first fault.
func (m message) fail(err error) {
	if m.d.err == nil {
		m.d.err = err
	}
}

// missing says that a required field is not there, and if the body could not
// be read, that too.
func (m message) missing(name string) {
	why := ""
	if m.d.broken != "" {
		why = " The body is not JSON that can be read: " + m.d.broken + "."
	}
	m.fail(pluvia.Errorf(pluvia.Invalid, "Missing value for required parameter '%s'.%s%s", m.place(name), why, seeDocs))
}

// wrong says that a field has a value of another type than it should.
func (m message) wrong(name string, n node) {
	t := types[n.kind]
	if n.kind == number && integral(m.d.body[n.start:n.end]) {
		t = "int"
	}
	m.fail(pluvia.Errorf(pluvia.Invalid, "Invalid value %s for parameter '%s' supplied:  Hint: Value was of type '%s'.%s", m.d.quote(n), m.place(name), t, seeDocs))
}

// bad says that a field has a value that breaks a rule.
func (m message) bad(name string, n node, rule string) {
	m.fail(pluvia.Errorf(pluvia.Invalid, "Invalid value %s for parameter '%s' supplied: %s", m.d.quote(n), m.place(name), rule))
}

func integral(b []byte) bool {
	return len(b) > 0 && !strings.ContainsAny(string(b), ".eENI")
}

// err is the first fault of the fields read so far, or that of a body that is
// no JSON.
func (m message) err() error {
	if m.d.err == nil && m.d.broken != "" {
		return pluvia.Errorf(pluvia.Invalid, "Bad Request. The body is not JSON that can be read: %s.", m.d.broken)
	}
	return m.d.err
}

// field is the node of a field, of kind absent when there is none or null.
func (m message) field(name string) (n node, at int32) {
	if m.at < 0 {
		return node{}, -1
	}
	nodes := m.d.nodes
	end := nodes[m.at].next
	at = -1
	snake, camel := false, false
	for i := m.at + 1; i < end; i = nodes[i+1].next {
		same, c := m.d.named(nodes[i], name)
		if !same {
			continue
		}
		snake, camel = snake || !c, camel || c
		if at < 0 || !m.d.query { // the last of several in JSON, the first one in a query
			at = i + 1
		}
	}
	if snake && camel {
		m.fail(pluvia.Errorf(pluvia.Invalid, "Request specifies both '%s' and '%s'; provide only one of them.", m.place(name), camelCase(name)))
	}
	if at < 0 || nodes[at].kind == null {
		return node{}, -1
	}
	return nodes[at], at
}

// named says whether the name of a member is name, or is it in camelCase.
func (d *document) named(key node, name string) (same, camel bool) {
	raw := d.body[key.start:key.end]
	if key.escaped {
		s, ok := d.unquote(key)
		if !ok {
			return false, false
		}
		raw = []byte(s)
	}
	if string(raw) == name {
		return true, false
	}
	// The first letters are alike in both spellings, so most members that are
	// others are told by them.
	if len(raw) == 0 || len(raw) >= len(name) || raw[0] != name[0] {
		return false, false
	}
	j := 0
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c == '_' && i+1 < len(name) {
			i++
			c = name[i] - 'a' + 'A'
		}
		if j == len(raw) || raw[j] != c {
			return false, false
		}
		j++
	}
	return j == len(raw), true
}

func camelCase(name string) string {
	parts := strings.Split(name, "_")
	for i, part := range parts[1:] {
		parts[i+1] = strings.ToUpper(part[:1]) + part[1:]
	}
	return strings.Join(parts, "")
}

// has says whether a field is there and not null.
func (m message) has(name string) bool {
	n, _ := m.field(name)
	return n.kind != absent
}

// text is a text, "" when absent.
func (m message) text(name string) string {
	n, _ := m.field(name)
	return m.string(name, n)
}

// need is a text that must be there and not empty.
func (m message) need(name string) string {
	n, _ := m.field(name)
	s := m.string(name, n)
	if n.kind == absent || n.kind == text && n.start == n.end {
		m.missing(name)
	}
	return s
}

// maybe is a text, nil when absent.
func (m message) maybe(name string) *string {
	n, _ := m.field(name)
	if n.kind == absent {
		return nil
	}
	s := m.string(name, n)
	return &s
}

func (m message) string(name string, n node) string {
	switch n.kind {
	case absent:
		return ""
	case text:
		s, ok := m.d.unquote(n)
		if !ok {
			m.bad(name, n, "a text is Unicode without the character 0 and without half surrogate pairs.")
		}
		return s
	}
	m.wrong(name, n)
	return ""
}

// runID is the run that a call is about. Old clients call it run_uuid.
func (m message) runID() string {
	if id := m.text("run_id"); id != "" {
		return id
	}
	if id := m.text("run_uuid"); id != "" {
		return id
	}
	return m.need("run_id")
}

// integer is an int64, other when absent.
func (m message) integer(name string, other int64) int64 {
	n, _ := m.field(name)
	if n.kind == absent {
		return other
	}
	raw := m.d.body[n.start:n.end]
	switch {
	case n.kind == number || n.kind == text && !n.escaped:
		if x, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
			return x
		}
		if n.kind == number {
			// The upper bound is the first float64 that is no int64. What is spelled
			// as an integer has been tried, and a float64 would round it.
			if x, err := strconv.ParseFloat(string(raw), 64); err == nil && !integral(raw) && x == math.Trunc(x) && x >= math.MinInt64 && x < math.MaxInt64 {
				return int64(x)
			}
			m.bad(name, n, "want an integer of 64 bits."+seeDocs)
			return 0
		}
	}
	m.wrong(name, n)
	return 0
}

// needInteger is an int64 that must be there.
func (m message) needInteger(name string) int64 {
	if n, _ := m.field(name); n.kind == absent || n.kind == text && n.start == n.end {
		m.missing(name)
		return 0
	}
	return m.integer(name, 0)
}

// needNumber is a float64 that must be there; NaN and the infinities are
// numbers, in quotes or not.
func (m message) needNumber(name string) float64 {
	n, _ := m.field(name)
	raw := m.d.body[n.start:n.end]
	switch {
	case n.kind == absent, n.kind == text && n.start == n.end:
		m.missing(name)
		return 0
	case n.kind == number, n.kind == text && !n.escaped:
		switch string(raw) {
		case "NaN":
			return math.NaN()
		case "Infinity":
			return math.Inf(1)
		case "-Infinity":
			return math.Inf(-1)
		}
		if !isNumber(raw) {
			break // Go would take "inf", "0x1p-2" and "1_000" too
		}
		x, err := strconv.ParseFloat(string(raw), 64)
		if err != nil {
			m.bad(name, n, `the number is too large; infinity is written "Infinity".`+seeDocs)
		}
		return x
	}
	m.wrong(name, n)
	return 0
}

// boolean is a bool, other when absent. A query spells it true or false, in
// any case.
func (m message) boolean(name string, other bool) bool {
	n, _ := m.field(name)
	raw := m.d.body[n.start:n.end]
	switch {
	case n.kind == absent:
		return other
	case n.kind == boolean:
		return raw[0] == 't'
	case !m.d.query:
		m.wrong(name, n)
	case strings.EqualFold(string(raw), "true"):
		return true
	case !strings.EqualFold(string(raw), "false"):
		m.fail(pluvia.Errorf(pluvia.Invalid, "Invalid boolean value: %s, must be 'true' or 'false'.", clip(string(raw))))
	}
	return false
}

// enum is one of the names, given by itself or by its number; "" when absent.
func (m message) enum(name string, names map[string]int64) string {
	n, _ := m.field(name)
	raw := m.d.body[n.start:n.end]
	switch n.kind {
	case absent:
		return ""
	case text, number:
		if _, ok := names[string(raw)]; ok && n.kind == text {
			return string(raw)
		}
		if x, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
			for s, number := range names {
				if number == x {
					return s
				}
			}
		}
		known := slices.Collect(maps.Keys(names))
		slices.SortFunc(known, func(a, b string) int { return cmp.Compare(names[a], names[b]) })
		m.bad(name, n, "must be one of "+strings.Join(known, ", ")+".")
	default:
		m.wrong(name, n)
	}
	return ""
}

// each are the elements of a list, none when absent. In a query, the values of
// all fields of that name.
func (m message) each(name string) iter.Seq2[int, int32] {
	return func(yield func(int, int32) bool) {
		n, at := m.field(name)
		switch {
		case n.kind == absent:
		case m.d.query:
			i := 0
			for k := m.at + 1; k < m.d.nodes[m.at].next; k += 2 {
				if same, _ := m.d.named(m.d.nodes[k], name); same {
					if !yield(i, k+1) {
						return
					}
					i++
				}
			}
		case n.kind != array:
			m.wrong(name, n)
		default:
			i := 0
			for k := at + 1; k < n.next; k = m.d.nodes[k].next {
				if !yield(i, k) {
					return
				}
				i++
			}
		}
	}
}

// count is how many elements a list has.
func (m message) count(name string) int {
	n := 0
	for range m.each(name) {
		n++
	}
	return n
}

// texts is a list of texts.
func (m message) texts(name string) []string {
	var all []string
	for i, at := range m.each(name) {
		n := m.d.nodes[at]
		if n.kind != text {
			m.wrong(fmt.Sprintf("%s[%d]", name, i), n)
			return nil
		}
		all = append(all, m.string(fmt.Sprintf("%s[%d]", name, i), n))
	}
	return all
}

// messages is a list of objects.
func (m message) messages(name string) iter.Seq[message] {
	return func(yield func(message) bool) {
		for i, at := range m.each(name) {
			n := m.d.nodes[at]
			if n.kind != object {
				m.wrong(fmt.Sprintf("%s[%d]", name, i), n)
				return
			}
			inner := message{d: m.d, at: at, path: name, index: i}
			if m.path != "" {
				inner.path = m.place(name)
			}
			if !yield(inner) {
				return
			}
		}
	}
}

// message is an object in a field; one that is absent has no fields.
func (m message) message(name string) message {
	n, at := m.field(name)
	if n.kind != absent && n.kind != object {
		m.wrong(name, n)
		at = -1
	}
	return message{d: m.d, at: at, path: m.place(name), index: -1}
}

// pairs are the key and value of each element of a list; keys are required.
func (m message) pairs(name string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for p := range m.messages(name) {
			if !yield(p.need("key"), p.text("value")) {
				return
			}
		}
	}
}

// tags is a list of tags.
func (m message) tags(name string) []pluvia.Tag {
	var tags []pluvia.Tag
	for key, value := range m.pairs(name) {
		tags = append(tags, pluvia.Tag{Key: key, Value: value})
	}
	return tags
}

// params is a list of params.
func (m message) params(name string) []pluvia.Param {
	var params []pluvia.Param
	for key, value := range m.pairs(name) {
		params = append(params, pluvia.Param{Key: key, Value: value})
	}
	return params
}
