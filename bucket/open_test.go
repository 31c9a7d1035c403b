package bucket_test

import (
	"context"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/bucket"
)

func TestOpenAddresses(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "http://" + silent.Addr().String()
	silent.Close()

	keys := "AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=hunter2 "
	for _, test := range []struct {
		name, address, environment string
		code                       pluvia.Code
		has                        string
	}{
		{"folder", filepath.Join(t.TempDir(), "new"), "", "", ""},
		{"other scheme", "gs://house", keys, pluvia.Invalid, "s3://BUCKET/PREFIX"},
		{"no bucket", "s3://", keys, pluvia.Invalid, "bucket"},
		{"bad bucket", "s3://Upper/x", keys, pluvia.Invalid, "bucket"},
		{"bad prefix", "s3://house/a/../b", keys, pluvia.Invalid, ".."},
		{"empty folder in prefix", "s3://house/a//b", keys, pluvia.Invalid, "two in a row"},
		{"long prefix", "s3://house/" + strings.Repeat("p", 192), keys, pluvia.Invalid, "prefix has 193 bytes"},
		{"no keys", "s3://house", "", pluvia.Invalid, "AWS_ACCESS_KEY_ID"},
		{"half the keys", "s3://house", "AWS_ACCESS_KEY_ID=a", pluvia.Invalid, "set both"},
		{"other half", "s3://house", "AWS_SECRET_ACCESS_KEY=hunter2", pluvia.Invalid, "set both"},
		{"endpoint without scheme", "s3://house", keys + "AWS_ENDPOINT_URL=localhost:9000", pluvia.Invalid, "AWS_ENDPOINT_URL: want http://HOST"},
		{"endpoint with password", "s3://house", keys + "MLFLOW_S3_ENDPOINT_URL=http://u:hunter2@host", pluvia.Invalid, "MLFLOW_S3_ENDPOINT_URL"},
		{"endpoint with path", "s3://house", keys + "AWS_ENDPOINT_URL_S3=http://host/path", pluvia.Invalid, "AWS_ENDPOINT_URL_S3"},
		{"nobody there", "s3://house", keys + "AWS_ENDPOINT_URL=" + nobody, pluvia.Unavailable, "check that it runs"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, name := range []string{
				"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SHARED_CREDENTIALS_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE",
				"AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "MLFLOW_S3_ENDPOINT_URL",
			} {
				t.Setenv(name, "")
			}
			for pair := range strings.FieldsSeq(test.environment) {
				name, value, _ := strings.Cut(pair, "=")
				t.Setenv(name, value)
			}
			b, err := bucket.Open(t.Context(), test.address)
			if pluvia.ErrorCode(err) != test.code {
				t.Fatalf("error %v of code %q, want %q", err, pluvia.ErrorCode(err), test.code)
			}
			if err == nil {
				b.Close()
				return
			}
			if !strings.Contains(pluvia.ErrorMessage(err), test.has) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("error %q, want %q in it and no secret", err, test.has)
			}
		})
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	t.Setenv("AWS_ACCESS_KEY_ID", "a")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "b")
	t.Setenv("AWS_ENDPOINT_URL", nobody)
	if _, err := bucket.Open(ended, "s3://house"); err == nil {
		t.Error("opened after the context has ended")
	}
}
