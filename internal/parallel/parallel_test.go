package parallel_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/pluvia-ml/pluvia/internal/parallel"
)

func TestForCallsEachOnce(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, processors := range []int{1, 2, 7} {
		runtime.GOMAXPROCS(processors)
		for _, n := range []int{0, 1, 2, 3, 100} {
			calls := make([]atomic.Int32, n)
			parallel.For(n, func(i int) { calls[i].Add(1) })
			for i := range calls {
				if got := calls[i].Load(); got != 1 {
					t.Fatalf("%d processors, n %d: do(%d) was called %d times", processors, n, i, got)
				}
			}
		}
	}
}

func TestForContextStops(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var calls atomic.Int32
	err := parallel.ForContext(ctx, 10_000, func(int) {
		if calls.Add(1) == 10 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || calls.Load() > 10+int32(runtime.GOMAXPROCS(0)) {
		t.Errorf("%v after %d calls", err, calls.Load())
	}
	if err := parallel.ForContext(t.Context(), 3, func(int) {}); err != nil {
		t.Error(err)
	}
}

func TestForErrorGivesTheFirst(t *testing.T) {
	t.Parallel()
	for range 50 {
		err := parallel.ForError(100, func(i int) error {
			if i%30 == 29 {
				return fmt.Errorf("part %d", i)
			}
			return nil
		})
		if err == nil || err.Error() != "part 29" {
			t.Fatal(err)
		}
	}
}
