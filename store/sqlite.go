package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/pluvia-ml/pluvia"
)

// busyTimeout is how long one process waits for another one's lock.
const busyTimeout = 5 * time.Second

// sqliteDialect has patterns by GLOB, which minds case, because LIKE does not,
// and whose sets of characters give the other cases of a letter; and lists as
// one argument, because SQLite looks for each argument by its name.
var sqliteDialect = dialect{
	tables:    func(migration string) string { return migration },
	hasTable:  `SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = $1)`,
	oneWriter: true,
	snapshot:  &sql.TxOptions{ReadOnly: true},
	pattern: func(text string, fold bool) (string, string) {
		return `GLOB`, translate(text, fold, func(b *strings.Builder, r rune) {
			if r == '%' {
				b.WriteByte('*')
			} else {
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
	refused: refusedBySQLite,
	again:   func(error) bool { return false }, // there is one writer
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

// openSQLite opens the connections to the file at path: one that writes and
// some that read.
func openSQLite(ctx context.Context, path string) (writer, reader *sql.DB, err error) {
	dsn, err := sqliteDSN(path)
	if err != nil {
		return nil, nil, err
	}
	if writer, err = sql.Open("sqlite", dsn.writer); err != nil {
		return nil, nil, err
	}
	writer.SetMaxOpenConns(1)
	if reader, err = sql.Open("sqlite", dsn.reader); err != nil {
		writer.Close()
		return nil, nil, err
	}
	reader.SetMaxOpenConns(readers)
	reader.SetMaxIdleConns(readers)
	if err := settle(ctx, writer); err != nil {
		writer.Close()
		reader.Close()
		return nil, nil, err
	}
	return writer, reader, nil
}

// settle makes the first connection. Where several processes do so at once with
// a new database, SQLite does not wait for the one that turns it to WAL mode,
// whatever the busy_timeout.
func settle(ctx context.Context, db *sql.DB) error {
	for deadline := time.Now().Add(busyTimeout); ; {
		err := db.PingContext(ctx)
		var refused *sqlite.Error
		if !errors.As(err, &refused) || refused.Code()&0xff != sqlite3.SQLITE_BUSY || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// dsn is how the two sets of connections are opened.
type dsn struct{ writer, reader string }

// sqliteDSN reads a path as [Open] takes it.
func sqliteDSN(path string) (dsn, error) {
	file, settings, _ := strings.Cut(path, "?")
	if file == "" || strings.ContainsRune(file, 0) {
		return dsn{}, pluvia.Errorf(pluvia.Invalid, "database %q: want the path of a file or postgres://...", path)
	}
	if scheme, _, ok := strings.Cut(file, "://"); ok {
		return dsn{}, pluvia.Errorf(pluvia.Invalid, "database %s://...: such databases are not supported, want the path of a file or postgres://...", scheme)
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
		fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()),
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

// refusedBySQLite has no code for an interrupted query, whose context is over.
func refusedBySQLite(err error) (pluvia.Code, string, bool) {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return pluvia.Full, noSpace, true
	}
	var refused *sqlite.Error
	if !errors.As(err, &refused) {
		return "", "", false
	}
	switch code := refused.Code(); code & 0xff {
	case sqlite3.SQLITE_FULL:
		return pluvia.Full, noSpace, true
	case sqlite3.SQLITE_IOERR:
		switch code {
		case sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_IOERR_CORRUPTFS:
			return pluvia.Internal, "the disk cannot be read; check the disk", true
		}
		return pluvia.Full, "the disk takes no writes, it is full or failing; nothing was written, free some space and try again", true
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return pluvia.Unavailable, "locked by another process for too long; try again", true
	case sqlite3.SQLITE_CANTOPEN:
		return pluvia.Unavailable, "cannot be opened; check that its folder exists and may be written to", true
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
		return pluvia.Unavailable, "may not be written to; check who owns the file and its folder", true
	case sqlite3.SQLITE_NOTADB:
		return pluvia.Invalid, "not an SQLite database; restore it from a backup, or move it away with its -wal and -shm files to begin anew", true
	case sqlite3.SQLITE_CORRUPT:
		return pluvia.Internal, "damaged; restore it from a backup, or move it away with its -wal and -shm files to begin anew", true
	case sqlite3.SQLITE_INTERRUPT:
		return "", "", true
	}
	return pluvia.Internal, unexpected, true
}
