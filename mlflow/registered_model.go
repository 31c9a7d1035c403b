package mlflow

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/mlflow/filter"
)

// Limits of the registry.
const (
	maxModelPage     = 1_000
	maxVersionPage   = 200_000
	maxRegistryValue = 100_000 // of a tag, in characters
	maxAlias         = 255
)

// registryRoutes are the calls about registered models and their versions.
func (s *Server) registryRoutes() []route {
	return []route{
		{api2, "POST", "/registered-models/create", s.rpc(s.createModel)},
		{api2, "GET", "/registered-models/get", s.rpc(s.getModel)},
		{api2, "POST", "/registered-models/rename", s.rpc(s.renameModel)},
		{api2, "PATCH", "/registered-models/update", s.rpc(s.updateModel)},
		{api2, "DELETE", "/registered-models/delete", s.rpc(s.deleteModel)},
		{api2, "GET", "/registered-models/search", s.rpc(s.searchModels)},
		{api2, "POST", "/registered-models/get-latest-versions", s.rpc(s.latestVersions)},
		{api2, "GET", "/registered-models/get-latest-versions", s.rpc(s.latestVersions)},
		{api2, "POST", "/registered-models/set-tag", s.rpc(s.setModelTag)},
		{api2, "DELETE", "/registered-models/delete-tag", s.rpc(s.deleteModelTag)},
		{api2, "POST", "/registered-models/alias", s.rpc(s.setAlias)},
		{api2, "DELETE", "/registered-models/alias", s.rpc(s.deleteAlias)},
		{api2, "GET", "/registered-models/alias", s.rpc(s.versionByAlias)},

		{api2, "POST", "/model-versions/create", s.rpc(s.createVersion)},
		{api2, "GET", "/model-versions/get", s.rpc(s.getVersion)},
		{api2, "PATCH", "/model-versions/update", s.rpc(s.updateVersion)},
		{api2, "POST", "/model-versions/transition-stage", s.rpc(s.transitionStage)},
		{api2, "DELETE", "/model-versions/delete", s.rpc(s.deleteVersion)},
		{api2, "GET", "/model-versions/search", s.rpc(s.searchVersions)},
		{api2, "GET", "/model-versions/get-download-uri", s.rpc(s.downloadURI)},
		{api2, "POST", "/model-versions/set-tag", s.rpc(s.setVersionTag)},
		{api2, "DELETE", "/model-versions/delete-tag", s.rpc(s.deleteVersionTag)},
	}
}

func (s *Server) createModel(ctx context.Context, q *request, out []byte) ([]byte, error) {
	m := &pluvia.Model{Name: q.modelName("name"), Tags: q.registryTags(), Description: q.text("description")}
	if err := q.err(); err != nil {
		return nil, err
	}
	if err := s.store.CreateModel(ctx, m); err != nil {
		return nil, err
	}
	s.tell(ctx, modelCreated, m.Tags, func(b []byte) []byte {
		b = textField(b, "name", m.Name)
		b = payloadTags(b, m.Tags)
		return textOrNull(b, "description", m.Description)
	})
	return s.modelAnswer(ctx, out, m)
}

func (s *Server) getModel(ctx context.Context, q *request, out []byte) ([]byte, error) {
	name := q.modelName("name")
	if err := q.err(); err != nil {
		return nil, err
	}
	return s.modelNamed(ctx, out, name)
}

func (s *Server) renameModel(ctx context.Context, q *request, out []byte) ([]byte, error) {
	name, newName := q.modelName("name"), q.modelName("new_name")
	if err := q.err(); err != nil {
		return nil, err
	}
	if err := s.store.UpdateModel(ctx, name, pluvia.ModelUpdate{Name: &newName}); err != nil {
		return nil, err
	}
	return s.modelNamed(ctx, out, newName)
}

func (s *Server) updateModel(ctx context.Context, q *request, out []byte) ([]byte, error) {
	name, description := q.modelName("name"), q.text("description")
	if err := q.err(); err != nil {
		return nil, err
	}
	if err := s.store.UpdateModel(ctx, name, pluvia.ModelUpdate{Description: &description}); err != nil {
		return nil, err
	}
	return s.modelNamed(ctx, out, name)
}

func (s *Server) deleteModel(ctx context.Context, q *request, out []byte) ([]byte, error) {
	name := q.modelName("name")
	if err := q.err(); err != nil {
		return nil, err
	}
	if err := s.store.DeleteModel(ctx, name); err != nil {
		return nil, err
	}
	return empty(out), nil
}

func (s *Server) searchModels(ctx context.Context, q *request, out []byte) ([]byte, error) {
	search, err := q.search(filter.Models, 100, maxModelPage)
	if err != nil {
		return nil, err
	}
	found, token, err := s.store.SearchModels(ctx, search)
	if err != nil {
		return nil, err
	}
	out = append(out, '{')
	if len(found) > 0 {
		out = append(key(out, "registered_models"), '[')
		for _, m := range found {
			if out, err = s.appendModel(ctx, next(out), m); err != nil {
				return nil, err
			}
		}
		out = append(out, ']')
	}
	return append(textUnless(out, "next_page_token", token), '}'), nil
}

func (s *Server) latestVersions(ctx context.Context, q *request, out []byte) ([]byte, error) {
	name, stages := q.modelName("name"), q.texts("stages")
	if err := q.err(); err != nil {
		return nil, err
	}
	for i, stage := range stages {
		var err error
		if stages[i], err = canonicalStage(stage); err != nil {
			return nil, err
		}
	}
	latest, err := s.latest(ctx, name)
	if err != nil {
		return nil, err
	}
	out = append(out, '{')
	if len(stages) > 0 {
		latest = slices.DeleteFunc(latest, func(v *pluvia.Version) bool { return !slices.Contains(stages, stageOf(v)) })
	}
	if len(latest) > 0 {
		out = appendVersions(key(out, "model_versions"), latest)
	}
	return append(out, '}'), nil
}

// latest are the versions of a model with the highest number in each stage,
// lowest number first.
func (s *Server) latest(ctx context.Context, model string) ([]*pluvia.Version, error) {
	all, err := s.store.Versions(ctx, model)
	if err != nil {
		return nil, err
	}
	var latest []*pluvia.Version
	for _, stage := range stages {
		i := slices.IndexFunc(all, func(v *pluvia.Version) bool { return stageOf(v) == stage })
		if i >= 0 {
			latest = append(latest, all[i])
		}
	}
	slices.SortFunc(latest, func(a, b *pluvia.Version) int { return a.Number - b.Number })
	return latest, nil
}

func (s *Server) setModelTag(ctx context.Context, q *request, out []byte) ([]byte, error) {
	name, tag := q.modelName("name"), q.registryTag()
	if err := q.err(); err != nil {
		return nil, err
	}
	if err := s.store.UpdateModel(ctx, name, pluvia.ModelUpdate{Tags: []pluvia.Tag{tag}}); err != nil {
		return nil, err
	}
	s.tellOf(ctx, modelTagSet, name, func(b []byte) []byte {
		b = textField(b, "name", name)
		b = textField(b, "key", tag.Key)
		return textField(b, "value", tag.Value)
	})
	return empty(out), nil
}

func (s *Server) deleteModelTag(ctx context.Context, q *request, out []byte) ([]byte, error) {
	name, tag := q.modelName("name"), q.need("key")
	if err := q.err(); err != nil {
		return nil, err
	}
	if err := s.store.UpdateModel(ctx, name, pluvia.ModelUpdate{DropTags: []string{tag}}); err != nil {
		return nil, err
	}
	s.tellOf(ctx, modelTagDeleted, name, func(b []byte) []byte {
		return textField(textField(b, "name", name), "key", tag)
	})
	return empty(out), nil
}

func (s *Server) setAlias(ctx context.Context, q *request, out []byte) ([]byte, error) {
	name, alias := q.modelName("name"), q.alias()
	number := q.version()
	if err := q.err(); err != nil {
		return nil, err
	}
	if strings.EqualFold(alias, "latest") {
		return nil, pluvia.Errorf(pluvia.Invalid, "'latest' alias name (case insensitive) is reserved.")
	}
	if versionAlias.MatchString(alias) {
		return nil, pluvia.Errorf(pluvia.Invalid, "Version alias name '%s' is reserved.", alias)
	}
	if err := s.store.UpdateVersion(ctx, name, number, pluvia.VersionUpdate{Aliases: []string{alias}}); err != nil {
		return nil, err
	}
	s.tellOf(ctx, aliasCreated, name, func(b []byte) []byte {
		b = textField(b, "name", name)
		b = textField(b, "alias", alias)
		return textField(b, "version", strconv.Itoa(number))
	})
	return empty(out), nil
}

func (s *Server) deleteAlias(ctx context.Context, q *request, out []byte) ([]byte, error) {
	name, alias := q.modelName("name"), q.alias()
	if err := q.err(); err != nil {
		return nil, err
	}
	if err := s.store.UpdateModel(ctx, name, pluvia.ModelUpdate{DropAliases: []string{alias}}); err != nil {
		return nil, err
	}
	s.tellOf(ctx, aliasDeleted, name, func(b []byte) []byte {
		return textField(textField(b, "name", name), "alias", alias)
	})
	return empty(out), nil
}

func (s *Server) versionByAlias(ctx context.Context, q *request, out []byte) ([]byte, error) {
	name, alias := q.modelName("name"), q.alias()
	if err := q.err(); err != nil {
		return nil, err
	}
	v, err := s.aliased(ctx, name, alias)
	if err != nil {
		return nil, err
	}
	return versionAnswer(out, v), nil
}

// aliased is the version that an alias points at; "latest" is the one with the
// highest number.
func (s *Server) aliased(ctx context.Context, name, alias string) (*pluvia.Version, error) {
	if strings.EqualFold(alias, "latest") {
		all, err := s.store.Versions(ctx, name)
		if err == nil && len(all) == 0 {
			err = pluvia.Errorf(pluvia.NotFound, "Latest version not found for model %s.", clip(name))
		}
		if err != nil {
			return nil, err
		}
		return all[0], nil
	}
	m, err := s.store.Model(ctx, name)
	if err != nil {
		return nil, err
	}
	number := m.Alias(alias)
	if number == 0 {
		return nil, pluvia.Errorf(pluvia.Invalid, "Registered model alias %s not found.", clip(alias)) // so MLflow, not 404
	}
	return s.store.Version(ctx, name, number)
}

func (s *Server) modelNamed(ctx context.Context, out []byte, name string) ([]byte, error) {
	m, err := s.store.Model(ctx, name)
	if err != nil {
		return nil, err
	}
	return s.modelAnswer(ctx, out, m)
}

func (s *Server) modelAnswer(ctx context.Context, out []byte, m *pluvia.Model) ([]byte, error) {
	out, err := s.appendModel(ctx, key(append(out, '{'), "registered_model"), m)
	if err != nil {
		return nil, err
	}
	return append(out, '}'), nil
}

// appendModel appends a model with its latest versions.
func (s *Server) appendModel(ctx context.Context, out []byte, m *pluvia.Model) ([]byte, error) {
	latest, err := s.latest(ctx, m.Name)
	if err != nil {
		return nil, err
	}
	out = textField(append(out, '{'), "name", m.Name)
	out = intField(out, "creation_timestamp", m.Created)
	out = intField(out, "last_updated_timestamp", m.Updated)
	out = textUnless(out, "description", m.Description)
	if len(latest) > 0 {
		out = appendVersions(key(out, "latest_versions"), latest)
	}
	out = tagsField(out, m.Tags)
	if len(m.Aliases) > 0 {
		out = append(key(out, "aliases"), '[')
		for _, a := range m.Aliases {
			out = textField(append(next(out), '{'), "alias", a.Name)
			out = append(textField(out, "version", strconv.Itoa(a.Version)), '}')
		}
		out = append(out, ']')
	}
	return append(out, '}'), nil
}

// modelName reads the name of a registered model.
func (q *request) modelName(field string) string {
	name := q.need(field)
	switch {
	case name != "" && strings.TrimSpace(name) == "":
		q.missing(field)
	case strings.ContainsAny(name, "/:"):
		q.fail(pluvia.Errorf(pluvia.Invalid, "Invalid model name '%s'. Names cannot contain '/' or ':'.", clip(name)))
	case name != "":
		if err := validPathName(field, name); err != nil {
			q.fail(err)
		}
	}
	return name
}

var (
	aliasForm    = regexp.MustCompile(`^[\p{L}\p{N}_\-]*$`)
	versionAlias = regexp.MustCompile(`^[vV]\d+$`)
)

// alias reads the name of an alias.
func (q *request) alias() string {
	alias := q.need("alias")
	if !aliasForm.MatchString(alias) {
		q.fail(pluvia.Errorf(pluvia.Invalid, "Invalid alias name: '%s'. Names may only contain alphanumerics, underscores (_), and dashes (-).", clip(alias)))
	} else if err := atMost("Registered model alias name", maxAlias, alias); err != nil {
		q.fail(err)
	}
	return alias
}

// registryTag reads the tag that a call sets on a model or version.
func (q *request) registryTag() pluvia.Tag {
	t := pluvia.Tag{Key: q.need("key"), Value: q.text("value")}
	q.checkRegistryTag(t)
	return t
}

// registryTags reads the tags of a new model or version; of several of one key
// the last one counts.
func (q *request) registryTags() []pluvia.Tag {
	all := q.tags("tags")
	var tags []pluvia.Tag
	for _, t := range all {
		q.checkRegistryTag(t)
		tags = append(slices.DeleteFunc(tags, func(old pluvia.Tag) bool { return old.Key == t.Key }), t)
	}
	return tags
}

func (q *request) checkRegistryTag(t pluvia.Tag) {
	if t.Key == "" {
		return // need has said it
	}
	err := validName("key", t.Key)
	if err == nil {
		err = atMost("key", maxKey, t.Key)
	}
	if err == nil {
		err = atMost("value", maxRegistryValue, t.Value)
	}
	if err != nil {
		q.fail(err)
	}
}

// search reads a search of the registry.
func (q *request) search(kind *filter.Kind, page, maxPage int64) (s pluvia.Search, err error) {
	text, limit, orders := q.text("filter"), q.integer("max_results", page), q.texts("order_by")
	s.After = q.text("page_token")
	if err := q.err(); err != nil {
		return s, err
	}
	if limit < 1 || limit > maxPage {
		return s, pluvia.Errorf(pluvia.Invalid, "Invalid value %d for parameter 'max_results' supplied: It must be at least 1 and at most %d", limit, maxPage)
	}
	s.Limit = int(limit)
	if s.Where, err = kind.Parse(text); err != nil {
		return s, err
	}
	s.Where = withoutPrompts(s.Where)
	s.OrderBy, err = kind.ParseOrder(orders)
	return s, err
}

// promptTag marks the models and versions in the registry that are prompts.
const promptTag = "mlflow.prompt.is_prompt"

// isPrompt is true of what is a prompt.
var isPrompt = pluvia.Compare{Field: pluvia.Field{Of: pluvia.TagPart, Key: promptTag}, Op: pluvia.Equal, Text: "true"}

// withoutPrompts is a filter that finds no prompts unless it asks for them.
// Newer clients ask for models by the tag being not 'true', and mean those that
// do not have it too, against the rule for all other tags.
func withoutPrompts(e pluvia.Expr) pluvia.Expr {
	asked := false
	e = rewrite(e, func(c pluvia.Compare) pluvia.Expr {
		if c.Field.Of != pluvia.TagPart || c.Field.Key != promptTag || c.Op != pluvia.Equal && c.Op != pluvia.NotEqual {
			return c
		}
		asked = true
		if (c.Op == pluvia.Equal) == strings.EqualFold(c.Text, "true") {
			return isPrompt
		}
		return pluvia.Not{X: isPrompt}
	})
	switch {
	case asked:
		return e
	case e == nil:
		return pluvia.Not{X: isPrompt}
	}
	return pluvia.And{e, pluvia.Not{X: isPrompt}}
}

// rewrite puts what f makes of each clause in its place.
func rewrite(e pluvia.Expr, f func(pluvia.Compare) pluvia.Expr) pluvia.Expr {
	switch e := e.(type) {
	case pluvia.And:
		all := make(pluvia.And, len(e))
		for i, part := range e {
			all[i] = rewrite(part, f)
		}
		return all
	case pluvia.Or:
		all := make(pluvia.Or, len(e))
		for i, part := range e {
			all[i] = rewrite(part, f)
		}
		return all
	case pluvia.Not:
		return pluvia.Not{X: rewrite(e.X, f)}
	case pluvia.Compare:
		return f(e)
	}
	return e
}

// ofPrompt says whether tags are those of a prompt.
func ofPrompt(tags []pluvia.Tag) bool {
	return strings.EqualFold(pluvia.TagValue(tags, promptTag), "true")
}
