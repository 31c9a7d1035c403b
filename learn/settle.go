package learn

// Settler is a classifier that decides something by watching Train.Valid, such
// as when to stop. Settle is the same classifier with what it decided in
// fitting m fixed, so that it can be fitted on the validation rows too.
type Settler interface {
	Classifier
	Settle(m Model) Classifier
}
