package tree

import "testing"

func BenchmarkTree(b *testing.B) {
	train := sample(107_000, 26)
	for b.Loop() {
		fit(b, Tree{MaxDepth: 8}, train)
	}
}

func BenchmarkForest(b *testing.B) {
	train := sample(107_000, 26)
	for b.Loop() {
		fit(b, Forest{NEstimators: 60, Seed: 1}, train)
	}
}

func BenchmarkForestProbabilities(b *testing.B) {
	train := sample(35_000, 26)
	m := fit(b, Forest{NEstimators: 60, Seed: 1}, train)
	dst := make([]float64, len(train.Y))
	for b.Loop() {
		m.Probabilities(dst, train.X)
	}
}

func BenchmarkForestProbability(b *testing.B) {
	train := sample(35_000, 26)
	m := fit(b, Forest{NEstimators: 60, Seed: 1}, train)
	row := make([]float64, 28)
	for b.Loop() {
		m.Probability(row)
	}
}
