package boost

import "github.com/pluvia-ml/pluvia/learn"

var _ learn.Settler = Boost{}

// Settle is b with as many trees as m has and no early stopping.
func (b Boost) Settle(m learn.Model) learn.Classifier {
	if fitted, ok := m.(*Model); ok && b.EarlyStopping > 0 {
		b.Trees, b.EarlyStopping = max(1, fitted.Trees()), 0
	}
	return b
}
