package predict

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/modelfile"
	"github.com/pluvia-ml/pluvia/project"
	"github.com/pluvia-ml/pluvia/table"
)

// Where a champion came from.
const (
	FromRegistry = "registry"
	FromLast     = "local" // the copy in Config.Last
)

// Champion is the model that answers, and where it comes from. It does not
// change and is safe for concurrent use.
type Champion struct {
	Model   *modelfile.Model
	Name    string // of the registered model
	Version int
	RunID   string
	Source  string    // FromRegistry or FromLast
	Kept    time.Time // when its version was first taken from the registry

	Positive, Negative string // the labels

	inputs  []input
	scratch sync.Pool // *scratch
	counts  [2]prometheus.Counter
}

// input is where a field of the model's observation stands in the project's.
// The two differ when the project file has been changed since the training.
type input struct {
	at    int       // -1: the project has no such field any more
	codes []float64 // code in the project -> code in the model; nil when they are the same
}

type scratch struct{ row, features []float64 }

// newChampion fits a model to the project that serves it.
func newChampion(m *modelfile.Model, p *project.Project) (*Champion, error) {
	if m.Target != p.Target.Field || m.Positive != p.Target.Positive {
		return nil, fmt.Errorf("the model predicts %s = %s, the project asks for %s = %s: train one for this project", m.Target, m.Positive, p.Target.Field, p.Target.Positive)
	}
	c := &Champion{Model: m, Positive: m.Positive, Negative: "not " + m.Positive}
	if i := p.Schema.Field(m.Target); i >= 0 && len(p.Schema.Fields[i].Categories) == 2 {
		for _, level := range p.Schema.Fields[i].Categories {
			if level != m.Positive {
				c.Negative = level
			}
		}
	}
	for _, field := range m.Schema() {
		in := input{at: p.Schema.Field(field.Name)}
		if in.at >= 0 {
			now := p.Schema.Fields[in.at]
			if now.Type.Kind() != field.Type.Kind() {
				return nil, fmt.Errorf("field %s was a %s when the model was trained and is a %s now: train a new one", field.Name, field.Type, now.Type)
			}
			if !slices.Equal(now.Categories, field.Categories) {
				in.codes = make([]float64, len(now.Categories))
				for code, level := range now.Categories {
					in.codes[code] = table.Missing
					if then := slices.Index(field.Categories, level); then >= 0 {
						in.codes[code] = float64(then)
					}
				}
			}
		}
		c.inputs = append(c.inputs, in)
	}
	c.scratch.New = func() any {
		return &scratch{row: make([]float64, len(c.inputs)), features: m.Scratch()}
	}
	return c, nil
}

// Probability is the probability of the positive class for one observation: a
// value for each field of the project's schema, as package recipe writes a
// row, NaN when missing; what target and leaks say is not looked at. It panics
// if row is shorter than the schema.
func (c *Champion) Probability(row []float64) float64 {
	buf := c.scratch.Get().(*scratch)
	for i, in := range c.inputs {
		x := table.Missing
		if in.at >= 0 {
			x = row[in.at]
			if in.codes != nil && !math.IsNaN(x) {
				x = in.codes[int(x)]
			}
		}
		buf.row[i] = x
	}
	p := c.Model.Probability(buf.features, buf.row)
	c.scratch.Put(buf)
	return p
}

// Label is the word for a probability: Positive from the threshold on.
func (c *Champion) Label(probability float64) string {
	if probability >= c.Model.Threshold {
		return c.Positive
	}
	return c.Negative
}

// decide is Probability, whether it is enough for the positive label, and a
// count of that. A probability that is no number is a fault of the model.
func (c *Champion) decide(row []float64) (probability float64, positive bool, err error) {
	probability = c.Probability(row)
	if math.IsNaN(probability) {
		return probability, false, pluvia.Errorf(pluvia.Internal, "%s has no probability for this observation: send the fields that are missing, or promote another version", c)
	}
	if positive = probability >= c.Model.Threshold; positive {
		c.counts[1].Inc()
	} else {
		c.counts[0].Inc()
	}
	return probability, positive, nil
}

func (c *Champion) is(version int, run string) bool { return c.Version == version && c.RunID == run }

func (c *Champion) String() string { return fmt.Sprintf("%s version %d", c.Name, c.Version) }

// fromRegistry is the champion of the registry, now itself when it is that one.
func (s *Predictor) fromRegistry(ctx context.Context, now *Champion) (*Champion, error) {
	name := s.project.Names.ModelProd
	v, err := s.store.VersionByAlias(ctx, name, pluvia.Champion)
	if err != nil {
		return nil, fmt.Errorf("champion of %s: %w", name, err)
	}
	if now != nil && now.is(v.Number, v.RunID) && now.Source == FromRegistry {
		return now, nil
	}
	bucket, prefix, err := pluvia.ParseURI(v.Source)
	if err != nil {
		return nil, fmt.Errorf("source of %s version %d: %w", name, v.Number, err)
	}
	files := map[string]*bytes.Buffer{} // what is read, to be kept as it is
	m, err := modelfile.Read(func(name string) (io.ReadCloser, error) {
		r, _, err := s.buckets.Open(ctx, bucket, strings.TrimSuffix(prefix, "/")+"/"+name)
		if err != nil {
			return nil, err
		}
		files[name] = new(bytes.Buffer)
		return struct {
			io.Reader
			io.Closer
		}{io.TeeReader(r, files[name]), r}, nil
	})
	if err != nil {
		return nil, fmt.Errorf("load %s version %d from %s: %w", name, v.Number, v.Source, err)
	}
	c, err := newChampion(m, s.project)
	if err != nil {
		return nil, fmt.Errorf("load %s version %d: %w", name, v.Number, err)
	}
	c.Name, c.Version, c.RunID, c.Source, c.Kept = name, v.Number, v.RunID, FromRegistry, s.now().UTC()
	if err := s.keep(c, files); err != nil {
		// It serves all the same: what is lost is a start without the registry.
		s.log.Error("the last good model is not kept", "model", c.String(), "directory", s.last, "err", err)
	}
	return c, nil
}

// current is the file that says which folder of Config.Last is the good one.
// It is written last, so that a crash leaves the one before.
const current = "current.json"

type kept struct {
	Folder  string    `json:"folder"`
	Model   string    `json:"model"`
	Version int       `json:"version"`
	RunID   string    `json:"run_id"`
	Kept    time.Time `json:"kept"`
}

// keep writes the files of a champion's folder to Config.Last.
func (s *Predictor) keep(c *Champion, files map[string]*bytes.Buffer) error {
	if s.last == "" {
		return nil
	}
	if err := os.MkdirAll(s.last, 0o755); err != nil {
		return err
	}
	folder, err := os.MkdirTemp(s.last, fmt.Sprintf("version-%d-", c.Version))
	if err != nil {
		return err
	}
	for name, data := range files {
		if err := writeSynced(filepath.Join(folder, filepath.FromSlash(name)), data.Bytes()); err != nil {
			return errors.Join(err, os.RemoveAll(folder))
		}
	}
	k := kept{filepath.Base(folder), c.Name, c.Version, c.RunID, c.Kept}
	data, err := json.Marshal(k)
	if err != nil {
		return err
	}
	temporary := filepath.Join(folder, current)
	if err := writeSynced(temporary, data); err != nil {
		return errors.Join(err, os.RemoveAll(folder))
	}
	syncFolders(folder, s.last)
	if err := os.Rename(temporary, filepath.Join(s.last, current)); err != nil {
		return errors.Join(err, os.RemoveAll(folder))
	}
	syncFolders(s.last)
	return s.forget(k.Folder)
}

// forget removes the folders of Config.Last but the good one.
func (s *Predictor) forget(good string) error {
	entries, err := os.ReadDir(s.last)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() && e.Name() != good && strings.HasPrefix(e.Name(), "version-") {
			err = errors.Join(err, os.RemoveAll(filepath.Join(s.last, e.Name())))
		}
	}
	return err
}

func writeSynced(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// syncFolders makes new names last, on the systems that can sync a folder.
func syncFolders(folders ...string) {
	for _, folder := range folders {
		if f, err := os.Open(folder); err == nil {
			f.Sync()
			f.Close()
		}
	}
}

// fromLast is the champion that is kept in Config.Last.
func (s *Predictor) fromLast() (*Champion, error) {
	if s.last == "" {
		return nil, errors.New("no directory keeps a last good model")
	}
	root, err := os.OpenRoot(s.last)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no last good model in %s", s.last)
	}
	if err != nil {
		return nil, err
	}
	defer root.Close()
	data, err := root.ReadFile(current)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no last good model in %s", s.last)
	}
	if err != nil {
		return nil, err
	}
	var k kept
	if err := json.Unmarshal(data, &k); err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Join(s.last, current), err)
	}
	m, err := modelfile.Read(func(name string) (io.ReadCloser, error) {
		return root.Open(filepath.Join(k.Folder, filepath.FromSlash(name)))
	})
	if err != nil {
		return nil, fmt.Errorf("last good model in %s: %w", s.last, err)
	}
	c, err := newChampion(m, s.project)
	if err != nil {
		return nil, fmt.Errorf("last good model in %s: %w", s.last, err)
	}
	c.Name, c.Version, c.RunID, c.Source, c.Kept = k.Model, k.Version, k.RunID, FromLast, k.Kept
	return c, nil
}
