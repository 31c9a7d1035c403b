package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/pluvia-ml/pluvia/cycle"
)

// TestProgressLine plays a terminal of 30 columns: the line never wraps, and
// nothing of it is left where a sentence or the log is written.
func TestProgressLine(t *testing.T) {
	t.Parallel()
	var screen bytes.Buffer
	now := time.Unix(0, 0)
	u := newUI(&screen, &screen)
	u.width, u.now = func() int { return 30 }, func() time.Time { return now }
	status := cycle.Status{Running: true, Step: cycle.Train, Doing: "forest", Unit: "trees", Done: 10, Total: 40}
	for range 20 {
		u.progress(status)
		now = now.Add(300 * time.Millisecond)
		status.Done++
	}
	newLog(u, true).Info("above")
	u.progress(status)
	u.say("done", "Done.", nil)

	terminal, column := [][]rune{nil}, 0
	for _, r := range screen.String() {
		last := len(terminal) - 1
		switch r {
		case '\r':
			column = 0
		case '\n':
			terminal, column = append(terminal, nil), 0
		default:
			if column == 30 && !strings.HasPrefix(string(terminal[last]), "time=") || column > 200 {
				t.Fatalf("the line wraps: %q", screen.String())
			}
			if column == len(terminal[last]) {
				terminal[last] = append(terminal[last], ' ')
			}
			terminal[last][column] = r
			column++
		}
	}
	var lines []string
	for _, line := range terminal {
		lines = append(lines, strings.TrimRight(string(line), " "))
	}
	if len(lines) != 3 || !strings.HasPrefix(lines[0], "time=") || !strings.HasSuffix(lines[0], "msg=above") || lines[1] != "Done." || lines[2] != "" {
		t.Errorf("the terminal shows %q", lines)
	}
}
