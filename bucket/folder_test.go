package bucket_test

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/bucket"
	"github.com/pluvia-ml/pluvia/bucket/buckettest"
)

func open(t *testing.T, dir string) pluvia.Buckets { return openFolder(t, dir) }

func openFolder(t *testing.T, dir string) *bucket.Folder {
	t.Helper()
	b, err := bucket.OpenFolder(dir)
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

func TestFolder(t *testing.T) {
	t.Parallel()
	buckettest.Exercise(t, func(t *testing.T) pluvia.Buckets { return open(t, filepath.Join(t.TempDir(), "new", "folder")) })
}

func TestDurable(t *testing.T) {
	buckettest.ExerciseDurable(t, t.TempDir(), open)
}

// left is what a folder holds in the end: files as paths, and nothing hidden.
func left(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			path, err = filepath.Rel(dir, path)
			files = append(files, filepath.ToSlash(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestPartialSwept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := openFolder(t, dir)
	orphan := filepath.Join(dir, ".partial", "0123456789abcdef")
	if err := os.MkdirAll(filepath.Dir(orphan), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(orphan, []byte("half"), 0o666); err != nil {
		t.Fatal(err)
	}
	// While the content of one object comes, another process opens the folder.
	r, w := io.Pipe()
	done := make(chan error)
	go func() { done <- first.Put(t.Context(), "data", "slow", r) }()
	if _, err := w.Write([]byte("some")); err != nil {
		t.Fatal(err)
	}
	openFolder(t, dir)
	if _, err := os.Stat(orphan); !os.IsNotExist(err) {
		t.Errorf("what a dead process left is still there: %v", err)
	}
	if found, err := first.List(t.Context(), "data", ""); err != nil || len(found) != 0 {
		t.Errorf("a half-written object is listed: %v, %v", found, err)
	}
	w.Close()
	if err := <-done; err != nil {
		t.Errorf("the put that was under way: %v", err)
	}
	if got := left(t, dir); !slices.Equal(got, []string{"data/slow"}) {
		t.Errorf("left are %q", got)
	}
}

func TestKeyBelowAnObject(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := openFolder(t, dir)
	put := func(key string) error { return b.Put(t.Context(), "data", key, strings.NewReader(key)) }
	for _, key := range []string{"a", "b/c/d"} {
		if err := put(key); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{"a/b", "a/b/c", "b", "b/c"} {
		err := put(key)
		if pluvia.ErrorCode(err) != pluvia.Conflict || !strings.Contains(err.Error(), key) {
			t.Errorf("put %s: %v, want a conflict that names it", key, err)
		}
	}
	if got := left(t, dir); !slices.Equal(got, []string{"data/a", "data/b/c/d"}) {
		t.Errorf("left are %q", got)
	}
}

func TestSymlinks(t *testing.T) {
	t.Parallel()
	outside, dir := t.TempDir(), t.TempDir()
	secret := filepath.Join(outside, "secret")
	if err := os.WriteFile(secret, []byte("keep"), 0o666); err != nil {
		t.Fatal(err)
	}
	b := openFolder(t, dir)
	if err := b.Put(t.Context(), "data", "real", strings.NewReader("inside")); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"file": secret, "folder": outside, "up": "../..", "inside": "real", "dangling": "none"} {
		if err := os.Symlink(target, filepath.Join(dir, "data", name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(outside, filepath.Join(dir, "linked")); err != nil {
		t.Fatal(err)
	}
	for _, place := range [][2]string{{"data", "file"}, {"data", "folder/secret"}, {"data", "up/secret"}, {"linked", "secret"}} {
		if r, _, err := b.Open(t.Context(), place[0], place[1]); pluvia.ErrorCode(err) != pluvia.NotFound {
			if err == nil {
				r.Close()
			}
			t.Errorf("%v was opened, or not: %v", place, err)
		}
	}
	for _, place := range [][2]string{{"data", "folder/new"}, {"data", "folder/secret"}, {"linked", "new"}, {"data", "dangling/new"}} {
		if err := b.Put(t.Context(), place[0], place[1], strings.NewReader("x")); pluvia.ErrorCode(err) != pluvia.Conflict {
			t.Errorf("%v was put, or not: %v", place, err)
		}
		// What is no object is no error either; it must only not be deleted.
		_ = b.Delete(t.Context(), place[0], place[1])
	}
	// A link is replaced and deleted, never what it leads to.
	if err := b.Put(t.Context(), "data", "file", strings.NewReader("x")); err != nil {
		t.Error(err)
	}
	if err := b.Delete(t.Context(), "data", "file"); err != nil {
		t.Error(err)
	}
	found, err := b.List(t.Context(), "data", "")
	if err != nil || len(found) != 2 || found[0].Key != "inside" || found[0].Size != 6 || found[1].Key != "real" {
		t.Errorf("listed %+v, %v", found, err)
	}
	if _, err := b.List(t.Context(), "linked", ""); err == nil {
		t.Error("a bucket that is a link out was listed")
	}
	if got := left(t, outside); !slices.Equal(got, []string{"secret"}) {
		t.Errorf("outside there are %q", got)
	}
	if got, err := os.ReadFile(secret); err != nil || string(got) != "keep" {
		t.Errorf("outside holds %q, %v", got, err)
	}
}

func TestOpenReadsAnywhere(t *testing.T) {
	t.Parallel()
	b := openFolder(t, t.TempDir())
	if err := b.Put(t.Context(), "data", "a", strings.NewReader("0123456789")); err != nil {
		t.Fatal(err)
	}
	r, _, err := b.Open(t.Context(), "data", "a")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	file, is := r.(bucket.File)
	if !is {
		t.Fatalf("a %T is no File", r)
	}
	part := make([]byte, 3)
	if n, err := file.ReadAt(part, 6); n != 3 || err != nil || string(part) != "678" {
		t.Errorf("ReadAt gives %d, %q, %v", n, part, err)
	}
	if n, err := file.Seek(-2, io.SeekEnd); n != 8 || err != nil {
		t.Errorf("Seek gives %d, %v", n, err)
	}
	if rest, err := io.ReadAll(file); string(rest) != "89" || err != nil {
		t.Errorf("the rest is %q, %v", rest, err)
	}
}

func TestNotAFolder(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "below")} {
		if _, err := bucket.OpenFolder(dir); err == nil || !strings.Contains(err.Error(), dir) {
			t.Errorf("open %s: %v, want an error that names it", dir, err)
		}
	}
}
