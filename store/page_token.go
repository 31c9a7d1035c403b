package store

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/pluvia-ml/pluvia"
)

// token is what a page token holds: which search it belongs to and where its
// page has ended.
type token struct {
	Search string     `json:"s"`
	Mark   []markText `json:"m"`
}

// markText is a place of a mark: its class, and its value when it has one.
type markText struct {
	Class int    `json:"c,omitempty"`
	Value string `json:"v,omitempty"`
}

// checksum names a search by all that decides about its result, but for the
// length of a page.
func checksum(parts ...any) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%T %#v\n", p, p)
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:12])
}

func badToken() error {
	return pluvia.Errorf(pluvia.Invalid, "Invalid page token; give the one that the same search has answered, or none")
}

func writeToken(search string, m mark) string {
	t := token{Search: search}
	for _, p := range m {
		text := markText{Class: p.class}
		if p.class == hasValue {
			switch v := p.value.(type) {
			case string:
				text.Value = v
			case int64:
				text.Value = strconv.FormatInt(v, 10)
			case float64:
				text.Value = strconv.FormatFloat(v, 'g', -1, 64)
			}
		}
		t.Mark = append(t.Mark, text)
	}
	data, err := json.Marshal(t)
	if err != nil {
		panic("store: page token: " + err.Error()) // texts and numbers only
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

// readToken reads the mark of a token; terms say what its values are.
func readToken(text, search string, terms []term) (mark, error) {
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, badToken()
	}
	var t token
	if json.Unmarshal(data, &t) != nil || t.Search != search || len(t.Mark) != len(terms) {
		return nil, badToken()
	}
	m := make(mark, len(terms))
	for i, given := range t.Mark {
		m[i].class = given.Class
		if given.Class < hasValue || given.Class >= classes || given.Class != hasValue && terms[i].class == "" || !storable(given.Value) {
			return nil, badToken()
		}
		if given.Class != hasValue {
			continue
		}
		var err error
		switch terms[i].of {
		case aText:
			m[i].value = given.Value
		case anInteger:
			m[i].value, err = strconv.ParseInt(given.Value, 10, 64)
		case aReal:
			m[i].value, err = strconv.ParseFloat(given.Value, 64)
		}
		if err != nil || m[i].value != m[i].value {
			return nil, badToken()
		}
	}
	return m, nil
}
