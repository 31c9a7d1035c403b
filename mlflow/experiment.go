package mlflow

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/mlflow/filter"
)

// appendExperiment writes an Experiment.
func appendExperiment(b []byte, e *pluvia.Experiment) []byte {
	b = append(b, '{')
	b = textField(b, "experiment_id", e.ID)
	b = textField(b, "name", e.Name)
	b = textField(b, "artifact_location", toWire(e.ArtifactLocation))
	b = textField(b, "lifecycle_stage", string(e.Stage))
	b = intUnless(b, "last_update_time", e.Updated)
	b = intUnless(b, "creation_time", e.Created)
	b = tagsField(b, e.Tags)
	return append(b, '}')
}

func (s *Server) createExperiment(ctx context.Context, q *request, out []byte) ([]byte, error) {
	e := &pluvia.Experiment{Name: q.need("name"), ArtifactLocation: q.text("artifact_location"), Tags: q.tags("tags")}
	if err := q.err(); err != nil {
		return nil, err
	}
	if e.ArtifactLocation != "" {
		if err := validLocation(e.ArtifactLocation); err != nil {
			return nil, err
		}
		if e.ArtifactLocation = fromWire(e.ArtifactLocation); !strings.Contains(e.ArtifactLocation, ":") && !filepath.IsAbs(e.ArtifactLocation) {
			// A path must not depend on where a client happens to run: as in MLflow, it
			// begins at the working directory of the server.
			path, err := filepath.Abs(e.ArtifactLocation)
			if err != nil {
				return nil, err
			}
			e.ArtifactLocation = path
		}
	}
	if err := atMost("name", maxExperimentName, e.Name); err != nil {
		return nil, err
	}
	for _, t := range e.Tags {
		if err := validExperimentTag(t); err != nil {
			return nil, err
		}
	}
	if err := s.store.CreateExperiment(ctx, e); err != nil {
		return nil, err
	}
	out = append(out, '{')
	out = textField(out, "experiment_id", e.ID)
	return append(out, '}'), nil
}

func (s *Server) experiment(ctx context.Context, q *request, out []byte) ([]byte, error) {
	id := q.need("experiment_id")
	if err := q.err(); err != nil {
		return nil, err
	}
	e, err := s.store.Experiment(ctx, id)
	if err != nil {
		return nil, err
	}
	return appendOne(out, "experiment", e, appendExperiment), nil
}

func (s *Server) experimentByName(ctx context.Context, q *request, out []byte) ([]byte, error) {
	name := q.need("experiment_name")
	if err := q.err(); err != nil {
		return nil, err
	}
	e, err := s.store.ExperimentByName(ctx, name)
	if err != nil {
		return nil, err
	}
	return appendOne(out, "experiment", e, appendExperiment), nil
}

func (s *Server) searchExperiments(ctx context.Context, q *request, out []byte) ([]byte, error) {
	view := q.view("view_type")
	limit := q.integer("max_results", 1000)
	orders, text, after := q.texts("order_by"), q.text("filter"), q.text("page_token")
	if err := q.err(); err != nil {
		return nil, err
	}
	search, err := newSearch(filter.Experiments, text, orders, limit)
	if err != nil {
		return nil, err
	}
	search.View, search.After = view, after
	found, next, err := s.store.SearchExperiments(ctx, search)
	if err != nil {
		return nil, err
	}
	return appendPage(out, "experiments", found, next, appendExperiment), nil
}

func (s *Server) updateExperiment(ctx context.Context, q *request, out []byte) ([]byte, error) {
	id, name := q.need("experiment_id"), q.need("new_name")
	if err := q.err(); err != nil {
		return nil, err
	}
	if err := atMost("name", maxExperimentName, name); err != nil {
		return nil, err
	}
	return empty(out), s.store.RenameExperiment(ctx, id, name)
}

func (s *Server) deleteExperiment(ctx context.Context, q *request, out []byte) ([]byte, error) {
	id := q.need("experiment_id")
	if err := q.err(); err != nil {
		return nil, err
	}
	return empty(out), s.store.DeleteExperiment(ctx, id)
}

func (s *Server) restoreExperiment(ctx context.Context, q *request, out []byte) ([]byte, error) {
	id := q.need("experiment_id")
	if err := q.err(); err != nil {
		return nil, err
	}
	return empty(out), s.store.RestoreExperiment(ctx, id)
}

func (s *Server) setExperimentTag(ctx context.Context, q *request, out []byte) ([]byte, error) {
	id := q.need("experiment_id")
	t := pluvia.Tag{Key: q.need("key"), Value: q.text("value")}
	if err := q.err(); err != nil {
		return nil, err
	}
	if err := validExperimentTag(t); err != nil {
		return nil, err
	}
	return empty(out), s.store.SetExperimentTag(ctx, id, t)
}

func (s *Server) deleteExperimentTag(ctx context.Context, q *request, out []byte) ([]byte, error) {
	id, key := q.need("experiment_id"), q.need("key")
	if err := q.err(); err != nil {
		return nil, err
	}
	return empty(out), s.store.DeleteExperimentTag(ctx, id, key)
}

// searchDatasets lists what data sets the runs of experiments have read.
func (s *Server) searchDatasets(ctx context.Context, q *request, out []byte) ([]byte, error) {
	ids := q.texts("experiment_ids")
	if err := q.err(); err != nil {
		return nil, err
	}
	switch {
	case len(ids) == 0:
		return nil, pluvia.Errorf(pluvia.Invalid, "SearchDatasets request must specify at least one experiment_id.")
	case len(ids) > maxExperimentsSeen:
		return nil, pluvia.Errorf(pluvia.Invalid, "SearchDatasets request cannot specify more than %d experiment_ids. Received %d experiment_ids.", maxExperimentsSeen, len(ids))
	}
	found, err := s.store.Datasets(ctx, ids)
	if err != nil {
		return nil, err
	}
	return appendPage(out, "dataset_summaries", found, "", func(b []byte, d pluvia.DatasetSummary) []byte {
		b = append(b, '{')
		b = textField(b, "experiment_id", d.ExperimentID)
		b = textField(b, "name", d.Name)
		b = textField(b, "digest", d.Digest)
		b = textUnless(b, "context", d.Context)
		return append(b, '}')
	}), nil
}
