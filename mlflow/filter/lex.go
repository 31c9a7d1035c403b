package filter

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pluvia-ml/pluvia"
)

// lexeme is what a token is.
type lexeme uint8

const (
	end    lexeme = iota
	name          // a bare word, or an entity and a key with a dot between them
	quoted        // "..": a name or a text, by where it stands
	text          // '..'
	number
	symbol // = != < <= > >= ( ) ,
)

// token is the smallest piece of a filter that says something.
type token struct {
	kind   lexeme
	at     int    // where it begins, in bytes
	to     int    // where it ends
	entity string // of a name: what stands before the first dot
	key    string // of a name: the rest, or all; of a text: what it says; of a symbol: itself
	dotted bool   // a name with an entity
	bare   bool   // a name without quotes, which may be a key word
	number float64
}

// lexer cuts a text into tokens, one at a time.
type lexer struct {
	text   string
	syntax string // what messages about the form of the text begin with
	at     int
	token  token // the one that is looked at
	err    error // the first fault; behind it everything is the end
}

// failf keeps the first fault, with its place.
func (l *lexer) failf(at int, format string, args ...any) {
	if l.err == nil {
		place := utf8.RuneCountInString(l.text[:min(at, len(l.text))]) + 1
		l.err = pluvia.Errorf(pluvia.Invalid, "at %d: %s", place, fmt.Sprintf(format, args...))
	}
	l.token = token{kind: end, at: len(l.text), to: len(l.text)}
	l.at = len(l.text)
}

// unexpected says that something else should stand where the token stands.
func (l *lexer) unexpected(want string) {
	l.failf(l.token.at, "%sexpected %s, got %s", l.syntax, want, l.show())
}

// show is the token as messages show it.
func (l *lexer) show() string {
	if l.token.at == l.token.to {
		return "the end"
	}
	return "'" + quote(l.text[l.token.at:l.token.to]) + "'"
}

// quote cuts a text that is too long to be quoted.
func quote(s string) string {
	const most = 100
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "..."
}

// next goes to the next token.
func (l *lexer) next() {
	if l.err != nil {
		return
	}
	for l.at < len(l.text) {
		r, size := utf8.DecodeRuneInString(l.text[l.at:])
		if !unicode.IsSpace(r) {
			break
		}
		l.at += size
	}
	l.token = token{at: l.at, to: l.at}
	if l.at == len(l.text) {
		return
	}
	rest := l.text[l.at:]
	switch c := rest[0]; {
	case c == '\'':
		l.quoted(text)
	case c == '"' || c == '`':
		l.quotedName()
	case c == '-' || c >= '0' && c <= '9' || c == '.':
		l.number()
	case strings.IndexByte("=!<>(),", c) >= 0:
		n := 1
		if len(rest) > 1 && (rest[1] == '=' || rest[:2] == "<>") && strings.IndexByte("=!<>", c) >= 0 {
			n = 2
		}
		l.at += n
		l.token.kind, l.token.key, l.token.to = symbol, rest[:n], l.at
	default:
		l.word()
	}
}

// quoted reads what stands in quotes, from the opening one on. Two single
// quotes inside stand for two single quotes.
func (l *lexer) quoted(kind lexeme) {
	q := l.text[l.at]
	i := l.at + 1
	for ; ; i++ {
		n := strings.IndexByte(l.text[i:], q)
		if n < 0 {
			l.failf(l.at, "%sthe quote that opens here has no end", l.syntax)
			return
		}
		i += n
		if q != '\'' || i+1 == len(l.text) || l.text[i+1] != q {
			break
		}
		i++
	}
	l.token.kind, l.token.key = kind, l.text[l.at+1:i]
	l.at = i + 1
	l.token.to = l.at
}

// quotedName reads a name that begins with a quoted part.
func (l *lexer) quotedName() {
	kind := quoted
	if l.text[l.at] == '`' {
		kind = name
	}
	if l.quoted(kind); l.err == nil && strings.HasPrefix(l.text[l.at:], ".") {
		entity := l.token.key
		l.at++
		l.keyAfter(entity)
	}
}

// keyAfter reads the key behind an entity and its dot.
func (l *lexer) keyAfter(entity string) {
	start := l.token.at
	switch {
	case l.at < len(l.text) && (l.text[l.at] == '"' || l.text[l.at] == '`'):
		l.quoted(name)
	default:
		l.token.key = l.run()
		if l.token.key == "" {
			l.failf(l.at, "%sexpected a key behind the dot", l.syntax)
		}
	}
	if l.err == nil {
		l.token = token{kind: name, at: start, to: l.at, entity: entity, key: l.token.key, dotted: true}
	}
}

// word reads a bare word, or an entity with a key behind it.
func (l *lexer) word() {
	start := l.at
	all := l.run()
	if all == "" {
		_, size := utf8.DecodeRuneInString(l.text[l.at:])
		l.token.to = l.at + size
		l.unexpected("a name, a value or an operator")
		return
	}
	if entity, _, dotted := strings.Cut(all, "."); dotted {
		l.at = start + len(entity) + 1
		l.keyAfter(entity)
		return
	}
	l.token.kind, l.token.key, l.token.bare, l.token.to = name, all, true, l.at
}

// run reads what may stand in a bare word.
func (l *lexer) run() string {
	start := l.at
	for l.at < len(l.text) {
		r, size := utf8.DecodeRuneInString(l.text[l.at:])
		if !unicode.IsLetter(r) && !unicode.IsNumber(r) && !strings.ContainsRune("_.-/:@$", r) || r == utf8.RuneError {
			break
		}
		l.at += size
	}
	return l.text[start:l.at]
}

// number reads a number: digits with a sign, a dot and an exponent where there
// are any.
func (l *lexer) number() {
	start := l.at
	i := l.at
	digits := func() bool {
		from := i
		for i < len(l.text) && l.text[i] >= '0' && l.text[i] <= '9' {
			i++
		}
		return i > from
	}
	if l.text[i] == '-' {
		i++
	}
	ok := digits()
	if i < len(l.text) && l.text[i] == '.' {
		i++
		ok = digits() || ok
	}
	if ok && i < len(l.text) && (l.text[i] == 'e' || l.text[i] == 'E') {
		i++
		if i < len(l.text) && (l.text[i] == '-' || l.text[i] == '+') {
			i++
		}
		ok = digits()
	}
	l.at = i
	more := l.run() // a word that begins with digits is no number
	l.token.to = max(l.at, start+1)
	if !ok || more != "" {
		l.unexpected("a name, a number or a text in quotes")
		return
	}
	x, err := strconv.ParseFloat(l.text[start:i], 64)
	if err != nil {
		l.failf(start, "%sthe number %s is too large", l.syntax, l.show())
		return
	}
	l.token.kind, l.token.number = number, x
}

// names lists the keys of a map in order.
func names(of map[string]string) string {
	all := make([]string, 0, len(of))
	for s := range of {
		all = append(all, s)
	}
	slices.Sort(all)
	return strings.Join(all, "', '")
}
