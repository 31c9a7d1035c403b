package boost

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// parallel calls do(0) to do(n-1), each once, on as many goroutines as there
// are processors. Each call must write only what is its own, so that the
// result does not depend on how many there are.
func parallel(n int, do func(i int)) {
	workers := min(n, runtime.GOMAXPROCS(0))
	if workers <= 1 {
		for i := range n {
			do(i)
		}
		return
	}
	var next atomic.Int64
	work := func() {
		for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
			do(i)
		}
	}
	var wg sync.WaitGroup
	for range workers - 1 {
		wg.Go(work)
	}
	work()
	wg.Wait()
}
