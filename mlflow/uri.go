package mlflow

import (
	"strings"

	"github.com/pluvia-ml/pluvia"
)

// The store names artifacts by where they are, s3://mlflow/KEY; clients are
// told mlflow-artifacts:/KEY, so that they read and write through this server
// and need no keys of a bucket. Any other address is the same on both sides.
var (
	inStore = pluvia.URI(pluvia.MLflowBucket, "")
	onWire  = "mlflow-artifacts:/"
)

// toWire is the address that clients are told of one in the store.
func toWire(uri string) string {
	if k, ok := strings.CutPrefix(uri, inStore); ok {
		return onWire + k
	}
	return uri
}

// fromWire is the address in the store of one that a client names. A host in
// it, as in mlflow-artifacts://host/KEY, is this server.
func fromWire(uri string) string {
	k, ok := strings.CutPrefix(uri, onWire)
	if !ok {
		return uri
	}
	if rest, ok := strings.CutPrefix(k, "/"); ok {
		_, k, _ = strings.Cut(rest, "/")
	}
	return inStore + strings.TrimLeft(k, "/")
}
