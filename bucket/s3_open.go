package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"sync"

	"github.com/minio/minio-go/v7"

	"github.com/pluvia-ml/pluvia"
)

// Open reads an object. The reader is a [File]; reading from its beginning to
// its end is one request, and each jump is another.
func (s *S3) Open(ctx context.Context, bucket, key string) (io.ReadCloser, *pluvia.Object, error) {
	if err := check(bucket, key); err != nil {
		return nil, nil, err
	}
	body, info, _, err := s.server.GetObject(ctx, s.bucket, s.key(bucket, key), minio.GetObjectOptions{})
	if err != nil {
		return nil, nil, s.failed("open", bucket+"/"+key, err)
	}
	o := &object{ctx: ctx, s: s, place: bucket + "/" + key, etag: info.ETag, size: info.Size, body: body}
	return o, &pluvia.Object{Key: key, Size: info.Size, Modified: info.LastModified.UTC()}, nil
}

// object is a [File] on S3. Read and Seek are for one goroutine, ReadAt for
// any number.
type object struct {
	ctx   context.Context
	s     *S3
	place string // bucket and key
	etag  string // of the content that was opened
	size  int64

	at     int64         // where the next Read reads
	body   io.ReadCloser // what is read from; nil when there is none yet
	bodyAt int64         // where body stands

	mu     sync.Mutex
	closed bool
}

func (o *object) Read(p []byte) (int, error) {
	if o.isClosed() {
		return 0, fs.ErrClosed
	}
	if o.at >= o.size {
		return 0, io.EOF
	}
	if o.body != nil && o.bodyAt != o.at {
		o.body.Close() // it was only to be read
		o.body = nil
	}
	if o.body == nil {
		body, err := o.from(o.ctx, o.at, o.size-o.at)
		if err != nil {
			return 0, err
		}
		o.body, o.bodyAt = body, o.at
	}
	n, err := o.body.Read(p)
	o.at += int64(n)
	o.bodyAt = o.at
	switch {
	case err == io.EOF && o.at < o.size:
		err = io.ErrUnexpectedEOF
		fallthrough
	case err != nil && err != io.EOF:
		err = o.s.failed("read", o.place, err)
	}
	return n, err
}

// from requests n bytes, 1 or more, of the content that was opened.
func (o *object) from(ctx context.Context, at, n int64) (io.ReadCloser, error) {
	var options minio.GetObjectOptions
	if err := errors.Join(options.SetRange(at, at+n-1), options.SetMatchETag(o.etag)); err != nil {
		return nil, o.s.failed("read", o.place, err)
	}
	body, _, _, err := o.s.server.GetObject(ctx, o.s.bucket, o.s.prefix+o.place, options)
	if err != nil {
		return nil, o.s.failed("read", o.place, err)
	}
	return body, nil
}

func (o *object) ReadAt(p []byte, at int64) (int, error) {
	switch {
	case o.isClosed():
		return 0, fs.ErrClosed
	case at < 0:
		return 0, fmt.Errorf("read %s: offset %d is negative", o.place, at)
	case at >= o.size:
		return 0, io.EOF
	case len(p) == 0:
		return 0, nil
	}
	want := min(int64(len(p)), o.size-at)
	body, err := o.from(o.ctx, at, want)
	if err != nil {
		return 0, err
	}
	defer body.Close()
	n, err := io.ReadFull(body, p[:want])
	switch {
	case err != nil:
		err = o.s.failed("read", o.place, err)
	case n < len(p):
		err = io.EOF
	}
	return n, err
}

func (o *object) Seek(offset int64, whence int) (int64, error) {
	base := map[int]int64{io.SeekStart: 0, io.SeekCurrent: o.at, io.SeekEnd: o.size}
	from, ok := base[whence]
	if !ok || offset < 0 && from < -offset || offset > math.MaxInt64-from {
		return 0, fmt.Errorf("seek %s: no place %d from %d", o.place, offset, whence)
	}
	o.at = from + offset
	return o.at, nil
}

func (o *object) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return fs.ErrClosed
	}
	o.closed = true
	if o.body != nil {
		return o.body.Close()
	}
	return nil
}

func (o *object) isClosed() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.closed
}
