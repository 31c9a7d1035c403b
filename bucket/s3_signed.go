package bucket

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/pluvia-ml/pluvia"
)

// SignedGet gives the address to GET an object from; it says that the answer
// is a file, never a page, whatever the object holds.
func (s *S3) SignedGet(ctx context.Context, bucket, key string, expires time.Duration) (string, *pluvia.Object, error) {
	if err := check(bucket, key); err != nil {
		return "", nil, err
	}
	info, err := s.server.StatObject(ctx, s.bucket, s.key(bucket, key), minio.StatObjectOptions{})
	if err != nil {
		return "", nil, s.failed("open", bucket+"/"+key, err)
	}
	answer := url.Values{"response-content-type": {"application/octet-stream"}, "response-content-disposition": {"attachment"}}
	address, err := s.sign(ctx, http.MethodGet, bucket, key, expires, answer)
	return address, &pluvia.Object{Key: key, Size: info.Size, Modified: info.LastModified.UTC()}, err
}

// SignedPut gives the address to PUT an object to.
func (s *S3) SignedPut(ctx context.Context, bucket, key string, expires time.Duration) (string, error) {
	if err := check(bucket, key); err != nil {
		return "", err
	}
	return s.sign(ctx, http.MethodPut, bucket, key, expires, nil)
}

// BeginUpload begins an upload of 1 to 10,000 parts. S3 wants each but the last
// to have 5 MiB or more.
func (s *S3) BeginUpload(ctx context.Context, bucket, key string, parts int, expires time.Duration) (upload string, addresses []string, err error) {
	if err := check(bucket, key); err != nil {
		return "", nil, err
	}
	if parts < 1 || parts > maxParts {
		return "", nil, pluvia.Errorf(pluvia.Invalid, "upload of %s in %d parts: want 1 to %d", quote(key), parts, maxParts)
	}
	if upload, err = s.server.NewMultipartUpload(ctx, s.bucket, s.key(bucket, key), minio.PutObjectOptions{}); err != nil {
		return "", nil, s.failed("put", bucket+"/"+key, err)
	}
	addresses = make([]string, parts)
	for i := range addresses {
		part := url.Values{"uploadId": {upload}, "partNumber": {strconv.Itoa(i + 1)}}
		if addresses[i], err = s.sign(ctx, http.MethodPut, bucket, key, expires, part); err != nil {
			return "", nil, err
		}
	}
	return upload, addresses, nil
}

// FinishUpload makes the object of its parts.
func (s *S3) FinishUpload(ctx context.Context, bucket, key, upload string, parts []pluvia.UploadedPart) error {
	if err := check(bucket, key); err != nil {
		return err
	}
	done := make([]minio.CompletePart, len(parts))
	for i, p := range parts {
		done[i] = minio.CompletePart{PartNumber: p.Number, ETag: strings.Trim(p.ETag, `"`)}
	}
	slices.SortFunc(done, func(a, b minio.CompletePart) int { return a.PartNumber - b.PartNumber })
	_, err := s.server.CompleteMultipartUpload(ctx, s.bucket, s.key(bucket, key), upload, done, minio.PutObjectOptions{})
	return s.failed("finish upload of", bucket+"/"+key, err)
}

// AbortUpload removes what was uploaded.
func (s *S3) AbortUpload(ctx context.Context, bucket, key, upload string) error {
	if err := check(bucket, key); err != nil {
		return err
	}
	err := s.server.AbortMultipartUpload(ctx, s.bucket, s.key(bucket, key), upload)
	return s.failed("abort upload of", bucket+"/"+key, err)
}

func (s *S3) sign(ctx context.Context, method, bucket, key string, expires time.Duration, query url.Values) (string, error) {
	u, err := s.server.Presign(ctx, method, s.bucket, s.key(bucket, key), expires, query)
	if err != nil {
		return "", s.failed("sign", bucket+"/"+key, err)
	}
	return u.String(), nil
}
