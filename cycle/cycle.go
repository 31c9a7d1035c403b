// Package cycle is what the house does again and again: it takes the data,
// prepares them, searches for a challenger, compares it with the champion,
// promotes it or not, and swaps it in. Here, and in predict, the numeric tower
// and the service tower meet.
//
//	etl -> train -> compare -> promote -> swap
//
// Each step is a run in the store, a child of the cycle's own run, and reads
// what the step before it left in buckets and store, never in memory. So a
// cycle that was cut off at any moment is carried on by [Runner.Resume]: steps
// that finished are not done again, the one that was cut off is, and because
// every step is seeded and repeatable the champion at the end is the same.
//
// A step that fails fails the cycle, says why in its run, and leaves the
// champion as it was. The package knows no HTTP and no process.
package cycle

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	pluvia "github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/project"
	"github.com/pluvia-ml/pluvia/source"
)

// Step is one step of a cycle.
type Step string

// The steps, in order.
const (
	ETL     Step = "etl"
	Train   Step = "train"
	Compare Step = "compare"
	Promote Step = "promote"
	Swap    Step = "swap"
)

// Steps are all steps in order.
var Steps = []Step{ETL, Train, Compare, Promote, Swap}

// Tags by which a cycle finds its runs again.
const (
	TagStep     = "pluvia.step"     // a Step, or "cycle" on the run of the whole
	TagSteps    = "pluvia.steps"    // on the run of the whole: the steps it is to do
	TagDecision = "pluvia.decision" // Promoted or Kept
	TagReason   = "pluvia.reason"   // why, a sentence; with ".es" behind it in Spanish
	TagError    = "pluvia.error"    // why a step failed, a sentence
	TagVersion  = "pluvia.version"  // number of the version in question
	TagDigest   = "pluvia.digest"   // modelfile.Model.Digest of the challenger

	stepCycle = "cycle"
)

// Config is what a cycle works with. All fields but Swap, Progress, Usage, Log
// and Now must be set.
type Config struct {
	Project *project.Project
	Store   pluvia.Store
	Buckets pluvia.Buckets

	// Source opens the data set.
	Source func(ctx context.Context) (*source.Source, error)

	// Swap tells whoever serves that the champion may be another one, and
	// returns what they said. Nil when nobody serves.
	Swap func(ctx context.Context) (string, error)

	// Progress is told of every change of Status, from one goroutine at a
	// time; it must not block. Nil for nobody.
	Progress func(Status)

	// Usage is what the machine is doing, by MLflow's names of system metrics;
	// a training run keeps a point of each for every learner, and one for the
	// final model. Nil keeps none.
	Usage func() map[string]float64

	Log *slog.Logger     // nil discards
	Now func() time.Time // nil is time.Now
}

// Runner runs cycles, one at a time.
type Runner struct {
	Config

	mu     sync.Mutex
	status Status
}

// New makes a runner.
func New(config Config) *Runner {
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	return &Runner{Config: config}
}

// Run begins a cycle of the given steps and works it off. Steps that need an
// earlier one which is not among them use the last one of its kind that
// finished. It is an [pluvia.Error] with the code Conflict while another cycle
// of this runner is under way. Whoever calls it must be the only one who runs
// cycles on this store.
func (r *Runner) Run(ctx context.Context, steps ...Step) error {
	work, err := r.Begin(steps...)
	if err != nil {
		return err
	}
	return work(ctx)
}

// Begin is the part of Run that does not take long: from here on Status says
// that a cycle runs. Whoever calls it must call work.
func (r *Runner) Begin(steps ...Step) (work func(context.Context) error, err error) {
	release, err := r.begin()
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		defer release()
		run, err := r.open(ctx, steps)
		if err != nil {
			r.update(func(s *Status) { s.Err = err })
			return err
		}
		return r.work(ctx, run)
	}, nil
}

// open makes the run of a cycle.
func (r *Runner) open(ctx context.Context, steps []Step) (*pluvia.Run, error) {
	experiment, err := r.experiment(ctx)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(steps))
	for i, s := range steps {
		names[i] = string(s)
	}
	run := &pluvia.Run{
		ExperimentID: experiment.ID,
		Name:         r.runName(r.Project.Names.CycleRun),
		Tags:         []pluvia.Tag{{Key: TagStep, Value: stepCycle}, {Key: TagSteps, Value: strings.Join(names, ",")}},
		Params:       []pluvia.Param{{Key: "project", Value: r.Project.Name}, {Key: "project_digest", Value: r.Project.Digest}},
	}
	run.Tags = append(run.Tags, r.runTags(stepCycle)...)
	// What could not be closed when it failed, because the disk was full, say,
	// would be carried on by a later Resume as if it were news.
	left, err := r.left(ctx, experiment)
	if err != nil {
		return nil, err
	}
	for _, old := range left {
		if byHand := old.Tag(TagStep) == string(Promote) && old.Tag(pluvia.TagParentRun) == ""; byHand {
			continue // another process may be at it
		}
		if err := r.cutShort(ctx, old); err != nil {
			return nil, err
		}
	}
	if err := r.Store.CreateRun(ctx, run); err != nil {
		return nil, fmt.Errorf("begin cycle: %w", err)
	}
	return run, nil
}

// left are the open runs of cycles, newest first. Runs in this experiment that
// somebody else has made are none of ours.
func (r *Runner) left(ctx context.Context, experiment *pluvia.Experiment) ([]*pluvia.Run, error) {
	open, err := r.Store.Runs(ctx, pluvia.RunFilter{ExperimentID: experiment.ID, Status: pluvia.Running})
	return slices.DeleteFunc(open, func(run *pluvia.Run) bool { return run.Tag(TagStep) == "" }), err
}

// cutShort closes a run that will not be carried on.
func (r *Runner) cutShort(ctx context.Context, run *pluvia.Run) error {
	return r.close(ctx, run.ID, pluvia.Killed, pluvia.Tag{Key: TagError, Value: "cut off before it ended"})
}

// Resume carries on the cycle that was cut off when the process before this
// one died, if there is one; resumed says so. Whoever calls it must be the only
// one who works on this store.
func (r *Runner) Resume(ctx context.Context) (resumed bool, err error) {
	release, err := r.begin()
	if err != nil {
		return false, err
	}
	defer release()
	cut, err := r.cutOff(ctx)
	if err != nil {
		r.update(func(s *Status) { s.Err = err })
		return false, err
	}
	if cut == nil {
		return false, nil
	}
	r.Log.Info("cycle carried on", "run", cut.ID, "begun", pluvia.Time(cut.Start))
	return true, r.work(ctx, cut)
}

// cutOff is the newest cycle that is still open, nil when none is. Whatever
// else is open will not be carried on and is closed.
func (r *Runner) cutOff(ctx context.Context) (cut *pluvia.Run, err error) {
	experiment, err := r.experiment(ctx)
	if err != nil {
		return nil, err
	}
	left, err := r.left(ctx, experiment)
	if err != nil {
		return nil, err
	}
	for _, run := range left {
		if cut == nil && run.Tag(TagStep) == stepCycle {
			cut = run
		} else if err := r.cutShort(ctx, run); err != nil {
			return nil, err
		}
	}
	return cut, nil
}

// SourceChanged says whether the source holds other bytes than those that the
// last ETL has taken; also when there was none.
func (r *Runner) SourceChanged(ctx context.Context) (bool, error) {
	experiment, err := r.experiment(ctx)
	if err != nil {
		return false, err
	}
	runs, err := r.Store.Runs(ctx, pluvia.RunFilter{
		ExperimentID: experiment.ID, Status: pluvia.Finished, Limit: 1, Tags: map[string]string{TagStep: string(ETL)},
	})
	if err != nil || len(runs) == 0 {
		return len(runs) == 0, err
	}
	src, err := r.Source(ctx)
	if err != nil {
		return false, err
	}
	return src.Digest != runs[0].Param(paramSource), nil
}

// begin takes the one place of a running cycle.
func (r *Runner) begin() (release func(), err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.status.Running {
		return nil, pluvia.Errorf(pluvia.Conflict, "a cycle is running already, at step %q: wait for it to end", r.status.Step)
	}
	r.status = Status{Running: true, Since: r.Now()}
	return func() { r.update(func(s *Status) { s.Running, s.Ended = false, r.Now() }) }, nil
}

// work does what is left of a cycle and closes its run. When ctx ends the run
// stays open, to be resumed.
func (r *Runner) work(ctx context.Context, run *pluvia.Run) error {
	todo := strings.Split(run.Tag(TagSteps), ",")
	r.update(func(s *Status) { s.RunID, s.Steps = run.ID, todo })
	for _, name := range todo {
		if err := r.step(ctx, run, Step(name)); err != nil {
			if ctx.Err() != nil {
				return err
			}
			err = fmt.Errorf("%s: %w", name, err)
			r.update(func(s *Status) { s.Err = err })
			r.fail(ctx, run.ID, err)
			return err
		}
	}
	return r.close(ctx, run.ID, pluvia.Finished)
}

// step does one step of a cycle unless it has been done.
func (r *Runner) step(ctx context.Context, parent *pluvia.Run, step Step) error {
	do, ok := map[Step]func(context.Context, *pluvia.Run) error{
		ETL: r.etl, Train: r.train, Compare: r.compare, Promote: r.promote, Swap: r.swap,
	}[step]
	if !ok {
		return pluvia.Errorf(pluvia.Invalid, "%q is no step of a cycle: want one of %q", step, Steps)
	}
	done, err := r.Store.Runs(ctx, pluvia.RunFilter{
		ExperimentID: parent.ExperimentID, Status: pluvia.Finished, Limit: 1,
		Tags: map[string]string{pluvia.TagParentRun: parent.ID, TagStep: string(step)},
	})
	if err != nil || len(done) > 0 {
		return err
	}
	run := &pluvia.Run{
		ExperimentID: parent.ExperimentID,
		Name:         r.runName(r.pattern(step)),
		Tags:         []pluvia.Tag{{Key: TagStep, Value: string(step)}, {Key: pluvia.TagParentRun, Value: parent.ID}},
	}
	run.Tags = append(run.Tags, r.runTags(string(step))...)
	r.update(func(s *Status) { s.Step, s.Doing, s.Unit, s.Done, s.Total = step, "", "", 0, 0 })
	began := r.Now()
	if err := r.record(ctx, run, do); err != nil {
		return err
	}
	r.Log.Info("step done", "step", step, "run", run.ID, "took", r.Now().Sub(began).Round(time.Millisecond))
	return nil
}

// record does something as a run: made before, closed after, failed with the
// reason when it fails. When ctx ends the run stays open, as after a crash.
func (r *Runner) record(ctx context.Context, run *pluvia.Run, do func(context.Context, *pluvia.Run) error) error {
	if err := r.Store.CreateRun(ctx, run); err != nil {
		return err
	}
	err := do(ctx, run)
	switch {
	case err == nil:
		return r.close(ctx, run.ID, pluvia.Finished)
	case ctx.Err() != nil:
		return err
	default:
		r.fail(ctx, run.ID, err)
		return err
	}
}

// fail ends a run with the reason. When not even that can be written, as on a
// full disk, the reason is what there is to tell, and the run stays open.
func (r *Runner) fail(ctx context.Context, id string, reason error) {
	if err := r.close(ctx, id, pluvia.Failed, pluvia.Tag{Key: TagError, Value: reason.Error()}); err != nil {
		r.Log.Warn("failed run stays open", "run", id, "error", err)
	}
}

// close ends a run. A run whose end cannot be written stays open, for the next
// Resume to carry on or the next cycle to close.
func (r *Runner) close(ctx context.Context, id string, status pluvia.RunStatus, tags ...pluvia.Tag) error {
	if len(tags) > 0 {
		if err := r.Store.Log(ctx, id, pluvia.Batch{Tags: tags}); err != nil {
			return err
		}
	}
	return r.Store.UpdateRun(ctx, id, pluvia.RunUpdate{Status: status, End: pluvia.Millis(r.Now())})
}

// experiment is the project's experiment, made when it is not there.
func (r *Runner) experiment(ctx context.Context) (*pluvia.Experiment, error) {
	name := r.Project.Names.Experiment
	e, err := r.Store.ExperimentByName(ctx, name)
	if pluvia.ErrorCode(err) != pluvia.NotFound {
		return e, err
	}
	e = &pluvia.Experiment{Name: name}
	return e, r.Store.CreateExperiment(ctx, e)
}

// runName fills the day into a pattern of project.Names.
func (r *Runner) runName(pattern string) string {
	return project.RunName(pattern, r.Now().UTC().Format(time.DateOnly))
}

// runTags are the tags that the project gives the runs of a step, or of a cycle.
func (r *Runner) runTags(step string) (tags []pluvia.Tag) {
	for key, value := range r.Project.Names.RunTags[step] {
		tags = append(tags, pluvia.Tag{Key: key, Value: value})
	}
	return tags
}

// pattern is what the runs of a step are called.
func (r *Runner) pattern(step Step) string {
	n := r.Project.Names
	return map[Step]string{ETL: n.ETLRun, Train: n.TrainRun, Compare: n.CompareRun, Promote: n.PromoteRun, Swap: n.SwapRun}[step]
}

// last is the finished run of a step that this run builds on: the one of its
// own cycle, or else the last one of any.
func (r *Runner) last(ctx context.Context, run *pluvia.Run, step Step) (*pluvia.Run, error) {
	filter := pluvia.RunFilter{
		ExperimentID: run.ExperimentID, Status: pluvia.Finished, Limit: 1,
		Tags: map[string]string{TagStep: string(step), pluvia.TagParentRun: run.Tag(pluvia.TagParentRun)},
	}
	for {
		runs, err := r.Store.Runs(ctx, filter)
		if err != nil {
			return nil, err
		}
		if len(runs) > 0 {
			return runs[0], nil
		}
		if _, ofOwnCycle := filter.Tags[pluvia.TagParentRun]; !ofOwnCycle {
			return nil, pluvia.Errorf(pluvia.Conflict, "no %s has finished yet: run a whole cycle first", step)
		}
		delete(filter.Tags, pluvia.TagParentRun)
	}
}
