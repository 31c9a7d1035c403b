package mlflow

import (
	"bytes"
	"fmt"
	"net/url"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Bounds of what a request may hold, so that no body costs much more memory
// than its own size.
const (
	maxDepth  = 100     // of objects and lists in each other, as in protobuf
	maxValues = 1 << 18 // values and names of members in one body
)

// kind is what stands at a place of a JSON text; its zero value is nothing.
type kind uint8

const (
	absent kind = iota
	null
	boolean
	number
	text
	array
	object
)

// types are the kinds in Python's words, for messages.
var types = [...]string{absent: "NoneType", null: "NoneType", boolean: "bool", number: "float", text: "str", array: "list", object: "dict"}

// node is one value of a document. What is in an object or list stands behind
// it, up to next; a member of an object is the node of its name and then its
// value.
type node struct {
	kind       kind
	escaped    bool  // a text with a backslash in it
	start, end int32 // bytes of the value; those of a text are without the quotes
	next       int32 // the node behind this one and all that is in it
}

// document is the JSON text of a request, scanned once into a flat list of
// nodes, of which nothing is built until a call asks for a field by its name.
// The grammar is Python's: RFC 8259 and the numbers NaN and Infinity.
type document struct {
	body  []byte
	nodes []node // the first one is the whole; never empty after scan or ask
	query bool   // it came as a query: every value is a text, repeated names make a list
	at    int    // where the next byte is scanned

	broken string // why the body is no JSON object; "" when it is one or is empty
	err    error  // the first fault of a field

	recent string // the text read last, so that a key that comes a thousand times is kept once
}

// scan reads the body. One that is broken stands for an empty object, so that
// the first required field is what is missed, as MLflow says it.
func (d *document) scan() {
	d.nodes, d.at = d.nodes[:0], 0
	if len(bytes.TrimSpace(d.body)) > 0 {
		d.scanAll()
		// Clients of long ago sent an object as a text with JSON in it.
		if d.broken == "" && d.nodes[0].kind == text {
			inner, ok := d.unquote(d.nodes[0])
			if !ok {
				d.broken = "the text has a character that no text may have"
			}
			d.body, d.nodes, d.at = []byte(inner), d.nodes[:0], 0
			if d.broken == "" {
				d.scanAll()
			}
		}
		if d.broken == "" && d.nodes[0].kind != object {
			d.broken = "want an object, got a value of type '" + types[d.nodes[0].kind] + "'"
		}
	}
	if d.broken != "" || len(d.nodes) == 0 {
		d.nodes = append(d.nodes[:0], node{kind: object, next: 1})
	}
}

func (d *document) scanAll() {
	if !utf8.Valid(d.body) {
		d.broken = "the text is not UTF-8"
		return
	}
	d.value(0)
	if d.broken == "" && d.peek() != 0 {
		d.fail("expected the end")
	}
}

// ask makes a document of a query.
func (d *document) ask(values url.Values) {
	d.query = true
	d.body, d.nodes = d.body[:0], append(d.nodes[:0], node{kind: object})
	put := func(s string) {
		start := len(d.body)
		d.body = append(d.body, s...)
		// A text that may not be one is kept as one that has to be looked at.
		bad := !utf8.ValidString(s) || bytes.IndexByte(d.body[start:], 0) >= 0
		d.nodes = append(d.nodes, node{kind: text, escaped: bad, start: int32(start), end: int32(len(d.body)), next: int32(len(d.nodes) + 1)})
	}
	for name, all := range values {
		for _, v := range all {
			put(name)
			put(v)
		}
	}
	d.nodes[0].next = int32(len(d.nodes))
}

func (d *document) fail(what string) {
	if d.broken == "" {
		d.broken = fmt.Sprintf("at %d: %s", d.at, what)
	}
}

// peek passes over white space and is the byte behind it, 0 at the end.
func (d *document) peek() byte {
	for d.at < len(d.body) {
		switch c := d.body[d.at]; c {
		case ' ', '\n', '\r', '\t':
			d.at++
		case 0:
			return 1 // no byte of JSON, nor the end
		default:
			return c
		}
	}
	return 0
}

// value scans one value, all of what is in it included.
func (d *document) value(depth int) {
	at := len(d.nodes)
	if at >= maxValues {
		d.fail(fmt.Sprintf("more than %d values", maxValues))
		return
	}
	c := d.peek()
	d.nodes = append(d.nodes, node{start: int32(d.at)})
	switch {
	case c == '{' || c == '[':
		if depth == maxDepth {
			d.fail(fmt.Sprintf("nested deeper than %d", maxDepth))
			return
		}
		d.at++
		if c == '{' {
			d.nodes[at].kind = object
			d.members(depth)
		} else {
			d.nodes[at].kind = array
			d.elements(depth)
		}
	case c == '"':
		d.nodes[at].kind = text
		d.text(&d.nodes[at])
		d.nodes[at].next = int32(len(d.nodes))
		return
	default:
		d.nodes[at].kind = d.word()
	}
	d.nodes[at].end, d.nodes[at].next = int32(d.at), int32(len(d.nodes))
}

func (d *document) members(depth int) {
	for first := true; d.broken == ""; first = false {
		c := d.peek()
		if c == '}' && first {
			d.at++
			return
		}
		if !first {
			if c == '}' {
				d.at++
				return
			}
			if c != ',' {
				d.fail("expected a comma or the end of the object")
				return
			}
			d.at++
			c = d.peek()
		}
		if c != '"' {
			d.fail("expected the name of a member in double quotes")
			return
		}
		name := node{kind: text, next: int32(len(d.nodes) + 1)}
		d.text(&name)
		d.nodes = append(d.nodes, name)
		if d.broken == "" && d.peek() != ':' {
			d.fail("expected a colon")
		}
		if d.broken != "" {
			return
		}
		d.at++
		d.value(depth + 1)
	}
}

func (d *document) elements(depth int) {
	if d.peek() == ']' {
		d.at++
		return
	}
	for d.broken == "" {
		d.value(depth + 1)
		if d.broken != "" {
			return
		}
		switch d.peek() {
		case ',':
			d.at++
		case ']':
			d.at++
			return
		default:
			d.fail("expected a comma or the end of the list")
		}
	}
}

// text scans a text from its opening quote on.
func (d *document) text(n *node) {
	d.at++
	n.start = int32(d.at)
	for d.at < len(d.body) {
		switch c := d.body[d.at]; {
		case c == '"':
			n.end = int32(d.at)
			d.at++
			return
		case c == '\\':
			n.escaped = true
			d.at += 2
		case c < 0x20:
			d.fail("a control character in a text")
			return
		default:
			d.at++
		}
	}
	d.at = len(d.body)
	d.fail("a text without end")
}

// word scans true, false, null or a number.
func (d *document) word() kind {
	start := d.at
	for d.at < len(d.body) {
		switch c := d.body[d.at]; {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '-', c == '+', c == '.':
			d.at++
			continue
		}
		break
	}
	switch word := d.body[start:d.at]; string(word) {
	case "null":
		return null
	case "true", "false":
		return boolean
	case "NaN", "Infinity", "-Infinity":
		return number
	default:
		if !isNumber(word) {
			d.at = start
			d.fail("expected a value")
		}
		return number
	}
}

// isNumber says whether w is a number of JSON.
func isNumber(w []byte) bool {
	digits := func() bool {
		n := 0
		for n < len(w) && w[n] >= '0' && w[n] <= '9' {
			n++
		}
		w = w[n:]
		return n > 0
	}
	if len(w) > 0 && w[0] == '-' {
		w = w[1:]
	}
	if len(w) > 1 && w[0] == '0' && w[1] >= '0' && w[1] <= '9' || !digits() {
		return false
	}
	if len(w) > 0 && w[0] == '.' {
		if w = w[1:]; !digits() {
			return false
		}
	}
	if len(w) > 0 && (w[0] == 'e' || w[0] == 'E') {
		if w = w[1:]; len(w) > 0 && (w[0] == '+' || w[0] == '-') {
			w = w[1:]
		}
		if !digits() {
			return false
		}
	}
	return len(w) == 0
}

// unquote is what a text says. It is not ok for a bad escape, half a surrogate
// pair, or the character 0, which one of the databases cannot keep.
func (d *document) unquote(n node) (s string, ok bool) {
	raw := d.body[n.start:n.end]
	if !n.escaped {
		if string(raw) != d.recent {
			d.recent = string(raw)
		}
		return d.recent, true
	}
	if d.query {
		return "", false
	}
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			out = append(out, raw[i])
			continue
		}
		if i++; i == len(raw) {
			return "", false
		}
		switch raw[i] {
		case '"', '\\', '/':
			out = append(out, raw[i])
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r, valid := hex4(raw[i+1:])
			i += 4
			if valid && utf16.IsSurrogate(r) {
				var low rune // none: no pair either
				if i+2 < len(raw) && raw[i+1] == '\\' && raw[i+2] == 'u' {
					low, valid = hex4(raw[i+3:])
				}
				i += 6
				r = utf16.DecodeRune(r, low)
				valid = valid && r != utf8.RuneError
			}
			if !valid || r == 0 {
				return "", false
			}
			out = utf8.AppendRune(out, r)
		default:
			return "", false
		}
	}
	return string(out), true
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	x, err := strconv.ParseUint(string(b[:4]), 16, 16)
	return rune(x), err == nil
}

// quote is a value as messages show it: compact JSON, cut where it is long.
func (d *document) quote(n node) string {
	if n.kind == absent {
		return "null"
	}
	raw := d.body[n.start:n.end]
	if n.kind == text {
		if s, ok := d.unquote(n); ok {
			return string(appendText(nil, clip(s)))
		}
		return string(appendText(nil, clip(string(raw))))
	}
	if n.kind == array || n.kind == object {
		raw = compact(raw)
	}
	return clip(string(raw))
}

// compact drops white space outside of texts.
func compact(raw []byte) []byte {
	out := make([]byte, 0, len(raw))
	quoted := false
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		switch {
		case quoted && c == '\\':
			out = append(out, c)
			i++
			c = raw[i]
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ' ' || c == '\n' || c == '\r' || c == '\t'):
			continue
		}
		out = append(out, c)
	}
	return out
}

// maxQuote is how many bytes of what a client has sent are quoted.
const maxQuote = 300

// clip cuts a text that is too long to be quoted, and says so.
func clip(s string) string {
	if len(s) <= maxQuote {
		return s
	}
	cut := maxQuote
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return fmt.Sprintf("%s... (%d bytes)", s[:cut], len(s))
}
