package transfer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/pluvia-ml/pluvia"
)

// ExportConfig says what to write where.
type ExportConfig struct {
	Store   pluvia.Tracking
	Buckets pluvia.Buckets
	// Directory becomes an mlruns folder; it must be new or empty.
	Directory string
	Progress  func(doing string) // nil for nobody
}

// exporter is an export under way.
type exporter struct {
	ExportConfig
	root   *os.Root
	at     string // absolute path of the directory, as a file:// URI
	report Report
}

// Export writes everything as an mlruns folder, which MLflow's clients read
// (those since 3.10 with MLFLOW_ALLOW_FILE_STORE=true) and "mlflow
// migrate-filestore" turns into a database of MLflow's; ids stay, which they
// would not by way of a server. The report counts what was written by reading
// it again: here is the folder, there the house.
func Export(ctx context.Context, c ExportConfig) (*Report, error) {
	x := &exporter{ExportConfig: c, report: Report{There: Count{}, Here: Count{}}}
	if x.Progress == nil {
		x.Progress = func(string) {}
	}
	if err := x.open(); err != nil {
		return nil, err
	}
	defer x.root.Close()
	err := eachPage(func(s pluvia.Search) ([]*pluvia.Experiment, string, error) { return x.Store.SearchExperiments(ctx, s) }, pluvia.Search{}, func(e *pluvia.Experiment) error {
		return x.experiment(ctx, e)
	})
	if err != nil {
		return nil, err
	}
	models, err := x.Store.Models(ctx)
	if err != nil {
		return nil, err
	}
	for _, m := range models {
		if err := x.model(ctx, m); err != nil {
			return nil, err
		}
	}
	x.Progress("counting")
	written, err := openFolder(c.Directory, "")
	if err != nil {
		return nil, err
	}
	here, err := written.Count(ctx)
	if err = errors.Join(err, written.Close()); err != nil {
		return nil, err
	}
	for kind, n := range here {
		x.report.Here[kind] += n
	}
	return &x.report, nil
}

// eachPage gives f everything that a search finds, of all stages.
func eachPage[T any](find func(pluvia.Search) ([]T, string, error), s pluvia.Search, f func(T) error) error {
	s.View, s.Limit = pluvia.AllStages, runsAtOnce
	for {
		found, next, err := find(s)
		if err != nil {
			return err
		}
		for _, v := range found {
			if err := f(v); err != nil {
				return err
			}
		}
		if s.After = next; next == "" {
			return nil
		}
	}
}

// open makes the directory.
func (x *exporter) open() error {
	abs, err := filepath.Abs(x.Directory)
	if err == nil {
		err = os.MkdirAll(abs, 0o755)
	}
	var entries []fs.DirEntry
	if err == nil {
		entries, err = os.ReadDir(abs)
	}
	if err == nil && len(entries) > 0 {
		return pluvia.Errorf(pluvia.Invalid, "directory %s is not empty: name a new one", x.Directory)
	}
	if err == nil {
		x.root, err = os.OpenRoot(abs)
	}
	if err != nil {
		return pluvia.Errorf(pluvia.Invalid, "directory %s: %w", x.Directory, err)
	}
	x.at = fileURI(abs)
	return nil
}

// folderOf is the folder of an experiment below the directory.
func folderOf(e *pluvia.Experiment) string {
	if e.Stage == pluvia.Deleted {
		return path.Join(trash, e.ID)
	}
	return e.ID
}

func (x *exporter) experiment(ctx context.Context, e *pluvia.Experiment) error {
	x.Progress("experiment " + e.Name)
	x.report.There[Experiments]++
	x.report.There[ExperimentTags] += int64(len(e.Tags))
	at := folderOf(e)
	err := x.meta(at, []field{
		{"artifact_location", x.at + "/" + e.ID}, {"creation_time", e.Created}, {"experiment_id", e.ID},
		{"last_update_time", e.Updated}, {"lifecycle_stage", string(e.Stage)}, {"name", e.Name},
	})
	if err != nil {
		return err
	}
	if err := x.tags(path.Join(at, "tags"), e.Tags); err != nil {
		return err
	}
	within := pluvia.Search{Experiments: []string{e.ID}}
	n := 0
	err = eachPage(func(s pluvia.Search) ([]*pluvia.Run, string, error) { return x.Store.SearchRuns(ctx, s) }, within, func(r *pluvia.Run) error {
		if n++; n%100 == 0 {
			x.Progress(fmt.Sprintf("experiment %s: %d runs", e.Name, n))
		}
		return x.run(ctx, e, r)
	})
	if err != nil {
		return err
	}
	return eachPage(func(s pluvia.Search) ([]*pluvia.LoggedModel, string, error) {
		return x.Store.SearchLoggedModels(ctx, s, nil)
	}, within, func(m *pluvia.LoggedModel) error {
		return x.loggedModel(ctx, e, m)
	})
}

func (x *exporter) run(ctx context.Context, e *pluvia.Experiment, found *pluvia.Run) error {
	r, err := x.Store.Run(ctx, found.ID) // a search leaves out the models that it has read
	if err != nil {
		return err
	}
	x.report.There.addRun(r)
	at := path.Join(folderOf(e), r.ID)
	end := any(r.End)
	if r.End == 0 {
		end = nil
	}
	status := 1
	for number, s := range statuses {
		if s == r.Status {
			status = number
		}
	}
	uri := r.ArtifactURI
	if inBucket(uri) {
		uri = x.at + "/" + e.ID + "/" + r.ID + "/artifacts"
	}
	err = x.meta(at, []field{
		{"artifact_uri", uri}, {"end_time", end}, {"entry_point_name", ""}, {"experiment_id", e.ID}, {"lifecycle_stage", string(r.Stage)},
		{"run_id", r.ID}, {"run_name", r.Name}, {"run_uuid", r.ID}, {"source_name", ""}, {"source_type", 4}, {"source_version", ""},
		{"start_time", r.Start}, {"status", status}, {"tags", []string{}}, {"user_id", r.User},
	})
	for _, folder := range []string{"params", "metrics", "artifacts"} { // by which MLflow knows a run
		if err == nil {
			err = x.folder(path.Join(at, folder))
		}
	}
	if err == nil {
		err = x.params(path.Join(at, "params"), r.Params)
	}
	if err == nil {
		err = x.tags(path.Join(at, "tags"), r.Tags)
	}
	if err != nil {
		return err
	}
	for _, m := range r.Metrics {
		if err := x.history(ctx, path.Join(at, "metrics"), r.ID, m.Key); err != nil {
			return err
		}
	}
	if err := x.links(e, r, at); err != nil {
		return err
	}
	return x.artifacts(ctx, r.ArtifactURI, path.Join(at, "artifacts"))
}

func (x *exporter) loggedModel(ctx context.Context, e *pluvia.Experiment, m *pluvia.LoggedModel) error {
	x.report.There.addLoggedModel(m)
	at := path.Join(folderOf(e), "models", m.ID)
	status := 0
	for number, s := range loggedModelStatuses {
		if s == m.Status {
			status = number
		}
	}
	uri := m.ArtifactURI
	if inBucket(uri) {
		uri = x.at + "/" + e.ID + "/models/" + m.ID + "/artifacts"
	}
	err := x.meta(at, []field{
		{"artifact_location", uri}, {"creation_timestamp", m.Created}, {"experiment_id", e.ID}, {"last_updated_timestamp", m.Updated},
		{"lifecycle_stage", string(m.Stage)}, {"model_id", m.ID}, {"model_type", orNull(m.Type)}, {"name", m.Name},
		{"source_run_id", orNull(m.SourceRunID)}, {"status", status}, {"status_message", orNull(m.StatusMessage)},
	})
	for _, folder := range []string{"params", "metrics"} {
		if err == nil {
			err = x.folder(path.Join(at, folder))
		}
	}
	if err == nil {
		err = x.params(path.Join(at, "params"), m.Params)
	}
	if err == nil {
		err = x.tags(path.Join(at, "tags"), m.Tags)
	}
	if err == nil {
		err = x.modelMetrics(path.Join(at, "metrics"), m)
	}
	if err != nil {
		return err
	}
	return x.artifacts(ctx, m.ArtifactURI, path.Join(at, "artifacts"))
}

func (x *exporter) model(ctx context.Context, m *pluvia.Model) error {
	x.Progress("model " + m.Name)
	versions, err := x.Store.Versions(ctx, m.Name)
	if err != nil {
		return err
	}
	x.report.There.addModel(m, versions)
	at := path.Join("models", m.Name)
	err = x.meta(at, []field{
		{"aliases", map[string]string{}}, {"creation_timestamp", m.Created}, {"description", orNull(m.Description)},
		{"last_updated_timestamp", m.Updated}, {"name", m.Name},
	})
	if err != nil {
		return err
	}
	if err := x.tags(path.Join(at, "tags"), m.Tags); err != nil {
		return err
	}
	var aliases []pluvia.Tag
	for _, a := range m.Aliases {
		aliases = append(aliases, pluvia.Tag{Key: a.Name, Value: strconv.Itoa(a.Version)})
	}
	if err := x.tags(path.Join(at, "aliases"), aliases); err != nil {
		return err
	}
	for _, v := range versions {
		if err := x.version(ctx, at, v); err != nil {
			return err
		}
	}
	return nil
}

func (x *exporter) version(ctx context.Context, model string, v *pluvia.Version) error {
	at := path.Join(model, "version-"+strconv.Itoa(v.Number))
	source, err := x.moved(ctx, v.Source, at)
	if err != nil {
		return err
	}
	storage, err := x.moved(ctx, v.Storage, at)
	if err != nil {
		return err
	}
	err = x.meta(at, []field{
		{"creation_timestamp", v.Created}, {"current_stage", v.Stage}, {"description", orNull(v.Description)}, {"last_updated_timestamp", v.Updated},
		{"model_id", orNull(v.ModelID)}, {"name", v.Model}, {"run_id", orNull(v.RunID)}, {"run_link", orNull(v.RunLink)}, {"source", source},
		{"status", "READY"}, {"status_message", nil}, {"storage_location", orNull(storage)}, {"user_id", nil}, {"version", v.Number},
	})
	if err != nil {
		return err
	}
	return x.tags(path.Join(at, "tags"), v.Tags)
}

// inBucket says whether artifacts are in our bucket; others stay where they are.
func inBucket(uri string) bool { return strings.HasPrefix(uri, pluvia.URI(pluvia.MLflowBucket, "")) }

// whose finds in the address of artifacts the run or logged model.
var whose = regexp.MustCompile(`/(m-[0-9a-f]{32}|[0-9a-f]{32})/artifacts(/.*)?$`)

// moved is the address in the directory of what a version names. What is
// nobody's is written beside the version.
func (x *exporter) moved(ctx context.Context, uri, version string) (string, error) {
	if !inBucket(uri) {
		return uri, nil
	}
	if m := whose.FindStringSubmatch(strings.TrimRight(uri, "/")); m != nil {
		id, rest := m[1], strings.TrimSuffix(path.Clean("/"+m[2]), "/")
		if strings.HasPrefix(id, "m-") {
			known, err := x.Store.LoggedModel(ctx, id)
			if err == nil {
				return x.at + "/" + known.ExperimentID + "/models/" + id + "/artifacts" + rest, nil
			}
			if pluvia.ErrorCode(err) != pluvia.NotFound {
				return "", err
			}
		} else {
			known, err := x.Store.Run(ctx, id)
			if err == nil {
				return x.at + "/" + known.ExperimentID + "/" + id + "/artifacts" + rest, nil
			}
			if pluvia.ErrorCode(err) != pluvia.NotFound {
				return "", err
			}
		}
	}
	at := path.Join(version, "artifacts")
	return x.at + "/" + (&url.URL{Path: at}).EscapedPath(), x.artifacts(ctx, uri, at)
}
