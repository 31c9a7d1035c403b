// Package pluvia is the vocabulary of the house: the nouns that are stored and
// served, the errors that a user can meet, and the two contracts, [Store] and
// [Buckets], behind which databases and object stores hide.
//
// Every other room may import this one; it imports the standard library only
// and knows no SQL, no HTTP and no model. The nouns and their semantics are
// MLflow's, so that a run recorded here can be read by any MLflow client.
//
// Times are int64 milliseconds since 1970 in UTC, zero when not set, as they
// stand in the database and on the wire.
package pluvia

import "time"

// Millis turns a time into the milliseconds in which the house stores times.
func Millis(t time.Time) int64 { return t.UnixMilli() }

// Time turns stored milliseconds into a time in UTC; zero stays the zero time.
func Time(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// Tag is a key with a text, on an experiment, a run, a model or a version.
type Tag struct{ Key, Value string }

// TagValue is the value of the tag called key, or "" when there is none.
func TagValue(tags []Tag, key string) string {
	for _, t := range tags {
		if t.Key == key {
			return t.Value
		}
	}
	return ""
}

// LifecycleStage says whether an experiment or a run has been deleted.
type LifecycleStage string

// The two stages. A deleted entity can be restored until it is purged.
const (
	Active  LifecycleStage = "active"
	Deleted LifecycleStage = "deleted"
)

// Names of tags that have a meaning to MLflow's clients or to the cycle.
const (
	TagRunName     = "mlflow.runName"
	TagParentRun   = "mlflow.parentRunId"
	TagSourceName  = "mlflow.source.name"
	TagUser        = "mlflow.user"
	TagNote        = "mlflow.note.content"
	TagDataContext = "mlflow.data.context"
)
