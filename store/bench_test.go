package store_test

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/store"
)

func openBench(b *testing.B) *store.Store {
	s, err := store.Open(b.Context(), filepath.Join(b.TempDir(), "pluvia.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

func BenchmarkOpen(b *testing.B) {
	for _, what := range []string{"new", "existing"} {
		b.Run(what, func(b *testing.B) {
			dir := b.TempDir()
			for i := 0; b.Loop(); i++ {
				name := "pluvia.db"
				if what == "new" {
					name = fmt.Sprintf("%d.db", i)
				}
				s, err := store.Open(b.Context(), filepath.Join(dir, name))
				if err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				s.Close()
				b.StartTimer()
			}
		})
	}
}

func BenchmarkLog(b *testing.B) {
	for _, n := range []int{1, 1000} {
		b.Run(fmt.Sprintf("metrics=%d", n), func(b *testing.B) {
			s := openBench(b)
			r := &pluvia.Run{ExperimentID: "0"}
			if err := s.CreateRun(b.Context(), r); err != nil {
				b.Fatal(err)
			}
			batch := pluvia.Batch{Metrics: make([]pluvia.Metric, n)}
			step := int64(0)
			for b.Loop() {
				for i := range batch.Metrics {
					step++
					batch.Metrics[i] = pluvia.Metric{Key: fmt.Sprintf("loss/%d", i%10), Value: 1 / float64(step), Step: step, Timestamp: step}
				}
				if err := s.Log(b.Context(), r.ID, batch); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(step)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func BenchmarkCreateRun(b *testing.B) {
	s := openBench(b)
	for b.Loop() {
		if err := s.CreateRun(b.Context(), wideRun(1)); err != nil {
			b.Fatal(err)
		}
	}
}

// wideRun has ten params and ten metrics.
func wideRun(i int) *pluvia.Run {
	r := &pluvia.Run{ExperimentID: "0", Name: fmt.Sprint("run ", i), Status: pluvia.Finished, Start: int64(1 + i)}
	for k := range 10 {
		r.Params = append(r.Params, pluvia.Param{Key: fmt.Sprintf("param%d", k), Value: fmt.Sprint(i)})
		r.Metrics = append(r.Metrics, pluvia.Metric{Key: fmt.Sprintf("metric%d", k), Value: float64(i), Timestamp: 1})
	}
	return r
}

func BenchmarkRuns(b *testing.B) {
	s := openBench(b)
	for i := range 20_000 {
		if err := s.CreateRun(b.Context(), wideRun(i)); err != nil {
			b.Fatal(err)
		}
	}
	for _, n := range []int{100, 1000} {
		b.Run(fmt.Sprintf("%d of 20000", n), func(b *testing.B) {
			for b.Loop() {
				found, err := s.Runs(b.Context(), pluvia.RunFilter{ExperimentID: "0", Limit: n})
				if err != nil || len(found) != n || len(found[n-1].Params) != 10 {
					b.Fatal(len(found), err)
				}
			}
		})
	}
	b.Run("history of 1000", func(b *testing.B) {
		r := wideRun(0)
		for i := range 1000 {
			r.Metrics = append(r.Metrics, pluvia.Metric{Key: "long", Step: int64(i), Timestamp: pluvia.Millis(time.UnixMilli(int64(i)))})
		}
		if err := s.CreateRun(b.Context(), r); err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			if points, err := s.MetricHistory(b.Context(), r.ID, "long"); err != nil || len(points) != 1000 {
				b.Fatal(len(points), err)
			}
		}
	})
}

// BenchmarkLogTogether logs single metrics from several writers, each to a run
// of its own.
func BenchmarkLogTogether(b *testing.B) {
	for _, writers := range []int{1, 8, 32} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			s := openBench(b)
			var runs []string
			for range writers {
				r := &pluvia.Run{ExperimentID: "0"}
				if err := s.CreateRun(b.Context(), r); err != nil {
					b.Fatal(err)
				}
				runs = append(runs, r.ID)
			}
			b.ResetTimer()
			var wait sync.WaitGroup
			for w := range writers {
				wait.Go(func() {
					for i := w; i < b.N; i += writers {
						err := s.Log(b.Context(), runs[w], pluvia.Batch{Metrics: []pluvia.Metric{{Key: "m", Value: float64(i) + 0.5, Step: int64(i), Timestamp: int64(i)}}})
						if err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wait.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func BenchmarkRun(b *testing.B) {
	s := openBench(b)
	r := wideRun(1)
	if err := s.CreateRun(b.Context(), r); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := s.Run(b.Context(), r.ID); err != nil {
			b.Fatal(err)
		}
	}
}
