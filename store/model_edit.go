package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/pluvia-ml/pluvia"
)

var modelKind = &kind{
	name:  "registered models",
	table: "models",
	ids:   []string{"models.id"},
	attributes: map[string]column{
		"name":                   {sql: "models.name"},
		"last_updated_timestamp": {sql: "models.updated", number: true},
		"creation_timestamp":     {sql: "models.created", number: true},
	},
	parts: map[pluvia.Part]part{
		pluvia.TagPart: {table: "model_tags", on: "%[1]s.model = models.id"},
	},
	tail: []pluvia.Order{{Field: pluvia.Field{Key: "name"}}},
}

// everywhere is the scope of what belongs to no experiment.
func everywhere(*query) string { return always }

// SearchModels chooses registered models; Experiments and View of the search
// do not matter.
func (s *Store) SearchModels(ctx context.Context, asked pluvia.Search) (found []*pluvia.Model, next string, err error) {
	wanted := &search{kind: modelKind, database: s.dialect, asked: asked, scope: everywhere}
	err = s.read(ctx, "search models", func(t *tx) error {
		var page []entity
		if page, next, err = wanted.page(ctx, t); err != nil || len(page) == 0 {
			return err
		}
		operator, list := t.dialect.numbers(firsts(page))
		models, numbers, err := numberedModels(ctx, t, `WHERE id `+fmt.Sprintf(operator, "$1"), list)
		found = inOrder(page, models, numbers)
		return err
	})
	return found, next, err
}

// UpdateModel changes a registered model, all or none.
func (s *Store) UpdateModel(ctx context.Context, name string, u pluvia.ModelUpdate) error {
	var f faults
	if u.Name != nil {
		f.modelName(*u.Name)
	}
	if u.Description != nil {
		f.text("description", *u.Description, maxText)
	}
	f.tags(u.Tags, maxModelTagValue)
	f.setAndDropped(u.Tags, u.DropTags)
	if err := f.err(); err != nil {
		return err
	}
	return s.write(ctx, "update a model", func(t *tx) error {
		id, err := lockModel(ctx, t, name)
		if err != nil {
			return err
		}
		if u.Name != nil && *u.Name != name {
			var taken bool
			if err := t.row(ctx, `SELECT EXISTS (SELECT 1 FROM models WHERE name = $1)`, *u.Name).Scan(&taken); err != nil {
				return err
			}
			if taken {
				return modelTaken(*u.Name)
			}
			if _, err := t.exec(ctx, `UPDATE models SET name = $1 WHERE id = $2`, *u.Name, id); err != nil {
				return err
			}
		}
		if u.Description != nil {
			if _, err := t.exec(ctx, `UPDATE models SET description = $1 WHERE id = $2`, *u.Description, id); err != nil {
				return err
			}
		}
		if u.Name != nil || u.Description != nil {
			if _, err := t.exec(ctx, `UPDATE models SET updated = $1 WHERE id = $2`, t.now, id); err != nil {
				return err
			}
		}
		return changeModel(ctx, t, id, u)
	})
}

// changeModel sets and drops tags, and drops aliases.
func changeModel(ctx context.Context, t *tx, id int64, u pluvia.ModelUpdate) error {
	for _, tag := range u.Tags {
		if err := setModelTag(ctx, t, id, tag); err != nil {
			return err
		}
	}
	for _, key := range u.DropTags {
		if !storable(key) {
			continue
		}
		if _, err := t.exec(ctx, `DELETE FROM model_tags WHERE model = $1 AND key = $2`, id, key); err != nil {
			return err
		}
	}
	for _, alias := range u.DropAliases {
		if !storable(alias) {
			continue
		}
		if _, err := t.exec(ctx, `DELETE FROM aliases WHERE model = $1 AND name = $2`, id, alias); err != nil {
			return err
		}
	}
	return nil
}

func setModelTag(ctx context.Context, t *tx, model int64, tag pluvia.Tag) error {
	_, err := t.exec(ctx, `
		INSERT INTO model_tags (model, key, value) VALUES ($1, $2, $3)
		ON CONFLICT (model, key) DO UPDATE SET value = excluded.value`, model, tag.Key, tag.Value)
	return err
}

// setAndDropped refuses a tag that is both.
func (f *faults) setAndDropped(set []pluvia.Tag, dropped []string) {
	for _, tag := range set {
		if slices.Contains(dropped, tag.Key) {
			f.add("tag %s is both set and dropped", quote(tag.Key))
		}
	}
}

func modelTaken(name string) error {
	return pluvia.Errorf(pluvia.Exists, "Registered Model (name=%s) already exists.", name)
}
