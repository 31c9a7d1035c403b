package s3test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/bucket"
	"github.com/pluvia-ml/pluvia/bucket/buckettest"
)

// started names the variable that tells a child process of the test that the
// server runs already.
const started = "PLUVIA_S3TEST_STARTED"

var server *Server // nil in a child process

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if os.Getenv(started) != "" {
		return m.Run()
	}
	folder, err := os.MkdirTemp("", "s3test")
	if err == nil {
		defer os.RemoveAll(folder)
		server, err = Start(context.Background(), folder)
	}
	if err == nil {
		defer server.Close()
		err = server.Use()
	}
	if err == nil {
		err = os.Setenv(started, "1")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bucket/s3test:", err)
		return 1
	}
	return m.Run()
}

func open(t *testing.T, address string) pluvia.Buckets {
	t.Helper()
	b, err := bucket.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func TestS3(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	buckettest.Exercise(t, func(t *testing.T) pluvia.Buckets {
		return open(t, fmt.Sprintf("s3://%s/some where/%d", Bucket, n.Add(1)))
	})
}

func TestDurable(t *testing.T) {
	buckettest.ExerciseDurable(t, "s3://"+Bucket+"/durable/", open)
}

// TestPrefixes holds that buckets of two prefixes know nothing of each other.
func TestPrefixes(t *testing.T) {
	t.Parallel()
	one, two := open(t, "s3://"+Bucket+"/pre"), open(t, "s3://"+Bucket+"/prefix")
	if err := one.Put(t.Context(), "data", "a", strings.NewReader("one")); err != nil {
		t.Fatal(err)
	}
	for _, prefix := range []string{"", "a"} {
		if found, err := two.List(t.Context(), "data", prefix); err != nil || len(found) != 0 {
			t.Errorf("the other lists %v, %v", found, err)
		}
	}
	if err := two.DeleteTree(t.Context(), "data", "a"); err != nil {
		t.Error(err)
	}
	if r, _, err := one.Open(t.Context(), "data", "a"); err != nil {
		t.Error(err)
	} else {
		r.Close()
	}
}

// TestNothingLeft holds that a put that fails leaves no parts on the server.
func TestNothingLeft(t *testing.T) {
	t.Parallel()
	const prefix = "left"
	b := open(t, "s3://"+Bucket+"/"+prefix)
	ctx, cancel := context.WithCancel(t.Context())
	broken := iotest.ErrReader(errors.New("broken"))
	ended := readFunc(func([]byte) (int, error) { cancel(); return 0, ctx.Err() })
	for _, last := range []io.Reader{broken, ended} {
		if err := b.Put(ctx, "data", "big", io.MultiReader(strings.NewReader(strings.Repeat("x", 9<<20)), last)); err == nil {
			t.Error("a broken put is no error")
		}
	}
	client, err := minio.New(strings.TrimPrefix(os.Getenv("AWS_ENDPOINT_URL"), "http://"), &minio.Options{Creds: credentials.NewEnvAWS()})
	if err != nil {
		t.Fatal(err)
	}
	for u := range client.ListIncompleteUploads(t.Context(), Bucket, prefix, true) {
		t.Errorf("left is the upload %+v", u)
	}
}

type readFunc func(p []byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

// TestChanged holds that what has changed since it was opened is not mixed
// with what it was.
func TestChanged(t *testing.T) {
	t.Parallel()
	b := open(t, "s3://"+Bucket+"/changed")
	put := func(content string) {
		t.Helper()
		if err := b.Put(t.Context(), "data", "a", strings.NewReader(content)); err != nil {
			t.Fatal(err)
		}
	}
	put("old content")
	r, _, err := b.Open(t.Context(), "data", "a")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	put("new content")
	if _, err := r.(bucket.File).ReadAt(make([]byte, 3), 0); pluvia.ErrorCode(err) != pluvia.Conflict {
		t.Errorf("a part of what has changed: %v", err)
	}
	if err := b.Delete(t.Context(), "data", "a"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.(bucket.File).ReadAt(make([]byte, 3), 0); pluvia.ErrorCode(err) != pluvia.NotFound {
		t.Errorf("a part of what is gone: %v", err)
	}
}

// TestRefused looks at what the server refuses, and what an operator is told.
func TestRefused(t *testing.T) {
	if _, err := bucket.Open(t.Context(), "s3://nowhere/x"); pluvia.ErrorCode(err) != pluvia.Unavailable || !strings.Contains(err.Error(), "no bucket nowhere") {
		t.Errorf("no such bucket: %v", err)
	}
	t.Setenv("AWS_SECRET_ACCESS_KEY", "wrong")
	if _, err := bucket.Open(t.Context(), "s3://"+Bucket); pluvia.ErrorCode(err) != pluvia.Unavailable || !strings.Contains(err.Error(), "AWS_SECRET_ACCESS_KEY") {
		t.Errorf("wrong key: %v", err)
	}
}
