package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	pluvia "github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/bucket"
	"github.com/pluvia-ml/pluvia/cycle"
	"github.com/pluvia-ml/pluvia/mlflow"
	"github.com/pluvia-ml/pluvia/predict"
	"github.com/pluvia-ml/pluvia/project"
	"github.com/pluvia-ml/pluvia/project/rain"
	"github.com/pluvia-ml/pluvia/source"
	"github.com/pluvia-ml/pluvia/store"
)

// What stands where in the data directory.
const (
	databaseFile = "pluvia.db"
	bucketsDir   = "buckets"
	sourcesDir   = "sources"  // kept copies of what was fetched
	championDir  = "champion" // the last good model
	lockFile     = "lock"
	holderFile   = "holder.json"
)

// house is a data directory opened: what commands work with.
type house struct {
	options
	project *project.Project
	store   pluvia.Tracking
	broken  error // why the store could not be opened: it answers nothing but that
	buckets bucket.Buckets
	dialect *mlflow.Server // nil without a store
	log     *slog.Logger
	lock    *flock.Flock // nil when the house is only looked at
}

// openHouse opens the data directory, which is made when it is not there. A
// house to work in is locked against other processes; one to look at is not. A
// database that cannot be opened is no error here, because the last good model
// serves without one; whatever needs the store meets the error there.
func openHouse(ctx context.Context, o *options, work bool) (_ *house, err error) {
	h := &house{options: *o, log: newLog(o.ui, o.verbose)}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.close())
		}
	}()
	if h.project, err = openProject(o.project); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.data, 0o755); err != nil {
		return nil, unusable(o.data, err)
	}
	if work {
		if err := h.hold(); err != nil {
			return nil, err
		}
	}
	switch opened, err := store.Open(ctx, cmp.Or(o.db, h.path(databaseFile))); {
	case err == nil:
		h.store = opened
	case ctx.Err() != nil:
		return nil, err
	default:
		h.store, h.broken = store.Broken(err), err
	}
	buckets, err := bucket.Open(ctx, cmp.Or(o.buckets, h.path(bucketsDir)))
	if err != nil {
		return nil, err
	}
	h.buckets = buckets
	if h.broken == nil {
		sources, err := sourceForm()
		if err != nil {
			return nil, err
		}
		h.dialect = mlflow.New(mlflow.Config{Store: h.store, Buckets: h.buckets, Log: h.log, Sources: sources})
	}
	return h, nil
}

// sourceForm is what the sources of model versions must match, by the variable
// that MLflow's own server has for it.
func sourceForm() (*regexp.Regexp, error) {
	const variable = "MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX"
	text := os.Getenv(variable)
	if text == "" {
		return nil, nil
	}
	form, err := regexp.Compile(text)
	if err != nil {
		return nil, pluvia.Errorf(pluvia.Invalid, "%s: %w", variable, err)
	}
	return form, nil
}

// unusable says why a data directory cannot be worked in, and what to do.
func unusable(data string, err error) error {
	coded := func(code pluvia.Code, sentence string) error {
		return &pluvia.Error{Code: code, Message: "data directory " + data + ": " + sentence, Err: err}
	}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return coded(pluvia.Full, "no space left; free some, or name another with --data")
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return coded(pluvia.Unavailable, "may not be written to; check its owner and that its file system is not read-only, or name another with --data")
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, fs.ErrExist), errors.Is(err, syscall.ENAMETOOLONG), errors.Is(err, syscall.EINVAL):
		return coded(pluvia.Invalid, "cannot be a directory; name another with --data")
	}
	return fmt.Errorf("data directory %s: %w", data, err)
}

func openProject(file string) (*project.Project, error) {
	if file == "" {
		return rain.Project()
	}
	p, err := project.Load(os.DirFS(filepath.Dir(file)), filepath.Base(file))
	if err != nil {
		return nil, &pluvia.Error{Code: pluvia.Invalid, Message: err.Error()}
	}
	return p, nil
}

// newLog logs warnings and worse, or everything.
func newLog(w io.Writer, verbose bool) *slog.Logger {
	level := slog.LevelWarn
	if verbose {
		level = slog.LevelInfo
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}

func (h *house) path(name string) string { return filepath.Join(h.data, name) }

func (h *house) close() error {
	var faults []error
	if h.dialect != nil {
		h.dialect.Close()
	}
	if h.buckets != nil {
		faults = append(faults, h.buckets.Close())
	}
	if h.store != nil {
		faults = append(faults, h.store.Close())
	}
	if h.lock != nil {
		faults = append(faults, os.Remove(h.path(holderFile)), h.lock.Unlock())
	}
	return errors.Join(faults...)
}

// runner runs cycles of this house.
func (h *house) runner(swap func(context.Context) (string, error)) *cycle.Runner {
	return cycle.New(cycle.Config{
		Project: h.project, Store: h.store, Buckets: h.buckets,
		Source: h.openSource, Swap: swap, Progress: h.ui.progress, Usage: newUsage(), Log: h.log,
	})
}

func (h *house) openSource(ctx context.Context) (*source.Source, error) {
	return source.Open(ctx, h.options.source, h.path(sourcesDir), source.Options{Project: h.project})
}

// predictor predicts with the champion of this house.
func (h *house) predictor() (*predict.Predictor, error) {
	return predict.New(predict.Config{
		Project: h.project, Store: h.store, Buckets: h.buckets, Last: h.path(championDir), Log: h.log,
	})
}

// holder is the process that has the data directory, as it says itself.
type holder struct {
	PID   int       `json:"pid"`
	URL   string    `json:"url,omitempty"` // where it serves; "" when it does not
	Since time.Time `json:"since"`
}

// heldError says who has the data directory.
type heldError struct {
	data string
	holder
}

func (e *heldError) Error() string {
	who := "another process"
	if e.PID > 0 {
		who = fmt.Sprintf("process %d, since %s", e.PID, e.Since.Local().Format("2 January 2006, 15:04:05"))
	}
	if e.URL != "" {
		who += ", at " + e.URL
	}
	return fmt.Sprintf("the data directory %s is held by %s: stop it first, or name another with --data", e.data, who)
}

// hold takes the lock of the data directory, which the system gives back when
// this process ends, however it ends.
func (h *house) hold() error {
	lock := flock.New(h.path(lockFile))
	ok, err := lock.TryLock()
	if err != nil {
		return unusable(h.data, err)
	}
	if !ok {
		held := &heldError{data: h.data}
		// The holder may be about to write its name; without one the message is only shorter.
		if text, err := os.ReadFile(h.path(holderFile)); err == nil {
			if err := json.Unmarshal(text, &held.holder); err != nil {
				held.holder = holder{}
			}
		}
		return held
	}
	if err := h.sign(""); err != nil {
		return errors.Join(err, lock.Unlock())
	}
	h.lock = lock
	return nil
}

// sign writes down who has the data directory, and where it serves.
func (h *house) sign(url string) error {
	text, err := json.Marshal(holder{PID: os.Getpid(), URL: url, Since: time.Now().UTC().Truncate(time.Second)})
	if err != nil {
		return err
	}
	temporary := h.path(holderFile + ".new")
	err = os.WriteFile(temporary, text, 0o644)
	if err == nil {
		err = os.Rename(temporary, h.path(holderFile))
	}
	if err != nil {
		os.Remove(temporary) // what is left of it on a full disk, if anything is
		return unusable(h.data, err)
	}
	return nil
}
