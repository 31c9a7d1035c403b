package store_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/pluvia-ml/pluvia"
)

// smallDisk names the folder where the child mounts a disk of two megabytes.
const smallDisk = "PLUVIA_STORE_SMALL_DISK"

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
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=2m"); err != nil {
		t.Fatal(err)
	}
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 1<<20), 0o666); err != nil {
		t.Fatal(err)
	}
	s := open(t, filepath.Join(dir, "pluvia.db"))
	r := &pluvia.Run{ExperimentID: "0"}
	if err := s.CreateRun(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	log := func(n int) error {
		return s.Log(t.Context(), r.ID, pluvia.Batch{
			Params:  []pluvia.Param{{Key: fmt.Sprintf("p%d", n), Value: strings.Repeat("x", 6000)}},
			Metrics: []pluvia.Metric{{Key: "m", Step: int64(n)}},
		})
	}
	written := 0
	for {
		err := log(written)
		if err == nil && written < 1000 {
			written++
			continue
		}
		if pluvia.ErrorCode(err) != pluvia.Full || !strings.Contains(pluvia.ErrorMessage(err), "space") {
			t.Fatalf("after %d batches: %v, want full", written, err)
		}
		break
	}
	check := func(want int) {
		t.Helper()
		got, err := s.Run(t.Context(), r.ID)
		if err != nil || len(got.Params) != want {
			t.Fatalf("%d params are there, %d were acknowledged: %v", len(got.Params), want, err)
		}
		if history, err := s.MetricHistory(t.Context(), r.ID, "m"); err != nil || len(history) != want {
			t.Fatalf("%d points are there, %d were acknowledged: %v", len(history), want, err)
		}
	}
	check(written)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if err := log(written); err != nil {
		t.Errorf("with space again: %v", err)
	}
	check(written + 1)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
