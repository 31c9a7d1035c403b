// Command up measures the start of the house: an empty directory to a served
// champion, a later start, and the memory that is resident then. It exits 1
// when a bar does not hold. There is no peer: nobody else does it in one process.
//
//	go run ./bench/up
//
// Run it from the root of the checkout.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/pluvia-ml/pluvia/bench/bar"
)

func main() {
	times := flag.Int("times", 3, "how often")
	flag.Parse()
	held, err := run(*times)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench/up:", err)
		os.Exit(2)
	}
	if !held {
		os.Exit(1)
	}
}

func run(times int) (held bool, err error) {
	dir, err := os.MkdirTemp("", "bench-up-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "pluvia")
	build := exec.Command("go", "build", "-trimpath", "-o", binary, "./cmd/pluvia")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return false, fmt.Errorf("%w\n%s", err, out)
	}
	var first, again, after, rest []float64
	for i := range times {
		data := filepath.Join(dir, strconv.Itoa(i))
		took, resident, err := up(binary, data)
		if err != nil {
			return false, err
		}
		first, after = append(first, took), append(after, resident)
		if took, resident, err = up(binary, data); err != nil {
			return false, err
		}
		again, rest = append(again, took), append(rest, resident)
	}
	sheet := bar.NewSheet(os.Stdout, "peer")
	sheet.Alone("empty directory to a served champion, s", bar.Median(first), math.NaN(), bar.AtMost(15))
	sheet.Alone("a later start to a served champion, s", bar.Median(again), math.NaN(), bar.AtMost(0.5))
	sheet.Alone("resident after the first cycle, MiB", bar.Median(after), math.NaN(), bar.AtMost(150))
	sheet.Alone("resident after a later start, MiB", bar.Median(rest), math.NaN(), bar.AtMost(150))
	return sheet.Held(), nil
}

// up starts a house, waits for the champion and two seconds more, and ends it.
func up(binary, data string) (seconds, resident float64, err error) {
	cmd := exec.Command(binary, "up", "--json", "--listen", "127.0.0.1:0", "--data", data)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, 0, err
	}
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, 0, err
	}
	defer func() {
		err = errors.Join(err, cmd.Process.Signal(os.Interrupt))
		cmd.Wait()
	}()
	for events := bufio.NewScanner(out); events.Scan(); {
		var e struct{ Event string }
		if err := json.Unmarshal(events.Bytes(), &e); err != nil {
			return 0, 0, fmt.Errorf("%q: %w", events.Text(), err)
		}
		if e.Event == "champion" {
			seconds = time.Since(begin).Seconds()
			time.Sleep(2 * time.Second)
			resident, err := rss(cmd.Process.Pid)
			return seconds, resident, err
		}
	}
	return 0, 0, errors.New("it ended without a champion")
}

// rss is the resident memory of a process in MiB, as Linux tells it.
func rss(pid int) (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
			return kib / 1024, err
		}
	}
	return 0, errors.New("no VmRSS in /proc")
}
