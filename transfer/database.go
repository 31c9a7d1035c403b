package transfer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"

	"github.com/pluvia-ml/pluvia"
)

// database is a database of MLflow's own, of any of its versions since 1.0: a
// column or table that an older one does not have is read as empty.
type database struct {
	place     string // for messages; without a password
	db        *sql.DB
	columns   map[string]map[string]bool // by table
	artifacts reader
}

// runsAtOnce is how many runs are in memory at a time.
const runsAtOnce = 200

// openSQLite opens the file for reading. A file that a writer has left in WAL
// mode can be read without one only by leaving traces beside it, unless it is
// said not to change.
func openSQLite(ctx context.Context, file string, artifacts reader) (*database, error) {
	abs, err := filepath.Abs(file)
	if err != nil {
		return nil, pluvia.Errorf(pluvia.Invalid, "%s: %w", file, err)
	}
	settings := "?mode=ro&_pragma=query_only(1)&_pragma=busy_timeout(5000)"
	if wal, err := walMode(abs); err != nil {
		return nil, pluvia.Errorf(pluvia.Invalid, "%s: %w", file, err)
	} else if info, err := os.Stat(abs + "-wal"); wal && (errors.Is(err, os.ErrNotExist) || err == nil && info.Size() == 0) {
		settings += "&immutable=1"
	}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: filepath.ToSlash(abs)}).String()+settings)
	if err != nil {
		return nil, pluvia.Errorf(pluvia.Invalid, "%s: %w", file, err)
	}
	return readDatabase(ctx, file, db, artifacts, `
		SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'`)
}

// walMode reads the header of an SQLite file.
func walMode(file string) (bool, error) {
	f, err := os.Open(file)
	if err != nil {
		return false, err
	}
	defer f.Close()
	var header [20]byte
	if _, err := io.ReadFull(f, header[:]); err != nil || string(header[:16]) != "SQLite format 3\x00" {
		return false, errors.New("not an SQLite database")
	}
	return header[18] == 2, nil
}

// openPostgres opens the database at a URL for reading.
func openPostgres(ctx context.Context, address string, artifacts reader) (*database, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, pluvia.Errorf(pluvia.Invalid, "the URL of the database cannot be read: want postgres://USER:PASSWORD@HOST/DATABASE")
	}
	u.Scheme, _, _ = strings.Cut(u.Scheme, "+") // postgresql+psycopg2, as SQLAlchemy has it
	q := u.Query()
	q.Set("default_transaction_read_only", "on")
	u.RawQuery = q.Encode()
	db, err := sql.Open("pgx", u.String())
	if err != nil {
		return nil, pluvia.Errorf(pluvia.Invalid, "database %s: its URL cannot be read", u.Redacted())
	}
	return readDatabase(ctx, u.Redacted(), db, artifacts, `
		SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = ANY (current_schemas(false))`)
}

// readDatabase looks at what tables there are.
func readDatabase(ctx context.Context, place string, db *sql.DB, artifacts reader, columns string) (*database, error) {
	d := &database{place: place, db: db, artifacts: artifacts, columns: make(map[string]map[string]bool)}
	err := d.each(ctx, func(rows *sql.Rows) error {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			return err
		}
		if d.columns[table] == nil {
			d.columns[table] = make(map[string]bool)
		}
		d.columns[table][column] = true
		return nil
	}, columns)
	if err == nil {
		for _, table := range []string{"alembic_version", "experiments", "runs", "params", "metrics", "tags"} {
			if d.columns[table] == nil {
				err = pluvia.Errorf(pluvia.Invalid, "%s is no database of MLflow's: it has no table %s", place, table)
				break
			}
		}
	}
	if err == nil && !d.columns["metrics"]["is_nan"] {
		err = pluvia.Errorf(pluvia.Invalid, "%s is of an MLflow before 1.0: run \"mlflow db upgrade\" on a copy of it first", place)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return d, nil
}

func (d *database) Close() error { return errors.Join(d.db.Close(), d.artifacts.Close()) }

func (d *database) Files(ctx context.Context, at Place) iter.Seq2[File, error] {
	return d.artifacts.Files(ctx, at)
}

func (d *database) Open(ctx context.Context, at Place, path string) (io.ReadCloser, error) {
	return d.artifacts.Open(ctx, at, path)
}

// failed says where an error of the database comes from.
func (d *database) failed(ctx context.Context, err error) error {
	var own *pluvia.Error
	if err == nil || errors.As(err, &own) || ctx.Err() != nil {
		return err
	}
	return &pluvia.Error{Code: pluvia.Unavailable, Message: "database " + d.place + " cannot be read: " + err.Error(), Err: err}
}

// each gives f the rows of a query.
func (d *database) each(ctx context.Context, f func(*sql.Rows) error, text string, args ...any) error {
	rows, err := d.db.QueryContext(ctx, text, args...)
	if err != nil {
		return d.failed(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows); err != nil {
			return d.failed(ctx, err)
		}
	}
	return d.failed(ctx, rows.Err())
}

// has says whether there is such a table.
func (d *database) has(table string) bool { return d.columns[table] != nil }

// text, number and the like are a column as SQL, which may be absent or NULL.
func (d *database) text(table, column string) string { return d.or(table, column, "''") }

func (d *database) number(table, column string) string { return d.or(table, column, "0") }

func (d *database) or(table, column, otherwise string) string {
	if !d.columns[table][column] {
		return otherwise
	}
	return "COALESCE(" + table + "." + column + ", " + otherwise + ")"
}

func (d *database) Experiments(ctx context.Context) iter.Seq2[*pluvia.Experiment, error] {
	return func(yield func(*pluvia.Experiment, error) bool) {
		var list []*pluvia.Experiment
		at := make(map[string]*pluvia.Experiment)
		err := d.each(ctx, func(rows *sql.Rows) error {
			var id int64
			e := new(pluvia.Experiment)
			err := rows.Scan(&id, &e.Name, &e.ArtifactLocation, &e.Stage, &e.Created, &e.Updated)
			e.ID = strconv.FormatInt(id, 10)
			list, at[e.ID] = append(list, e), e
			return err
		}, `SELECT experiment_id, name, `+d.text("experiments", "artifact_location")+`, `+d.or("experiments", "lifecycle_stage", "'active'")+`,
			`+d.number("experiments", "creation_time")+`, `+d.number("experiments", "last_update_time")+` FROM experiments ORDER BY experiment_id`)
		if err == nil && d.has("experiment_tags") {
			err = d.each(ctx, func(rows *sql.Rows) error {
				var id int64
				var t pluvia.Tag
				if err := rows.Scan(&id, &t.Key, &t.Value); err != nil {
					return err
				}
				if e := at[strconv.FormatInt(id, 10)]; e != nil {
					e.Tags = append(e.Tags, t)
				}
				return nil
			}, `SELECT experiment_id, key, COALESCE(value, '') FROM experiment_tags ORDER BY experiment_id, key`)
		}
		giveAll(list, err, yield)
	}
}

// giveAll yields a list, or the error that has kept it from being whole.
func giveAll[T any](list []T, err error, yield func(T, error) bool) {
	if err != nil {
		yield(*new(T), err)
		return
	}
	for _, v := range list {
		if !yield(v, nil) {
			return
		}
	}
}

func (d *database) Runs(ctx context.Context, experiment string) iter.Seq2[*pluvia.Run, error] {
	return func(yield func(*pluvia.Run, error) bool) {
		for after := ""; ; {
			list, err := d.runs(ctx, experiment, after)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, r := range list {
				if !yield(r, nil) {
					return
				}
			}
			if len(list) < runsAtOnce {
				return
			}
			after = list[len(list)-1].ID
		}
	}
}

// runs are the next after a run, by ID.
func (d *database) runs(ctx context.Context, experiment, after string) ([]*pluvia.Run, error) {
	id, err := strconv.ParseInt(experiment, 10, 64)
	if err != nil {
		return nil, pluvia.Errorf(pluvia.Invalid, "experiment %q: want a number", experiment)
	}
	var list []*pluvia.Run
	at := make(map[string]*pluvia.Run)
	err = d.each(ctx, func(rows *sql.Rows) error {
		r := &pluvia.Run{ExperimentID: experiment}
		err := rows.Scan(&r.ID, &r.Name, &r.User, &r.Status, &r.Start, &r.End, &r.ArtifactURI, &r.Stage)
		list, at[r.ID] = append(list, r), r
		return err
	}, `SELECT run_uuid, `+d.text("runs", "name")+`, `+d.text("runs", "user_id")+`, `+d.or("runs", "status", "'RUNNING'")+`,
		`+d.number("runs", "start_time")+`, `+d.number("runs", "end_time")+`, `+d.text("runs", "artifact_uri")+`, `+d.or("runs", "lifecycle_stage", "'active'")+`
		FROM runs WHERE experiment_id = $1 AND run_uuid > $2 ORDER BY run_uuid LIMIT `+strconv.Itoa(runsAtOnce), id, after)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	places, ids := among(list, func(r *pluvia.Run) string { return r.ID })
	for _, part := range []struct {
		table, text string
		row         func(*sql.Rows) error
	}{
		{"params", `SELECT run_uuid, key, COALESCE(value, '') FROM params WHERE run_uuid IN ` + places + ` ORDER BY run_uuid, key`, func(rows *sql.Rows) error {
			var run string
			var p pluvia.Param
			if err := rows.Scan(&run, &p.Key, &p.Value); err != nil {
				return err
			}
			at[run].Params = append(at[run].Params, p)
			return nil
		}},
		{"tags", `SELECT run_uuid, key, COALESCE(value, '') FROM tags WHERE run_uuid IN ` + places + ` ORDER BY run_uuid, key`, func(rows *sql.Rows) error {
			var run string
			var t pluvia.Tag
			if err := rows.Scan(&run, &t.Key, &t.Value); err != nil {
				return err
			}
			at[run].Tags = append(at[run].Tags, t)
			return nil
		}},
		{"inputs", `SELECT destination_id, name, digest, dataset_source_type, dataset_source, COALESCE(dataset_schema, ''), COALESCE(dataset_profile, '')
			FROM inputs JOIN datasets ON dataset_uuid = source_id
			WHERE source_type = 'DATASET' AND destination_type = 'RUN' AND destination_id IN ` + places + ` ORDER BY destination_id, name, digest`, func(rows *sql.Rows) error {
			var run string
			var s pluvia.Dataset
			if err := rows.Scan(&run, &s.Name, &s.Digest, &s.SourceType, &s.Source, &s.Schema, &s.Profile); err != nil {
				return err
			}
			at[run].Inputs = append(at[run].Inputs, pluvia.Input{Dataset: s})
			return nil
		}},
		{"input_tags", `SELECT destination_id, datasets.name, digest, input_tags.name, input_tags.value
			FROM inputs JOIN datasets ON dataset_uuid = source_id JOIN input_tags ON input_tags.input_uuid = inputs.input_uuid
			WHERE source_type = 'DATASET' AND destination_type = 'RUN' AND destination_id IN ` + places + ` ORDER BY destination_id, input_tags.name`, func(rows *sql.Rows) error {
			var run string
			var key [2]string
			var t pluvia.Tag
			if err := rows.Scan(&run, &key[0], &key[1], &t.Key, &t.Value); err != nil {
				return err
			}
			if n := slices.IndexFunc(at[run].Inputs, func(in pluvia.Input) bool { return inputKey(in) == key }); n >= 0 {
				at[run].Inputs[n].Tags = append(at[run].Inputs[n].Tags, t)
			}
			return nil
		}},
		{"inputs", `SELECT source_id, destination_id FROM inputs
			WHERE source_type = 'RUN_INPUT' AND destination_type = 'MODEL_INPUT' AND source_id IN ` + places + ` ORDER BY source_id, destination_id`, func(rows *sql.Rows) error {
			var run, model string
			if err := rows.Scan(&run, &model); err != nil {
				return err
			}
			at[run].InputModels = append(at[run].InputModels, model)
			return nil
		}},
		{"inputs", `SELECT source_id, destination_id, ` + d.number("inputs", "step") + ` FROM inputs
			WHERE source_type = 'RUN_OUTPUT' AND destination_type = 'MODEL_OUTPUT' AND source_id IN ` + places + ` ORDER BY source_id, destination_id`, func(rows *sql.Rows) error {
			var run string
			var o pluvia.ModelOutput
			if err := rows.Scan(&run, &o.ModelID, &o.Step); err != nil {
				return err
			}
			at[run].Outputs = append(at[run].Outputs, o)
			return nil
		}},
	} {
		if !d.has(part.table) {
			continue
		}
		if err := d.each(ctx, part.row, part.text, ids...); err != nil {
			return nil, err
		}
	}
	for _, r := range list {
		if r.Name == "" { // MLflow before 1.30 kept it as a tag only
			r.Name = r.Tag(pluvia.TagRunName)
		}
	}
	return list, nil
}

// among is a list of arguments, as SQL and as values.
func among[T any](list []T, id func(T) string) (places string, args []any) {
	var b strings.Builder
	for n, v := range list {
		fmt.Fprintf(&b, ", $%d", n+1)
		args = append(args, id(v))
	}
	return "(" + strings.TrimPrefix(b.String(), ", ") + ")", args
}

func (d *database) Points(ctx context.Context, r *pluvia.Run) iter.Seq2[pluvia.Metric, error] {
	return func(yield func(pluvia.Metric, error) bool) {
		stopped := errors.New("stopped")
		err := d.each(ctx, func(rows *sql.Rows) error {
			var m pluvia.Metric
			var isNaN bool
			if err := rows.Scan(&m.Key, &m.Value, &m.Timestamp, &m.Step, &isNaN); err != nil {
				return err
			}
			if isNaN {
				m.Value = math.NaN()
			}
			if !yield(m, nil) {
				return stopped
			}
			return nil
		}, `SELECT key, value, timestamp, `+d.number("metrics", "step")+`, is_nan FROM metrics WHERE run_uuid = $1 ORDER BY key, timestamp, step`, r.ID)
		if err != nil && !errors.Is(err, stopped) {
			yield(pluvia.Metric{}, err)
		}
	}
}
