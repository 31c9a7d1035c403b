package learn

import (
	"context"
	"fmt"
)

// CrossValidate fits c on the training part of each fold and gives the metric
// on its test part, fold by fold. An answer is positive from probability 0.5
// on, as in scikit-learn's predict. Progress of train is told the folds that
// are done.
func CrossValidate(ctx context.Context, c Classifier, train Train, folds []Fold, metric Metric) ([]float64, error) {
	if err := train.Check(); err != nil {
		return nil, err
	}
	scores := make([]float64, len(folds))
	for i, fold := range folds {
		model, err := c.Fit(ctx, Train{X: train.X.Take(fold.Train), Y: Labels(train.Y, fold.Train)})
		if err != nil {
			return nil, fmt.Errorf("fold %d of %d: %w", i+1, len(folds), err)
		}
		p := model.Probabilities(nil, train.X.Take(fold.Test))
		scores[i] = metric.Score(Labels(train.Y, fold.Test), p, 0.5)
		if train.Progress != nil {
			train.Progress(i+1, len(folds))
		}
	}
	return scores, nil
}

// Labels are the labels at the given rows, in the order given.
func Labels(y []bool, rows []int) []bool {
	out := make([]bool, len(rows))
	for i, row := range rows {
		out[i] = y[row]
	}
	return out
}
