package store

import (
	"encoding/json"
	"strings"
	"unicode"
)

// dialect is what searches need that the databases do not say alike.
type dialect struct {
	// pattern translates a pattern with % and _ into an operator and what
	// stands on its right. Letters that differ in case only are alike when fold
	// is set.
	pattern func(text string, fold bool) (operator, pattern string)
	// texts and numbers are "is one of": an operator with %s for the place of
	// the list.
	texts   func(list []string) (operator string, arg any)
	numbers func(list []int64) (operator string, arg any)
	// lock ends a SELECT of rows that nobody else may change until the
	// transaction is over. SQLite has one writer at a time anyway.
	lock string
}

// sqliteDialect has patterns by GLOB, which minds case, because LIKE does not,
// and whose sets of characters give the other cases of a letter; and lists as
// one argument, because SQLite looks for each argument by its name.
var sqliteDialect = dialect{
	pattern: func(text string, fold bool) (string, string) {
		return `GLOB`, translate(text, fold, func(b *strings.Builder, r rune) {
			switch r {
			case '%':
				b.WriteByte('*')
			case '_':
				b.WriteByte('?')
			}
		}, func(b *strings.Builder, r rune) {
			if strings.ContainsRune(`*?[`, r) {
				b.WriteString("[" + string(r) + "]")
			} else {
				b.WriteRune(r)
			}
		})
	},
	texts: func(list []string) (string, any) {
		return `IN (SELECT j.value FROM json_each(%s) j)`, jsonList(list)
	},
	numbers: func(list []int64) (string, any) {
		return `IN (SELECT j.value FROM json_each(%s) j)`, jsonList(list)
	},
}

// jsonList is a list as SQLite's json_each takes it.
func jsonList[T any](list []T) string {
	if list == nil {
		return "[]"
	}
	text, err := json.Marshal(list)
	if err != nil {
		panic("store: a list that JSON cannot hold: " + err.Error()) // only numbers and valid texts come here
	}
	return string(text)
}

// translate writes a LIKE pattern anew: % and _ by wildcard, other characters by
// literal, or, when fold is set, as the set of all their cases.
func translate(text string, fold bool, wildcard, literal func(*strings.Builder, rune)) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '%' || r == '_':
			wildcard(&b, r)
		case fold && unicode.SimpleFold(r) != r:
			b.WriteByte('[')
			b.WriteRune(r)
			for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
				b.WriteRune(other)
			}
			b.WriteByte(']')
		default:
			literal(&b, r)
		}
	}
	return b.String()
}
