package predict

import (
	"encoding/json"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/pluvia-ml/pluvia/table"
)

// maxDepth bounds how deep objects and arrays may stand in each other.
const maxDepth = 64

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

// value is one value of a scanned text: the bytes from start to end.
type value struct {
	kind       kind
	escaped    bool    // a text with a backslash in it
	number     float64 // of a number; 1 and 0 of true and false
	start, end int
}

// scanner walks a JSON text once, without building anything of it: the reader
// of a route calls member, element and value in the order in which it meets
// them. The grammar is that of RFC 8259, and of Python's json where that one
// goes on: NaN, Infinity and -Infinity are numbers, so that whoever sends them
// is told the name of the field rather than the place in the text. Faults are
// in Python's words and at Python's places, because FastAPI's clients know them.
type scanner struct {
	body  []byte
	at    int    // where the next byte is read
	fault string // the first fault; "" for none
	place int    // of the fault, in bytes
}

func (s *scanner) ok() bool { return s.fault == "" }

func (s *scanner) fail(place int, fault string) {
	if s.fault == "" {
		s.fault, s.place = fault, place
	}
}

// reset begins a text. A byte-order mark is passed over.
func (s *scanner) reset(body []byte) {
	*s = scanner{body: body}
	if len(body) >= 3 && body[0] == 0xEF && body[1] == 0xBB && body[2] == 0xBF {
		s.at = 3
	}
	if !utf8.Valid(body) {
		place := 0
		for place < len(body) {
			r, size := utf8.DecodeRune(body[place:])
			if r == utf8.RuneError && size == 1 {
				break
			}
			place += size
		}
		s.fail(place, "Not UTF-8")
	}
}

// peek passes over white space and is the byte behind it, 0 at the end.
func (s *scanner) peek() byte {
	for s.at < len(s.body) {
		switch c := s.body[s.at]; c {
		case ' ', '\n', '\r', '\t':
			s.at++
		default:
			return c
		}
	}
	return 0
}

// enter steps into an object or array if that is what stands next.
func (s *scanner) enter(open byte) bool {
	if s.ok() && s.peek() == open {
		s.at++
		return true
	}
	return false
}

// member goes to the next member of an object, first of all or not, and is
// its name; then its value must be read. It is not ok behind the last one and
// at a fault.
func (s *scanner) member(first bool) (name value, ok bool) {
	if !s.ok() {
		return name, false
	}
	c := s.peek()
	if c == '}' {
		s.at++
		return name, false
	}
	if !first {
		if c != ',' {
			s.fail(s.at, "Expecting ',' delimiter")
			return name, false
		}
		s.at++
		c = s.peek()
	}
	if c != '"' {
		s.fail(s.at, "Expecting property name enclosed in double quotes")
		return name, false
	}
	name = s.text()
	if s.ok() && s.peek() != ':' {
		s.fail(s.at, "Expecting ':' delimiter")
	}
	s.at++
	return name, s.ok()
}

// element goes to the next element of an array, which must then be read.
func (s *scanner) element(first bool) bool {
	if !s.ok() {
		return false
	}
	c := s.peek()
	if first {
		if c == ']' {
			s.at++
			return false
		}
		return true
	}
	switch c {
	case ',':
		s.at++
		return true
	case ']':
		s.at++
	default:
		s.fail(s.at, "Expecting ',' delimiter")
	}
	return false
}

// value reads one value with all that stands in it; depth is how many objects
// and arrays it stands in.
func (s *scanner) value(depth int) value {
	if !s.ok() {
		return value{}
	}
	c := s.peek()
	v := value{start: s.at}
	switch {
	case c == '"':
		return s.text()
	case c == '-' || '0' <= c && c <= '9':
		return s.number()
	case c == '{':
		v.kind = object
		if s.deeper(depth) {
			for _, ok := s.member(true); ok; _, ok = s.member(false) {
				s.value(depth + 1)
			}
		}
	case c == '[':
		v.kind = array
		if s.deeper(depth) {
			for ok := s.element(true); ok; ok = s.element(false) {
				s.value(depth + 1)
			}
		}
	case s.word("null"):
		v.kind = null
	case s.word("true"):
		v.kind, v.number = boolean, 1
	case s.word("false"):
		v.kind = boolean
	case s.word("NaN"):
		v.kind, v.number = number, math.NaN()
	case s.word("Infinity"):
		v.kind, v.number = number, math.Inf(1)
	default:
		s.fail(s.at, "Expecting value")
	}
	v.end = s.at
	return v
}

func (s *scanner) deeper(depth int) bool {
	if depth >= maxDepth {
		s.fail(s.at, "Nested deeper than "+strconv.Itoa(maxDepth)+" levels")
		return false
	}
	s.at++
	return true
}

func (s *scanner) word(word string) bool {
	if end := s.at + len(word); end <= len(s.body) && string(s.body[s.at:end]) == word {
		s.at = end
		return true
	}
	return false
}

// end makes sure that nothing is left.
func (s *scanner) end() {
	if s.ok() {
		if s.peek(); s.at < len(s.body) {
			s.fail(s.at, "Extra data")
		}
	}
}

// text reads a string, of which the cursor is at the opening quote.
func (s *scanner) text() value {
	v := value{kind: text, start: s.at}
	for i := s.at + 1; i < len(s.body); i++ {
		switch c := s.body[i]; {
		case c == '"':
			s.at = i + 1
			v.end = s.at
			return v
		case c < 0x20:
			s.fail(i, "Invalid control character at")
			return v
		case c == '\\':
			v.escaped = true
			i++
			if i == len(s.body) {
				break
			}
			switch s.body[i] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			case 'u':
				if !hexadecimal(s.body, i+1) {
					s.fail(i, `Invalid \uXXXX escape`)
					return v
				}
				i += 4
			default:
				s.fail(i-1, `Invalid \escape`)
				return v
			}
		}
	}
	s.fail(v.start, "Unterminated string starting at")
	return v
}

func hexadecimal(body []byte, at int) bool {
	if at+4 > len(body) {
		return false
	}
	for _, c := range body[at : at+4] {
		if !('0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f') {
			return false
		}
	}
	return true
}

// number reads the longest number from the cursor.
func (s *scanner) number() value {
	v := value{kind: number, start: s.at}
	i := s.at
	if s.body[i] == '-' {
		i++
	}
	switch first := digits(s.body, i); {
	case first == i:
		s.at = i
		if i > v.start && s.word("Infinity") {
			v.number, v.end = math.Inf(-1), s.at
			return v
		}
		s.at = v.start
		s.fail(v.start, "Expecting value")
		return v
	case s.body[i] == '0':
		i++ // what follows it is no part of the number
	default:
		i = first
	}
	if i < len(s.body) && s.body[i] == '.' {
		if end := digits(s.body, i+1); end > i+1 {
			i = end
		}
	}
	if i < len(s.body) && s.body[i]|0x20 == 'e' {
		from := i + 1
		if from < len(s.body) && (s.body[from] == '-' || s.body[from] == '+') {
			from++
		}
		if end := digits(s.body, from); end > from {
			i = end
		}
	}
	s.at, v.end = i, i
	var ok bool
	if v.number, ok = table.ParseNumber(s.body[v.start:i]); !ok {
		v.number = math.Inf(1) // it overflows
	}
	return v
}

// digits is where the digits from i on end.
func digits(b []byte, i int) int {
	for i < len(b) && b[i]-'0' <= 9 {
		i++
	}
	return i
}

// bytes are the characters of a text, without copying if it has no escapes.
func (s *scanner) bytes(v value) []byte {
	if !v.escaped {
		return s.body[v.start+1 : v.end-1]
	}
	var unescaped string
	if err := json.Unmarshal(s.body[v.start:v.end], &unescaped); err != nil {
		return s.body[v.start+1 : v.end-1] // cannot be: text has checked it
	}
	return []byte(unescaped)
}
