package mlflow

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/mlflow/filter"
)

// stages are the stages of versions, in MLflow's order.
var stages = []string{"None", "Staging", "Production", "Archived"}

func stageOf(v *pluvia.Version) string {
	if v.Stage == "" {
		return stages[0]
	}
	return v.Stage
}

// canonicalStage is a stage as it is stored, of one written in any case.
func canonicalStage(stage string) (string, error) {
	for _, s := range stages {
		if strings.EqualFold(s, stage) {
			return s, nil
		}
	}
	return "", pluvia.Errorf(pluvia.Invalid, "Invalid Model Version stage: %s. Value must be one of %s.", clip(stage), strings.Join(stages, ", "))
}

func (s *Server) createVersion(ctx context.Context, q *request, out []byte) ([]byte, error) {
	v := &pluvia.Version{
		Model: q.modelName("name"), Source: q.need("source"), RunID: q.text("run_id"), Tags: q.registryTags(),
		RunLink: q.text("run_link"), Description: q.text("description"), ModelID: q.text("model_id"),
	}
	if err := q.err(); err != nil {
		return nil, err
	}
	if err := s.locate(ctx, v); err != nil {
		return nil, err
	}
	if err := s.store.AddVersion(ctx, v); err != nil {
		return nil, err
	}
	if v.ModelID != "" && !ofPrompt(v.Tags) {
		if err := s.noteVersion(ctx, v); err != nil {
			return nil, err
		}
	}
	s.tellOfVersion(ctx, v)
	return versionAnswer(out, v), nil
}

// noteVersion adds a version to the tag of its logged model that lists the
// versions made of it.
func (s *Server) noteVersion(ctx context.Context, v *pluvia.Version) error {
	const tag = "mlflow.modelVersions"
	m, err := s.store.LoggedModel(ctx, v.ModelID)
	if err != nil {
		return fmt.Errorf("note version %s/%d: %w", v.Model, v.Number, err)
	}
	entry := append(appendText([]byte(`{"name": `), v.Model), `, "version": `...)
	entry = append(strconv.AppendInt(entry, int64(v.Number), 10), '}')
	list := "[" + string(entry) + "]"
	if old, ok := strings.CutSuffix(pluvia.TagValue(m.Tags, tag), "]"); ok && len(old) > 1 {
		list = old + ", " + string(entry) + "]"
	}
	return s.store.SetLoggedModelTags(ctx, m.ID, []pluvia.Tag{{Key: tag, Value: list}})
}

func (s *Server) getVersion(ctx context.Context, q *request, out []byte) ([]byte, error) {
	name, number := q.modelName("name"), q.version()
	if err := q.err(); err != nil {
		return nil, err
	}
	return s.versionNumbered(ctx, out, name, number)
}

func (s *Server) updateVersion(ctx context.Context, q *request, out []byte) ([]byte, error) {
	name, number, description := q.modelName("name"), q.version(), q.text("description")
	if err := q.err(); err != nil {
		return nil, err
	}
	if err := s.store.EditVersion(ctx, name, number, pluvia.VersionEdit{Description: &description}); err != nil {
		return nil, err
	}
	return s.versionNumbered(ctx, out, name, number)
}

func (s *Server) transitionStage(ctx context.Context, q *request, out []byte) ([]byte, error) {
	name, number, stage, archive := q.modelName("name"), q.version(), q.need("stage"), q.boolean("archive_existing_versions", false)
	if err := q.err(); err != nil {
		return nil, err
	}
	stage, err := canonicalStage(stage)
	if err != nil {
		return nil, err
	}
	if archive && (stage == "None" || stage == "Archived") {
		return nil, pluvia.Errorf(pluvia.Invalid, "Model version transition cannot archive existing model versions because '%s' is not an Active stage. Valid stages are Staging, Production", stage)
	}
	if err := s.store.EditVersion(ctx, name, number, pluvia.VersionEdit{Stage: &stage, ArchiveExisting: archive}); err != nil {
		return nil, err
	}
	return s.versionNumbered(ctx, out, name, number)
}

func (s *Server) deleteVersion(ctx context.Context, q *request, out []byte) ([]byte, error) {
	name, number := q.modelName("name"), q.version()
	if err := q.err(); err != nil {
		return nil, err
	}
	if err := s.store.DeleteVersion(ctx, name, number); err != nil {
		return nil, err
	}
	return empty(out), nil
}

func (s *Server) searchVersions(ctx context.Context, q *request, out []byte) ([]byte, error) {
	search, err := q.search(filter.Versions, maxVersionPage, maxVersionPage)
	if err != nil {
		return nil, err
	}
	search.Where = sourcesInStore(search.Where)
	found, token, err := s.store.SearchVersions(ctx, search)
	if err != nil {
		return nil, err
	}
	out = append(out, '{')
	if len(found) > 0 {
		out = appendVersions(key(out, "model_versions"), found)
	}
	return append(textUnless(out, "next_page_token", token), '}'), nil
}

// sourcesInStore turns addresses that versions are looked for by into those
// that the store has.
func sourcesInStore(e pluvia.Expr) pluvia.Expr {
	return rewrite(e, func(c pluvia.Compare) pluvia.Expr {
		if c.Field.Of == pluvia.Attribute && c.Field.Key == "source_path" {
			c.Text = fromWire(c.Text)
		}
		return c
	})
}

func (s *Server) downloadURI(ctx context.Context, q *request, out []byte) ([]byte, error) {
	name, number := q.modelName("name"), q.version()
	if err := q.err(); err != nil {
		return nil, err
	}
	v, err := s.store.Version(ctx, name, number)
	if err != nil {
		return nil, err
	}
	return append(textField(append(out, '{'), "artifact_uri", toWire(storage(v))), '}'), nil
}

func (s *Server) setVersionTag(ctx context.Context, q *request, out []byte) ([]byte, error) {
	name, number, tag := q.modelName("name"), q.version(), q.registryTag()
	if err := q.err(); err != nil {
		return nil, err
	}
	if err := s.store.EditVersion(ctx, name, number, pluvia.VersionEdit{Tags: []pluvia.Tag{tag}}); err != nil {
		return nil, err
	}
	s.tellOf(ctx, versionTagSet, name, func(b []byte) []byte {
		b = textField(b, "name", name)
		b = textField(b, "version", strconv.Itoa(number))
		b = textField(b, "key", tag.Key)
		return textField(b, "value", tag.Value)
	})
	return empty(out), nil
}

func (s *Server) deleteVersionTag(ctx context.Context, q *request, out []byte) ([]byte, error) {
	name, number, tag := q.modelName("name"), q.version(), q.need("key")
	if err := q.err(); err != nil {
		return nil, err
	}
	if err := s.store.EditVersion(ctx, name, number, pluvia.VersionEdit{DropTags: []string{tag}}); err != nil {
		return nil, err
	}
	s.tellOf(ctx, versionTagDeleted, name, func(b []byte) []byte {
		b = textField(b, "name", name)
		b = textField(b, "version", strconv.Itoa(number))
		return textField(b, "key", tag)
	})
	return empty(out), nil
}

func (s *Server) versionNumbered(ctx context.Context, out []byte, name string, number int) ([]byte, error) {
	v, err := s.store.Version(ctx, name, number)
	if err != nil {
		return nil, err
	}
	return versionAnswer(out, v), nil
}

func versionAnswer(out []byte, v *pluvia.Version) []byte {
	return append(appendVersion(key(append(out, '{'), "model_version"), v), '}')
}

func appendVersions(out []byte, all []*pluvia.Version) []byte {
	out = append(out, '[')
	for _, v := range all {
		out = appendVersion(next(out), v)
	}
	return append(out, ']')
}

func appendVersion(out []byte, v *pluvia.Version) []byte {
	out = textField(append(out, '{'), "name", v.Model)
	out = textField(out, "version", strconv.Itoa(v.Number))
	out = intField(out, "creation_timestamp", v.Created)
	out = intField(out, "last_updated_timestamp", v.Updated)
	out = textField(out, "current_stage", stageOf(v))
	out = textField(out, "description", v.Description)
	out = textField(out, "source", toWire(v.Source))
	out = textField(out, "run_id", v.RunID)
	out = textField(out, "status", "READY")
	out = tagsField(out, v.Tags)
	out = textField(out, "run_link", v.RunLink)
	if len(v.Aliases) > 0 {
		out = append(key(out, "aliases"), '[')
		for _, alias := range slices.Sorted(slices.Values(v.Aliases)) {
			out = appendText(next(out), alias)
		}
		out = append(out, ']')
	}
	return append(out, '}')
}

// version reads the number of a version, which clients send as a text.
func (q *request) version() int {
	text := q.need("version")
	if text == "" {
		return 0
	}
	number, err := versionNumber(text)
	if err != nil {
		q.fail(err)
	}
	return number
}

func versionNumber(text string) (int, error) {
	number, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return 0, pluvia.Errorf(pluvia.Invalid, "Parameter 'version' must be an integer, got '%s'.", clip(text))
	}
	return int(number), nil
}
