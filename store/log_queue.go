package store

import (
	"context"
	"runtime"

	"sync"

	"github.com/pluvia-ml/pluvia"
)

// queuedAtOnce bounds how many calls of Log share a transaction.
const queuedAtOnce = 64

// logQueue lets calls of Log that wait for the one writer share a transaction,
// because beginning and ending one costs more than logging a metric: from eight
// callers or more, 54 µs of processor a metric without the queue, 27 with it.
//
// Whoever finds nobody at work leads: it does what is waiting, its own too, and
// hands the lead to the first who came meanwhile.
type logQueue struct {
	mu      sync.Mutex
	waiting []*queuedLog
	led     bool
}

// queuedLog is a call of Log.
type queuedLog struct {
	ctx   context.Context
	runID string
	batch pluvia.Batch
	done  chan struct{} // of length 1: there is a result, or the lead
	lead  bool
	err   error
}

// logQueued logs a batch alone or in a transaction with others.
func (s *Store) logQueued(ctx context.Context, runID string, b pluvia.Batch) error {
	own := &queuedLog{ctx: ctx, runID: runID, batch: b, done: make(chan struct{}, 1)}
	q := &s.queue
	q.mu.Lock()
	q.waiting = append(q.waiting, own)
	own.lead = !q.led
	q.led = true
	q.mu.Unlock()
	if !own.lead {
		select {
		case <-own.done:
		case <-ctx.Done():
			if q.withdraw(own) {
				return ctx.Err()
			}
			<-own.done // too late, it is being written or is to lead
		}
	}
	if !own.lead {
		return own.err
	}
	// Those who have just been answered may have more to say.
	runtime.Gosched()
	group := q.take(own)
	s.logTogether(group)
	for _, other := range group {
		if other != own {
			other.done <- struct{}{}
		}
	}
	q.handOver()
	return own.err
}

// take takes what waits out of the queue, own first.
func (q *logQueue) take(own *queuedLog) []*queuedLog {
	q.mu.Lock()
	defer q.mu.Unlock()
	group := []*queuedLog{own}
	var rest []*queuedLog
	for _, w := range q.waiting {
		switch {
		case w == own:
		case len(group) < queuedAtOnce:
			group = append(group, w)
		default:
			rest = append(rest, w)
		}
	}
	q.waiting = rest
	return group
}

// withdraw takes one out of the queue who does not want to wait any longer; it
// is too late when the work on it has begun or it has got the lead.
func (q *logQueue) withdraw(own *queuedLog) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, w := range q.waiting {
		if w == own && !own.lead {
			q.waiting = append(q.waiting[:i], q.waiting[i+1:]...)
			return true
		}
	}
	return false
}

func (q *logQueue) handOver() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.led = len(q.waiting) > 0; q.led {
		next := q.waiting[0]
		next.lead = true
		next.done <- struct{}{}
	}
}

// logTogether sets the results of a group. When one of it is refused, each is
// done alone.
func (s *Store) logTogether(group []*queuedLog) {
	if len(group) > 1 {
		// The others do not depend on the patience of the one who leads.
		err := s.write(context.WithoutCancel(group[0].ctx), "log to runs", func(t *tx) error {
			for _, w := range group {
				if err := logTo(w.ctx, t, w.runID, w.batch); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil {
			return
		}
	}
	for _, w := range group {
		w.err = s.write(w.ctx, "log to a run", func(t *tx) error { return logTo(w.ctx, t, w.runID, w.batch) })
	}
}
