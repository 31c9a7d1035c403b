package boost

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// team is a few goroutines that do the many short jobs of one fit together.
// They wait for the next job awake for a while: a tree of 31 leaves has about
// a hundred jobs of some microseconds, and to wake a goroutine takes as long.
//
// Whoever calls do works too, and waits only for tasks that others have begun,
// never for others to begin: where a processor is taken away, the rest carry on.
type team struct {
	size int
	job  atomic.Pointer[job]

	mu     sync.Mutex
	wake   *sync.Cond
	asleep atomic.Int32
}

type job struct {
	tasks      int64
	task       func(i int)
	next, done atomic.Int64
}

// stop is the job that sends a team home.
var stop = &job{}

// awake is how many times to look for a new job before sleeping, about 20 microseconds.
const awake = 4000

func newTeam() *team {
	t := &team{size: runtime.GOMAXPROCS(0)}
	t.wake = sync.NewCond(&t.mu)
	for range t.size - 1 {
		go t.work()
	}
	return t
}

// disband ends the goroutines.
func (t *team) disband() { t.publish(stop) }

// do calls task(0) to task(n-1), each once, and returns when all are done.
// Each must write only what is its own, so that the result does not depend on
// who did what.
func (t *team) do(n int, task func(i int)) {
	if n <= 1 || t.size == 1 {
		for i := range n {
			task(i)
		}
		return
	}
	j := &job{tasks: int64(n), task: task}
	t.publish(j)
	j.help()
	for look := 0; j.done.Load() < j.tasks; look++ {
		if look > awake {
			runtime.Gosched()
		}
	}
}

func (t *team) publish(j *job) {
	t.job.Store(j)
	if t.asleep.Load() > 0 { // whoever falls asleep after this has counted itself, and then seen the job
		t.mu.Lock()
		t.wake.Broadcast()
		t.mu.Unlock()
	}
}

func (j *job) help() {
	for i := j.next.Add(1) - 1; i < j.tasks; i = j.next.Add(1) - 1 {
		j.task(int(i))
		j.done.Add(1)
	}
}

func (t *team) work() {
	var last *job
	for {
		j := t.job.Load()
		for look := 0; j == last; look++ {
			if look > awake {
				t.mu.Lock()
				t.asleep.Add(1)
				for t.job.Load() == last {
					t.wake.Wait()
				}
				t.asleep.Add(-1)
				t.mu.Unlock()
			}
			j = t.job.Load()
		}
		if j == stop {
			return
		}
		j.help()
		last = j
	}
}
