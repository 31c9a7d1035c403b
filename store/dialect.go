package store

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"path/filepath"
	"strings"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/pluvia-ml/pluvia"
)

// dsn is how the two sets of connections are opened.
type dsn struct{ writer, reader string }

// sqliteDSN reads a path as [Open] takes it.
func sqliteDSN(path string) (dsn, error) {
	file, settings, _ := strings.Cut(path, "?")
	if file == "" || strings.ContainsRune(file, 0) {
		return dsn{}, pluvia.Errorf(pluvia.Invalid, "database %q: want the path of a file", path)
	}
	if scheme, _, ok := strings.Cut(file, "://"); ok {
		return dsn{}, pluvia.Errorf(pluvia.Invalid, "database %q: %s databases are not supported, want the path of a file", path, scheme)
	}
	given, err := url.ParseQuery(settings)
	if err != nil {
		return dsn{}, pluvia.Errorf(pluvia.Invalid, "database %q: %w", path, err)
	}
	synchronous := "normal"
	for key, values := range given {
		value := strings.ToLower(values[len(values)-1])
		if key != "synchronous" || value != "normal" && value != "full" {
			return dsn{}, pluvia.Errorf(pluvia.Invalid, "database %q: setting %s=%s: the only one is synchronous, normal or full", path, key, value)
		}
		synchronous = value
	}
	abs, err := filepath.Abs(file)
	if err != nil {
		return dsn{}, pluvia.Errorf(pluvia.Invalid, "database %q: %w", path, err)
	}
	pragmas := url.Values{"_pragma": {
		"busy_timeout(5000)",
		"journal_mode(wal)",
		"synchronous(" + synchronous + ")",
		"foreign_keys(on)",
	}}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(abs)}
	reader := u.String() + "?" + pragmas.Encode() + "&_pragma=query_only(on)"
	// A writer that begins as a reader may find itself outdated when it first
	// writes, and no busy_timeout helps then.
	return dsn{writer: u.String() + "?" + pragmas.Encode() + "&_txlock=immediate", reader: reader}, nil
}

// hasTable says whether the database has a table of that name.
func hasTable(ctx context.Context, db *sql.DB, name string) (ok bool, err error) {
	err = db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = $1)`, name).Scan(&ok)
	return ok, err
}

// failed gives what a database has answered a code. Errors of the house and
// those of a context pass through.
func (s *Store) failed(what string, err error) error {
	var own *pluvia.Error
	if errors.As(err, &own) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	place, _, _ := strings.Cut(s.path, "?")
	coded := func(code pluvia.Code, sentence string) error {
		return &pluvia.Error{Code: code, Message: "database " + place + ": " + what + ": " + sentence, Err: err}
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return coded(pluvia.Full, "no space left; nothing was written, free some space and try again")
	}
	// database/sql has no name for the first of them.
	if err.Error() == "sql: database is closed" || errors.Is(err, sql.ErrConnDone) || errors.Is(err, sql.ErrTxDone) {
		return coded(pluvia.Unavailable, "it is closed")
	}
	var refused *sqlite.Error
	if !errors.As(err, &refused) {
		return coded(pluvia.Internal, "unexpected error")
	}
	switch code := refused.Code(); code & 0xff {
	case sqlite3.SQLITE_FULL:
		return coded(pluvia.Full, "no space left; nothing was written, free some space and try again")
	case sqlite3.SQLITE_IOERR:
		switch code {
		case sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_IOERR_CORRUPTFS:
			return coded(pluvia.Internal, "the disk cannot be read; check the disk")
		}
		return coded(pluvia.Full, "the disk takes no writes, it is full or failing; nothing was written, free some space and try again")
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return coded(pluvia.Unavailable, "locked by another process for too long; try again")
	case sqlite3.SQLITE_CANTOPEN:
		return coded(pluvia.Unavailable, "cannot be opened; check that its folder exists and may be written to")
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
		return coded(pluvia.Unavailable, "may not be written to; check who owns the file and its folder")
	case sqlite3.SQLITE_NOTADB:
		return coded(pluvia.Invalid, "not an SQLite database; restore it from a backup, or move it away with its -wal and -shm files to begin anew")
	case sqlite3.SQLITE_CORRUPT:
		return coded(pluvia.Internal, "damaged; restore it from a backup, or move it away with its -wal and -shm files to begin anew")
	case sqlite3.SQLITE_INTERRUPT:
		return context.Canceled
	}
	return coded(pluvia.Internal, "unexpected error")
}
