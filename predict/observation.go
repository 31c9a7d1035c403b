package predict

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/pluvia-ml/pluvia/table"
)

// listName is the member of a body that holds several observations.
const listName = "observations"

// observations are the rows of a body, each in the order of the schema.
type observations struct {
	rows    []float64 // one row after the other
	count   int
	one     bool     // the body is an observation, not a list of them
	ignored []string // fields that were sent and are never used
}

// predictObservations answers POST /api/v1/predict: {field: value, ...} or
// {"observations": [{...}, ...]}.
func (s *Predictor) predictObservations(w http.ResponseWriter, r *http.Request) error {
	body, err := readBody(nil, r, MaxBatchBody)
	if err != nil {
		return err
	}
	o, faults := s.readObservations(body)
	if !faults.none() {
		return invalid{faults}
	}
	c := s.Champion()
	if c == nil {
		return s.noChampion()
	}
	answer, err := s.answerObservations(c, o)
	if err != nil {
		return err
	}
	return writeBody(w, http.StatusOK, answer)
}

// answerObservations writes the predictions of one champion.
func (s *Predictor) answerObservations(c *Champion, o *observations) ([]byte, error) {
	var labels [2][]byte
	for i, label := range []string{c.Negative, c.Positive} {
		rest, err := json.Marshal(struct {
			Label     string  `json:"label"`
			Threshold float64 `json:"threshold"`
			Model     string  `json:"model"`
			Version   int     `json:"version"`
		}{label, c.Model.Threshold, c.Name, c.Version})
		if err != nil {
			return nil, err
		}
		labels[i] = rest[1:] // it goes on behind the probability
	}
	ignored, err := json.Marshal(o.ignored)
	if err != nil {
		return nil, err
	}

	var out []byte
	if !o.one {
		out = append(out, `{"predictions":[`...)
	}
	width := len(s.fields)
	for i := range o.count {
		p, positive, err := c.decide(o.rows[i*width : (i+1)*width])
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, `{"probability":`...)
		out = strconv.AppendFloat(out, p, 'f', -1, 64)
		out = append(out, ',')
		if positive {
			out = append(out, labels[1]...)
		} else {
			out = append(out, labels[0]...)
		}
	}
	if !o.one {
		out = append(out, "]}"...)
	}
	if len(o.ignored) > 0 {
		out = append(out[:len(out)-1], `,"ignored":`...)
		out = append(append(out, ignored...), '}')
	}
	return out, nil
}

// readObservations reads a body to rows, or to all its faults.
func (s *Predictor) readObservations(body []byte) (*observations, *details) {
	o, d := &observations{}, new(details)
	sc := new(scanner)
	sc.reset(body)
	if !sc.enter('{') {
		v := sc.value(0)
		sc.end()
		if !sc.ok() {
			d.add(sc.invalidJSON())
		} else {
			d.add(detail{Type: "model_attributes_type", Loc: []any{"body"}, Input: sc.echo(v),
				Msg: `Input should be an object: one observation, or {"observations": [...]}`})
		}
		return o, d
	}

	single := s.emptyRow(nil)
	var fields, listed int
	for name, ok := sc.member(true); ok; name, ok = sc.member(false) {
		if string(sc.bytes(name)) == listName {
			listed++
			s.readList(sc, o, d)
			continue
		}
		fields++
		s.readField(sc, name, -1, single, o, d)
	}
	sc.end()
	switch {
	case !sc.ok():
		d = new(details)
		d.add(sc.invalidJSON())
	case listed > 1 || listed == 1 && fields > 0:
		d.add(detail{Type: "value_error", Loc: []any{"body", listName}, Input: json.RawMessage("null"),
			Msg: `Value error, a body is either the fields of one observation or "observations", once`})
	case listed == 0:
		o.rows, o.count, o.one = single, 1, true
	}
	slices.Sort(o.ignored)
	return o, d
}

// emptyRow appends a row with everything missing.
func (s *Predictor) emptyRow(rows []float64) []float64 {
	for range s.fields {
		rows = append(rows, table.Missing)
	}
	return rows
}

func (s *Predictor) readList(sc *scanner, o *observations, d *details) {
	at := []any{"body", listName}
	if !sc.enter('[') {
		if v := sc.value(1); sc.ok() {
			d.add(detail{Type: "list_type", Loc: at, Msg: "Input should be a valid list", Input: sc.echo(v)})
		}
		return
	}
	count := 0
	for ok := sc.element(true); ok; ok = sc.element(false) {
		i := count
		count++
		switch {
		case i >= MaxObservations:
			sc.value(2)
		case !sc.enter('{'):
			if v := sc.value(2); sc.ok() {
				d.add(detail{Type: "model_attributes_type", Loc: loc(at, i), Input: sc.echo(v),
					Msg: "Input should be a valid dictionary or object to extract fields from"})
			}
		default:
			width := len(o.rows)
			o.rows = s.emptyRow(o.rows)
			for name, ok := sc.member(true); ok; name, ok = sc.member(false) {
				s.readField(sc, name, i, o.rows[width:], o, d)
			}
		}
	}
	o.count = len(o.rows) / len(s.fields)
	switch {
	case !sc.ok():
	case count == 0:
		d.add(detail{Type: "too_short", Loc: at, Input: json.RawMessage("[]"), Ctx: map[string]any{"min_length": 1, "actual_length": 0},
			Msg: "List should have at least 1 item after validation, not 0"})
	case count > MaxObservations:
		d.add(detail{Type: "too_long", Loc: at, Input: json.RawMessage("null"), Ctx: map[string]any{"max_length": MaxObservations, "actual_length": count},
			Msg: fmt.Sprintf("List should have at most %d items after validation, not %d: send them in several calls", MaxObservations, count)})
	}
}

// readField reads the member called name of observation i, -1 for the only one.
func (s *Predictor) readField(sc *scanner, name value, i int, row []float64, o *observations, d *details) {
	key := sc.bytes(name)
	field, known := s.index[string(key)]
	var v value
	if i < 0 {
		v = sc.value(1)
	} else {
		v = sc.value(3)
	}
	if !sc.ok() {
		return
	}
	switch {
	case !known:
		if d.room() {
			d.add(detail{Type: "extra_forbidden", Loc: at(i, quote(key)), Input: sc.echo(v),
				Msg: "Extra inputs are not permitted: a field must be " + s.names.Fault(0, string(key)).Rule})
		}
		return
	case field < 0:
		if name := string(key); !slices.Contains(o.ignored, name) {
			o.ignored = append(o.ignored, name)
		}
		return
	}
	var ok bool
	switch v.kind {
	case null:
		row[field], ok = table.Missing, true
	case number:
		row[field], ok = s.rules.Number(field, v.number)
	case text:
		row[field], ok = s.rules.Text(field, sc.bytes(v))
	}
	if !ok && d.room() {
		d.add(s.fieldFault(sc, field, v, i))
	}
}

// fieldFault says why a field's rule refuses a value.
func (s *Predictor) fieldFault(sc *scanner, field int, v value, i int) detail {
	f := &s.fields[field]
	said := string(sc.body[v.start:v.end])
	if v.kind == text {
		said = string(sc.bytes(v))
	}
	d := detail{Loc: at(i, f.Name), Input: sc.echo(v), Msg: "Input should be " + s.rules.Fault(field, said).Rule}
	switch {
	case f.Type.Kind() != table.Number && v.kind != text:
		d.Type = "string_type"
	case f.Type == table.TypeDate:
		d.Type = "date_parsing"
	case f.Type == table.TypeCategory:
		d.Type = "literal_error"
	default:
		integer := f.Type == table.TypeInteger
		x, why := numeric(sc, v, integer)
		switch {
		case v.kind == boolean:
			d.Type = wrongType.detail(nil, integer, nil).Type
		case why != readable:
			d.Type = why.detail(nil, integer, nil).Type
		case f.Min != nil && x < *f.Min:
			d.Type, d.Ctx = "greater_than_equal", map[string]any{"ge": *f.Min}
		case f.Max != nil && x > *f.Max:
			d.Type, d.Ctx = "less_than_equal", map[string]any{"le": *f.Max}
		default:
			d.Type = "value_error"
		}
	}
	return d
}

// at is the place of a field in the body; i is -1 for the only observation.
func at(i int, name string) []any {
	if i < 0 {
		return []any{"body", name}
	}
	return []any{"body", listName, i, name}
}
