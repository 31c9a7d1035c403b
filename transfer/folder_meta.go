package transfer

import (
	"bytes"
	"cmp"
	"context"
	"iter"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/pluvia-ml/pluvia"
)

// What stands in the meta.yaml of each kind of thing.
type (
	experimentMeta struct {
		Name             string `yaml:"name"`
		ArtifactLocation string `yaml:"artifact_location"`
		Stage            string `yaml:"lifecycle_stage"`
		Created          int64  `yaml:"creation_time"`
		Updated          int64  `yaml:"last_update_time"`
	}
	runMeta struct {
		Name        string `yaml:"run_name"`
		User        string `yaml:"user_id"`
		Status      int    `yaml:"status"`
		Start       int64  `yaml:"start_time"`
		End         int64  `yaml:"end_time"`
		ArtifactURI string `yaml:"artifact_uri"`
		Stage       string `yaml:"lifecycle_stage"`
	}
	datasetMeta struct {
		Name       string `yaml:"name"`
		Digest     string `yaml:"digest"`
		SourceType string `yaml:"source_type"`
		Source     string `yaml:"source"`
		Schema     string `yaml:"schema"`
		Profile    string `yaml:"profile"`
	}
	linkMeta struct {
		SourceType    string            `yaml:"source_type"`
		SourceID      string            `yaml:"source_id"`
		DestinationID string            `yaml:"destination_id"`
		Tags          map[string]string `yaml:"tags"`
		Step          int64             `yaml:"step"`
	}
	loggedModelMeta struct {
		Name             string `yaml:"name"`
		Type             string `yaml:"model_type"`
		SourceRunID      string `yaml:"source_run_id"`
		Status           int    `yaml:"status"`
		StatusMessage    string `yaml:"status_message"`
		ArtifactLocation string `yaml:"artifact_location"`
		Created          int64  `yaml:"creation_timestamp"`
		Updated          int64  `yaml:"last_updated_timestamp"`
		Stage            string `yaml:"lifecycle_stage"`
	}
	modelMeta struct {
		Name        string `yaml:"name"`
		Description string `yaml:"description"`
		Created     int64  `yaml:"creation_timestamp"`
		Updated     int64  `yaml:"last_updated_timestamp"`
	}
	versionMeta struct {
		Number      int    `yaml:"version"`
		Description string `yaml:"description"`
		Source      string `yaml:"source"`
		Storage     string `yaml:"storage_location"`
		RunID       string `yaml:"run_id"`
		RunLink     string `yaml:"run_link"`
		ModelID     string `yaml:"model_id"`
		Stage       string `yaml:"current_stage"`
		Created     int64  `yaml:"creation_timestamp"`
		Updated     int64  `yaml:"last_updated_timestamp"`
	}
)

// statuses of runs, as MLflow numbers them.
var statuses = []pluvia.RunStatus{1: pluvia.Running, 2: pluvia.Scheduled, 3: pluvia.Finished, 4: pluvia.Failed, 5: pluvia.Killed}

// status is that of a run; one without is running.
func (m *runMeta) status() pluvia.RunStatus {
	if m.Status == 0 {
		return pluvia.Running
	}
	if m.Status < 0 || m.Status >= len(statuses) {
		return pluvia.RunStatus(strconv.Itoa(m.Status)) // which the store refuses by name
	}
	return statuses[m.Status]
}

func stageOf(text string) pluvia.LifecycleStage {
	return pluvia.LifecycleStage(cmp.Or(text, string(pluvia.Active)))
}

// meta reads the meta.yaml in a folder.
func (f *folder) meta(at string, into any) error {
	name := path.Join(at, metaYML)
	text, err := f.read(name)
	if err != nil {
		return err
	}
	if err := parseMeta(text, into); err != nil {
		return f.broken(name, err)
	}
	return nil
}

// parseMeta reads YAML as Python writes it: one flat map, without anchors, which
// could make much of little.
func parseMeta(text string, into any) error {
	if strings.TrimSpace(text) == "" {
		return pluvia.Errorf(pluvia.Invalid, "it is empty")
	}
	for line := range strings.Lines(text) {
		if _, value, ok := strings.Cut(line, ": "); ok && (strings.HasPrefix(value, "*") || strings.HasPrefix(value, "&")) {
			return pluvia.Errorf(pluvia.Invalid, "it has anchors, which MLflow does not write")
		}
	}
	if err := yaml.NewDecoder(bytes.NewReader([]byte(text))).Decode(into); err != nil {
		return pluvia.Errorf(pluvia.Invalid, "it is no YAML of MLflow's: %.300s", yaml.FormatError(err, false, false))
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func (f *folder) LoggedModels(ctx context.Context, experiment string) iter.Seq2[*pluvia.LoggedModel, error] {
	return func(yield func(*pluvia.LoggedModel, error) bool) {
		models := path.Join(f.at(experiment), "models")
		for _, id := range f.folders(models) {
			m, err := f.loggedModel(ctx, path.Join(models, id))
			if m != nil {
				m.ExperimentID = experiment
			}
			if !yield(m, err) {
				return
			}
		}
	}
}

func (f *folder) loggedModel(ctx context.Context, at string) (*pluvia.LoggedModel, error) {
	var meta loggedModelMeta
	err := f.meta(at, &meta)
	if err != nil {
		return nil, err
	}
	m := &pluvia.LoggedModel{
		ID: path.Base(at), Name: meta.Name, Type: meta.Type, SourceRunID: meta.SourceRunID,
		Status: loggedModelStatuses[meta.Status], StatusMessage: meta.StatusMessage, ArtifactURI: meta.ArtifactLocation,
		Created: meta.Created, Updated: meta.Updated, Stage: stageOf(meta.Stage),
	}
	if m.Params, err = f.params(ctx, path.Join(at, "params")); err != nil {
		return nil, err
	}
	if m.Tags, err = f.tags(ctx, path.Join(at, "tags")); err != nil {
		return nil, err
	}
	keys, err := f.values(ctx, path.Join(at, "metrics"))
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		for fields, err := range f.lines(path.Join(at, "metrics", key)) {
			p := pluvia.ModelMetric{ModelID: m.ID}
			if err == nil {
				p.Metric, err = point(key, fields)
			}
			if err != nil {
				return nil, err
			}
			if len(fields) > 3 {
				p.RunID = fields[3]
			}
			if len(fields) > 5 { // a name may hold spaces, a digest may not
				last := len(fields) - 1
				p.Dataset = pluvia.DatasetRef{Name: strings.Join(fields[4:last], " "), Digest: fields[last]}
			}
			m.Metrics = append(m.Metrics, p)
		}
	}
	m.Metrics = latest(m.Metrics)
	return m, nil
}

func (f *folder) Models(ctx context.Context) iter.Seq2[*pluvia.Model, error] {
	return func(yield func(*pluvia.Model, error) bool) {
		for _, name := range f.folders("models") {
			m, err := f.model(ctx, path.Join("models", name))
			if !yield(m, err) {
				return
			}
		}
	}
}

func (f *folder) model(ctx context.Context, at string) (*pluvia.Model, error) {
	var meta modelMeta
	err := f.meta(at, &meta)
	if err != nil {
		return nil, err
	}
	m := &pluvia.Model{Name: path.Base(at), Description: meta.Description, Created: meta.Created, Updated: meta.Updated}
	if m.Tags, err = f.tags(ctx, path.Join(at, "tags")); err != nil {
		return nil, err
	}
	aliases, err := f.tags(ctx, path.Join(at, "aliases"))
	if err != nil {
		return nil, err
	}
	for _, a := range aliases {
		number, err := strconv.Atoi(strings.TrimSpace(a.Value))
		if err != nil {
			return nil, f.broken(path.Join(at, "aliases", a.Key), err)
		}
		m.Aliases = append(m.Aliases, pluvia.Alias{Name: a.Key, Version: number})
	}
	return m, nil
}

// versions are the folders of versions in that of a model.
func (f *folder) versions(at string) []string {
	return slices.DeleteFunc(f.folders(at), func(name string) bool { return !strings.HasPrefix(name, "version-") })
}

func (f *folder) Versions(ctx context.Context, model string) (list []*pluvia.Version, last int, err error) {
	at := path.Join("models", model)
	for _, name := range f.versions(at) {
		var meta versionMeta
		if err := f.meta(path.Join(at, name), &meta); err != nil {
			return nil, 0, err
		}
		last = max(last, meta.Number)
		if meta.Stage == deletedStage {
			continue
		}
		v := &pluvia.Version{
			Model: model, Number: meta.Number, Description: meta.Description, Source: meta.Source, Storage: meta.Storage,
			RunID: meta.RunID, RunLink: meta.RunLink, ModelID: cmp.Or(meta.ModelID, madeFrom(meta.Source)), Stage: meta.Stage,
			Created: meta.Created, Updated: meta.Updated,
		}
		if v.Tags, err = f.tags(ctx, path.Join(at, name, "tags")); err != nil {
			return nil, 0, err
		}
		list = append(list, v)
	}
	slices.SortFunc(list, func(a, b *pluvia.Version) int { return cmp.Compare(a.Number, b.Number) })
	return list, last, nil
}
