package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"unicode"

	"github.com/pluvia-ml/pluvia"
)

// dialect is what the databases do not do alike. The SQL of this package is one
// text for all of them; where no text is understood by all, a piece of it
// stands here.
type dialect struct {
	// tables turns the text of a migration, which is written for SQLite, into
	// this database's.
	tables func(migration string) string
	// hasTable is a query that says whether there is a table of the name $1.
	hasTable string
	// alone is run at the beginning of a migration, so that no other process
	// does the same; "" where a transaction that writes is alone anyway.
	alone string
	// numbered is run after experiments were stored under numbers of their own,
	// so that new ones get higher numbers; "" where that is so anyway.
	numbered string

	// oneWriter says that transactions that write come one after the other.
	oneWriter bool
	// lock ends a SELECT of rows that nobody else may change until the
	// transaction is over; share of those that others may read so too.
	lock, share string
	// snapshot begins a transaction that sees one state of the database.
	snapshot *sql.TxOptions

	// pattern translates a pattern with % and _ into an operator and what
	// stands on its right. Letters that differ in case only are alike when fold
	// is set.
	pattern func(text string, fold bool) (operator, pattern string)
	// texts and numbers are "is one of": an operator with %s for the place of
	// the list.
	texts   func(list []string) (operator string, arg any)
	numbers func(list []int64) (operator string, arg any)

	// refused gives an error of the database a code and a sentence; ok is false
	// for errors that are not the database's.
	refused func(err error) (code pluvia.Code, sentence string, ok bool)
	// again says that the transaction has lost against another one and would
	// do well if it were run once more.
	again func(err error) bool
}

const (
	noSpace    = "no space left; nothing was written, free some space and try again"
	unexpected = "unexpected error"
)

// failed gives what a database has answered a code. Errors of the house and
// those of a context pass through.
func (s *Store) failed(what string, err error) error {
	var own *pluvia.Error
	if errors.As(err, &own) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	coded := func(code pluvia.Code, sentence string) error {
		return &pluvia.Error{Code: code, Message: "database " + s.place + ": " + what + ": " + sentence, Err: err}
	}
	// database/sql has no name for the first of them.
	if err.Error() == "sql: database is closed" || errors.Is(err, sql.ErrConnDone) || errors.Is(err, sql.ErrTxDone) {
		return coded(pluvia.Unavailable, "it is closed")
	}
	code, sentence, ok := s.dialect.refused(err)
	switch {
	case !ok:
		return coded(pluvia.Internal, unexpected)
	case code == "":
		return context.Canceled
	}
	return coded(code, sentence)
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
