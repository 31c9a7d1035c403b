package rain_test

import (
	"testing"

	"github.com/pluvia-ml/pluvia/project/rain"
)

func TestLoads(t *testing.T) {
	t.Parallel()
	p, err := rain.Project()
	if err != nil {
		t.Fatal(err)
	}
	if got := len(p.API.Features); got != 28 {
		t.Errorf("%d features in the flat call, want 28", got)
	}
}
