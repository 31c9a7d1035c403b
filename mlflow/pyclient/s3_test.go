package pyclient

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/bucket"
	"github.com/pluvia-ml/pluvia/bucket/s3test"
)

// TestS3 runs what reads and writes artifacts with buckets on a real S3
// server.
func TestS3(t *testing.T) {
	server, err := s3test.Start(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	for _, variable := range server.Environment {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	for _, c := range clients {
		for _, script := range []string{"artifacts.py", "parts.py", "models.py"} {
			if !filepath.IsAbs(c.python) || script == "parts.py" && c.version < 3 {
				continue // the older client forgets the run's folder in the path of what it uploads in parts
			}
			t.Run(c.name+"/"+script, func(t *testing.T) {
				house, err := bucket.OpenS3(t.Context(), fmt.Sprintf("s3://%s/%s/%s", s3test.Bucket, c.name, script))
				if err != nil {
					t.Fatal(err)
				}
				defer house.Close()
				buckets := &signing{S3: house}
				run(t, c, "../clienttest/"+script, buckets)
				if script != "parts.py" {
					return
				}
				for _, what := range []string{"begin", "finish", "get"} {
					if !slices.Contains(buckets.signed, what) {
						t.Errorf("the client has asked for %q, not to %s", buckets.signed, what)
					}
				}
			})
		}
	}
}

// signing remembers what it was asked to sign.
type signing struct {
	*bucket.S3
	mu     sync.Mutex
	signed []string
}

func (s *signing) note(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.signed = append(s.signed, what)
}

func (s *signing) SignedGet(ctx context.Context, bucket, key string, expires time.Duration) (string, *pluvia.Object, error) {
	s.note("get")
	return s.S3.SignedGet(ctx, bucket, key, expires)
}

func (s *signing) BeginUpload(ctx context.Context, bucket, key string, parts int, expires time.Duration) (string, []string, error) {
	s.note("begin")
	return s.S3.BeginUpload(ctx, bucket, key, parts, expires)
}

func (s *signing) FinishUpload(ctx context.Context, bucket, key, upload string, parts []pluvia.UploadedPart) error {
	s.note("finish")
	return s.S3.FinishUpload(ctx, bucket, key, upload, parts)
}
