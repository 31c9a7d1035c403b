package store_test

import (
	"path/filepath"
	"testing"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/store"
	"github.com/pluvia-ml/pluvia/store/storetest"
)

func open(t *testing.T, path string) pluvia.Tracking {
	s, err := store.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Exercise(t, func(t *testing.T) pluvia.Tracking {
		return open(t, filepath.Join(t.TempDir(), "pluvia.db"))
	})
}

func TestDurable(t *testing.T) {
	storetest.ExerciseDurable(t, filepath.Join(t.TempDir(), "pluvia.db"), open)
}

func TestDurableFull(t *testing.T) {
	storetest.ExerciseDurable(t, filepath.Join(t.TempDir(), "pluvia.db")+"?synchronous=full", open)
}
