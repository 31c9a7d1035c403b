package recipe

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/pluvia-ml/pluvia/table"
)

// fileVersion is the version of the form that MarshalJSON writes.
const fileVersion = 1

// fittedFile is a fitted recipe as JSON.
type fittedFile struct {
	Version int               `json:"version"`
	Input   []table.Field     `json:"input"`
	Steps   []json.RawMessage `json:"steps"` // each a fitted step with "step", its kind, in front
}

// MarshalJSON writes the fitted recipe: {"version":1,"input":[fields],
// "steps":[{"step":"clip",...},...]}. Numbers are written so that they read
// back to the same bits.
func (f *Fitted) MarshalJSON() ([]byte, error) {
	file := fittedFile{Version: fileVersion, Input: f.input, Steps: []json.RawMessage{}}
	if file.Input == nil {
		file.Input = []table.Field{}
	}
	for i, step := range f.steps {
		body, err := json.Marshal(step)
		if err != nil {
			return nil, fmt.Errorf("step %d (%s): %w", i+1, step.Kind(), err)
		}
		head := []byte(`{"step":"` + step.Kind() + `"`)
		if len(body) > len("{}") {
			head = append(head, ',')
		}
		file.Steps = append(file.Steps, append(head, body[1:]...))
	}
	return json.Marshal(file)
}

// UnmarshalJSON reads what MarshalJSON wrote, and refuses anything else with
// the place of the fault. A refused file leaves f as it is.
func (f *Fitted) UnmarshalJSON(data []byte) error {
	var file fittedFile
	if err := complete(json.NewDecoder(bytes.NewReader(data)), "the file"); err != nil {
		return fmt.Errorf("fitted recipe: %w", err)
	}
	if err := strict(data, &file); err != nil {
		return fmt.Errorf("fitted recipe: %w", err)
	}
	if file.Version != fileVersion {
		return fmt.Errorf("fitted recipe: version is %d, this program reads %d; fit the recipe again", file.Version, fileVersion)
	}
	if len(file.Steps) > maxSteps {
		return fmt.Errorf("fitted recipe: %d steps are too many; at most %d can be handled", len(file.Steps), maxSteps)
	}
	read := Fitted{input: file.Input}
	for i, raw := range file.Steps {
		step, err := unmarshalStep(raw)
		if err != nil {
			return fmt.Errorf("fitted recipe: step %d: %w", i+1, err)
		}
		read.steps = append(read.steps, step)
	}
	if faults := read.compile(); len(faults) > 0 {
		return fmt.Errorf("fitted recipe: %w", join(faults))
	}
	f.input, f.steps = read.input, read.steps
	f.compile()
	return nil
}

func unmarshalStep(raw json.RawMessage) (FittedStep, error) {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(raw, &keys); err != nil {
		return nil, err
	}
	var kind string
	if err := json.Unmarshal(keys["step"], &kind); err != nil {
		return nil, errors.New(`"step" must be the kind of a step, in quotes`)
	}
	i := slices.Index(Kinds(), kind)
	if i < 0 {
		return nil, fmt.Errorf("no kind %q; there are %s", kind, list(Kinds()))
	}
	delete(keys, "step")
	body, err := json.Marshal(keys)
	if err != nil {
		return nil, err
	}
	step := steps[i].fitted()
	if err := strict(body, step); err != nil {
		return nil, fmt.Errorf("(%s): %w", kind, err)
	}
	return step, nil
}

// strict decodes one JSON value without unknown keys and without a rest.
func strict(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("something follows the value")
	}
	return nil
}

// complete refuses what encoding/json lets pass in silence, null in the place
// of a number and a key that stands there twice, in the next value of d.
func complete(d *json.Decoder, place string) error {
	token, err := next(d)
	if err != nil {
		return err
	}
	switch token {
	case nil:
		return fmt.Errorf("%s is null", place)
	case json.Delim('['):
		for i := 1; d.More(); i++ {
			if err := complete(d, fmt.Sprintf("item %d of %s", i, place)); err != nil {
				return err
			}
		}
		_, err = next(d)
	case json.Delim('{'):
		seen := make(map[string]bool)
		for d.More() {
			token, err := next(d)
			if err != nil {
				return err
			}
			key, _ := token.(string)
			if seen[key] {
				return fmt.Errorf("%q stands twice in %s", key, place)
			}
			seen[key] = true
			if err := complete(d, strconv.Quote(key)); err != nil {
				return err
			}
		}
		_, err = next(d)
	}
	return err
}

// next is the next token; that there is none is an error of the file.
func next(d *json.Decoder) (json.Token, error) {
	token, err := d.Token()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return token, err
}
