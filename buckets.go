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
// A server of objects that cannot be reached is [Unavailable], a full one
// [Full]. Every Buckets is safe for concurrent use; some are [SignedBuckets].
type Buckets interface {
	// Open reads an object; the caller closes it. Those of package bucket give
	// an [io.Seeker] and [io.ReaderAt], so that a part can be read alone.
	Open(ctx context.Context, bucket, key string) (io.ReadCloser, *Object, error)
	// Put stores everything that can be read from r under the key, in place of
	// what was there. A failure leaves the old object.
	Put(ctx context.Context, bucket, key string, r io.Reader) error
	// List lists the objects whose key begins with prefix, by key.
	List(ctx context.Context, bucket, prefix string) ([]Object, error)
	// ListFolder lists one level: the objects directly in a folder, by key, and
	// the names of the folders in it, in order; "" is the bucket itself. A
	// folder is there as long as an object is in it, so one that is not there is
	// empty.
	ListFolder(ctx context.Context, bucket, folder string) (objects []Object, folders []string, err error)
	// Delete removes an object; one that is not there is no error.
	Delete(ctx context.Context, bucket, key string) error
	// DeleteTree removes the object of that key and all those in the folder of
	// that name. A failure leaves some of them.
	DeleteTree(ctx context.Context, bucket, key string) error
}

// SignedBuckets are Buckets whose server takes requests that were signed
// beforehand, so that a client reads and writes there itself. An address is
// good for one object, until it expires.
type SignedBuckets interface {
	Buckets
	// SignedGet gives the address to GET an object from.
	SignedGet(ctx context.Context, bucket, key string, expires time.Duration) (address string, o *Object, err error)
	// SignedPut gives the address to PUT an object to.
	SignedPut(ctx context.Context, bucket, key string, expires time.Duration) (address string, err error)
	// BeginUpload begins an upload of an object in parts and gives the address
	// to PUT each part to. Nothing is seen of it until it is finished.
	BeginUpload(ctx context.Context, bucket, key string, parts int, expires time.Duration) (upload string, addresses []string, err error)
	// FinishUpload makes the object of its parts; AbortUpload removes what was
	// uploaded. An upload that is not there is a [NotFound] error.
	FinishUpload(ctx context.Context, bucket, key, upload string, parts []UploadedPart) error
	AbortUpload(ctx context.Context, bucket, key, upload string) error
}

// UploadedPart is a part that the server has taken.
type UploadedPart struct {
	Number int    // from 1
	ETag   string // as the server answered the PUT
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
