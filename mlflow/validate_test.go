package mlflow

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia"
)

func TestValidName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a", "a/b", "with space", "x:y", "a.b", "-", "_", "größe", "名前", "x²", "Ⅷ", "a-b_c.d/e f:g", strings.Repeat("é", 250)} {
		if err := validName("name", name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"", ".", "..", "../a", "..a", "/a", "a/", "a//b", "a/./b", "a/../b", "a(b)", "a\nb", "a\tb", "a\\b", "a%b", "a#b", "😀", "e\u0301", "\x00"} {
		if err := validName("name", name); pluvia.ErrorCode(err) != pluvia.Invalid {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 251)
	for name, err := range map[string]error{
		"metric":         validMetric("", pluvia.Metric{Key: long}),
		"param":          validParam("", pluvia.Param{Key: long}),
		"tag":            validTag("", pluvia.Tag{Key: long}),
		"experiment tag": validExperimentTag(pluvia.Tag{Key: long}),
		"value of it":    validExperimentTag(pluvia.Tag{Key: "k", Value: strings.Repeat("x", 20_001)}),
		"location":       validLocation("s3://b/" + strings.Repeat("x", 2048)),
		"data set":       validInputs([]pluvia.Input{{Dataset: pluvia.Dataset{Name: strings.Repeat("x", 501)}}}),
		"source":         validInputs([]pluvia.Input{{Dataset: pluvia.Dataset{Source: strings.Repeat("x", 65_536)}}}),
		"schema":         validInputs([]pluvia.Input{{Dataset: pluvia.Dataset{Schema: strings.Repeat("x", 1_048_576)}}}),
		"profile":        validInputs([]pluvia.Input{{Dataset: pluvia.Dataset{Profile: strings.Repeat("x", 16_777_216)}}}),
		"input tag":      validInputs([]pluvia.Input{{Tags: []pluvia.Tag{{Key: strings.Repeat("x", 256)}}}}),
		"its value":      validInputs([]pluvia.Input{{Tags: []pluvia.Tag{{Key: "k", Value: strings.Repeat("x", 501)}}}}),
		"inputs":         validInputs(make([]pluvia.Input, 1001)),
		"run id":         validRunID("a" + strings.Repeat("b", 256)),
		"no run id":      validRunID(""),
		"model name":     validLoggedModelName(strings.Repeat("x", 501)),
	} {
		if pluvia.ErrorCode(err) != pluvia.Invalid || len(err.Error()) > 1000 {
			t.Errorf("%s: %.300v", name, err)
		}
	}
	for name, err := range map[string]error{
		"metric":   validMetric("", pluvia.Metric{Key: long[2:]}),
		"value":    validExperimentTag(pluvia.Tag{Key: "k", Value: strings.Repeat("é", 20_000)}),
		"data set": validInputs([]pluvia.Input{{Dataset: pluvia.Dataset{Name: strings.Repeat("é", 500)}}}),
		"run id":   validRunID("a" + strings.Repeat("-", 255)),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for store, wire := range map[string]string{
		"s3://mlflow/1/r/artifacts": "mlflow-artifacts:/1/r/artifacts", "s3://mlflowers/1": "s3://mlflowers/1", "s3://other/1": "s3://other/1",
		"file:///x": "file:///x", "/x": "/x", "": "",
	} {
		if got := toWire(store); got != wire {
			t.Errorf("%q is told as %q, want %q", store, got, wire)
		}
		if got := fromWire(wire); got != store {
			t.Errorf("%q is kept as %q, want %q", wire, got, store)
		}
	}
	for wire, store := range map[string]string{
		"mlflow-artifacts://host:80/1/r": "s3://mlflow/1/r", "mlflow-artifacts:///1/r": "s3://mlflow/1/r", "mlflow-artifacts://host": "s3://mlflow/",
	} {
		if got := fromWire(wire); got != store {
			t.Errorf("%q is kept as %q, want %q", wire, got, store)
		}
	}
}

// TestSample holds what sample promises at many sizes: the steps chosen are
// steps that are there, in order, the first, the last and the ends among them,
// and no more than asked for beside those.
func TestSample(t *testing.T) {
	t.Parallel()
	if got := fmt.Sprint(sample([]int64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, []int64{0, 9}, 5)); got != "[0 2 4 6 8 9]" {
		t.Error(got)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		var all []int64
		for range 1 + r.IntN(60) {
			all = append(all, r.Int64N(200)-100)
		}
		slices.Sort(all)
		all = slices.Compact(all)
		ends := []int64{all[0], all[len(all)-1], all[r.IntN(len(all))]}
		n := 1 + r.IntN(40)
		got := sample(all, ends, n)
		if !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(got) || len(got) > n+1+len(ends) || len(all) <= n && len(got) != len(all) {
			t.Fatalf("%d of %v: %v", n, all, got)
		}
		for _, s := range got {
			if !slices.Contains(all, s) {
				t.Fatalf("%d is no step of %v", s, all)
			}
		}
		for _, s := range ends {
			if !slices.Contains(got, s) {
				t.Fatalf("%d is missing in %v", s, got)
			}
		}
	}
}
