package bucket

import (
	"context"
	"io"
	"strings"

	"github.com/pluvia-ml/pluvia"
)

// Buckets are the [pluvia.Buckets] of this package: a [Folder] or an [S3].
type Buckets interface {
	pluvia.Buckets
	io.Closer
}

// File is what Open gives: an object that can be read from anywhere, as a
// Parquet reader wants it. One from a folder stays what it was when it was
// opened, also when its key is put or deleted meanwhile; one from S3 does so
// while it is read from its beginning to its end, and any other read of what
// has changed is a [pluvia.Conflict].
type File interface {
	io.ReadCloser
	io.ReaderAt
	io.Seeker
}

// Open opens the buckets at an address: s3://BUCKET or s3://BUCKET/PREFIX, as
// [OpenS3] says, or a folder, as [OpenFolder] does.
func Open(ctx context.Context, address string) (Buckets, error) {
	switch scheme, _, ok := strings.Cut(address, "://"); {
	case !ok:
		return OpenFolder(address)
	case scheme == "s3":
		return OpenS3(ctx, address)
	}
	return nil, pluvia.Errorf(pluvia.Invalid, "buckets at %s: want a folder or s3://BUCKET/PREFIX", quote(address))
}
