package transfer

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/pluvia-ml/pluvia"
)

// serverSource is an MLflow that is running. It gives what its clients see: it
// does not tell of deleted logged models, nor up to which number versions of a
// model have been made.
type serverSource struct {
	*server
	places *places
	major  int // of its version
}

func openServer(ctx context.Context, address, artifacts string) (*serverSource, error) {
	s, err := newServer(address)
	if err != nil {
		return nil, err
	}
	from, err := openPlaces(artifacts)
	if err != nil {
		return nil, err
	}
	if from.proxied == nil {
		from.proxied = proxy{s}
	}
	major, err := s.version(ctx)
	if err != nil {
		return nil, errors.Join(err, from.Close())
	}
	return &serverSource{server: s, places: from, major: major}, nil
}

func (s *serverSource) Close() error { return s.places.Close() }

// The wire's forms of what is read.
type (
	wireTag        struct{ Key, Value string }
	wireExperiment struct {
		ID               string    `json:"experiment_id"`
		Name             string    `json:"name"`
		ArtifactLocation string    `json:"artifact_location"`
		Stage            string    `json:"lifecycle_stage"`
		Created          integer   `json:"creation_time"`
		Updated          integer   `json:"last_update_time"`
		Tags             []wireTag `json:"tags"`
	}
	wireMetric struct {
		Key       string  `json:"key"`
		Value     real    `json:"value"`
		Timestamp integer `json:"timestamp"`
		Step      integer `json:"step"`
		RunID     string  `json:"run_id"`
		Dataset   string  `json:"dataset_name"`
		Digest    string  `json:"dataset_digest"`
	}
	wireRun struct {
		Info struct {
			ID          string  `json:"run_id"`
			Name        string  `json:"run_name"`
			User        string  `json:"user_id"`
			Status      string  `json:"status"`
			Start       integer `json:"start_time"`
			End         integer `json:"end_time"`
			ArtifactURI string  `json:"artifact_uri"`
			Stage       string  `json:"lifecycle_stage"`
		} `json:"info"`
		Data struct {
			Metrics []wireMetric `json:"metrics"`
			Params  []wireTag    `json:"params"`
			Tags    []wireTag    `json:"tags"`
		} `json:"data"`
		Inputs struct {
			Datasets []struct {
				Tags    []wireTag `json:"tags"`
				Dataset struct {
					Name       string `json:"name"`
					Digest     string `json:"digest"`
					SourceType string `json:"source_type"`
					Source     string `json:"source"`
					Schema     string `json:"schema"`
					Profile    string `json:"profile"`
				} `json:"dataset"`
			} `json:"dataset_inputs"`
			Models []struct {
				ID string `json:"model_id"`
			} `json:"model_inputs"`
		} `json:"inputs"`
		Outputs struct {
			Models []struct {
				ID   string  `json:"model_id"`
				Step integer `json:"step"`
			} `json:"model_outputs"`
		} `json:"outputs"`
	}
	wireLoggedModel struct {
		Info struct {
			ID            string          `json:"model_id"`
			Name          string          `json:"name"`
			Created       integer         `json:"creation_timestamp_ms"`
			Updated       integer         `json:"last_updated_timestamp_ms"`
			ArtifactURI   string          `json:"artifact_uri"`
			Status        json.RawMessage `json:"status"`
			StatusMessage string          `json:"status_message"`
			Type          string          `json:"model_type"`
			SourceRunID   string          `json:"source_run_id"`
			Tags          []wireTag       `json:"tags"`
		} `json:"info"`
		Data struct {
			Params  []wireTag    `json:"params"`
			Metrics []wireMetric `json:"metrics"`
		} `json:"data"`
	}
	wireModel struct {
		Name        string    `json:"name"`
		Description string    `json:"description"`
		Created     integer   `json:"creation_timestamp"`
		Updated     integer   `json:"last_updated_timestamp"`
		Tags        []wireTag `json:"tags"`
		Aliases     []struct {
			Name    string  `json:"alias"`
			Version integer `json:"version"`
		} `json:"aliases"`
	}
	wireVersion struct {
		Number      integer   `json:"version"`
		Description string    `json:"description"`
		Source      string    `json:"source"`
		RunID       string    `json:"run_id"`
		RunLink     string    `json:"run_link"`
		ModelID     string    `json:"model_id"`
		Stage       string    `json:"current_stage"`
		Created     integer   `json:"creation_timestamp"`
		Updated     integer   `json:"last_updated_timestamp"`
		Tags        []wireTag `json:"tags"`
	}
)

func tagsOf(list []wireTag) (tags []pluvia.Tag) {
	for _, t := range list {
		tags = append(tags, pluvia.Tag(t))
	}
	return tags
}

func paramsOf(list []wireTag) (params []pluvia.Param) {
	for _, t := range list {
		params = append(params, pluvia.Param(t))
	}
	return params
}

func (m *wireMetric) point() pluvia.Metric {
	return pluvia.Metric{Key: m.Key, Value: float64(m.Value), Timestamp: int64(m.Timestamp), Step: int64(m.Step)}
}

// errStopped ends a walk that nobody wants to go on.
var errStopped = errors.New("stopped")

// paged turns pages into a sequence.
func paged[T any](page func(token string, give func(T) error) (next string, err error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		err := pages(func(token string) (string, error) {
			return page(token, func(v T) error {
				if !yield(v, nil) {
					return errStopped
				}
				return nil
			})
		})
		if err != nil && !errors.Is(err, errStopped) {
			yield(*new(T), err)
		}
	}
}

func (s *serverSource) Experiments(ctx context.Context) iter.Seq2[*pluvia.Experiment, error] {
	return paged(func(token string, give func(*pluvia.Experiment) error) (string, error) {
		var answer struct {
			Experiments []wireExperiment `json:"experiments"`
			Next        string           `json:"next_page_token"`
		}
		err := s.call(ctx, http.MethodPost, "experiments/search", nil, map[string]any{
			"max_results": 1000, "view_type": "ALL", "order_by": []string{"creation_time ASC"}, "page_token": token,
		}, &answer)
		if err != nil {
			return "", err
		}
		for _, w := range answer.Experiments {
			err := give(&pluvia.Experiment{
				ID: w.ID, Name: w.Name, ArtifactLocation: w.ArtifactLocation, Stage: stageOf(w.Stage),
				Created: int64(w.Created), Updated: int64(w.Updated), Tags: tagsOf(w.Tags),
			})
			if err != nil {
				return "", err
			}
		}
		return answer.Next, nil
	})
}

// Runs comes by start, so that runs that begin meanwhile come at the end.
func (s *serverSource) Runs(ctx context.Context, experiment string) iter.Seq2[*pluvia.Run, error] {
	return paged(func(token string, give func(*pluvia.Run) error) (string, error) {
		var answer struct {
			Runs []wireRun `json:"runs"`
			Next string    `json:"next_page_token"`
		}
		err := s.call(ctx, http.MethodPost, "runs/search", nil, map[string]any{
			"experiment_ids": []string{experiment}, "run_view_type": "ALL", "max_results": runsAtOnce,
			"order_by": []string{"attributes.start_time ASC"}, "page_token": token,
		}, &answer)
		if err != nil {
			return "", err
		}
		for n := range answer.Runs {
			w := &answer.Runs[n]
			if s.major >= 3 { // a search leaves out the models that a run has read
				var whole struct {
					Run wireRun `json:"run"`
				}
				if err := s.call(ctx, http.MethodGet, "runs/get", url.Values{"run_id": {w.Info.ID}}, nil, &whole); err != nil {
					return "", err
				}
				*w = whole.Run
			}
			if err := give(w.run(experiment)); err != nil {
				return "", err
			}
		}
		return answer.Next, nil
	})
}

func (w *wireRun) run(experiment string) *pluvia.Run {
	r := &pluvia.Run{
		ID: w.Info.ID, ExperimentID: experiment, Name: w.Info.Name, User: w.Info.User, Status: pluvia.RunStatus(w.Info.Status),
		Start: int64(w.Info.Start), End: int64(w.Info.End), ArtifactURI: w.Info.ArtifactURI, Stage: stageOf(w.Info.Stage),
		Params: paramsOf(w.Data.Params), Tags: tagsOf(w.Data.Tags),
	}
	if r.Name == "" {
		r.Name = r.Tag(pluvia.TagRunName)
	}
	for _, in := range w.Inputs.Datasets {
		r.Inputs = append(r.Inputs, pluvia.Input{Dataset: pluvia.Dataset(in.Dataset), Tags: tagsOf(in.Tags)})
	}
	for _, m := range w.Inputs.Models {
		r.InputModels = append(r.InputModels, m.ID)
	}
	for _, m := range w.Outputs.Models {
		r.Outputs = append(r.Outputs, pluvia.ModelOutput{ModelID: m.ID, Step: int64(m.Step)})
	}
	return r
}

func (s *serverSource) Points(ctx context.Context, r *pluvia.Run) iter.Seq2[pluvia.Metric, error] {
	return func(yield func(pluvia.Metric, error) bool) {
		var whole struct {
			Run wireRun `json:"run"`
		}
		if err := s.call(ctx, http.MethodGet, "runs/get", url.Values{"run_id": {r.ID}}, nil, &whole); err != nil {
			yield(pluvia.Metric{}, err)
			return
		}
		for _, latest := range whole.Run.Data.Metrics {
			for m, err := range s.history(ctx, r.ID, latest.Key) {
				if !yield(m, err) || err != nil {
					return
				}
			}
		}
	}
}

func (s *serverSource) history(ctx context.Context, run, key string) iter.Seq2[pluvia.Metric, error] {
	return paged(func(token string, give func(pluvia.Metric) error) (string, error) {
		var answer struct {
			Metrics []wireMetric `json:"metrics"`
			Next    string       `json:"next_page_token"`
		}
		query := url.Values{"run_id": {run}, "run_uuid": {run}, "metric_key": {key}, "max_results": {"25000"}}
		if token != "" {
			query.Set("page_token", token)
		}
		if err := s.call(ctx, http.MethodGet, "metrics/get-history", query, nil, &answer); err != nil {
			return "", err
		}
		for _, m := range answer.Metrics {
			if err := give(m.point()); err != nil {
				return "", err
			}
		}
		return answer.Next, nil
	})
}

// loggedModelStatus reads a status as a name or a number.
func loggedModelStatus(text json.RawMessage) pluvia.LoggedModelStatus {
	name := strings.TrimPrefix(strings.Trim(string(text), `"`), "LOGGED_MODEL_")
	for number, status := range loggedModelStatuses {
		if name == string(status) || name == string(rune('0'+number)) {
			return status
		}
	}
	return pluvia.LoggedModelStatus(name)
}

func (s *serverSource) LoggedModels(ctx context.Context, experiment string) iter.Seq2[*pluvia.LoggedModel, error] {
	if s.major < 3 {
		return func(func(*pluvia.LoggedModel, error) bool) {}
	}
	return paged(func(token string, give func(*pluvia.LoggedModel) error) (string, error) {
		var answer struct {
			Models []wireLoggedModel `json:"models"`
			Next   string            `json:"next_page_token"`
		}
		err := s.call(ctx, http.MethodPost, "logged-models/search", nil, map[string]any{
			"experiment_ids": []string{experiment}, "max_results": 50, "page_token": token,
			"order_by": []any{map[string]any{"field_name": "creation_timestamp", "ascending": true}},
		}, &answer)
		if err != nil {
			return "", err
		}
		for _, w := range answer.Models {
			m := &pluvia.LoggedModel{
				ID: w.Info.ID, ExperimentID: experiment, Name: w.Info.Name, Type: w.Info.Type, SourceRunID: w.Info.SourceRunID,
				Status: loggedModelStatus(w.Info.Status), StatusMessage: w.Info.StatusMessage, ArtifactURI: w.Info.ArtifactURI,
				Created: int64(w.Info.Created), Updated: int64(w.Info.Updated), Stage: pluvia.Active,
				Params: paramsOf(w.Data.Params), Tags: tagsOf(w.Info.Tags),
			}
			for _, p := range w.Data.Metrics {
				m.Metrics = append(m.Metrics, pluvia.ModelMetric{
					Metric: p.point(), ModelID: m.ID, RunID: p.RunID, Dataset: pluvia.DatasetRef{Name: p.Dataset, Digest: p.Digest},
				})
			}
			m.Metrics = latest(m.Metrics)
			if err := give(m); err != nil {
				return "", err
			}
		}
		return answer.Next, nil
	})
}

// latest are the latest points of each metric and data set: a server may give
// older ones too.
func latest(points []pluvia.ModelMetric) []pluvia.ModelMetric {
	type measured struct {
		key     string
		dataset pluvia.DatasetRef
	}
	of := func(p pluvia.ModelMetric) measured { return measured{p.Key, p.Dataset} }
	slices.SortFunc(points, func(a, b pluvia.ModelMetric) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Dataset.Name, b.Dataset.Name), cmp.Compare(a.Dataset.Digest, b.Dataset.Digest),
			cmp.Compare(b.Timestamp, a.Timestamp), cmp.Compare(b.Step, a.Step), cmp.Compare(b.Value, a.Value))
	})
	return slices.CompactFunc(points, func(a, b pluvia.ModelMetric) bool { return of(a) == of(b) })
}

// prompts are models and versions that a search leaves out unless it asks for
// them.
const prompts = "tags.`mlflow.prompt.is_prompt` = 'true'"

func (s *serverSource) Models(ctx context.Context) iter.Seq2[*pluvia.Model, error] {
	return func(yield func(*pluvia.Model, error) bool) {
		known := make(map[string]bool)
		for _, filter := range []string{"", prompts} {
			for m, err := range s.models(ctx, filter) {
				if m != nil && known[m.Name] {
					continue
				}
				if !yield(m, err) || err != nil {
					return
				}
				known[m.Name] = true
			}
		}
	}
}

func (s *serverSource) models(ctx context.Context, filter string) iter.Seq2[*pluvia.Model, error] {
	return paged(func(token string, give func(*pluvia.Model) error) (string, error) {
		var answer struct {
			Models []wireModel `json:"registered_models"`
			Next   string      `json:"next_page_token"`
		}
		query := url.Values{"max_results": {"1000"}}
		if filter != "" {
			query.Set("filter", filter)
		}
		if token != "" {
			query.Set("page_token", token)
		}
		if err := s.call(ctx, http.MethodGet, "registered-models/search", query, nil, &answer); err != nil {
			return "", err
		}
		for _, w := range answer.Models {
			m := &pluvia.Model{Name: w.Name, Description: w.Description, Created: int64(w.Created), Updated: int64(w.Updated), Tags: tagsOf(w.Tags)}
			for _, a := range w.Aliases {
				m.Aliases = append(m.Aliases, pluvia.Alias{Name: a.Name, Version: int(a.Version)})
			}
			if err := give(m); err != nil {
				return "", err
			}
		}
		return answer.Next, nil
	})
}

func (s *serverSource) Versions(ctx context.Context, model string) (list []*pluvia.Version, last int, err error) {
	quoted := "'" + model + "'"
	if strings.Contains(model, "'") {
		quoted = `"` + model + `"`
	}
	known := make(map[int]bool)
	for _, filter := range []string{"name = " + quoted, "name = " + quoted + " AND " + prompts} {
		err := pages(func(token string) (string, error) {
			var answer struct {
				Versions []wireVersion `json:"model_versions"`
				Next     string        `json:"next_page_token"`
			}
			query := url.Values{"filter": {filter}, "max_results": {"1000"}, "order_by": {"version_number ASC"}}
			if token != "" {
				query.Set("page_token", token)
			}
			if err := s.call(ctx, http.MethodGet, "model-versions/search", query, nil, &answer); err != nil {
				return "", err
			}
			for _, w := range answer.Versions {
				v := &pluvia.Version{
					Model: model, Number: int(w.Number), Description: w.Description, Source: w.Source, RunID: w.RunID, RunLink: w.RunLink,
					ModelID: w.ModelID, Stage: w.Stage, Created: int64(w.Created), Updated: int64(w.Updated), Tags: tagsOf(w.Tags),
				}
				if v.ModelID == "" {
					v.ModelID = madeFrom(v.Source)
				}
				if !known[v.Number] {
					list, last = append(list, v), max(last, v.Number)
					known[v.Number] = true
				}
			}
			return answer.Next, nil
		})
		if err != nil {
			return nil, 0, err
		}
	}
	return list, last, nil
}

// Count goes through the server's answers again: it has no other way to count.
func (s *serverSource) Count(ctx context.Context) (Count, error) {
	n := make(Count)
	for e, err := range s.Experiments(ctx) {
		if err != nil {
			return nil, err
		}
		n[Experiments]++
		n[ExperimentTags] += int64(len(e.Tags))
		for r, err := range s.Runs(ctx, e.ID) {
			if err != nil {
				return nil, err
			}
			n.addRun(r)
			for _, err := range s.Points(ctx, r) {
				if err != nil {
					return nil, err
				}
				n[Points]++
			}
		}
		for m, err := range s.LoggedModels(ctx, e.ID) {
			if err != nil {
				return nil, err
			}
			n.addLoggedModel(m)
		}
	}
	for m, err := range s.Models(ctx) {
		if err != nil {
			return nil, err
		}
		versions, _, err := s.Versions(ctx, m.Name)
		if err != nil {
			return nil, err
		}
		n.addModel(m, versions)
	}
	return n, nil
}

// Files asks the server for artifacts that it alone can read: those in folders
// of its machine, and whatever we cannot reach ourselves.
func (s *serverSource) Files(ctx context.Context, at Place) iter.Seq2[File, error] {
	if !s.asks(at) {
		return s.places.Files(ctx, at)
	}
	return walkListing(at.URI, func(folder string) ([]listed, error) {
		path, query := "artifacts/list", url.Values{"run_id": {at.RunID}, "path": {folder}}
		if at.ModelID != "" {
			path, query = "logged-models/"+url.PathEscape(at.ModelID)+"/artifacts/directories", url.Values{"artifact_directory_path": {folder}}
		}
		var list listing
		err := s.call(ctx, http.MethodGet, path, query, nil, &list)
		return list.Files, err
	})
}

func (s *serverSource) Open(ctx context.Context, at Place, name string) (io.ReadCloser, error) {
	if !s.asks(at) {
		return s.places.Open(ctx, at, name)
	}
	path, query := "/get-artifact", url.Values{"run_id": {at.RunID}, "run_uuid": {at.RunID}, "path": {name}}
	if at.ModelID != "" {
		path, query = "/ajax-api/2.0/mlflow/logged-models/"+url.PathEscape(at.ModelID)+"/artifacts/files", url.Values{"artifact_file_path": {name}}
	}
	answer, err := s.send(ctx, http.MethodGet, path, query, nil)
	if err != nil {
		return nil, err
	}
	return answer.Body, nil
}

// asks says whether the artifacts are read by way of the server: not when they
// have an address that leads to them without it, or the user has named one.
func (s *serverSource) asks(at Place) bool {
	scheme, _, ok := strings.Cut(at.URI, "://")
	if at.RunID == "" && at.ModelID == "" || strings.HasPrefix(at.URI, "mlflow-artifacts:") {
		return false
	}
	if ok && strings.HasPrefix(strings.ToLower(scheme), "s3") {
		return false
	}
	return len(s.places.folders.roots) == 0
}
