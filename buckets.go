package pluvia

import (
	"context"
	"io"
	"strings"
	"time"
)

// The buckets of the house.
const (
	DataBucket   = "data"   // what the ETL makes
	MLflowBucket = "mlflow" // artifacts of runs and models
)

// Object is one object in a bucket.
type Object struct {
	Key      string // slash-separated, relative to the bucket
	Size     int64  // bytes
	Modified time.Time
}

// Buckets keeps objects by bucket and key, as S3 does. An object appears whole
// or not at all, also when the process dies while it is written. A key is a
// relative slash-separated path without "." and ".." segments; any other is an
// [Error] with the code [Invalid], and an object that is not there [NotFound].
// Every Buckets is safe for concurrent use.
type Buckets interface {
	// Open reads an object; the caller closes it.
	Open(ctx context.Context, bucket, key string) (io.ReadCloser, *Object, error)
	// Put stores everything that can be read from r under the key, in place of
	// what was there. A failure leaves the old object.
	Put(ctx context.Context, bucket, key string, r io.Reader) error
	// List lists the objects whose key begins with prefix, by key.
	List(ctx context.Context, bucket, prefix string) ([]Object, error)
	// Delete removes an object; one that is not there is no error.
	Delete(ctx context.Context, bucket, key string) error
}

// URI is the s3:// address of a key in a bucket.
func URI(bucket, key string) string { return "s3://" + bucket + "/" + key }

// ParseURI splits what [URI] has joined.
func ParseURI(uri string) (bucket, key string, err error) {
	rest, ok := strings.CutPrefix(uri, "s3://")
	if ok {
		if bucket, key, ok = strings.Cut(rest, "/"); ok && bucket != "" && key != "" {
			return bucket, key, nil
		}
	}
	return "", "", Errorf(Invalid, "%q is not an object's address: want s3://BUCKET/KEY", uri)
}
