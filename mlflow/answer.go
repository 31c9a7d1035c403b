package mlflow

import (
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/pluvia-ml/pluvia"
)

// An answer is built by appending bytes: key opens a member of the object that
// was begun with '{', and the fields append one member whole. A thousand runs
// are answered in milliseconds this way.

// next puts the comma between two members or elements.
func next(b []byte) []byte {
	if c := b[len(b)-1]; c != '{' && c != '[' {
		return append(b, ',')
	}
	return b
}

// key begins a member; the name needs no escapes.
func key(b []byte, name string) []byte {
	b = append(next(b), '"')
	b = append(b, name...)
	return append(b, '"', ':')
}

func textField(b []byte, name, value string) []byte {
	return appendText(key(b, name), value)
}

// textUnless is a text that is absent when empty.
func textUnless(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return textField(b, name, value)
}

func intField(b []byte, name string, value int64) []byte {
	return strconv.AppendInt(key(b, name), value, 10)
}

// intUnless is an integer that is absent when 0.
func intUnless(b []byte, name string, value int64) []byte {
	if value == 0 {
		return b
	}
	return intField(b, name, value)
}

func boolField(b []byte, name string, value bool) []byte {
	return strconv.AppendBool(key(b, name), value)
}

func numberField(b []byte, name string, value float64) []byte {
	return appendNumber(key(b, name), value)
}

// tagsField is the member "tags", absent when there are none.
func tagsField(b []byte, tags []pluvia.Tag) []byte {
	if len(tags) == 0 {
		return b
	}
	b = append(key(b, "tags"), '[')
	for i := range tags {
		b = pair(b, tags[i].Key, tags[i].Value)
	}
	return append(b, ']')
}

// paramsField is the member "params", absent when there are none.
func paramsField(b []byte, params []pluvia.Param) []byte {
	if len(params) == 0 {
		return b
	}
	b = append(key(b, "params"), '[')
	for i := range params {
		b = pair(b, params[i].Key, params[i].Value)
	}
	return append(b, ']')
}

func pair(b []byte, k, v string) []byte {
	b = textField(append(next(b), '{'), "key", k)
	return append(textField(b, "value", v), '}')
}

// appendNumber writes a double as protobuf's JSON does: the shortest text that
// reads back the same, and words in quotes for what is no number of JSON.
func appendNumber(b []byte, x float64) []byte {
	switch {
	case math.IsNaN(x):
		return append(b, `"NaN"`...)
	case math.IsInf(x, 1):
		return append(b, `"Infinity"`...)
	case math.IsInf(x, -1):
		return append(b, `"-Infinity"`...)
	}
	format := byte('f')
	if a := math.Abs(x); a != 0 && (a < 1e-4 || a >= 1e16) {
		format = 'e'
	}
	start := len(b)
	b = strconv.AppendFloat(b, x, format, -1, 64)
	for _, c := range b[start:] {
		if c == '.' || c == 'e' {
			return b
		}
	}
	return append(b, '.', '0') // as Python writes a float, so that readers take it for one
}

const hexDigits = "0123456789abcdef"

// appendText writes a text of JSON.
func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				b = append(b, s[start:i]...)
				b = append(b, "\ufffd"...)
				start = i + 1
			}
			i += size
			continue
		}
		if c >= 0x20 && c != '"' && c != '\\' {
			i++
			continue
		}
		b = append(b, s[start:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		start = i
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}
