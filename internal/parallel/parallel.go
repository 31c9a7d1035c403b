// Package parallel shares work that falls into independent parts among the
// processors. Which goroutine does a part is chance, so a part must write only
// what is its own; then results do not depend on how many processors there are.
// The package starts no goroutine that outlives a call.
package parallel

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// For calls do(0) to do(n-1), each once, in any order. One of the goroutines is
// the caller's, so that it never waits for one that has not begun.
func For(n int, do func(i int)) { share(n, func() bool { return false }, do) }

// ForContext is For that stops between two calls when ctx is done, and then
// gives back its error.
func ForContext(ctx context.Context, n int, do func(i int)) error {
	share(n, func() bool { return ctx.Err() != nil }, do)
	return ctx.Err()
}

func share(n int, stop func() bool, do func(i int)) {
	var next atomic.Int64
	work := func() {
		for !stop() {
			i := int(next.Add(1)) - 1
			if i >= n {
				return
			}
			do(i)
		}
	}
	var wait sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) - 1 {
		wait.Go(work)
	}
	work()
	wait.Wait()
}

// ForError is For, and the error of the least i that has one.
func ForError(n int, do func(i int) error) error {
	errs := make([]error, n)
	For(n, func(i int) { errs[i] = do(i) })
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
