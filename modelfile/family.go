package modelfile

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/pluvia-ml/pluvia/learn"
	"github.com/pluvia-ml/pluvia/learn/boost"
	"github.com/pluvia-ml/pluvia/learn/linear"
	"github.com/pluvia-ml/pluvia/learn/tree"
)

// fitted is what a family's model must be to live in a folder.
type fitted interface {
	learn.Model
	json.Marshaler
	json.Unmarshaler
}

// families are the classifiers that a folder may hold.
var families = map[string]func() fitted{
	"logistic": func() fitted { return new(linear.Model) },
	"tree":     func() fitted { return new(tree.Model) },
	"forest":   func() fitted { return new(tree.ForestModel) },
	"boost":    func() fitted { return new(boost.Model) },
}

func newClassifier(family string) (fitted, error) {
	if make, ok := families[family]; ok {
		return make(), nil
	}
	return nil, fmt.Errorf("family %q: must be one of %q", family, slices.Sorted(maps.Keys(families)))
}
