package bucket_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/pluvia-ml/pluvia"
)

// smallDisk names the folder where the child mounts a disk of one megabyte.
const smallDisk = "PLUVIA_BUCKET_SMALL_DISK"

// TestFullDisk fills a real file system, which a child process mounts in a
// namespace of its own, so that it needs no rights.
func TestFullDisk(t *testing.T) {
	dir := os.Getenv(smallDisk)
	if dir == "" {
		child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
		child.Env = append(os.Environ(), smallDisk+"="+t.TempDir())
		child.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
			UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
		}
		out, err := child.CombinedOutput()
		if _, ran := err.(*exec.ExitError); err != nil && !ran && os.Getenv("CI") != "true" {
			t.Skipf("left out: no small disk without namespaces: %v", err)
		}
		if err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Fatal(err)
	}
	b := openFolder(t, filepath.Join(dir, "buckets"))
	old := bytes.Repeat([]byte("old "), 100_000)
	if err := b.Put(t.Context(), "data", "a", bytes.NewReader(old)); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"a", "new/one"} {
		err := b.Put(t.Context(), "data", key, bytes.NewReader(make([]byte, 1<<20)))
		if pluvia.ErrorCode(err) != pluvia.Full || !strings.Contains(pluvia.ErrorMessage(err), "no space left") {
			t.Errorf("put %s: %v, want full", key, err)
		}
	}
	r, _, err := b.Open(t.Context(), "data", "a")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, old) {
		t.Errorf("the old object has %d bytes, %v", len(got), err)
	}
	if got := left(t, dir); !slices.Equal(got, []string{"buckets/data/a"}) {
		t.Errorf("left are %q", got)
	}
	if err := b.Put(t.Context(), "data", "a", bytes.NewReader(old)); err != nil {
		t.Errorf("a small object after a full disk: %v", err)
	}
}
