package linear

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/pluvia-ml/pluvia/table"
)

// Model is a fitted logistic regression. Do not change it after fitting.
type Model struct {
	Coefficients []float64 // one for each feature, in its own unit
	Intercept    float64
	Deviations   []float64 // population standard deviation of each feature in training
	Iterations   int       // Newton steps taken
	Converged    bool      // the gradient got below Tol within MaxIter
}

// Probability is the probability of the positive class for one row; NaN when a
// feature is missing. It panics if the row is not as long as Coefficients.
func (m *Model) Probability(row []float64) float64 {
	if len(row) != len(m.Coefficients) {
		panic(fmt.Sprintf("linear: row of %d features, the model has %d", len(row), len(m.Coefficients)))
	}
	z := m.Intercept
	for j, c := range m.Coefficients {
		z += float64(c * row[j]) // the conversion forbids a fused multiply-add: the bits of Probabilities
	}
	return sigmoid(z)
}

// Probabilities is Probability for each row of x, written to dst.
func (m *Model) Probabilities(dst []float64, x *table.Table) []float64 {
	if len(x.Columns()) != len(m.Coefficients) {
		panic(fmt.Sprintf("linear: table of %d features, the model has %d", len(x.Columns()), len(m.Coefficients)))
	}
	if dst == nil {
		dst = make([]float64, x.Rows())
	}
	if len(dst) != x.Rows() {
		panic(fmt.Sprintf("linear: dst has length %d, the table %d rows", len(dst), x.Rows()))
	}
	for i := range dst {
		dst[i] = m.Intercept
	}
	for j, column := range x.Columns() {
		c := m.Coefficients[j]
		if column.Kind == table.Number {
			for i, v := range column.Numbers {
				dst[i] += float64(c * v)
			}
			continue
		}
		for i := range dst {
			dst[i] += float64(c * column.Float(i))
		}
	}
	for i, z := range dst {
		dst[i] = sigmoid(z)
	}
	return dst
}

// Importance is the size of each coefficient times the standard deviation of
// its feature, as a share of the sum.
func (m *Model) Importance() []float64 {
	out := make([]float64, len(m.Coefficients))
	sum := 0.0
	for j, c := range m.Coefficients {
		out[j] = math.Abs(c) * m.Deviations[j]
		sum += out[j]
	}
	if sum > 0 {
		for j := range out {
			out[j] /= sum
		}
	}
	return out
}

// sigmoid is 1 / (1 + e^-z), without overflow and exact in both tails.
func sigmoid(z float64) float64 {
	if z >= 0 {
		return 1 / (1 + math.Exp(-z))
	}
	e := math.Exp(z)
	return e / (1 + e)
}

// file is a model as it stands in JSON.
type file struct {
	Coefficients []float64 `json:"coefficients"`
	Intercept    float64   `json:"intercept"`
	Deviations   []float64 `json:"deviations"`
	Iterations   int       `json:"iterations"`
	Converged    bool      `json:"converged"`
}

// MarshalJSON writes the model; every number reads back to the same bits.
func (m *Model) MarshalJSON() ([]byte, error) { return json.Marshal(file(*m)) }

// UnmarshalJSON reads what MarshalJSON wrote. On an error the model is as it was.
func (m *Model) UnmarshalJSON(data []byte) error {
	var f file
	if err := json.Unmarshal(data, &f); err != nil {
		return fmt.Errorf("logistic regression: %w", err)
	}
	if len(f.Coefficients) == 0 || len(f.Coefficients) > MaxFeatures {
		return fmt.Errorf("logistic regression: %d coefficients: must be from 1 to %d", len(f.Coefficients), MaxFeatures)
	}
	if len(f.Deviations) != len(f.Coefficients) {
		return fmt.Errorf("logistic regression: %d deviations for %d coefficients", len(f.Deviations), len(f.Coefficients))
	}
	for j, d := range f.Deviations {
		if d < 0 {
			return fmt.Errorf("logistic regression: deviation %d is %v: must not be negative", j, d)
		}
	}
	if f.Iterations < 0 {
		return errors.New("logistic regression: iterations must not be negative")
	}
	*m = Model(f)
	return nil
}
