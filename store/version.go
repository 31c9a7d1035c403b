package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/pluvia-ml/pluvia"
)

// Version is one version of a model.
func (s *Store) Version(ctx context.Context, model string, number int) (v *pluvia.Version, err error) {
	err = s.read(ctx, "read a version", func(t *tx) error {
		id, err := modelNumber(ctx, t, model)
		if err == nil {
			v, err = version(ctx, t, id, model, number)
		}
		return err
	})
	return v, err
}

// Versions are those of one model, highest number first.
func (s *Store) Versions(ctx context.Context, model string) (list []*pluvia.Version, err error) {
	err = s.read(ctx, "list versions", func(t *tx) error {
		id, err := modelNumber(ctx, t, model)
		if err == nil {
			list, err = versions(ctx, t, id, model, ``)
		}
		return err
	})
	return list, err
}

// VersionByAlias is the version that the alias points at.
func (s *Store) VersionByAlias(ctx context.Context, model, alias string) (v *pluvia.Version, err error) {
	err = s.read(ctx, "read a version", func(t *tx) error {
		id, err := modelNumber(ctx, t, model)
		if err != nil {
			return err
		}
		if !storable(alias) {
			return noAlias(alias)
		}
		var number int
		err = t.row(ctx, `SELECT number FROM aliases WHERE model = $1 AND name = $2`, id, alias).Scan(&number)
		if errors.Is(err, sql.ErrNoRows) {
			return noAlias(alias)
		}
		if err == nil {
			v, err = version(ctx, t, id, model, number)
		}
		return err
	})
	return v, err
}

// CreateVersion stores v with its tags and aliases under the next number. When
// the model has a version of the same RunID already, nothing is written and v
// becomes that one.
func (s *Store) CreateVersion(ctx context.Context, v *pluvia.Version) error {
	return s.makeVersion(ctx, v, func(t *tx) (*pluvia.Version, error) {
		id, err := lockModel(ctx, t, v.Model)
		if err != nil {
			return nil, err
		}
		if v.RunID == "" {
			return addVersion(ctx, t, id, v)
		}
		var number int
		err = t.row(ctx, `SELECT number FROM versions WHERE model = $1 AND run_id = $2 ORDER BY number LIMIT 1`, id, v.RunID).Scan(&number)
		if errors.Is(err, sql.ErrNoRows) {
			return addVersion(ctx, t, id, v)
		}
		if err != nil {
			return nil, err
		}
		return version(ctx, t, id, v.Model, number)
	})
}

// makeVersion checks v, has it made in a transaction, and turns it into what
// was made.
func (s *Store) makeVersion(ctx context.Context, v *pluvia.Version, make func(*tx) (*pluvia.Version, error)) error {
	var f faults
	f.version(v)
	if err := f.err(); err != nil {
		return err
	}
	var made *pluvia.Version
	err := s.write(ctx, "create a version", func(t *tx) (err error) {
		made, err = make(t)
		return err
	})
	if err == nil {
		*v = *made
	}
	return err
}

// addVersion makes the next version of the model, which is locked.
func addVersion(ctx context.Context, t *tx, id int64, v *pluvia.Version) (*pluvia.Version, error) {
	var number int
	err := t.row(ctx, `UPDATE models SET last_version = last_version + 1, updated = $1 WHERE id = $2 RETURNING last_version`, t.now, id).Scan(&number)
	if err != nil {
		return nil, err
	}
	_, err = t.exec(ctx, `
		INSERT INTO versions (model, number, description, source, run_id, created, updated, stage, run_link, model_id, storage)
		VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8, $9, $10)`,
		id, number, v.Description, v.Source, v.RunID, t.now, new(faults).stageText(v.Stage), v.RunLink, v.ModelID, v.Storage)
	if err != nil {
		return nil, err
	}
	if err := changeVersion(ctx, t, id, number, pluvia.VersionUpdate{Tags: v.Tags, Aliases: v.Aliases}); err != nil {
		return nil, err
	}
	return version(ctx, t, id, v.Model, number)
}

// UpdateVersion sets tags and moves aliases, all or none. An alias cannot be
// set and dropped at once.
func (s *Store) UpdateVersion(ctx context.Context, model string, number int, u pluvia.VersionUpdate) error {
	var f faults
	f.tags(u.Tags, maxModelTagValue)
	f.aliases(u.Aliases)
	for _, name := range u.DropAliases {
		if slices.Contains(u.Aliases, name) {
			f.add("alias %s is both set and dropped", quote(name))
		}
	}
	if err := f.err(); err != nil {
		return err
	}
	return s.write(ctx, "update a version", func(t *tx) error {
		id, err := lockModel(ctx, t, model)
		if err != nil {
			return err
		}
		n, err := t.exec(ctx, `UPDATE versions SET updated = $1 WHERE model = $2 AND number = $3`, t.now, id, number)
		if err != nil {
			return err
		}
		if n == 0 {
			return noVersion(model, number)
		}
		return changeVersion(ctx, t, id, number, u)
	})
}

func changeVersion(ctx context.Context, t *tx, model int64, number int, u pluvia.VersionUpdate) error {
	for _, tag := range u.Tags {
		_, err := t.exec(ctx, `
			INSERT INTO version_tags (model, number, key, value) VALUES ($1, $2, $3, $4)
			ON CONFLICT (model, number, key) DO UPDATE SET value = excluded.value`, model, number, tag.Key, tag.Value)
		if err != nil {
			return err
		}
	}
	for _, name := range u.DropAliases {
		if !storable(name) {
			continue
		}
		if _, err := t.exec(ctx, `DELETE FROM aliases WHERE model = $1 AND name = $2`, model, name); err != nil {
			return err
		}
	}
	for _, name := range u.Aliases {
		_, err := t.exec(ctx, `
			INSERT INTO aliases (model, name, number) VALUES ($1, $2, $3)
			ON CONFLICT (model, name) DO UPDATE SET number = excluded.number`, model, name, number)
		if err != nil {
			return err
		}
	}
	return nil
}

func version(ctx context.Context, t *tx, id int64, model string, number int) (*pluvia.Version, error) {
	found, err := versions(ctx, t, id, model, `AND number = $2`, number)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, noVersion(model, number)
	}
	return found[0], nil
}

// versions are those of the model that the rest of the query chooses, highest
// number first.
func versions(ctx context.Context, t *tx, id int64, model, rest string, args ...any) ([]*pluvia.Version, error) {
	var list []*pluvia.Version
	at := make(map[int]*pluvia.Version)
	args = append([]any{id}, args...)
	err := eachRow(ctx, t, `
		SELECT number, description, source, run_id, created, updated, stage, run_link, model_id, storage FROM versions
		WHERE model = $1 `+rest+` ORDER BY number DESC`, args,
		func(rows *sql.Rows) error {
			v := &pluvia.Version{Model: model}
			if err := rows.Scan(&v.Number, &v.Description, &v.Source, &v.RunID, &v.Created, &v.Updated, &v.Stage, &v.RunLink, &v.ModelID, &v.Storage); err != nil {
				return err
			}
			list, at[v.Number] = append(list, v), v
			return nil
		})
	if err != nil {
		return nil, err
	}
	err = eachRow(ctx, t, `SELECT number, key, value FROM version_tags WHERE model = $1 `+rest+` ORDER BY number, key`, args, func(rows *sql.Rows) error {
		var number int
		var tag pluvia.Tag
		if err := rows.Scan(&number, &tag.Key, &tag.Value); err != nil {
			return err
		}
		at[number].Tags = append(at[number].Tags, tag)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return list, eachRow(ctx, t, `SELECT number, name FROM aliases WHERE model = $1 `+rest+` ORDER BY name`, args, func(rows *sql.Rows) error {
		var number int
		var name string
		if err := rows.Scan(&number, &name); err != nil {
			return err
		}
		at[number].Aliases = append(at[number].Aliases, name)
		return nil
	})
}

func noAlias(alias string) error {
	return pluvia.Errorf(pluvia.NotFound, "Registered model alias %s not found.", cut(alias, maxAlias))
}

func noVersion(model string, number int) error {
	return pluvia.Errorf(pluvia.NotFound, "Model Version (name=%s, version=%d) not found", cut(model, maxModelName), number)
}

func (f *faults) version(v *pluvia.Version) {
	f.text("description", v.Description, maxText)
	f.text("source", v.Source, maxLocation)
	f.text("run ID", v.RunID, maxKey)
	f.text("run link", v.RunLink, maxLocation)
	f.text("logged model ID", v.ModelID, maxKey)
	f.text("storage", v.Storage, maxLocation)
	f.stageText(v.Stage)
	f.tags(v.Tags, maxModelTagValue)
	f.aliases(v.Aliases)
}
