package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pluvia-ml/pluvia"
)

const writers = 8

var concurrencyTests = map[string]func(*testing.T, pluvia.Store){
	"ConcurrentWriters": func(t *testing.T, s pluvia.Store) {
		r := newRun(t, s)
		const each = 40
		var done atomic.Bool
		var reading, writing sync.WaitGroup
		for range 2 {
			// What is read is one state: both metrics of a batch or none.
			reading.Go(func() {
				for !done.Load() {
					got, err := s.Run(t.Context(), r.ID)
					if err != nil {
						t.Error(err)
						return
					}
					a, _ := got.Metric("a")
					b, _ := got.Metric("b")
					if a != b {
						t.Errorf("half a batch was read: %v and %v", a, b)
						return
					}
				}
			})
		}
		for w := range writers {
			writing.Go(func() {
				for i := range each {
					n := i*writers + w
					b := pluvia.Batch{
						Metrics: []pluvia.Metric{{Key: "a", Step: int64(n), Value: float64(n)}, {Key: "b", Step: int64(n), Value: float64(n)}},
						Params:  []pluvia.Param{{Key: "same", Value: "1"}, {Key: fmt.Sprintf("own%d", w), Value: "1"}},
					}
					if err := s.Log(t.Context(), r.ID, b); err != nil {
						t.Error(err)
					}
				}
			})
		}
		writing.Wait()
		done.Store(true)
		reading.Wait()
		for _, key := range []string{"a", "b"} {
			for i, m := range must(s.MetricHistory(t.Context(), r.ID, key))(t) {
				equal(t, "step", m.Step, int64(i))
			}
		}
		got := must(s.Run(t.Context(), r.ID))(t)
		if a, _ := got.Metric("a"); a != writers*each-1 || len(got.Params) != writers+1 {
			t.Errorf("at the end: %+v", got)
		}
	},
	"ConcurrentLogs": func(t *testing.T, s pluvia.Store) {
		// Some are refused, some give up; each is on its own.
		runs := make([]*pluvia.Run, writers)
		var wait sync.WaitGroup
		var gaveUp sync.Map
		for w := range writers {
			runs[w] = newRun(t, s)
			ok(t, s.Log(t.Context(), runs[w].ID, pluvia.Batch{Params: []pluvia.Param{{Key: "p", Value: "1"}}}))
		}
		for w := range writers {
			wait.Go(func() {
				id := runs[w].ID
				for i := range 60 {
					b := pluvia.Batch{Metrics: []pluvia.Metric{{Key: "m", Step: int64(i)}}}
					switch (i + w) % 4 {
					case 0:
						b.Params = []pluvia.Param{{Key: "p", Value: "2"}}
						coded(t, s.Log(t.Context(), id, b), pluvia.Conflict, id)
					case 1:
						coded(t, s.Log(t.Context(), strings.Repeat("0", 32), b), pluvia.NotFound)
					case 2:
						ctx, cancel := context.WithCancel(t.Context())
						go cancel()
						if err := s.Log(ctx, id, b); err != nil {
							if !errors.Is(err, context.Canceled) {
								t.Error(err)
							}
							gaveUp.Store(fmt.Sprint(id, i), true)
						}
					default:
						if err := s.Log(t.Context(), id, b); err != nil {
							t.Error(err)
						}
					}
				}
			})
		}
		wait.Wait()
		for w, r := range runs {
			steps := map[int64]bool{}
			for _, m := range must(s.MetricHistory(t.Context(), r.ID, "m"))(t) {
				steps[m.Step] = true
			}
			for i := range 60 {
				_, undecided := gaveUp.Load(fmt.Sprint(r.ID, i))
				if want := (i+w)%4 >= 2; steps[int64(i)] != want && !undecided {
					t.Errorf("run %d has step %d: %t, want %t", w, i, !want, want)
				}
			}
			equal(t, "param", must(s.Run(t.Context(), r.ID))(t).Param("p"), "1")
		}
	},
	"ConcurrentNames": func(t *testing.T, s pluvia.Store) {
		newModel(t, s, "m", 0)
		id := strings.Repeat("0a", 16)
		var wait sync.WaitGroup
		var experiments, runs, params atomic.Int32
		won := func(n *atomic.Int32, err error, lost pluvia.Code) {
			if err == nil {
				n.Add(1)
			} else {
				coded(t, err, lost)
			}
		}
		numbers := make([]int, writers)
		same := make([]int, writers)
		run := newRun(t, s)
		for w := range writers {
			wait.Go(func() {
				won(&experiments, s.CreateExperiment(t.Context(), &pluvia.Experiment{Name: "one"}), pluvia.Exists)
				won(&runs, s.CreateRun(t.Context(), &pluvia.Run{ID: id, ExperimentID: "0"}), pluvia.Exists)
				won(&params, s.Log(t.Context(), run.ID, pluvia.Batch{Params: []pluvia.Param{{Key: "p", Value: fmt.Sprint(w)}}}), pluvia.Conflict)
				v := &pluvia.Version{Model: "m", RunID: "shared"}
				if err := s.CreateVersion(t.Context(), v); err != nil {
					t.Error(err)
				}
				same[w] = v.Number
				v = &pluvia.Version{Model: "m", RunID: fmt.Sprint(w)}
				if err := s.CreateVersion(t.Context(), v); err != nil {
					t.Error(err)
				}
				numbers[w] = v.Number
			})
		}
		wait.Wait()
		equal(t, "winners", []int32{experiments.Load(), runs.Load(), params.Load()}, []int32{1, 1, 1})
		seen := map[int]bool{same[0]: true}
		for w := range writers {
			equal(t, "the shared version", same[w], same[0])
			if seen[numbers[w]] {
				t.Errorf("version %d was made twice", numbers[w])
			}
			seen[numbers[w]] = true
		}
		equal(t, "versions", len(must(s.Versions(t.Context(), "m"))(t)), writers+1)
	},
}
