package mlflow

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pluvia-ml/pluvia"
)

func scanned(body string) (*document, message) {
	d := &document{body: []byte(body)}
	d.scan()
	return d, message{d: d, index: -1}
}

func TestScanBroken(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{`:                                      "at 1: expected the name of a member in double quotes",
		`{"a"}`:                                  "at 4: expected a colon",
		`{"a":}`:                                 "at 5: expected a value",
		`{"a":1,}`:                               "at 7: expected the name of a member in double quotes",
		`{"a":1 "b":2}`:                          "at 7: expected a comma or the end of the object",
		`{"a":[1 2]}`:                            "at 8: expected a comma or the end of the list",
		`{"a":[1,]}`:                             "at 8: expected a value",
		`{"a":01}`:                               "at 5: expected a value",
		`{"a":1.}`:                               "at 5: expected a value",
		`{"a":+1}`:                               "at 5: expected a value",
		`{"a":tru}`:                              "at 5: expected a value",
		`{"a":'x'}`:                              "at 5: expected a value",
		`{"a":"x`:                                "at 7: a text without end",
		`{"a":"x\`:                               "at 8: a text without end",
		"{\"a\":\"x\ny\"}":                       "at 7: a control character in a text",
		"{\"a\":\"\xff\"}":                       "the text is not UTF-8",
		"{\"a\":1}\x00":                          "at 7: expected the end",
		`{} {}`:                                  "at 3: expected the end",
		`[1]`:                                    "want an object, got a value of type 'list'",
		`"[1]"`:                                  "want an object, got a value of type 'list'",
		`"\ud800"`:                               "the text has a character that no text may have",
		`"\"{}\""`:                               "want an object, got a value of type 'str'",
		`null`:                                   "want an object, got a value of type 'NoneType'",
		strings.Repeat(`{"a":`, 10_000):          "at 500: nested deeper than 100",
		strings.Repeat(`[`, 10_000):              "at 100: nested deeper than 100",
		"[" + strings.Repeat("1,", 1<<18) + "1]": "at 524287: more than 262144 values",
	} {
		d, m := scanned(body)
		if d.broken != want {
			t.Errorf("%.40s: %q, want %q", body, d.broken, want)
		}
		if m.need("name"); m.err() == nil || !strings.Contains(m.err().Error(), "Missing value for required parameter 'name'. The body is not JSON that can be read: ") {
			t.Errorf("%.40s: %v", body, m.err())
		}
		if _, m := scanned(body); pluvia.ErrorCode(m.err()) != pluvia.Invalid {
			t.Errorf("%.40s: without a required field: %v", body, m.err())
		}
	}
	for _, body := range []string{"", " \n", `{}`, `{"a": [[[{}]]], "b": {"c": NaN}, "d": -Infinity}`, `"{\"name\": 1}"`, strings.Repeat(`{"a":`, 99) + "1" + strings.Repeat("}", 99)} {
		if d, _ := scanned(body); d.broken != "" {
			t.Errorf("%.40s: %s", body, d.broken)
		}
	}
}

func TestFields(t *testing.T) {
	t.Parallel()
	_, m := scanned(`{"run_id": "r", "text": "a\u00e9\n\ud83d\ude00\"\\\/", "camelCase": "c", "n": 5, "s": "-7", "f": 5e2, "none": null,
		"t": true, "d": "1.5e3", "nan": "NaN", "inf": "-Infinity", "bare": Infinity, "twice": 1, "twice": 2, "l": ["a", "b"], "\u0065scaped": "e",
		"list": [{"key": "k", "value": "v"}, {"key": "l"}], "o": {"inner": {"x": "y"}}, "status": "FINISHED", "number": 3, "digits": "4"}`)
	check := func(name string, got, want any) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	check("text", m.text("text"), "aé\n😀\"\\/")
	check("camelCase", m.text("camel_case"), "c")
	check("escaped name", m.text("escaped"), "e")
	check("absent", m.text("nothing"), "")
	check("null", m.has("none"), false)
	check("null text", m.text("none"), "")
	check("has", m.has("n"), true)
	check("maybe", *m.maybe("run_id"), "r")
	check("maybe absent", m.maybe("none") == nil, true)
	check("integer", m.integer("n", 0), int64(5))
	check("integer in a text", m.integer("s", 0), int64(-7))
	check("integer as a float", m.integer("f", 0), int64(500))
	check("integer absent", m.integer("none", 9), int64(9))
	check("last one counts", m.integer("twice", 0), int64(2))
	check("boolean", m.boolean("t", false), true)
	check("boolean absent", m.boolean("none", true), true)
	check("number", m.needNumber("d"), 1500.)
	check("number", m.needNumber("n"), 5.)
	if x := m.needNumber("nan"); x == x {
		t.Error("NaN is a number")
	}
	check("infinity", m.needNumber("inf") < -1e308, true)
	check("bare infinity", m.needNumber("bare") > 1e308, true)
	check("texts", strings.Join(m.texts("l"), ","), "a,b")
	check("count", m.count("list"), 2)
	check("tags", m.tags("list")[1], pluvia.Tag{Key: "l"})
	check("object", m.message("o").message("inner").text("x"), "y")
	check("object absent", m.message("none").text("x"), "")
	check("enum", m.enum("status", runStatuses), "FINISHED")
	check("enum by number", m.enum("number", runStatuses), "FINISHED")
	check("enum by digits", m.enum("digits", runStatuses), "FAILED")
	check("enum absent", m.enum("none", runStatuses), "")
	if m.err() != nil {
		t.Error(m.err())
	}
}

func TestWrongFields(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		body string
		read func(message)
		want string
	}{
		{`{"a": 123}`, func(m message) { m.text("a") }, "Invalid value 123 for parameter 'a' supplied:  Hint: Value was of type 'int'."},
		{`{"a": 9.0}`, func(m message) { m.text("a") }, "Invalid value 9.0 for parameter 'a' supplied:  Hint: Value was of type 'float'."},
		{`{"a": {"b":  [1, "x y"]}}`, func(m message) { m.text("a") }, `Invalid value {"b":[1,"x y"]} for parameter 'a' supplied:  Hint: Value was of type 'dict'.`},
		{`{"a": true}`, func(m message) { m.need("a") }, "Value was of type 'bool'."},
		{`{"a": ""}`, func(m message) { m.need("a") }, "Missing value for required parameter 'a'. See the API docs for more information about request parameters."},
		{`{"a": null}`, func(m message) { m.need("a") }, "Missing value for required parameter 'a'."},
		{`{"a": "\u0000"}`, func(m message) { m.text("a") }, "without the character 0"},
		{`{"a": "\udc00"}`, func(m message) { m.text("a") }, "half surrogate"},
		{`{"a": "\x"}`, func(m message) { m.text("a") }, "a text is Unicode"},
		{`{"a": "5"}`, func(m message) { m.integer("b", 0); m.boolean("a", false) }, `Invalid value "5" for parameter 'a' supplied:  Hint: Value was of type 'str'.`},
		{`{"a": 1.5}`, func(m message) { m.integer("a", 0) }, "Invalid value 1.5 for parameter 'a' supplied: want an integer of 64 bits."},
		{`{"a": 9223372036854775808}`, func(m message) { m.integer("a", 0) }, "Invalid value 9223372036854775808 for parameter 'a'"},
		{`{"a": -9223372036854775809}`, func(m message) { m.integer("a", 0) }, "Invalid value -9223372036854775809"},
		{`{"a": "9223372036854775808"}`, func(m message) { m.integer("a", 0) }, "Value was of type 'str'"},
		{`{"a": 1e400}`, func(m message) { m.integer("a", 0) }, "Invalid value 1e400"},
		{`{"a": true}`, func(m message) { m.integer("a", 0) }, "Value was of type 'bool'"},
		{`{"a": "5.0"}`, func(m message) { m.integer("a", 0) }, "Value was of type 'str'"},
		{`{"a": ""}`, func(m message) { m.needInteger("a") }, "Missing value for required parameter 'a'."},
		{`{"a": 1e400}`, func(m message) { m.needNumber("a") }, "the number is too large"},
		{`{"a": "0x10"}`, func(m message) { m.needNumber("a") }, "Value was of type 'str'"},
		{`{"a": "inf"}`, func(m message) { m.needNumber("a") }, "Value was of type 'str'"},
		{`{"a": false}`, func(m message) { m.needNumber("a") }, "Value was of type 'bool'"},
		{`{}`, func(m message) { m.needNumber("a") }, "Missing value for required parameter 'a'."},
		{`{"a": "x"}`, func(m message) { m.enum("a", views) }, `Invalid value "x" for parameter 'a' supplied: must be one of ACTIVE_ONLY, DELETED_ONLY, ALL.`},
		{`{"a": 4}`, func(m message) { m.enum("a", views) }, "Invalid value 4"},
		{`{"a": []}`, func(m message) { m.enum("a", views) }, "Value was of type 'list'"},
		{`{"a": "x"}`, func(m message) { m.texts("a") }, "Value was of type 'str'"},
		{`{"a": ["x", 5]}`, func(m message) { m.texts("a") }, "Invalid value 5 for parameter 'a[1]'"},
		{`{"a": [5]}`, func(m message) { m.tags("a") }, "Invalid value 5 for parameter 'a[0]'"},
		{`{"a": [{"key": "k"}, {"value": "v"}]}`, func(m message) { m.tags("a") }, "Missing value for required parameter 'a[1].key'."},
		{`{"a": [{"b": {"c": 5}}]}`, func(m message) {
			for e := range m.messages("a") {
				e.message("b").text("c")
			}
		}, "Invalid value 5 for parameter 'a[0].b.c'"},
		{`{"a": "x"}`, func(m message) { m.message("a").text("b") }, "Invalid value \"x\" for parameter 'a'"},
		{`{"a_b": "x", "aB": "y"}`, func(m message) { m.text("a_b") }, "Request specifies both 'a_b' and 'aB'; provide only one of them."},
		{`{"a": 1, "b": 2}`, func(m message) { m.text("a"); m.text("b") }, "parameter 'a'"},
		{`{"a": [` + strings.Repeat("1,", 1000) + `1]}`, func(m message) { m.text("a") }, "... (2003 bytes) for parameter"},
	} {
		_, m := scanned(test.body)
		test.read(m)
		if err := m.err(); pluvia.ErrorCode(err) != pluvia.Invalid || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%.60s: %v, want %q", test.body, err, test.want)
		}
	}
}

func TestQuery(t *testing.T) {
	t.Parallel()
	read := func(query string) message {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		d := new(document)
		d.ask(values)
		return message{d: d, index: -1}
	}
	m := read("a=1&b=x&b=y&c=TRUE&e=&o=%2Fp%20q")
	if m.integer("a", 0) != 1 || m.text("b") != "x" || strings.Join(m.texts("b"), ",") != "x,y" || !m.boolean("c", false) || m.text("o") != "/p q" || m.has("z") || m.err() != nil {
		t.Error(m.err())
	}
	if m.need("e"); m.err() == nil {
		t.Error("an empty value is no value")
	}
	for _, query := range []string{"a=%00", "a=%ff", "a=x%00y"} {
		m := read(query)
		if m.text("a"); m.err() == nil {
			t.Errorf("%s: no error", query)
		}
	}
	m = read("a=maybe")
	if m.boolean("a", false); m.err() == nil || m.err().Error() != "Invalid boolean value: maybe, must be 'true' or 'false'." {
		t.Error(m.err())
	}
}

// FuzzDocument holds the scanner against encoding/json.
func FuzzDocument(f *testing.F) {
	for _, s := range []string{`{"a":[1,-2.5e3,"x\u00e9\ud83d\ude00",{"b":null}],"c":true}`, `{"a":NaN}`, `"{\"a\":1}"`, `[`, `{"a":"\q"}`, `{"a":1}x`, "{\"\x00\":1}", `{"a":01}`, `{"key":"k","value":"NaN"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		d := &document{body: bytes.Clone(body)}
		d.scan()
		m := message{d: d, index: -1}
		text, number := m.text("a"), m.needNumber("value")
		m.integer("b", 0)
		m.texts("c")
		m.tags("d")
		m.enum("e", views)
		_ = number
		var got map[string]json.RawMessage
		err := json.Unmarshal(body, &got)
		switch {
		case !utf8.Valid(body) || bytes.ContainsAny(body, "NI") || len(bytes.TrimSpace(body)) == 0 || bytes.HasPrefix(bytes.TrimSpace(body), []byte(`"`)):
			return // Go replaces what is no UTF-8, and knows neither NaN nor JSON in a text
		case bytes.Contains(body, []byte(`\`)):
			return // a bad escape is found when the text is read
		case strings.HasPrefix(d.broken, "at ") && strings.Contains(d.broken, "deeper"):
			return
		case (err == nil && got != nil) != (d.broken == ""):
			t.Fatalf("%q: %q, encoding/json says %v", body, d.broken, err)
		case d.broken != "":
			return
		}
		var want string
		if raw := got["a"]; len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, &want) == nil && want != text && !strings.Contains(m.err().Error(), "character 0") {
			t.Errorf("%q: a is %q, want %q", body, text, want)
		}
	})
}

// FuzzText holds what is written against what encoding/json reads, and what is
// read against what encoding/json writes.
func FuzzText(f *testing.F) {
	f.Add("plain")
	f.Add("é\"\\\n\t\x01\u2028😀\x7f")
	f.Add("\xff\xfe")
	f.Fuzz(func(t *testing.T, s string) {
		var back string
		written := appendText(nil, s)
		if err := json.Unmarshal(written, &back); err != nil || back != strings.ToValidUTF8(s, "\ufffd") && utf8.ValidString(s) {
			t.Errorf("%q is written %q, which reads %q, %v", s, written, back, err)
		}
		if !utf8.ValidString(s) {
			return
		}
		sent, err := json.Marshal(map[string]string{"a": s})
		if err != nil {
			t.Fatal(err)
		}
		_, m := scanned(string(sent))
		if got := m.text("a"); got != s && !strings.Contains(s, "\x00") {
			t.Errorf("%q is read as %q: %v", sent, got, m.err())
		}
	})
}

func FuzzNumber(f *testing.F) {
	for _, x := range []float64{0, 1, -1.5, 1e300, 5e-324, 1e15, 1e16, 123456789.125, 1e-4, 9e-5} {
		f.Add(x)
	}
	f.Fuzz(func(t *testing.T, x float64) {
		_, m := scanned(`{"x": ` + string(appendNumber(nil, x)) + `}`)
		if got := m.needNumber("x"); got != x && x == x || m.err() != nil {
			t.Errorf("%v is written %s, read %v, %v", x, appendNumber(nil, x), got, m.err())
		}
	})
}
