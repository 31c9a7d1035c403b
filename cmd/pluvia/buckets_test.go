package main

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	pluvia "github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/bucket"
	"github.com/pluvia-ml/pluvia/bucket/s3test"
)

// TestBuckets runs a first start with buckets elsewhere: in a folder, and on a
// real S3 server. The champion is the same, nothing is kept beside the
// database, and MLflow's clients read the model through the server.
func TestBuckets(t *testing.T) {
	server, err := s3test.Start(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	for _, variable := range server.Environment {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	project := pumps(t, 1)
	digests := make(map[string]bool)
	for _, address := range []string{filepath.Join(t.TempDir(), "elsewhere"), "s3://" + s3test.Bucket + "/a/house"} {
		data := t.TempDir()
		p := begin(t, append([]string{"up", "--json", "--listen", "127.0.0.1:0", "--data", data, "--buckets", address}, project...)...)
		url := p.event(t, "champion")["url"].(string)
		if _, err := os.Stat(filepath.Join(data, bucketsDir)); !os.IsNotExist(err) {
			t.Errorf("%s: there are buckets in the data directory too: %v", address, err)
		}
		buckets, err := bucket.Open(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{pluvia.DataBucket, pluvia.MLflowBucket} {
			if found, err := buckets.List(t.Context(), name, ""); err != nil || len(found) == 0 {
				t.Errorf("%s: in %s are %v, %v", address, name, found, err)
			}
		}
		buckets.Close()
		answer, err := http.Get(url + "/model-versions/get-artifact?name=pumps_prod&version=1&path=MLmodel")
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK || !strings.Contains(string(text), "flavors:") {
			t.Errorf("%s: the model is %d %.200s %v", address, answer.StatusCode, text, err)
		}
		p.kill()
		digest, _ := champion(t, data)
		digests[digest] = true
	}
	if len(digests) != 1 {
		t.Errorf("the champions differ: %v", digests)
	}
}

func TestBucketsRefused(t *testing.T) {
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SHARED_CREDENTIALS_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"} {
		t.Setenv(name, "")
	}
	for address, want := range map[string]string{"gs://x/y": "want a folder or s3://BUCKET/PREFIX", "s3://x": "bucket", "s3://house/x": "AWS_ACCESS_KEY_ID"} {
		code, _, diagnostics := command(t.Context(), nil, "runs", "--data", t.TempDir(), "--buckets", address)
		if code != exitInput || !strings.Contains(diagnostics, want) {
			t.Errorf("%s: exit %d, %s", address, code, diagnostics)
		}
	}
}
