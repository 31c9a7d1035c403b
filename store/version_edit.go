package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pluvia-ml/pluvia"
)

var versionKind = &kind{
	name:  "model versions",
	table: "versions JOIN models ON models.id = versions.model",
	ids:   []string{"versions.model", "versions.number"},
	attributes: map[string]column{
		"name":                   {sql: "models.name"},
		"version_number":         {sql: "versions.number", number: true},
		"run_id":                 {sql: "versions.run_id", missing: "(versions.run_id = '')"},
		"source_path":            {sql: "versions.source"},
		"creation_timestamp":     {sql: "versions.created", number: true},
		"last_updated_timestamp": {sql: "versions.updated", number: true},
	},
	parts: map[pluvia.Part]part{
		pluvia.TagPart: {table: "version_tags", on: "%[1]s.model = versions.model AND %[1]s.number = versions.number"},
	},
	tail: []pluvia.Order{
		{Field: pluvia.Field{Key: "last_updated_timestamp"}, Descending: true},
		{Field: pluvia.Field{Key: "name"}},
		{Field: pluvia.Field{Key: "version_number"}, Descending: true},
	},
}

// SearchVersions chooses versions of registered models; Experiments and View of
// the search do not matter.
func (s *Store) SearchVersions(ctx context.Context, asked pluvia.Search) (found []*pluvia.Version, next string, err error) {
	wanted := &search{kind: versionKind, database: s.dialect, asked: asked, scope: everywhere}
	err = s.read(ctx, "search versions", func(t *tx) error {
		var page []entity
		if page, next, err = wanted.page(ctx, t); err != nil {
			return err
		}
		found, err = versionsOf(ctx, t, page)
		return err
	})
	return found, next, err
}

// versionsOf are the versions of a page, in its order.
func versionsOf(ctx context.Context, t *tx, page []entity) ([]*pluvia.Version, error) {
	at := make(map[entity]*pluvia.Version)
	for _, e := range page {
		at[e] = nil
	}
	models := firsts(page)
	slices.Sort(models)
	for _, m := range slices.Compact(models) {
		var name string
		if err := t.row(ctx, `SELECT name FROM models WHERE id = $1`, m).Scan(&name); err != nil {
			return nil, err
		}
		var numbers []int64
		for _, e := range page {
			if e[0] == m {
				numbers = append(numbers, e[1])
			}
		}
		operator, list := t.dialect.numbers(numbers)
		found, err := versions(ctx, t, m, name, `AND number `+fmt.Sprintf(operator, "$2"), list)
		if err != nil {
			return nil, err
		}
		for _, v := range found {
			at[entity{m, int64(v.Number)}] = v
		}
	}
	var list []*pluvia.Version
	for _, e := range page {
		list = append(list, at[e])
	}
	return list, nil
}

// AddVersion stores v with its tags and aliases under the next number, also
// when the model has a version of the same RunID.
func (s *Store) AddVersion(ctx context.Context, v *pluvia.Version) error {
	return s.makeVersion(ctx, v, func(t *tx) (*pluvia.Version, error) {
		id, err := lockModel(ctx, t, v.Model)
		if err != nil {
			return nil, err
		}
		return addVersion(ctx, t, id, v)
	})
}

// The stages of a version, as they are written.
var versionStages = []string{"None", "Staging", "Production", "Archived"}

// stageText is a stage as it is written, whatever the case in which it was
// given; empty is None.
func (f *faults) stageText(stage string) string {
	if stage == "" {
		return versionStages[0]
	}
	for _, known := range versionStages {
		if strings.EqualFold(stage, known) {
			return known
		}
	}
	f.add("Invalid Model Version stage: %s. Value must be one of %s", quote(stage), strings.Join(versionStages, ", "))
	return stage
}

// EditVersion changes a version, all or none. A change of the stage is one of
// the model too.
func (s *Store) EditVersion(ctx context.Context, model string, number int, e pluvia.VersionEdit) error {
	var f faults
	var stage string
	if e.Stage != nil {
		stage = f.stageText(*e.Stage)
	}
	if e.ArchiveExisting && stage != "Staging" && stage != "Production" {
		f.add("existing versions can be archived only with the stage Staging or Production, not %s", quote(stage))
	}
	if e.Description != nil {
		f.text("description", *e.Description, maxText)
	}
	f.tags(e.Tags, maxModelTagValue)
	f.setAndDropped(e.Tags, e.DropTags)
	if err := f.err(); err != nil {
		return err
	}
	return s.write(ctx, "edit a version", func(t *tx) error {
		id, err := lockModel(ctx, t, model)
		if err != nil {
			return err
		}
		if err := hasVersion(ctx, t, id, model, number); err != nil {
			return err
		}
		if e.Stage != nil {
			if e.ArchiveExisting {
				_, err := t.exec(ctx, `UPDATE versions SET stage = 'Archived', updated = $1 WHERE model = $2 AND stage = $3 AND number <> $4`, t.now, id, stage, number)
				if err != nil {
					return err
				}
			}
			if _, err := t.exec(ctx, `UPDATE versions SET stage = $1, updated = $2 WHERE model = $3 AND number = $4`, stage, t.now, id, number); err != nil {
				return err
			}
			if err := touchModel(ctx, t, id); err != nil {
				return err
			}
		}
		if e.Description != nil {
			_, err := t.exec(ctx, `UPDATE versions SET description = $1, updated = $2 WHERE model = $3 AND number = $4`, *e.Description, t.now, id, number)
			if err != nil {
				return err
			}
		}
		for _, key := range e.DropTags {
			if !storable(key) {
				continue
			}
			if _, err := t.exec(ctx, `DELETE FROM version_tags WHERE model = $1 AND number = $2 AND key = $3`, id, number, key); err != nil {
				return err
			}
		}
		return changeVersion(ctx, t, id, number, pluvia.VersionUpdate{Tags: e.Tags})
	})
}

// DeleteVersion deletes a version with its tags and the aliases that point at
// it. Its number is not used again, and what lies in the buckets stays.
func (s *Store) DeleteVersion(ctx context.Context, model string, number int) error {
	return s.write(ctx, "delete a version", func(t *tx) error {
		id, err := lockModel(ctx, t, model)
		if err != nil {
			return err
		}
		n, err := t.exec(ctx, `DELETE FROM versions WHERE model = $1 AND number = $2`, id, number)
		if err != nil {
			return err
		}
		if n == 0 {
			return noVersion(model, number)
		}
		return touchModel(ctx, t, id)
	})
}

// lockModel is the number of a model that nobody else changes until the
// transaction is over.
func lockModel(ctx context.Context, t *tx, name string) (id int64, err error) {
	if !storable(name) {
		return 0, noModel(name)
	}
	err = t.row(ctx, `SELECT id FROM models WHERE name = $1`+t.dialect.lock, name).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		err = noModel(name)
	}
	return id, err
}

func touchModel(ctx context.Context, t *tx, id int64) error {
	_, err := t.exec(ctx, `UPDATE models SET updated = $1 WHERE id = $2`, t.now, id)
	return err
}

func hasVersion(ctx context.Context, t *tx, id int64, model string, number int) error {
	var ok bool
	err := t.row(ctx, `SELECT EXISTS (SELECT 1 FROM versions WHERE model = $1 AND number = $2)`, id, number).Scan(&ok)
	if err == nil && !ok {
		err = noVersion(model, number)
	}
	return err
}
