// Package store is the [pluvia.Tracking] on a SQL database, SQLite or
// PostgreSQL: experiments, runs, params, metrics with their history, data sets,
// logged and registered models, webhooks.
//
// It does nothing but keep them. It knows no model, no HTTP and no filter
// language, and it never deletes what a caller has not named.
//
// Inside, a run, an experiment or a model is an integer, and what belongs to it
// lies clustered by that integer. metrics holds every point; latest_metrics
// holds, for each run and key, the greatest by (step, timestamp, value), so
// that a list of runs never reads history. NaN is stored as 0 with is_nan set,
// because SQLite keeps NaN as NULL; it is compared as that 0, as in MLflow.
//
// # Searches
//
// An expression becomes a condition with a placeholder for whatever a user has
// said, keys too. A search first finds the numbers of the entities of its page,
// in an order that is always total, from an index where there is one; then it
// reads what belongs to them in one query each. A page token is the place of the
// last entity in that order.
//
// # Layout
//
// An exported method opens a transaction, an unexported function that takes a
// *tx does the work, and the SQL stands beside the function that runs it. The
// text is written for SQLite and PostgreSQL alike; what they do not do alike
// stands in sqlite.go and postgres.go, behind the type of dialect.go.
//
// # Durability
//
// On SQLite the database is in WAL mode with synchronous=NORMAL: an answered
// write survives the death of the process at any moment, but the last ones may
// be lost, whole and in order, when the machine loses power. With
// "?synchronous=full" behind the path every write waits for the disk. On
// PostgreSQL its setting synchronous_commit decides, which waits by default.
package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/pluvia-ml/pluvia"
)

//go:embed migrations/*.sql
var migrations embed.FS

// readers is the number of connections that read beside the one that writes.
const readers = 4

// Store keeps experiments, runs and models in a database. Readers never wait
// for the writer. The fields may be replaced before the first use.
type Store struct {
	Now   func() time.Time // the clock
	NewID func() string    // makes ids of runs: 32 lower-case hexadecimal digits

	place   string // of the database, for messages
	dialect *dialect
	writer  *sql.DB
	reader  *sql.DB
	// Prepared for the writer and for readers; nil where the driver prepares by
	// itself.
	hot, hotReads *statements
	queue         logQueue
}

var _ pluvia.Tracking = (*Store)(nil)

// Open opens a database and makes or migrates its tables. Either it is a file,
// whose folder must exist, and settings may follow its path behind a question
// mark:
//
//	synchronous=full   a write is answered when it is on the disk
//
// or it is a PostgreSQL database, which must exist and have the encoding UTF8:
//
//	postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=require
//
// with the settings of libpq; what is left out comes from its environment
// variables (PGHOST, PGPASSWORD, ...). A database that a newer program has made
// is refused. Several processes may have one database open at the same time.
func Open(ctx context.Context, address string) (*Store, error) {
	s := &Store{
		Now:   time.Now,
		NewID: newID,
	}
	var err error
	if isPostgres(address) {
		s.dialect, s.place = &postgresDialect, postgresPlace(address)
		s.writer, err = openPostgres(ctx, address)
		s.reader = s.writer
	} else {
		s.dialect = &sqliteDialect
		s.place, _, _ = strings.Cut(address, "?")
		s.writer, s.reader, err = openSQLite(ctx, address)
		s.hot, s.hotReads = &statements{db: s.writer}, &statements{db: s.reader}
	}
	if err != nil {
		return nil, s.failed("open", err)
	}

	list, err := readMigrations(migrations, "migrations")
	if err == nil {
		err = s.migrate(ctx, list)
	}
	if err == nil {
		err = s.makeDefaultExperiment(ctx)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Close closes the database. It waits for what is under way.
func (s *Store) Close() error {
	return errors.Join(s.hot.close(), s.hotReads.close(), s.reader.Close(), s.writer.Close())
}

func newID() string {
	var id [16]byte
	rand.Read(id[:]) // never fails, by its contract
	return hex.EncodeToString(id[:])
}

// tx is a transaction and the time at which it began.
type tx struct {
	sql *sql.Tx
	hot *statements
	now int64 // milliseconds

	dialect *dialect
}

// attempts is how often a transaction is run that loses against others.
const attempts = 10

// write runs f in a transaction that takes effect whole or not at all. f may be
// run several times.
func (s *Store) write(ctx context.Context, what string, f func(*tx) error) error {
	var err error
	for range attempts {
		if err = s.writeOnce(ctx, f); err == nil || !s.dialect.again(err) {
			break
		}
	}
	if err != nil {
		return s.failed(what, over(ctx, err))
	}
	s.hot.prepare(ctx)
	return nil
}

// over is the error of a context that is over, in place of what a driver makes
// of that: an interrupted query, a lost connection, a transaction that is gone.
func over(ctx context.Context, err error) error {
	if own := (*pluvia.Error)(nil); ctx.Err() != nil && !errors.As(err, &own) {
		return ctx.Err()
	}
	return err
}

func (s *Store) writeOnce(ctx context.Context, f func(*tx) error) error {
	begun, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer begun.Rollback()
	t := &tx{sql: begun, hot: s.hot, now: pluvia.Millis(s.Now()), dialect: s.dialect}
	if err := f(t); err != nil {
		return err
	}
	return begun.Commit()
}

// read runs f on one state of the database, whatever is written meanwhile.
func (s *Store) read(ctx context.Context, what string, f func(*tx) error) error {
	begun, err := s.reader.BeginTx(ctx, s.dialect.snapshot)
	if err != nil {
		return s.failed(what, over(ctx, err))
	}
	defer begun.Rollback()
	if err := f(&tx{sql: begun, hot: s.hotReads, now: pluvia.Millis(s.Now()), dialect: s.dialect}); err != nil {
		return s.failed(what, over(ctx, err))
	}
	begun.Rollback()
	s.hotReads.prepare(ctx)
	return nil
}

func (t *tx) exec(ctx context.Context, text string, args ...any) (int64, error) {
	var res sql.Result
	var err error
	if stmt := t.hot.find(text); stmt != nil {
		res, err = t.sql.StmtContext(ctx, stmt).ExecContext(ctx, args...)
	} else {
		res, err = t.sql.ExecContext(ctx, text, args...)
	}
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (t *tx) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	if stmt := t.hot.find(text); stmt != nil {
		return t.sql.StmtContext(ctx, stmt).QueryContext(ctx, args...)
	}
	return t.sql.QueryContext(ctx, text, args...)
}

func (t *tx) row(ctx context.Context, text string, args ...any) *sql.Row {
	if stmt := t.hot.find(text); stmt != nil {
		return t.sql.StmtContext(ctx, stmt).QueryRowContext(ctx, args...)
	}
	return t.sql.QueryRowContext(ctx, text, args...)
}
