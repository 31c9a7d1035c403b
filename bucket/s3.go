package bucket

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"os"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/pluvia-ml/pluvia"
)

// S3 is the Buckets in one bucket of an S3 server: AWS, MinIO, any that speaks
// the same. Any number of processes on any number of machines may use it at
// once.
//
// What a process that dies leaves of an upload is no object, but takes room
// until the server forgets it: give the bucket a lifecycle rule that aborts
// incomplete uploads after some days.
type S3 struct {
	server minio.Core
	bucket string // on the server
	prefix string // "" or ends in a slash; the house's buckets are folders below it
}

var (
	_ pluvia.SignedBuckets = (*S3)(nil)
	_ Buckets              = (*S3)(nil)
)

// maxPrefix keeps prefix, the house's bucket and key together within the 1,024
// bytes that a key of S3 may have.
const maxPrefix = 1024 - maxKey - maxBucket - 2

// tries is how often a request is made before its failure is one: some four
// seconds of a server that does not answer.
const tries = 5

// OpenS3 opens the buckets at s3://BUCKET or s3://BUCKET/PREFIX; the bucket must
// be there. The environment says how to reach it, as it does for AWS's own
// programs and MLflow's:
//
//	AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
//	AWS_SHARED_CREDENTIALS_FILE, AWS_PROFILE    the same in a file
//	AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN   the role of a pod
//	AWS_CONTAINER_CREDENTIALS_FULL_URI, ..._RELATIVE_URI
//	AWS_REGION, AWS_DEFAULT_REGION              default us-east-1
//	MLFLOW_S3_ENDPOINT_URL, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL
//	                                            the server; default AWS
func OpenS3(ctx context.Context, address string) (*S3, error) {
	rest, ok := strings.CutPrefix(address, "s3://")
	name, prefix, _ := strings.Cut(rest, "/")
	if !ok {
		return nil, pluvia.Errorf(pluvia.Invalid, "buckets at %s: want s3://BUCKET/PREFIX", quote(address))
	}
	if err := checkBucket(name); err != nil {
		return nil, err
	}
	if prefix = strings.TrimSuffix(prefix, "/"); prefix != "" {
		if err := check(name, prefix); err != nil {
			return nil, err
		}
		if prefix += "/"; len(prefix) > maxPrefix {
			return nil, pluvia.Errorf(pluvia.Invalid, "buckets at %s: the prefix has %d bytes, more than %d", quote(address), len(prefix), maxPrefix)
		}
	}
	keys, err := environmentKeys()
	if err != nil {
		return nil, err
	}
	host, secure, err := endpoint()
	if err != nil {
		return nil, err
	}
	server, err := minio.NewCore(host, &minio.Options{
		Creds: keys, Secure: secure, MaxRetries: tries,
		Region: cmp.Or(os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION"), "us-east-1"),
	})
	if err != nil {
		return nil, &pluvia.Error{Code: pluvia.Invalid, Message: "the server of objects at " + quote(host) + " cannot be: " + err.Error(), Err: err}
	}
	s := &S3{server: *server, bucket: name, prefix: prefix}
	there, err := server.BucketExists(ctx, name)
	if err != nil {
		return nil, s.failed("open", prefix, err)
	}
	if !there {
		return nil, pluvia.Errorf(pluvia.Unavailable, "there is no bucket %s at %s: create it, or name another", name, server.EndpointURL())
	}
	return s, nil
}

// environmentKeys are the keys that the environment names.
func environmentKeys() (*credentials.Credentials, error) {
	has := func(name string) bool { return os.Getenv(name) != "" }
	switch {
	case has("AWS_ACCESS_KEY_ID") && has("AWS_SECRET_ACCESS_KEY"):
		return credentials.NewEnvAWS(), nil
	case has("AWS_ACCESS_KEY_ID") != has("AWS_SECRET_ACCESS_KEY"):
		return nil, pluvia.Errorf(pluvia.Invalid, "of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY only one is set: set both")
	case has("AWS_SHARED_CREDENTIALS_FILE"):
		return credentials.NewFileAWSCredentials("", ""), nil // it reads the variables itself
	case has("AWS_WEB_IDENTITY_TOKEN_FILE"), has("AWS_CONTAINER_CREDENTIALS_FULL_URI"), has("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"):
		return credentials.NewIAM(""), nil // likewise
	}
	return nil, pluvia.Errorf(pluvia.Invalid, "no keys for s3://: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_SHARED_CREDENTIALS_FILE")
}

// endpoint is the server that the environment names.
func endpoint() (host string, secure bool, err error) {
	for _, name := range []string{"MLFLOW_S3_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"} {
		value := os.Getenv(name)
		if value == "" {
			continue
		}
		u, err := url.Parse(value)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
			return "", false, pluvia.Errorf(pluvia.Invalid, "%s: want http://HOST:PORT or https://HOST:PORT", name) // the value may hold a password
		}
		return u.Host, u.Scheme == "https", nil
	}
	return "s3.amazonaws.com", true, nil
}

// Close releases nothing but the idle connections of the process: requests
// under way go on.
func (s *S3) Close() error { return nil }

// key is the key on the server.
func (s *S3) key(bucket, key string) string { return s.prefix + bucket + "/" + key }

// Delete removes an object.
func (s *S3) Delete(ctx context.Context, bucket, key string) error {
	if err := check(bucket, key); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	err := s.server.RemoveObject(ctx, s.bucket, s.key(bucket, key), minio.RemoveObjectOptions{})
	if err = s.failed("delete", bucket+"/"+key, err); pluvia.ErrorCode(err) == pluvia.NotFound {
		return nil
	}
	return err
}

// DeleteTree removes the object of that key and those below it, a thousand
// with each request.
func (s *S3) DeleteTree(ctx context.Context, bucket, key string) error {
	if err := s.Delete(ctx, bucket, key); err != nil {
		return err
	}
	var faults []error
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the listing when the deletion has ended before it
	listed := make(chan minio.ObjectInfo)
	var listing error
	go func() {
		defer close(listed)
		for o := range s.server.ListObjectsIter(ctx, s.bucket, minio.ListObjectsOptions{Prefix: s.key(bucket, key) + "/", Recursive: true}) {
			if o.Err != nil {
				listing = o.Err
				return
			}
			select {
			case listed <- o:
			case <-ctx.Done():
				listing = ctx.Err()
				return
			}
		}
	}()
	for gone := range s.server.RemoveObjects(ctx, s.bucket, listed, minio.RemoveObjectsOptions{}) {
		faults = append(faults, gone.Err)
	}
	for range listed { // wait for its end
	}
	if listing != nil {
		faults = append(faults, listing)
	}
	return s.failed("delete", bucket+"/"+key, errors.Join(faults...))
}
