package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/pluvia-ml/pluvia"
)

// Model is the registered model of that name.
func (s *Store) Model(ctx context.Context, name string) (m *pluvia.Model, err error) {
	if !storable(name) {
		return nil, noModel(name)
	}
	err = s.read(ctx, "read a model", func(t *tx) error {
		found, err := models(ctx, t, `WHERE name = $1`, name)
		if err == nil && len(found) == 0 {
			err = noModel(name)
		}
		if err == nil {
			m = found[0]
		}
		return err
	})
	return m, err
}

// Models are all registered models, by name.
func (s *Store) Models(ctx context.Context) (list []*pluvia.Model, err error) {
	err = s.read(ctx, "list models", func(t *tx) error {
		list, err = models(ctx, t, ``)
		return err
	})
	return list, err
}

// CreateModel stores m and fills in its times. It begins without versions, so
// without aliases too.
func (s *Store) CreateModel(ctx context.Context, m *pluvia.Model) error {
	var f faults
	f.modelName(m.Name)
	f.text("description", m.Description, maxText)
	f.tags(m.Tags, maxModelTagValue)
	if len(m.Aliases) > 0 {
		f.add("model %s: a new model has no versions, so it cannot have the alias %s; create a version with it", quote(m.Name), quote(m.Aliases[0].Name))
	}
	if err := f.err(); err != nil {
		return err
	}
	made := *m
	err := s.write(ctx, "create a model", func(t *tx) error {
		made.Created, made.Updated = t.now, t.now
		return createModel(ctx, t, &made)
	})
	if err == nil {
		*m = made
	}
	return err
}

// DeleteModel deletes a model with its versions, tags and aliases. What lies in
// the buckets stays.
func (s *Store) DeleteModel(ctx context.Context, name string) error {
	if !storable(name) {
		return noModel(name)
	}
	return s.write(ctx, "delete a model", func(t *tx) error {
		n, err := t.exec(ctx, `DELETE FROM models WHERE name = $1`, name)
		if err == nil && n == 0 {
			err = noModel(name)
		}
		return err
	})
}

func createModel(ctx context.Context, t *tx, m *pluvia.Model) error {
	var number int64
	err := t.row(ctx, `
		INSERT INTO models (name, description, created, updated, last_version) VALUES ($1, $2, $3, $4, 0)
		ON CONFLICT (name) DO NOTHING
		RETURNING id`, m.Name, m.Description, m.Created, m.Updated).Scan(&number)
	if errors.Is(err, sql.ErrNoRows) {
		return modelTaken(m.Name)
	}
	if err != nil {
		return err
	}
	return changeModel(ctx, t, number, pluvia.ModelUpdate{Tags: m.Tags})
}

// models are those that where chooses, by name.
func models(ctx context.Context, t *tx, where string, args ...any) ([]*pluvia.Model, error) {
	list, _, err := numberedModels(ctx, t, where, args...)
	return list, err
}

// numberedModels are those that where chooses, by name, and their numbers.
func numberedModels(ctx context.Context, t *tx, where string, args ...any) (list []*pluvia.Model, numbers []int64, err error) {
	at := make(map[int64]*pluvia.Model)
	err = eachRow(ctx, t, `SELECT id, name, description, created, updated FROM models `+where+` ORDER BY name`, args, func(rows *sql.Rows) error {
		var number int64
		m := new(pluvia.Model)
		if err := rows.Scan(&number, &m.Name, &m.Description, &m.Created, &m.Updated); err != nil {
			return err
		}
		list, numbers, at[number] = append(list, m), append(numbers, number), m
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	err = pairsOf(ctx, t, "model_tags", "model", numbers, func(number int64, pairs []pair) { at[number].Tags = asTags(pairs) })
	if err != nil {
		return nil, nil, err
	}
	return list, numbers, eachOf(ctx, t, `SELECT model, name, number FROM aliases WHERE model %s ORDER BY model, name`, numbers, func(rows *sql.Rows) error {
		var number int64
		var a pluvia.Alias
		if err := rows.Scan(&number, &a.Name, &a.Version); err != nil {
			return err
		}
		at[number].Aliases = append(at[number].Aliases, a)
		return nil
	})
}

// modelNumber is the number that a model has in the database.
func modelNumber(ctx context.Context, t *tx, name string) (number int64, err error) {
	if !storable(name) {
		return 0, noModel(name)
	}
	err = t.row(ctx, `SELECT id FROM models WHERE name = $1`, name).Scan(&number)
	if errors.Is(err, sql.ErrNoRows) {
		err = noModel(name)
	}
	return number, err
}

func noModel(name string) error {
	return pluvia.Errorf(pluvia.NotFound, "Registered Model with name=%s not found", cut(name, maxModelName))
}
