package cycle

import "time"

// Status is what a runner is doing, or did last. Its zero value says that it
// has done nothing yet.
type Status struct {
	Running bool
	RunID   string   // of the cycle
	Steps   []string // that it is to do, in order
	Step    Step     // that it is at
	Doing   string   // within the step, a word or two: "random forest"

	// Done of Total units of work of what it is doing; Total is 0 when that
	// cannot be told.
	Done, Total int64
	Unit        string // "bytes", "trees", "steps"

	Since, Ended time.Time
	Err          error // why the last cycle failed; nil when it did not
}

// Status is the state at this moment.
func (r *Runner) Status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.status
}

// update changes the status and tells it on, in order.
func (r *Runner) update(change func(*Status)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.status)
	if r.Progress != nil {
		r.Progress(r.status)
	}
}

// doing says what the step is at.
func (r *Runner) doing(what string) { r.counting(what, "", 0, 0) }

// counting says what the step is at, and how far.
func (r *Runner) counting(what, unit string, done, total int64) {
	r.update(func(s *Status) { s.Doing, s.Unit, s.Done, s.Total = what, unit, done, total })
}
