package bucket

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"io"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/pluvia-ml/pluvia"
)

// An object that is larger than a part goes up in parts, each of which is held
// in memory until the server has it.
const (
	partSize = 5 << 20 // the least that S3 takes; what is held is what counts in a small process
	maxParts = 10_000  // of S3; so an object has at most 48 GiB
)

// parts are buffers of partSize bytes.
var parts = sync.Pool{New: func() any { return new([partSize]byte) }}

// Put stores everything that can be read from r under the key. Memory for one
// part of 5 MiB is used, whatever the size; over 10,000 parts are a
// [pluvia.TooLarge] error.
func (s *S3) Put(ctx context.Context, bucket, key string, r io.Reader) error {
	if err := check(bucket, key); err != nil {
		return err
	}
	r = &reader{ctx, r}
	buffer := parts.Get().(*[partSize]byte)
	defer parts.Put(buffer)
	part, last, err := readPart(r, buffer)
	if err == nil && last {
		_, err = s.server.PutObject(ctx, s.bucket, s.key(bucket, key), bytes.NewReader(part), int64(len(part)), sum(part), "", minio.PutObjectOptions{})
	} else if err == nil {
		err = s.putParts(ctx, s.key(bucket, key), r, buffer)
	}
	return s.failed("put", bucket+"/"+key, err)
}

// readPart fills the buffer. Only io.EOF is an end: whatever else stops the
// reader, io.ErrUnexpectedEOF of a broken connection among it, is a failure.
func readPart(r io.Reader, buffer *[partSize]byte) (part []byte, last bool, err error) {
	n := 0
	for n < partSize {
		m, err := r.Read(buffer[n:])
		n += m
		if err == io.EOF {
			return buffer[:n], true, nil
		}
		if err != nil {
			return nil, false, &readError{err}
		}
	}
	return buffer[:n], false, nil
}

// readError is a failure of whoever gave the content, which is none of the
// server's.
type readError struct{ error }

func (e *readError) Unwrap() error { return e.error }

// putParts uploads the full first part in the buffer and what r holds after it.
func (s *S3) putParts(ctx context.Context, key string, r io.Reader, buffer *[partSize]byte) (err error) {
	upload, err := s.server.NewMultipartUpload(ctx, s.bucket, key, minio.PutObjectOptions{})
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			// Also when the context has ended; what cannot be removed is left to the
			// server's rules, and err says why the upload failed.
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
			defer cancel()
			_ = s.server.AbortMultipartUpload(ctx, s.bucket, key, upload)
		}
	}()
	var done []minio.CompletePart
	for part, last := buffer[:], false; ; {
		if len(part) > 0 {
			if len(done) == maxParts {
				return pluvia.Errorf(pluvia.TooLarge, "put %s: more than %d parts of %d bytes", quote(key), maxParts, partSize)
			}
			taken, err := s.server.PutObjectPart(ctx, s.bucket, key, upload, len(done)+1, bytes.NewReader(part), int64(len(part)), minio.PutObjectPartOptions{Md5Base64: sum(part)})
			if err != nil {
				return err
			}
			done = append(done, minio.CompletePart{PartNumber: taken.PartNumber, ETag: taken.ETag})
		}
		if last {
			break
		}
		if part, last, err = readPart(r, buffer); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	_, err = s.server.CompleteMultipartUpload(ctx, s.bucket, key, upload, done, minio.PutObjectOptions{})
	return err
}

// sum lets the server find a part that was changed on its way.
func sum(part []byte) string {
	hash := md5.Sum(part)
	return base64.StdEncoding.EncodeToString(hash[:])
}
