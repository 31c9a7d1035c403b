package predict

import (
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// detail is one fault of a body as FastAPI tells it.
type detail struct {
	Type  string          `json:"type"`
	Loc   []any           `json:"loc"` // names and positions, from "body" on
	Msg   string          `json:"msg"`
	Input json.RawMessage `json:"input"` // what was sent
	Ctx   map[string]any  `json:"ctx,omitempty"`
}

const (
	maxDetails = 100     // faults that an answer lists; the last one says how many are left out
	maxEcho    = 4 << 10 // bytes of a value that are sent back as they came
	maxQuote   = 64      // bytes that are quoted of a longer one
)

// details gathers the faults of one body, and counts those that are too many
// to list.
type details struct {
	list []detail
	more int
}

// room says whether one more fault is listed; if not, it is counted.
func (d *details) room() bool {
	if len(d.list) < maxDetails {
		return true
	}
	d.more++
	return false
}

func (d *details) add(f detail) {
	if d.room() {
		d.list = append(d.list, f)
	}
}

func (d *details) none() bool { return len(d.list) == 0 }

// invalidJSON is the fault of a text that the scanner could not read.
func (s *scanner) invalidJSON() detail {
	return detail{
		Type:  "json_invalid",
		Loc:   []any{"body", utf8.RuneCount(s.body[:min(s.place, len(s.body))])},
		Msg:   "JSON decode error",
		Input: json.RawMessage("{}"),
		Ctx:   map[string]any{"error": s.fault},
	}
}

// echo is a value as it was sent, or as much of it as is good to send back.
func (s *scanner) echo(v value) json.RawMessage {
	if v.kind == absent {
		return json.RawMessage("null")
	}
	raw := s.body[v.start:v.end]
	if len(raw) <= maxEcho && json.Valid(raw) {
		return append(json.RawMessage(nil), raw...)
	}
	out, err := json.Marshal(quote(raw))
	if err != nil {
		return json.RawMessage("null")
	}
	return out
}

// quote is a text short enough to be quoted.
func quote(raw []byte) string {
	if len(raw) <= maxQuote {
		return string(raw)
	}
	return string(trimRune(raw[:maxQuote])) + "… (" + strconv.Itoa(len(raw)) + " bytes)"
}

// trimRune takes off the last character if it was cut in two.
func trimRune(b []byte) []byte {
	for i := 0; i < utf8.UTFMax && len(b) > 0 && !utf8.Valid(b); i++ {
		b = b[:len(b)-1]
	}
	return b
}

// decimal writes a bound as FastAPI does in its messages.
func decimal(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

func loc(path []any, last ...any) []any {
	return append(append(make([]any, 0, len(path)+len(last)), path...), last...)
}

func missing(at []any, input json.RawMessage) detail {
	return detail{Type: "missing", Loc: at, Msg: "Field required", Input: input}
}

func below(at []any, least float64, input json.RawMessage) detail {
	return detail{
		Type: "greater_than_equal", Loc: at, Input: input, Ctx: map[string]any{"ge": least},
		Msg: "Input should be greater than or equal to " + decimal(least),
	}
}

func above(at []any, most float64, input json.RawMessage) detail {
	return detail{
		Type: "less_than_equal", Loc: at, Input: input, Ctx: map[string]any{"le": most},
		Msg: "Input should be less than or equal to " + decimal(most),
	}
}

// unread is why a value could not be read as a number.
type unread uint8

const (
	readable unread = iota
	wrongType
	wrongText
	fractional
	infinite
)

// detail is the fault in FastAPI's words.
func (u unread) detail(at []any, integer bool, input json.RawMessage) detail {
	d := detail{Loc: at, Input: input}
	switch {
	case u == infinite:
		d.Type, d.Msg = "finite_number", "Input should be a finite number"
	case u == fractional:
		d.Type, d.Msg = "int_from_float", "Input should be a valid integer, got a number with a fractional part"
	case u == wrongText && integer:
		d.Type, d.Msg = "int_parsing", "Input should be a valid integer, unable to parse string as an integer"
	case u == wrongText:
		d.Type, d.Msg = "float_parsing", "Input should be a valid number, unable to parse string as a number"
	case integer:
		d.Type, d.Msg = "int_type", "Input should be a valid integer"
	default:
		d.Type, d.Msg = "float_type", "Input should be a valid number"
	}
	return d
}
