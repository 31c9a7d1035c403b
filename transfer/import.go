package transfer

import (
	"context"
	"errors"
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/pluvia-ml/pluvia"
)

// Config says what to bring where.
type Config struct {
	From    Source
	Store   pluvia.Tracking
	Buckets pluvia.Buckets

	// WithoutArtifacts leaves artifacts and the addresses of them as they are.
	WithoutArtifacts bool
	// Progress is told now and then what is being done; nil for nobody.
	Progress func(doing string)
}

// piece is how many points of a history are written at once.
const piece = 5000

// importer is an import under way.
type importer struct {
	Config
	report Report
	ids    map[string]string // of experiments: the source's to ours
}

// Import brings over everything and counts both sides. An error is that of a
// store, a bucket or a source that does not work; a single thing that cannot be
// brought over is a fault in the report.
func Import(ctx context.Context, c Config) (*Report, error) {
	i := &importer{Config: c, report: Report{There: Count{}, Here: Count{}}, ids: make(map[string]string)}
	if i.Progress == nil {
		i.Progress = func(string) {}
	}
	for e, err := range i.From.Experiments(ctx) {
		if err := i.each(ctx, err, func() error { return i.experiment(ctx, e) }); err != nil {
			return nil, err
		}
	}
	for m, err := range i.From.Models(ctx) {
		if err := i.each(ctx, err, func() error { return i.model(ctx, m) }); err != nil {
			return nil, err
		}
	}
	if err := i.count(ctx); err != nil {
		return nil, err
	}
	return &i.report, nil
}

// each goes on after the fault of one thing, and not after one of a side.
func (i *importer) each(ctx context.Context, err error, bring func() error) error {
	if err == nil {
		err = bring()
	}
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	switch pluvia.ErrorCode(err) {
	case pluvia.Unavailable, pluvia.Full, pluvia.Internal:
		return err
	}
	i.report.fault(err)
	return nil
}

func (i *importer) experiment(ctx context.Context, there *pluvia.Experiment) error {
	i.Progress("experiment " + there.Name)
	here := *there
	here.ArtifactLocation = ""
	switch known, err := i.Store.ExperimentByName(ctx, there.Name); {
	case err == nil:
		here.ID = known.ID
	case pluvia.ErrorCode(err) != pluvia.NotFound:
		return err
	default:
		if _, err := i.Store.Experiment(ctx, there.ID); err == nil {
			here.ID = "" // it is another's
		} else if pluvia.ErrorCode(err) != pluvia.NotFound {
			return err
		}
	}
	if i.WithoutArtifacts && here.ID != "0" {
		here.ArtifactLocation = there.ArtifactLocation
	}
	if err := i.Store.Import(ctx, pluvia.Parcel{Experiments: []*pluvia.Experiment{&here}}); err != nil {
		return fmt.Errorf("experiment %s (%s): %w", there.ID, there.Name, err)
	}
	i.ids[there.ID] = here.ID
	if here.ID != there.ID {
		i.report.note("experiment %s (%s) is %s here, because %s was taken", there.ID, there.Name, here.ID, there.ID)
	}
	n := 0
	for r, err := range i.From.Runs(ctx, there.ID) {
		if err := i.each(ctx, err, func() error { return i.run(ctx, r, &here) }); err != nil {
			return err
		}
		if n++; n%100 == 0 {
			i.Progress(fmt.Sprintf("experiment %s: %d runs", there.Name, n))
		}
	}
	for m, err := range i.From.LoggedModels(ctx, there.ID) {
		if err := i.each(ctx, err, func() error { return i.loggedModel(ctx, m, &here) }); err != nil {
			return err
		}
	}
	return nil
}

func (i *importer) run(ctx context.Context, there *pluvia.Run, e *pluvia.Experiment) error {
	here := *there
	here.ExperimentID = e.ID
	if !i.WithoutArtifacts {
		here.ArtifactURI = runHome(e, there.ID)
	}
	if err := i.Store.Import(ctx, pluvia.Parcel{Runs: []*pluvia.Run{&here}}); err != nil {
		return fmt.Errorf("run %s: %w", there.ID, err)
	}
	if err := i.points(ctx, there); err != nil {
		return fmt.Errorf("metrics of run %s: %w", there.ID, err)
	}
	if err := i.artifacts(ctx, Place{URI: there.ArtifactURI, RunID: there.ID}, here.ArtifactURI); err != nil {
		return fmt.Errorf("artifacts of run %s: %w", there.ID, err)
	}
	return nil
}

func (i *importer) points(ctx context.Context, r *pluvia.Run) error {
	var points []pluvia.RunMetric
	write := func() error {
		err := i.Store.Import(ctx, pluvia.Parcel{Points: points})
		points = points[:0]
		return err
	}
	for m, err := range i.From.Points(ctx, r) {
		if err != nil {
			return errors.Join(err, write()) // those before it are good
		}
		if points = append(points, pluvia.RunMetric{RunID: r.ID, Metric: m}); len(points) == piece {
			if err := write(); err != nil {
				return err
			}
		}
	}
	if len(points) == 0 {
		return nil
	}
	return write()
}

func (i *importer) loggedModel(ctx context.Context, there *pluvia.LoggedModel, e *pluvia.Experiment) error {
	here := *there
	here.ExperimentID = e.ID
	if !i.WithoutArtifacts {
		here.ArtifactURI = modelHome(e, there.ID)
	}
	if err := i.Store.Import(ctx, pluvia.Parcel{LoggedModels: []*pluvia.LoggedModel{&here}}); err != nil {
		return fmt.Errorf("logged model %s: %w", there.ID, err)
	}
	if err := i.artifacts(ctx, Place{URI: there.ArtifactURI, RunID: there.SourceRunID, ModelID: there.ID}, here.ArtifactURI); err != nil {
		return fmt.Errorf("artifacts of logged model %s: %w", there.ID, err)
	}
	return nil
}

func runHome(e *pluvia.Experiment, id string) string { return home(e) + "/" + id + "/artifacts" }

func modelHome(e *pluvia.Experiment, id string) string {
	return home(e) + "/models/" + id + "/artifacts"
}

// home is where the artifacts of an experiment go. One that was here already may
// have them elsewhere, where we do not write.
func home(e *pluvia.Experiment) string {
	if strings.HasPrefix(e.ArtifactLocation, pluvia.URI(pluvia.MLflowBucket, "")) {
		return strings.TrimSuffix(e.ArtifactLocation, "/")
	}
	return pluvia.URI(pluvia.MLflowBucket, e.ID)
}

func (i *importer) model(ctx context.Context, m *pluvia.Model) error {
	i.Progress("model " + m.Name)
	versions, last, err := i.From.Versions(ctx, m.Name)
	if err != nil {
		return fmt.Errorf("versions of model %s: %w", m.Name, err)
	}
	if err := i.Store.Import(ctx, pluvia.Parcel{Models: []*pluvia.Model{m}, LastNumbers: map[string]int{m.Name: last}}); err != nil {
		return fmt.Errorf("model %s: %w", m.Name, err)
	}
	for _, v := range versions {
		if err := i.each(ctx, nil, func() error { return i.version(ctx, m, v) }); err != nil {
			return err
		}
	}
	return nil
}

func (i *importer) version(ctx context.Context, m *pluvia.Model, there *pluvia.Version) error {
	here := *there
	here.Aliases = nil
	for _, a := range m.Aliases {
		if a.Version == there.Number {
			here.Aliases = append(here.Aliases, a.Name)
		}
	}
	var err error
	if here.Source, err = i.moved(ctx, there, there.Source); err == nil {
		here.Storage, err = i.moved(ctx, there, there.Storage)
	}
	if err == nil {
		err = i.Store.Import(ctx, pluvia.Parcel{Versions: []*pluvia.Version{&here}})
	}
	if err != nil {
		return fmt.Errorf("version %d of model %s: %w", there.Number, there.Model, err)
	}
	return nil
}

// ofRun and ofModel find in an address whose artifacts it is about.
var (
	ofRun   = regexp.MustCompile(`/([0-9a-f]{32})/artifacts(/.*)?$`)
	ofModel = regexp.MustCompile(`/(m-[0-9a-f]{32})/artifacts(/.*)?$`)
)

// moved is the address here of what a version names: artifacts of runs and of
// logged models have moved with them, and what lies elsewhere is fetched into a
// folder of the version's own. runs:/ and models:/ lead to the same here as
// there.
func (i *importer) moved(ctx context.Context, v *pluvia.Version, uri string) (string, error) {
	if i.WithoutArtifacts || uri == "" || strings.HasPrefix(uri, "runs:/") || strings.HasPrefix(uri, "models:/") || !address.MatchString(uri) {
		return uri, nil
	}
	trimmed := strings.TrimRight(uri, "/")
	if m := ofModel.FindStringSubmatch(trimmed); m != nil {
		known, err := i.Store.LoggedModel(ctx, m[1])
		if err == nil {
			return strings.TrimSuffix(known.ArtifactURI+path.Clean("/"+m[2]), "/"), nil
		}
		if pluvia.ErrorCode(err) != pluvia.NotFound {
			return "", err
		}
	}
	if m := ofRun.FindStringSubmatch(trimmed); m != nil {
		known, err := i.Store.Run(ctx, m[1])
		if err == nil {
			return strings.TrimSuffix(known.ArtifactURI+path.Clean("/"+m[2]), "/"), nil
		}
		if pluvia.ErrorCode(err) != pluvia.NotFound {
			return "", err
		}
	}
	home := pluvia.URI(pluvia.MLflowBucket, "models/"+v.Model+"/"+strconv.Itoa(v.Number))
	if err := i.artifacts(ctx, Place{URI: uri}, home); err != nil {
		return "", err
	}
	return home, nil
}

// address is what has a scheme or is a whole path; prompts have words in the
// place of an address.
var address = regexp.MustCompile(`^(/|[A-Za-z][A-Za-z0-9+.-]*:)`)

// artifacts copies what is not here yet. An object is here whole or not at all,
// so the size tells.
func (i *importer) artifacts(ctx context.Context, from Place, to string) error {
	if i.WithoutArtifacts || from.URI == "" {
		return nil
	}
	bucket, folder, err := pluvia.ParseURI(to)
	if err != nil {
		return err
	}
	var here map[string]int64
	for f, err := range i.From.Files(ctx, from) {
		err := i.each(ctx, err, func() error {
			i.report.There[Artifacts]++
			if here == nil {
				if here, err = i.sizes(ctx, bucket, folder); err != nil {
					return err
				}
			}
			key := folder + "/" + f.Path
			if size, ok := here[key]; ok && size == f.Size {
				i.came(f, size)
				return nil
			}
			i.Progress("artifact " + key)
			return i.artifact(ctx, from, f, bucket, key)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (i *importer) artifact(ctx context.Context, from Place, f File, bucket, key string) error {
	body, err := i.From.Open(ctx, from, f.Path)
	if err != nil {
		return fmt.Errorf("artifact %s: %w", f.Path, err)
	}
	counted := &counter{r: body}
	err = i.Buckets.Put(ctx, bucket, key, counted)
	if err = errors.Join(err, body.Close()); err != nil {
		return fmt.Errorf("artifact %s: %w", f.Path, err)
	}
	i.came(f, counted.n)
	return nil
}

// came counts an artifact that is here.
func (i *importer) came(f File, size int64) {
	there := f.Size
	if there < 0 {
		there = size
	}
	i.report.There[ArtifactBytes] += there
	i.report.Here[Artifacts]++
	i.report.Here[ArtifactBytes] += size
}

// sizes are those of the objects in a folder, by key.
func (i *importer) sizes(ctx context.Context, bucket, folder string) (map[string]int64, error) {
	objects, err := i.Buckets.List(ctx, bucket, folder+"/")
	if err != nil {
		return nil, err
	}
	sizes := make(map[string]int64, len(objects))
	for _, o := range objects {
		sizes[o.Key] = o.Size
	}
	return sizes, nil
}
