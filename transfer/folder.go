package transfer

import (
	"bufio"
	"context"
	"errors"
	"hash/maphash"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/pluvia-ml/pluvia"
)

// folder is an mlruns folder, the file store of MLflow:
//
//	EXPERIMENT/meta.yaml, tags/KEY, datasets/ID/meta.yaml
//	EXPERIMENT/RUN/meta.yaml, params/KEY, tags/KEY, metrics/KEY, artifacts/
//	EXPERIMENT/RUN/inputs/ID/meta.yaml, outputs/ID/meta.yaml
//	EXPERIMENT/models/ID/meta.yaml, params/KEY, tags/KEY, metrics/KEY
//	.trash/EXPERIMENT/...                               deleted experiments
//	models/NAME/meta.yaml, tags/KEY, aliases/NAME, version-N/meta.yaml
//
// A key with slashes is a path of folders. Everything is read inside the root:
// a link that leads out of it is an error.
type folder struct {
	root      *os.Root
	artifacts reader
	unread    map[string]error // folders that cannot be listed
}

const (
	trash   = ".trash"
	metaYML = "meta.yaml"

	maxText = 32 << 20 // bytes of a file that is read at once: the profile of a data set may have 16 MB
	maxLine = 64 << 10 // bytes of a line of a metric
)

func openFolder(place, artifacts string) (*folder, error) {
	if inner := filepath.Join(place, "mlruns"); isDir(inner) {
		place = inner
	}
	from, err := openPlaces(artifacts, place, filepath.Join(place, trash))
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(place)
	if err != nil {
		return nil, errors.Join(pluvia.Errorf(pluvia.Invalid, "source %s: %w", place, err), from.Close())
	}
	f := &folder{root: root, artifacts: from, unread: make(map[string]error)}
	if len(f.experiments()) == 0 && len(f.folders("models")) == 0 {
		return nil, errors.Join(pluvia.Errorf(pluvia.Invalid, "source %s is no mlruns folder: there is no EXPERIMENT/%s in it", place, metaYML), f.Close())
	}
	return f, nil
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

func (f *folder) Close() error { return errors.Join(f.root.Close(), f.artifacts.Close()) }

func (f *folder) Files(ctx context.Context, at Place) iter.Seq2[File, error] {
	return f.artifacts.Files(ctx, at)
}

func (f *folder) Open(ctx context.Context, at Place, path string) (io.ReadCloser, error) {
	return f.artifacts.Open(ctx, at, path)
}

// folders are the names of the folders in a folder, in order; none when it is
// not there. Links that lead nowhere or out of the root are among them, so that
// reading what they stand for is a fault.
func (f *folder) folders(at string) (names []string) {
	entries, err := fs.ReadDir(f.root.FS(), at)
	if _, reachable := f.root.Stat(at); err != nil && reachable == nil {
		f.unread[at] = f.broken(at, err)
	}
	for _, e := range entries {
		if info, err := f.root.Stat(path.Join(at, e.Name())); err != nil || info.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}

// experiments are the folders of experiments.
func (f *folder) experiments() (at []string) {
	for _, above := range []string{".", trash} {
		for _, name := range f.folders(above) {
			if _, err := strconv.ParseUint(name, 10, 63); err == nil {
				at = append(at, path.Join(above, name))
			}
		}
	}
	return at
}

// read reads a small file.
func (f *folder) read(name string) (string, error) {
	file, err := f.root.Open(filepath.FromSlash(name))
	if err != nil {
		return "", f.broken(name, err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxText+1))
	switch {
	case err != nil:
		return "", f.broken(name, err)
	case len(text) > maxText:
		return "", f.broken(name, errors.New("it has more than 32 MiB"))
	}
	return string(text), nil
}

func (f *folder) broken(name string, err error) error {
	return pluvia.Errorf(pluvia.Invalid, "%s cannot be read: %w", filepath.Join(f.root.Name(), name), err)
}

// values gives the files below a folder, by key.
func (f *folder) values(ctx context.Context, at string) (keys []string, err error) {
	if _, err := f.root.Stat(at); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var faults []error
	walkFiles(ctx, f.root, at, func(file File, err error) bool {
		if err != nil {
			faults = append(faults, err)
			return len(faults) < maxSaid
		}
		keys = append(keys, file.Path)
		return true
	})
	slices.Sort(keys)
	return keys, errors.Join(faults...)
}

func (f *folder) tags(ctx context.Context, at string) (tags []pluvia.Tag, err error) {
	keys, err := f.values(ctx, at)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		value, err := f.read(path.Join(at, key))
		if err != nil {
			return nil, err
		}
		tags = append(tags, pluvia.Tag{Key: key, Value: value})
	}
	return tags, nil
}

func (f *folder) params(ctx context.Context, at string) (params []pluvia.Param, err error) {
	tags, err := f.tags(ctx, at)
	for _, t := range tags {
		params = append(params, pluvia.Param(t))
	}
	return params, err
}

func (f *folder) Experiments(ctx context.Context) iter.Seq2[*pluvia.Experiment, error] {
	return func(yield func(*pluvia.Experiment, error) bool) {
		for _, at := range f.experiments() {
			e, err := f.experiment(ctx, at)
			if !yield(e, err) {
				return
			}
		}
	}
}

func (f *folder) experiment(ctx context.Context, at string) (*pluvia.Experiment, error) {
	var meta experimentMeta
	if err := f.meta(at, &meta); err != nil {
		return nil, err
	}
	tags, err := f.tags(ctx, path.Join(at, "tags"))
	if err != nil {
		return nil, err
	}
	return &pluvia.Experiment{
		ID: path.Base(at), Name: meta.Name, ArtifactLocation: meta.ArtifactLocation, Stage: stageOf(meta.Stage),
		Created: meta.Created, Updated: meta.Updated, Tags: tags,
	}, nil
}

// at is the folder of an experiment.
func (f *folder) at(experiment string) string {
	if _, err := f.root.Stat(experiment); err == nil {
		return experiment
	}
	return path.Join(trash, experiment)
}

// runs are the folders of runs of an experiment.
func (f *folder) runs(at string) (found []string) {
	for _, name := range f.folders(at) {
		_, err := f.root.Lstat(path.Join(at, name, metaYML))
		if runFolder.MatchString(name) && name != "models" || err == nil {
			found = append(found, path.Join(at, name))
		}
	}
	return found
}

func (f *folder) Runs(ctx context.Context, experiment string) iter.Seq2[*pluvia.Run, error] {
	return func(yield func(*pluvia.Run, error) bool) {
		at := f.at(experiment)
		for _, run := range f.runs(at) {
			r, err := f.run(ctx, at, run)
			if r != nil {
				r.ExperimentID = experiment
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

func (f *folder) run(ctx context.Context, experiment, at string) (_ *pluvia.Run, err error) {
	var meta runMeta
	if err := f.meta(at, &meta); err != nil {
		return nil, err
	}
	r := &pluvia.Run{
		ID: path.Base(at), Name: meta.Name, User: meta.User, Status: meta.status(), Start: meta.Start, End: meta.End,
		ArtifactURI: meta.ArtifactURI, Stage: stageOf(meta.Stage),
	}
	if r.Params, err = f.params(ctx, path.Join(at, "params")); err != nil {
		return nil, err
	}
	if r.Tags, err = f.tags(ctx, path.Join(at, "tags")); err != nil {
		return nil, err
	}
	if r.Name == "" {
		r.Name = r.Tag(pluvia.TagRunName)
	}
	for _, name := range f.folders(path.Join(at, "inputs")) {
		var in linkMeta
		if err := f.meta(path.Join(at, "inputs", name), &in); err != nil {
			return nil, err
		}
		if in.SourceType == "MODEL" {
			r.InputModels = append(r.InputModels, in.SourceID)
			continue
		}
		if !fs.ValidPath(in.SourceID) || strings.Contains(in.SourceID, "/") {
			return nil, f.broken(path.Join(at, "inputs", name, metaYML), errors.New("its source_id is no name of a data set"))
		}
		var d datasetMeta
		if err := f.meta(path.Join(experiment, "datasets", in.SourceID), &d); err != nil {
			return nil, err
		}
		input := pluvia.Input{Dataset: pluvia.Dataset(d)}
		for _, key := range sortedKeys(in.Tags) {
			input.Tags = append(input.Tags, pluvia.Tag{Key: key, Value: in.Tags[key]})
		}
		r.Inputs = append(r.Inputs, input)
	}
	for _, name := range f.folders(path.Join(at, "outputs")) {
		var out linkMeta
		if err := f.meta(path.Join(at, "outputs", name), &out); err != nil {
			return nil, err
		}
		r.Outputs = append(r.Outputs, pluvia.ModelOutput{ModelID: out.DestinationID, Step: out.Step})
	}
	return r, nil
}

func (f *folder) Points(ctx context.Context, r *pluvia.Run) iter.Seq2[pluvia.Metric, error] {
	return func(yield func(pluvia.Metric, error) bool) {
		at := path.Join(f.at(r.ExperimentID), r.ID, "metrics")
		keys, err := f.values(ctx, at)
		if err != nil && !yield(pluvia.Metric{}, err) {
			return
		}
		for _, key := range keys {
			for fields, err := range f.lines(path.Join(at, key)) {
				m := pluvia.Metric{Key: key}
				if err == nil {
					m, err = point(key, fields)
				}
				if !yield(m, err) || err != nil {
					return
				}
			}
		}
	}
}

// lines gives the fields of the lines of a metric's file.
func (f *folder) lines(name string) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		file, err := f.root.Open(filepath.FromSlash(name))
		if err != nil {
			yield(nil, f.broken(name, err))
			return
		}
		defer file.Close()
		lines := bufio.NewScanner(file)
		lines.Buffer(nil, maxLine)
		for n := 1; lines.Scan(); n++ {
			fields := strings.Fields(lines.Text())
			if len(fields) == 0 {
				continue
			}
			if len(fields) < 2 {
				yield(nil, f.broken(name, errors.New("line "+strconv.Itoa(n)+": want TIMESTAMP VALUE STEP")))
				return
			}
			if !yield(fields, nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(nil, f.broken(name, err))
		}
	}
}

// point is a point of a metric as its line has it: a timestamp, a value, since
// 0.9 a step, and what the point was measured on.
func point(key string, fields []string) (m pluvia.Metric, err error) {
	m.Key = key
	var faults [3]error
	m.Timestamp, faults[0] = strconv.ParseInt(fields[0], 10, 64)
	if m.Value, faults[1] = strconv.ParseFloat(fields[1], 64); errors.Is(faults[1], strconv.ErrRange) {
		faults[1] = nil // infinite, which it may be
	}
	if len(fields) > 2 {
		m.Step, faults[2] = strconv.ParseInt(fields[2], 10, 64)
	}
	if err := errors.Join(faults[:]...); err != nil {
		return m, pluvia.Errorf(pluvia.Invalid, "metric %q: %.100q is no point: want TIMESTAMP VALUE STEP", key, strings.Join(fields, " "))
	}
	return m, nil
}

// Count counts files and lines. The same point twice in a file is one, as in
// MLflow's databases.
func (f *folder) Count(ctx context.Context) (Count, error) {
	n := make(Count)
	files := func(kind Kind, at string) {
		keys, _ := f.values(ctx, at) // what cannot be read has been a fault already
		n[kind] += int64(len(keys))
	}
	for _, at := range f.experiments() {
		n[Experiments]++
		files(ExperimentTags, path.Join(at, "tags"))
		for _, run := range f.runs(at) {
			n[Runs]++
			files(Params, path.Join(run, "params"))
			files(Tags, path.Join(run, "tags"))
			metrics := path.Join(run, "metrics")
			keys, _ := f.values(ctx, metrics)
			for _, key := range keys {
				n[Points] += f.distinct(path.Join(metrics, key))
			}
			for _, name := range f.folders(path.Join(run, "inputs")) {
				var in linkMeta
				if f.meta(path.Join(run, "inputs", name), &in) == nil && in.SourceType == "MODEL" {
					n[ModelInputs]++
				} else {
					n[Inputs]++
					n[InputTags] += int64(len(in.Tags))
				}
			}
			n[Outputs] += int64(len(f.folders(path.Join(run, "outputs"))))
		}
		models := path.Join(at, "models")
		for _, name := range f.folders(models) {
			n[LoggedModels]++
			files(LoggedModelParams, path.Join(models, name, "params"))
			files(LoggedModelTags, path.Join(models, name, "tags"))
			metrics := path.Join(models, name, "metrics")
			keys, _ := f.values(ctx, metrics)
			for _, key := range keys {
				measured := make(map[string]bool)
				for fields := range f.lines(path.Join(metrics, key)) {
					measured[strings.Join(fields[min(4, len(fields)):], " ")] = true
				}
				n[LoggedModelMetrics] += int64(len(measured))
			}
		}
	}
	for _, name := range f.folders("models") {
		n[Models]++
		at := path.Join("models", name)
		files(ModelTags, path.Join(at, "tags"))
		files(Aliases, path.Join(at, "aliases"))
		for _, version := range f.versions(at) {
			var meta versionMeta
			if f.meta(path.Join(at, version), &meta) != nil || meta.Stage != deletedStage {
				n[Versions]++
				files(VersionTags, path.Join(at, version, "tags"))
			}
		}
	}
	for _, at := range sortedKeys(f.unread) {
		return nil, f.unread[at]
	}
	return n, nil
}

// distinct is how many different points a metric has. 8 bytes of each stay in
// memory meanwhile; that two of a million are taken for one happens once in 40
// million times.
func (f *folder) distinct(name string) int64 {
	seed := maphash.MakeSeed()
	seen := make(map[uint64]struct{})
	for fields, err := range f.lines(name) {
		if err != nil {
			break
		}
		if m, err := point("", fields); err == nil {
			seen[maphash.Comparable(seed, [3]string{
				strconv.FormatInt(m.Timestamp, 10), strconv.FormatFloat(m.Value, 'g', -1, 64), strconv.FormatInt(m.Step, 10),
			})] = struct{}{}
		}
	}
	return int64(len(seen))
}
