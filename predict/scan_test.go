package predict

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// build reads the value at the cursor as encoding/json would with UseNumber.
func build(s *scanner, depth int) any {
	switch s.peek() {
	case '{':
		v := map[string]any{}
		if !s.deeper(depth) {
			return nil
		}
		for name, ok := s.member(true); ok; name, ok = s.member(false) {
			v[string(s.bytes(name))] = build(s, depth+1)
		}
		return v
	case '[':
		v := []any{}
		if !s.deeper(depth) {
			return nil
		}
		for ok := s.element(true); ok; ok = s.element(false) {
			v = append(v, build(s, depth+1))
		}
		return v
	}
	v := s.value(depth)
	if !s.ok() {
		return nil
	}
	switch v.kind {
	case text:
		return string(s.bytes(v))
	case number:
		return v.number
	case boolean:
		return v.number == 1
	}
	return nil
}

// oracle decodes as build does; numbers that overflow are infinite.
func oracle(body []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return floats(v), nil
}

func floats(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			v[k] = floats(e)
		}
	case []any:
		for i, e := range v {
			v[i] = floats(e)
		}
	case json.Number:
		x, err := strconv.ParseFloat(string(v), 64)
		if err != nil {
			return math.Inf(1) // as the scanner marks what overflows
		}
		return x
	}
	return v
}

func equal(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for k, v := range a {
			if w, ok := b[k]; !ok || !equal(v, w) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !equal(a[i], b[i]) {
				return false
			}
		}
		return true
	case float64:
		b, ok := b.(float64)
		return ok && math.Float64bits(a) == math.Float64bits(b)
	}
	return a == b
}

func depth(v any) int {
	deepest := 0
	switch v := v.(type) {
	case map[string]any:
		for _, e := range v {
			deepest = max(deepest, depth(e))
		}
		return deepest + 1
	case []any:
		for _, e := range v {
			deepest = max(deepest, depth(e))
		}
		return deepest + 1
	}
	return 0
}

// FuzzScan compares the scanner with encoding/json: the same texts are valid,
// and say the same.
func FuzzScan(f *testing.F) {
	for _, seed := range []string{
		`{"features": {"a": 1.5, "b": -0, "c": 1e-7, "d": "x\ny\u00e4", "e": [true, false, null, {}]}}`,
		`[0.1, 123456789012345678, 1e400, -1E+2, 0.30000000000000004]`,
		`{"a":1,"a":2}`, `"\ud83d\ude00\ud83d"`, `[1,]`, `{"a" 1}`, `01`, `1.`, `-`, `tru`, `"`, `"\`, "\"\x01\"", "\ufeff1", ``, ` `,
		strings.Repeat("[", 70) + strings.Repeat("]", 70),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var s scanner
		s.reset(body)
		got := build(&s, 0)
		s.end()
		if s.place > len(body) || s.at > len(body)+1 {
			t.Fatalf("%q: place %d, at %d of %d", body, s.place, s.at, len(body))
		}
		body = bytes.TrimPrefix(body, []byte("\ufeff"))
		if !utf8.Valid(body) {
			if s.ok() {
				t.Fatalf("%q is not UTF-8, and was taken", body)
			}
			return
		}
		if !json.Valid(body) {
			if s.ok() && !bytes.Contains(body, []byte("NaN")) && !bytes.Contains(body, []byte("Infinity")) {
				t.Fatalf("%q is not JSON, and was taken", body)
			}
			return
		}
		want, err := oracle(body)
		if err != nil {
			t.Fatal(err)
		}
		if depth(want) > maxDepth {
			if s.ok() {
				t.Fatalf("%q is too deep, and was taken", body)
			}
			return
		}
		if !s.ok() {
			t.Fatalf("%q: %s at %d", body, s.fault, s.place)
		}
		if !equal(got, want) {
			t.Fatalf("%q: got %v, want %v", body, got, want)
		}
	})
}

func TestScanNumbers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]float64{
		"0": 0, "-0": math.Copysign(0, -1), "12.50": 12.5, "1e3": 1000, "NaN": math.NaN(), "Infinity": math.Inf(1), "-Infinity": math.Inf(-1), "1e999": math.Inf(1),
	} {
		var s scanner
		s.reset([]byte(text))
		v := s.value(0)
		s.end()
		same := math.Float64bits(v.number) == math.Float64bits(want) || math.IsNaN(v.number) && math.IsNaN(want)
		if !s.ok() || v.kind != number || !same {
			t.Errorf("%s: got %v (%s), want %v", text, v.number, s.fault, want)
		}
	}
}
