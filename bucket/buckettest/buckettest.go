// Package buckettest is the suite that every [pluvia.Buckets] must pass: each
// method, each error code, keys of every kind, failures in the middle, readers
// beside writers, and what is there after a death.
//
// It tests through the contract alone and knows no engine.
package buckettest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/pluvia-ml/pluvia"
)

const bucket = "data"

// Exercise runs the suite. Each call of open gives empty buckets, which the
// caller closes.
func Exercise(t *testing.T, open func(t *testing.T) pluvia.Buckets) {
	for name, test := range map[string]func(*testing.T, pluvia.Buckets){
		"Objects": objects, "Sizes": sizes, "Keys": keys, "BadKeys": badKeys, "List": list,
		"FailedPut": failedPut, "Cancelled": cancelled, "Concurrent": concurrent, "OpenStays": openStays,
		"ListFolder": listFolder, "DeleteTree": deleteTree, "Parts": parts, "Signed": signed,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

func objects(t *testing.T, b pluvia.Buckets) {
	_, _, err := b.Open(t.Context(), bucket, "a")
	coded(t, err, pluvia.NotFound, "s3://data/a")
	began := time.Now().Add(-2 * time.Second)
	put(t, b, "a", "one")
	put(t, b, "a", "two!")
	if got := read(t, b, "a"); got != "two!" {
		t.Errorf("a holds %q", got)
	}
	r, o, err := b.Open(t.Context(), bucket, "a")
	ok(t, err)
	ok(t, r.Close())
	if o.Key != "a" || o.Size != 4 || o.Modified.Before(began) || o.Modified.After(time.Now().Add(2*time.Second)) || o.Modified.Location() != time.UTC {
		t.Errorf("object is %+v", o)
	}
	put(t, b, "deep/er/b", "")
	for _, key := range []string{"deep", "deep/er", "deep/er/c", "a/b", "A"} {
		_, _, err := b.Open(t.Context(), bucket, key)
		coded(t, err, pluvia.NotFound, "no object")
		ok(t, b.Delete(t.Context(), bucket, key))
	}
	_, _, err = b.Open(t.Context(), "other", "a")
	coded(t, err, pluvia.NotFound, "no object")
	ok(t, b.Delete(t.Context(), "other", "a"))
	for range 2 {
		ok(t, b.Delete(t.Context(), bucket, "deep/er/b"))
	}
	if got := keysOf(t, b, ""); !slices.Equal(got, []string{"a"}) {
		t.Errorf("left are %q", got)
	}
	put(t, b, "deep", "now an object")
}

func sizes(t *testing.T, b pluvia.Buckets) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 4095, 4096, 4097, 32 << 10, 1<<20 + 1, 5<<20 - 1, 5 << 20, 5<<20 + 1, 10 << 20, 11 << 20} {
		content := make([]byte, n)
		for i := range content {
			content[i] = byte(random.Uint32())
		}
		// However it arrives.
		for name, r := range map[string]io.Reader{"whole": bytes.NewReader(content), "half": iotest.HalfReader(bytes.NewReader(content)), "eof": iotest.DataErrReader(bytes.NewReader(content))} {
			ok(t, b.Put(t.Context(), bucket, "o", r))
			if got := read(t, b, "o"); got != string(content) {
				t.Errorf("%d bytes by %s: %d came back", n, name, len(got))
			}
		}
	}
}

func keys(t *testing.T, b pluvia.Buckets) {
	all := []string{
		"plain", "with space", "ünï/雨/🌧️", "a.b/.c/d..e/...", "-rf", "~", "$HOME", "a'b\"c", "%2e%2e/x", "a#b?c=d", "*", "CON", "<b>", "a+b&c",
		strings.Repeat("s", 255), strings.Repeat("d/", 383) + "xx", "\u00e9", "e\u0301", ".partial/x",
	}
	for i, key := range all {
		put(t, b, key, fmt.Sprint(i))
	}
	for i, key := range all {
		if got := read(t, b, key); got != fmt.Sprint(i) {
			t.Errorf("%q holds %q, want %d", key, got, i)
		}
	}
	slices.Sort(all)
	if got := keysOf(t, b, ""); !slices.Equal(got, all) {
		t.Errorf("listed %q\nwant %q", got, all)
	}
}

func badKeys(t *testing.T, b pluvia.Buckets) {
	put(t, b, "a", "there")
	bad := func(what string, err error) {
		t.Helper()
		if pluvia.ErrorCode(err) != pluvia.Invalid {
			t.Errorf("%s: %v, want invalid", what, err)
		} else if len(err.Error()) > 1000 {
			t.Errorf("%s: an error of %d bytes", what, len(err.Error()))
		}
	}
	try := func(bucket, key string) {
		_, _, err := b.Open(t.Context(), bucket, key)
		bad("open "+key, err)
		bad("put "+key, b.Put(t.Context(), bucket, key, strings.NewReader("x")))
		bad("delete "+key, b.Delete(t.Context(), bucket, key))
		bad("delete tree "+key, b.DeleteTree(t.Context(), bucket, key))
		if key != "" {
			_, _, err := b.ListFolder(t.Context(), bucket, key)
			bad("list folder "+key, err)
		}
	}
	for _, key := range []string{
		"", ".", "..", "/", "/a", "a/", "a//b", "./a", "a/.", "a/./b", "../a", "a/..", "a/../b", "../../etc/passwd", "a\\b", "..\\a", "C:\\a", "a\x00", "a\nb", "\x7f", "\u0085",
		"\xff", strings.Repeat("s", 256), strings.Repeat("d/", 384) + "x", strings.Repeat("x", 1<<20),
	} {
		try(bucket, key)
	}
	for _, name := range []string{"", ".", "..", "a", "a/b", "../data", "Data", "data ", "-data", ".partial", "da..ta", strings.Repeat("b", 64), "d\x00ta"} {
		try(name, "a")
		_, err := b.List(t.Context(), name, "")
		bad("list "+name, err)
	}
	for _, prefix := range []string{"/", "../", "a/../", "..", "./", "a//", "\x00", "a\\"} {
		_, err := b.List(t.Context(), bucket, prefix)
		bad("list "+prefix, err)
	}
	if got := keysOf(t, b, ""); !slices.Equal(got, []string{"a"}) {
		t.Errorf("after refused calls there are %q", got)
	}
}

func list(t *testing.T, b pluvia.Buckets) {
	if got, err := b.List(t.Context(), "nothing-here", ""); err != nil || len(got) != 0 {
		t.Errorf("a bucket that is not there holds %v, %v", got, err)
	}
	// "-" and "." sort before "/", "0" after it.
	all := []string{"a-b", "a.b", "a/b", "a/c/d", "a0", "ab/c", "b", "z/z/z/z"}
	for _, key := range all {
		put(t, b, key, key)
	}
	for _, prefix := range []string{"", "a", "a/", "a/c", "a/c/", "a/c/d", "a/c/d/e", "ab", "z/z/z", "none", "a/none/", "b/", "."} {
		var want []string
		for _, key := range all {
			if strings.HasPrefix(key, prefix) {
				want = append(want, key)
			}
		}
		if got := keysOf(t, b, prefix); !slices.Equal(got, want) {
			t.Errorf("prefix %q lists %q, want %q", prefix, got, want)
		}
	}
	found, err := b.List(t.Context(), bucket, "z")
	ok(t, err)
	_, o, err := b.Open(t.Context(), bucket, "z/z/z/z")
	ok(t, err)
	if len(found) != 1 || found[0].Size != 7 || found[0].Size != o.Size || found[0].Modified.Sub(o.Modified).Abs() > time.Second {
		t.Errorf("listed as %+v, opened as %+v", found, o)
	}
}

func listFolder(t *testing.T, b pluvia.Buckets) {
	for _, key := range []string{"a-b", "a/b", "a/c/d", "a/c/e/f", "a/0", "a0", "b", "z/z/z"} {
		put(t, b, key, key)
	}
	for folder, want := range map[string]string{
		"": "a-b a0 b | a z", "a": "a/0 a/b | c", "a/c": "a/c/d | e", "a/c/e": "a/c/e/f |", "z": "| z",
		"b": "|", "none": "|", "a/none": "|", "a/b": "|", "b/c": "|",
	} {
		objects, folders, err := b.ListFolder(t.Context(), bucket, folder)
		ok(t, err)
		var keys []string
		for _, o := range objects {
			keys = append(keys, o.Key)
			if o.Size != int64(len(o.Key)) || o.Modified.IsZero() || o.Modified.Location() != time.UTC {
				t.Errorf("folder %q: %+v", folder, o)
			}
		}
		got := strings.TrimSpace(strings.Join(keys, " ")+" |") + " " + strings.Join(folders, " ")
		if strings.TrimSpace(got) != want {
			t.Errorf("folder %q holds %q, want %q", folder, got, want)
		}
	}
	if objects, folders, err := b.ListFolder(t.Context(), "nothing-here", ""); err != nil || len(objects)+len(folders) != 0 {
		t.Errorf("a bucket that is not there holds %v, %v, %v", objects, folders, err)
	}
}

func deleteTree(t *testing.T, b pluvia.Buckets) {
	for _, key := range []string{"a-b", "a/b", "a/c/d", "a/c/e/f", "a0", "b/c", "f"} {
		put(t, b, key, key)
	}
	for _, step := range []struct {
		delete string
		want   []string
	}{
		{"a/c/e/f", []string{"a-b", "a/b", "a/c/d", "a0", "b/c", "f"}}, // one object
		{"none", []string{"a-b", "a/b", "a/c/d", "a0", "b/c", "f"}},
		{"f/g", []string{"a-b", "a/b", "a/c/d", "a0", "b/c", "f"}},
		{"a", []string{"a-b", "a0", "b/c", "f"}},
		{"f", []string{"a-b", "a0", "b/c"}},
		{"b/c", []string{"a-b", "a0"}},
	} {
		for range 2 {
			ok(t, b.DeleteTree(t.Context(), bucket, step.delete))
			if got := keysOf(t, b, ""); !slices.Equal(got, step.want) {
				t.Errorf("after %q is deleted there are %q, want %q", step.delete, got, step.want)
			}
		}
	}
	put(t, b, "a", "now an object")
}

// parts reads parts of an object.
func parts(t *testing.T, b pluvia.Buckets) {
	all := "0123456789"
	put(t, b, "a", all)
	r, _, err := b.Open(t.Context(), bucket, "a")
	ok(t, err)
	file, is := r.(interface {
		io.ReadSeekCloser
		io.ReaderAt
	})
	if !is {
		t.Fatalf("a %T cannot be read in parts", r)
	}
	if err := iotest.TestReader(file, []byte(all)); err != nil {
		t.Error(err)
	}
	for at := range int64(12) {
		for n := range 12 {
			p := make([]byte, n)
			got, err := file.ReadAt(p, at)
			want, wantErr := strings.NewReader(all).ReadAt(slices.Clone(p), at)
			if got != want || n > 0 && err != wantErr || string(p[:got]) != all[min(at, 10):][:got] {
				t.Errorf("ReadAt of %d at %d: %d, %v, want %d, %v", n, at, got, err, want, wantErr)
			}
		}
	}
	for _, seek := range []struct {
		offset int64
		whence int
	}{{-1, io.SeekStart}, {-11, io.SeekEnd}, {0, 9}} {
		if _, err := file.Seek(seek.offset, seek.whence); err == nil {
			t.Errorf("a seek to %v is no error", seek)
		}
	}
	if end, err := file.Seek(0, io.SeekEnd); end != 10 || err != nil {
		t.Errorf("the end is at %d, %v", end, err)
	}
	ok(t, file.Close())
	if _, err := file.Read(make([]byte, 1)); err == nil {
		t.Error("a closed object was read")
	}
	if _, err := file.ReadAt(make([]byte, 1), 0); err == nil {
		t.Error("a closed object was read in parts")
	}
}

// signed puts and gets objects through signed addresses, where there are such.
func signed(t *testing.T, b pluvia.Buckets) {
	s, is := b.(pluvia.SignedBuckets)
	if !is {
		return
	}
	request := func(method, address, body string) (int, string, http.Header) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
		ok(t, err)
		answer, err := http.DefaultClient.Do(r)
		ok(t, err)
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		ok(t, err)
		return answer.StatusCode, string(text), answer.Header
	}
	const key = "a b/ü.html"
	_, _, err := s.SignedGet(t.Context(), bucket, key, time.Minute)
	coded(t, err, pluvia.NotFound, "no object")
	address, err := s.SignedPut(t.Context(), bucket, key, time.Minute)
	ok(t, err)
	if status, text, _ := request("PUT", address, "<p>one"); status != 200 {
		t.Errorf("signed PUT: %d %s", status, text)
	}
	if got := read(t, b, key); got != "<p>one" {
		t.Errorf("it put %q", got)
	}
	address, o, err := s.SignedGet(t.Context(), bucket, key, time.Minute)
	ok(t, err)
	if o.Key != key || o.Size != 6 {
		t.Errorf("signed is %+v", o)
	}
	if status, text, header := request("GET", address, ""); status != 200 || text != "<p>one" || header.Get("Content-Type") != "application/octet-stream" || header.Get("Content-Disposition") != "attachment" {
		t.Errorf("signed GET: %d %s %v", status, text, header)
	}
	if status, _, _ := request("GET", strings.Replace(address, "a%20b", "a%20c", 1), ""); status != 403 {
		t.Errorf("GET of another object: %d", status)
	}
	if status, _, _ := request("PUT", address, "two"); status != 403 {
		t.Errorf("PUT to an address to GET: %d", status)
	}

	// In parts, of which all but the last need 5 MiB.
	upload, addresses, err := s.BeginUpload(t.Context(), bucket, "big", 2, time.Minute)
	ok(t, err)
	sent := []string{strings.Repeat("x", 5<<20), "last"}
	done := make([]pluvia.UploadedPart, 2)
	for i, address := range addresses {
		status, text, header := request("PUT", address, sent[i])
		if status != 200 {
			t.Fatalf("part: %d %s", status, text)
		}
		done[1-i] = pluvia.UploadedPart{Number: i + 1, ETag: header.Get("ETag")}
	}
	if got := keysOf(t, b, "big"); len(got) != 0 {
		t.Errorf("an unfinished upload is listed as %q", got)
	}
	ok(t, s.FinishUpload(t.Context(), bucket, "big", upload, done))
	if got := read(t, b, "big"); got != sent[0]+sent[1] {
		t.Errorf("of the parts came %d bytes", len(got))
	}
	upload, addresses, err = s.BeginUpload(t.Context(), bucket, "gone", 1, time.Minute)
	ok(t, err)
	coded(t, s.FinishUpload(t.Context(), bucket, "gone", upload, []pluvia.UploadedPart{{Number: 1, ETag: "none"}}), pluvia.Invalid, "gone")
	ok(t, s.AbortUpload(t.Context(), bucket, "gone", upload))
	if status, _, _ := request("PUT", addresses[0], "late"); status != 404 {
		t.Errorf("a part of an aborted upload: %d", status)
	}
	coded(t, s.FinishUpload(t.Context(), bucket, "gone", upload, done), pluvia.NotFound, "upload")
	for _, n := range []int{0, -1, 10_001} {
		_, _, err := s.BeginUpload(t.Context(), bucket, "bad", n, time.Minute)
		coded(t, err, pluvia.Invalid, "10000")
	}
	for _, bad := range []string{"", "../a", "a//b"} {
		_, _, get := s.SignedGet(t.Context(), bucket, bad, time.Minute)
		_, put := s.SignedPut(t.Context(), bucket, bad, time.Minute)
		_, _, begin := s.BeginUpload(t.Context(), bucket, bad, 1, time.Minute)
		for _, err := range []error{get, put, begin, s.FinishUpload(t.Context(), bucket, bad, "u", nil), s.AbortUpload(t.Context(), bucket, bad, "u")} {
			coded(t, err, pluvia.Invalid, "key")
		}
	}
}

func failedPut(t *testing.T, b pluvia.Buckets) {
	put(t, b, "a", "old")
	// The second is what a broken connection gives, and no end of the content.
	for _, broken := range []error{errors.New("broken pipe"), io.ErrUnexpectedEOF} {
		for _, key := range []string{"a", "new", "in/a/folder"} {
			for _, n := range []int{0, 1 << 20, 5 << 20, 6 << 20} {
				r := io.MultiReader(strings.NewReader(strings.Repeat("x", n)), iotest.ErrReader(broken))
				if err := b.Put(t.Context(), bucket, key, r); !errors.Is(err, broken) {
					t.Errorf("put %s: %v, want the reader's error", key, err)
				}
			}
		}
	}
	if got := read(t, b, "a"); got != "old" {
		t.Errorf("a holds %d bytes", len(got))
	}
	if got := keysOf(t, b, ""); !slices.Equal(got, []string{"a"}) {
		t.Errorf("there are %q", got)
	}
}

func cancelled(t *testing.T, b pluvia.Buckets) {
	put(t, b, "a", "old")
	ctx, cancel := context.WithCancel(t.Context())
	// In the middle of the content.
	n := 0
	endless := readFunc(func(p []byte) (int, error) {
		if n++; n == 3 {
			cancel()
		}
		return len(p), nil
	})
	if err := b.Put(ctx, bucket, "a", endless); !errors.Is(err, context.Canceled) {
		t.Errorf("put: %v", err)
	}
	if _, _, err := b.Open(ctx, bucket, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("open: %v", err)
	}
	if _, err := b.List(ctx, bucket, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("list: %v", err)
	}
	if _, _, err := b.ListFolder(ctx, bucket, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("list folder: %v", err)
	}
	if err := b.Delete(ctx, bucket, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("delete: %v", err)
	}
	if err := b.DeleteTree(ctx, bucket, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("delete tree: %v", err)
	}
	if got := read(t, b, "a"); got != "old" {
		t.Errorf("a holds %d bytes", len(got))
	}
}

type readFunc func(p []byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

// concurrent has writers and deleters on the same keys; a reader sees one
// writer's content or nothing.
func concurrent(t *testing.T, b pluvia.Buckets) {
	const size = 100_000
	_, signed := b.(pluvia.SignedBuckets)
	var wait sync.WaitGroup
	for w := range 8 {
		wait.Go(func() {
			for i := range 12 {
				key := fmt.Sprintf("shared/%d/o", i%3)
				err := b.Put(t.Context(), bucket, key, strings.NewReader(strings.Repeat(string(rune('a'+w)), size)))
				if signed && pluvia.ErrorCode(err) == pluvia.Conflict {
					err = nil // versitygw 1.8 takes a folder that it removes beside the put for an object
				}
				if err != nil {
					t.Errorf("put: %v", err)
				}
				if got, err := content(t.Context(), b, key); err == nil {
					whole(t, got, size)
				} else if pluvia.ErrorCode(err) != pluvia.NotFound {
					t.Errorf("open: %v", err)
				}
				if _, err := b.List(t.Context(), bucket, "shared/"); err != nil {
					t.Errorf("list: %v", err)
				}
				if w%2 == 0 {
					if err := b.Delete(t.Context(), bucket, key); err != nil {
						t.Errorf("delete: %v", err)
					}
				}
			}
		})
	}
	wait.Wait()
}

// whole says whether content is one letter, size times.
func whole(t *testing.T, content string, size int) {
	t.Helper()
	if len(content) != size || strings.Trim(content, content[:1]) != "" {
		t.Errorf("half an object: %d bytes", len(content))
	}
}

func openStays(t *testing.T, b pluvia.Buckets) {
	old := strings.Repeat("old ", 100_000)
	put(t, b, "a", old)
	r, _, err := b.Open(t.Context(), bucket, "a")
	ok(t, err)
	defer r.Close()
	put(t, b, "a", "new")
	ok(t, b.Delete(t.Context(), bucket, "a"))
	got, err := io.ReadAll(r)
	if err != nil || string(got) != old {
		t.Errorf("an open object has changed: %d bytes, %v", len(got), err)
	}
}

// crashAt names the variable that makes a test process the one that dies.
const crashAt = "PLUVIA_BUCKETTEST_CRASH"

const crashSize = 8 << 20

// ExerciseDurable kills a process that writes big objects, several times, and
// looks for objects that are half there. open opens the buckets at address,
// which are empty at first. The test that calls it runs itself again in the
// child, so it must do nothing else.
func ExerciseDurable(t *testing.T, address string, open func(t *testing.T, address string) pluvia.Buckets) {
	if address := os.Getenv(crashAt); address != "" {
		b := open(t, address)
		for i := 0; ; i++ {
			key, letter := fmt.Sprintf("dir%d/o", i%3), string(rune('a'+i%26))
			if err := b.Put(t.Context(), bucket, key, strings.NewReader(strings.Repeat(letter, crashSize))); err != nil {
				t.Fatal(err)
			}
			fmt.Println(key, letter)
		}
	}
	for round := range 5 {
		acknowledged := map[string]string{}
		child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v=false")
		// A killed process cannot remove its temporary folders.
		child.Env = append(os.Environ(), crashAt+"="+address, "TMPDIR="+t.TempDir())
		out, err := child.StdoutPipe()
		ok(t, err)
		ok(t, child.Start())
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			key, letter, _ := strings.Cut(lines.Text(), " ")
			acknowledged[key] = letter
			if n == 3+round {
				// Somewhere in the next object.
				time.Sleep(time.Duration(round) * 2 * time.Millisecond)
				ok(t, child.Process.Kill())
			}
		}
		var exit *exec.ExitError
		if err := child.Wait(); !errors.As(err, &exit) || exit.ExitCode() != -1 {
			t.Fatalf("the child was to be killed: %v", err)
		}
		b := open(t, address)
		found, err := b.List(t.Context(), bucket, "")
		ok(t, err)
		if len(found) != 3 {
			t.Errorf("there are %v", found)
		}
		newer := 0
		for key, letter := range acknowledged {
			got := read(t, b, key)
			whole(t, got, crashSize)
			if got[:1] != letter {
				newer++ // written, and killed before it could say so
			}
		}
		if newer > 1 {
			t.Errorf("%d acknowledged objects are lost", newer)
		}
	}
}

func put(t *testing.T, b pluvia.Buckets, key, content string) {
	t.Helper()
	ok(t, b.Put(t.Context(), bucket, key, strings.NewReader(content)))
}

func read(t *testing.T, b pluvia.Buckets, key string) string {
	t.Helper()
	got, err := content(t.Context(), b, key)
	ok(t, err)
	return got
}

func content(ctx context.Context, b pluvia.Buckets, key string) (string, error) {
	r, o, err := b.Open(ctx, bucket, key)
	if err != nil {
		return "", err
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	if err == nil && int64(len(got)) != o.Size {
		err = fmt.Errorf("%s: %d bytes, announced as %d", key, len(got), o.Size)
	}
	return string(got), err
}

func keysOf(t *testing.T, b pluvia.Buckets, prefix string) []string {
	t.Helper()
	found, err := b.List(t.Context(), bucket, prefix)
	ok(t, err)
	var keys []string
	for _, o := range found {
		keys = append(keys, o.Key)
	}
	return keys
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func coded(t *testing.T, err error, want pluvia.Code, mentions string) {
	t.Helper()
	if pluvia.ErrorCode(err) != want || !strings.Contains(pluvia.ErrorMessage(err), mentions) {
		t.Errorf("error %v of code %q, want %q with %q", err, pluvia.ErrorCode(err), want, mentions)
	}
}
