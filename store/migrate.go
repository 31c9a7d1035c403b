package store

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strconv"

	"github.com/pluvia-ml/pluvia"
)

// migration is one numbered, frozen change of the tables.
type migration struct {
	number int
	name   string // of the file
	text   string
}

var migrationName = regexp.MustCompile(`^(\d{4})_\w+\.sql$`)

// readMigrations reads the files NNNN_name.sql of a folder, which count from 1
// without a gap.
func readMigrations(fsys fs.FS, folder string) ([]migration, error) {
	entries, err := fs.ReadDir(fsys, folder)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	var list []migration
	for i, e := range entries {
		match := migrationName.FindStringSubmatch(e.Name())
		if match == nil {
			return nil, fmt.Errorf("migration %s: want a name like 0001_tables.sql", e.Name())
		}
		if number, _ := strconv.Atoi(match[1]); number != i+1 {
			return nil, fmt.Errorf("migration %s: want number %04d", e.Name(), i+1)
		}
		text, err := fs.ReadFile(fsys, path.Join(folder, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("migration %s: %w", e.Name(), err)
		}
		list = append(list, migration{number: i + 1, name: e.Name(), text: string(text)})
	}
	return list, nil
}

// migrate brings the tables to the last migration of list, each in a
// transaction of its own.
func (s *Store) migrate(ctx context.Context, list []migration) error {
	at, err := s.migration(ctx)
	if err != nil {
		return s.failed("read the number of its last migration", err)
	}
	if at > len(list) {
		return pluvia.Errorf(pluvia.Conflict,
			"database %s is at migration %d and this program knows %d: a newer pluvia has made it; run that one, or name another database", s.place, at, len(list))
	}
	for _, m := range list[at:] {
		err := s.write(ctx, "migration "+m.name, func(t *tx) error { return apply(ctx, t, m) })
		if err != nil {
			return err
		}
	}
	return nil
}

// migration is the number of the last migration applied, 0 for an empty
// database.
func (s *Store) migration(ctx context.Context) (number int, err error) {
	var ok bool
	err = s.writer.QueryRowContext(ctx, s.dialect.hasTable, "migrations").Scan(&ok)
	if err != nil || !ok {
		return 0, err
	}
	err = s.writer.QueryRowContext(ctx, `SELECT COALESCE(MAX(number), 0) FROM migrations`).Scan(&number)
	return number, err
}

func apply(ctx context.Context, t *tx, m migration) error {
	if t.dialect.alone != "" {
		if _, err := t.sql.ExecContext(ctx, t.dialect.alone); err != nil {
			return err
		}
	}
	_, err := t.sql.ExecContext(ctx, `
		CREATE TABLE IF NOT EXISTS migrations (
			number  BIGINT NOT NULL PRIMARY KEY,
			name    TEXT   NOT NULL,
			applied BIGINT NOT NULL
		)`)
	if err != nil {
		return err
	}
	// Another process may have been faster.
	res, err := t.sql.ExecContext(ctx, `
		INSERT INTO migrations (number, name, applied) VALUES ($1, $2, $3)
		ON CONFLICT (number) DO NOTHING`, m.number, m.name, t.now)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return err
	}
	_, err = t.sql.ExecContext(ctx, t.dialect.tables(m.text))
	return err
}
