package transfer

import (
	"bufio"
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"unicode"

	"github.com/pluvia-ml/pluvia"
)

// field is a line of a meta.yaml.
type field struct {
	key   string
	value any
}

// orNull is a text as YAML has it in MLflow's files, where none is null.
func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// fileURI is the file:// address of an absolute path.
func fileURI(abs string) string {
	slashed := filepath.ToSlash(abs)
	if !strings.HasPrefix(slashed, "/") { // C:/...
		slashed = "/" + slashed
	}
	return "file://" + (&url.URL{Path: slashed}).EscapedPath()
}

// meta writes the meta.yaml of a folder. Values are JSON, which is YAML.
func (x *exporter) meta(at string, fields []field) error {
	var b strings.Builder
	for _, f := range fields {
		value, err := json.Marshal(f.value)
		if err != nil {
			return err
		}
		b.WriteString(f.key + ": ")
		for _, r := range string(value) {
			if r >= 0x7f && unicode.IsControl(r) { // JSON has them as they are, YAML does not
				fmt.Fprintf(&b, `\u%04x`, r)
			} else {
				b.WriteRune(r)
			}
		}
		b.WriteByte('\n')
	}
	return x.file(path.Join(at, metaYML), b.String())
}

func (x *exporter) folder(at string) error {
	return x.wrote(at, x.root.MkdirAll(filepath.FromSlash(at), 0o755))
}

// file writes a small file, which must not be there.
func (x *exporter) file(name, text string) error {
	w, err := x.create(name)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, text)
	return x.wrote(name, errors.Join(err, w.Close()))
}

func (x *exporter) create(name string) (*os.File, error) {
	if err := x.folder(path.Dir(name)); err != nil {
		return nil, err
	}
	w, err := x.root.OpenFile(filepath.FromSlash(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	return w, x.wrote(name, err)
}

func (x *exporter) wrote(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("write %s: %w", filepath.Join(x.Directory, name), err)
}

// keyed writes what has a key, which becomes a path. One that cannot be a path
// here, or is a file and a folder at once, is a fault.
func (x *exporter) keyed(at, key string, write func(name string) error) error {
	if path.Clean(key) != key || !filepath.IsLocal(filepath.FromSlash(key)) {
		x.report.fault(fmt.Errorf("%s: %q cannot be the name of a file, as a folder of MLflow's wants it", at, key))
		return nil
	}
	err := write(path.Join(at, key))
	if errors.Is(err, os.ErrExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.EISDIR) {
		x.report.fault(fmt.Errorf("%s: %q is the name of a folder too, or differs from another in the case of letters only: %w", at, key, err))
		return nil
	}
	return err
}

func (x *exporter) tags(at string, tags []pluvia.Tag) error {
	for _, t := range tags {
		if err := x.keyed(at, t.Key, func(name string) error { return x.file(name, t.Value) }); err != nil {
			return err
		}
	}
	return nil
}

func (x *exporter) params(at string, params []pluvia.Param) error {
	for _, p := range params {
		if err := x.keyed(at, p.Key, func(name string) error { return x.file(name, p.Value) }); err != nil {
			return err
		}
	}
	return nil
}

// history writes the points of a metric, a line each.
func (x *exporter) history(ctx context.Context, at, run, key string) error {
	return x.keyed(at, key, func(name string) error {
		file, err := x.create(name)
		if err != nil {
			return err
		}
		w := bufio.NewWriter(file)
		for after := ""; ; {
			points, next, err := x.Store.MetricPage(ctx, run, key, page, after)
			if err != nil {
				return errors.Join(err, file.Close())
			}
			x.report.There[Points] += int64(len(points))
			for _, p := range points {
				fmt.Fprintf(w, "%d %s %d\n", p.Timestamp, python(p.Value), p.Step)
			}
			if after = next; next == "" {
				break
			}
		}
		return x.wrote(name, errors.Join(w.Flush(), file.Close()))
	})
}

// python is a number as Python reads it: it takes NaN and +Inf too.
func python(value float64) string { return strconv.FormatFloat(value, 'g', -1, 64) }

// modelMetrics writes the metrics of a logged model: a line for each data set.
func (x *exporter) modelMetrics(at string, m *pluvia.LoggedModel) error {
	lines := make(map[string]string)
	for _, p := range m.Metrics {
		line := fmt.Sprintf("%d %s %d %s", p.Timestamp, python(p.Value), p.Step, p.RunID)
		switch {
		case p.Dataset == (pluvia.DatasetRef{}):
		case p.Dataset.Digest == "" || strings.ContainsFunc(p.Dataset.Name+p.Dataset.Digest, unicode.IsSpace):
			x.report.note("logged model %s: metric %s was measured on %q, a name that a folder of MLflow's cannot say", m.ID, p.Key, p.Dataset.Name)
		default:
			line += " " + p.Dataset.Name + " " + p.Dataset.Digest
		}
		lines[p.Key] += line + "\n"
	}
	for _, key := range sortedKeys(lines) {
		if err := x.keyed(at, key, func(name string) error { return x.file(name, lines[key]) }); err != nil {
			return err
		}
	}
	return nil
}

// links writes the data sets and models that a run has read and made.
func (x *exporter) links(e *pluvia.Experiment, r *pluvia.Run, at string) error {
	input := func(id, kind string, tags map[string]string) error {
		return x.meta(path.Join(at, "inputs", digest(id, r.ID)), []field{
			{"destination_id", id}, {"destination_type", "RUN"}, {"source_id", id}, {"source_type", kind}, {"tags", tags},
		})
	}
	for _, in := range r.Inputs {
		id := digest(in.Dataset.Name, in.Dataset.Digest)
		d := in.Dataset
		err := x.meta(path.Join(folderOf(e), "datasets", id), []field{
			{"digest", d.Digest}, {"name", d.Name}, {"profile", orNull(d.Profile)}, {"schema", orNull(d.Schema)}, {"source", d.Source}, {"source_type", d.SourceType},
		})
		if err != nil && !errors.Is(err, os.ErrExist) { // another run has read it too
			return err
		}
		tags := make(map[string]string)
		for _, t := range in.Tags {
			tags[t.Key] = t.Value
		}
		if err := input(id, "DATASET", tags); err != nil {
			return err
		}
	}
	for _, id := range r.InputModels {
		if err := input(id, "MODEL", map[string]string{}); err != nil {
			return err
		}
	}
	for _, o := range r.Outputs {
		err := x.meta(path.Join(at, "outputs", o.ModelID), []field{
			{"destination_id", o.ModelID}, {"destination_type", "MODEL_OUTPUT"}, {"source_id", o.ModelID}, {"source_type", "RUN_OUTPUT"},
			{"step", o.Step}, {"tags", map[string]string{}},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// digest is how the file store names data sets and inputs.
func digest(a, b string) string {
	sum := md5.Sum([]byte(a + b))
	return hex.EncodeToString(sum[:])
}

// artifacts copies those at an address of ours into a folder.
func (x *exporter) artifacts(ctx context.Context, uri, at string) error {
	if !inBucket(uri) {
		return nil
	}
	bucket, folder, err := pluvia.ParseURI(uri)
	if err != nil {
		return err
	}
	objects, err := x.Buckets.List(ctx, bucket, strings.TrimSuffix(folder, "/")+"/")
	if err != nil {
		return err
	}
	for _, o := range objects {
		x.report.There[Artifacts]++
		x.report.There[ArtifactBytes] += o.Size
		err := x.keyed(at, strings.TrimPrefix(o.Key, strings.TrimSuffix(folder, "/")+"/"), func(name string) error {
			n, err := x.artifact(ctx, bucket, o.Key, name)
			if err == nil {
				x.report.Here[Artifacts]++
				x.report.Here[ArtifactBytes] += n
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (x *exporter) artifact(ctx context.Context, bucket, key, name string) (int64, error) {
	body, _, err := x.Buckets.Open(ctx, bucket, key)
	if err != nil {
		return 0, err
	}
	defer body.Close()
	w, err := x.create(name)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(w, body)
	return n, x.wrote(name, errors.Join(err, w.Close()))
}
