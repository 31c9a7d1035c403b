package pluvia_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/pluvia-ml/pluvia"
)

func TestErrors(t *testing.T) {
	t.Parallel()
	secret := errors.New("dial tcp 10.0.0.1: refused")
	for name, c := range map[string]struct {
		err           error
		code          pluvia.Code
		message, text string
		is            error
	}{
		"nil":          {nil, "", "internal error; the server's log has the cause", "", nil},
		"foreign":      {secret, pluvia.Internal, "internal error; the server's log has the cause", secret.Error(), secret},
		"no cause":     {pluvia.Errorf(pluvia.Invalid, "row %d: %q", 3, "x"), pluvia.Invalid, `row 3: "x"`, `row 3: "x"`, nil},
		"shown cause":  {pluvia.Errorf(pluvia.Full, "write a: %w", io.ErrShortWrite), pluvia.Full, "write a: short write", "write a: short write", io.ErrShortWrite},
		"hidden cause": {&pluvia.Error{Code: pluvia.Unavailable, Message: "the store is away; try again", Err: secret}, pluvia.Unavailable, "the store is away; try again", "the store is away; try again: " + secret.Error(), secret},
		"wrapped":      {fmt.Errorf("step: %w", pluvia.Errorf(pluvia.Exists, "a is there")), pluvia.Exists, "a is there", "step: a is there", nil},
		"two codes":    {pluvia.Errorf(pluvia.Conflict, "outer: %w", pluvia.Errorf(pluvia.NotFound, "inner")), pluvia.Conflict, "outer: inner", "outer: inner", nil},
		"joined":       {errors.Join(secret, pluvia.Errorf(pluvia.TooLarge, "too large")), pluvia.TooLarge, "too large", secret.Error() + "\ntoo large", secret},
	} {
		t.Run(name, func(t *testing.T) {
			if got := pluvia.ErrorCode(c.err); got != c.code {
				t.Errorf("code %q, want %q", got, c.code)
			}
			if got := pluvia.ErrorMessage(c.err); got != c.message {
				t.Errorf("message %q, want %q", got, c.message)
			}
			if c.err != nil && c.err.Error() != c.text {
				t.Errorf("text %q, want %q", c.err, c.text)
			}
			if c.is != nil && !errors.Is(c.err, c.is) {
				t.Errorf("%v has lost its cause %v", c.err, c.is)
			}
		})
	}
}

func TestParseURI(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{{"data", "a"}, {"mlflow", "0/ab/artifacts/model"}, {"b", "ünï cødé/?#%"}, {"b", "//"}} {
		bucket, key, err := pluvia.ParseURI(pluvia.URI(c[0], c[1]))
		if bucket != c[0] || key != c[1] || err != nil {
			t.Errorf("%v comes back as %q, %q, %v", c, bucket, key, err)
		}
	}
	for _, bad := range []string{"", "s3://", "s3:///key", "s3://bucket", "s3://bucket/", "S3://b/k", "/etc/passwd", "file:///b/k", "http://b/k", " s3://b/k"} {
		_, _, err := pluvia.ParseURI(bad)
		if pluvia.ErrorCode(err) != pluvia.Invalid || !strings.Contains(err.Error(), "s3://BUCKET/KEY") {
			t.Errorf("%q: %v, want an error that says what an address is", bad, err)
		}
	}
}

func FuzzParseURI(f *testing.F) {
	for _, seed := range []string{"s3://data/a", "s3://data", "s3:///", "s3://a//b", "s3://\x00/\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		bucket, key, err := pluvia.ParseURI(uri)
		if err == nil && pluvia.URI(bucket, key) != uri {
			t.Errorf("%q is %q and %q", uri, bucket, key)
		}
		if err == nil && (bucket == "" || key == "" || strings.Contains(bucket, "/")) {
			t.Errorf("%q is accepted as %q and %q", uri, bucket, key)
		}
	})
}

func TestTime(t *testing.T) {
	t.Parallel()
	if got := pluvia.Time(0); !got.IsZero() {
		t.Errorf("0 is %v, want the zero time", got)
	}
	for _, ms := range []int64{1, -1, 1_700_000_000_123, 253_402_300_799_999} {
		got := pluvia.Time(ms)
		if pluvia.Millis(got) != ms || got.Location() != time.UTC {
			t.Errorf("%d is %v and comes back as %d", ms, got, pluvia.Millis(got))
		}
	}
	east := time.FixedZone("east", 10*3600)
	if got := pluvia.Time(pluvia.Millis(time.Date(2026, 1, 2, 3, 4, 5, 6_999_999, east))); got.Format(time.RFC3339Nano) != "2026-01-01T17:04:05.006Z" {
		t.Errorf("cut to milliseconds in UTC: %v", got)
	}
}

func TestLookups(t *testing.T) {
	t.Parallel()
	tags := []pluvia.Tag{{Key: "a", Value: "1"}, {Key: "b", Value: ""}}
	run := &pluvia.Run{Tags: tags, Params: []pluvia.Param{{Key: "a", Value: "2"}}, Metrics: []pluvia.Metric{{Key: "a", Value: 3}, {Key: "zero"}}}
	version := &pluvia.Version{Tags: tags}
	model := &pluvia.Model{Aliases: []pluvia.Alias{{Name: pluvia.Champion, Version: 7}}}
	for _, c := range []struct{ what, got, want string }{
		{"tag of a run", run.Tag("a"), "1"}, {"no tag", run.Tag("c"), ""}, {"tag of a version", version.Tag("a"), "1"},
		{"param", run.Param("a"), "2"}, {"no param", run.Param("b"), ""},
		{"alias", fmt.Sprint(model.Alias(pluvia.Champion)), "7"}, {"no alias", fmt.Sprint(model.Alias(pluvia.Challenger)), "0"},
		{"metric", fmt.Sprint(run.Metric("a")), "3 true"}, {"metric of 0", fmt.Sprint(run.Metric("zero")), "0 true"}, {"no metric", fmt.Sprint(run.Metric("b")), "0 false"},
	} {
		if c.got != c.want {
			t.Errorf("%s is %q, want %q", c.what, c.got, c.want)
		}
	}
	for status, done := range map[pluvia.RunStatus]bool{
		pluvia.Running: false, pluvia.Scheduled: false, pluvia.Finished: true, pluvia.Failed: true, pluvia.Killed: true, "": false,
	} {
		if status.Done() != done {
			t.Errorf("%q is done: %v", status, status.Done())
		}
	}
}

// TestWireConstants holds what stands in databases and in MLflow's clients: a
// change breaks both.
func TestWireConstants(t *testing.T) {
	t.Parallel()
	for got, want := range map[string]string{
		string(pluvia.Active): "active", string(pluvia.Deleted): "deleted",
		string(pluvia.Running): "RUNNING", string(pluvia.Scheduled): "SCHEDULED", string(pluvia.Finished): "FINISHED", string(pluvia.Failed): "FAILED", string(pluvia.Killed): "KILLED",
		pluvia.TagRunName: "mlflow.runName", pluvia.TagParentRun: "mlflow.parentRunId", pluvia.TagSourceName: "mlflow.source.name",
		pluvia.TagUser: "mlflow.user", pluvia.TagNote: "mlflow.note.content", pluvia.TagDataContext: "mlflow.data.context",
		pluvia.DataBucket: "data", pluvia.MLflowBucket: "mlflow", pluvia.Champion: "champion", pluvia.Challenger: "challenger",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
