package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	pluvia "github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/cycle"
)

// ui speaks to whoever has typed the command: results to out, progress and
// complaints to diagnostics; on a terminal progress is one line that changes,
// elsewhere a line for each thing begun, and with --json an object for each.
type ui struct {
	out, diagnostics io.Writer
	width            func() int // of the terminal, in columns; nil when it is none
	json             bool
	now              func() time.Time

	mu     sync.Mutex
	line   int       // columns of the progress line that stands on the terminal
	doing  string    // what was said last
	began  time.Time // when that began
	spoken time.Time // when the line was drawn
}

func newUI(out, diagnostics io.Writer) *ui {
	u := &ui{out: out, diagnostics: diagnostics, now: time.Now}
	if f, ok := diagnostics.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		u.width = func() int {
			columns, _, err := term.GetSize(int(f.Fd()))
			if err != nil || columns < 2 {
				return 80
			}
			return columns
		}
	}
	return u
}

// Write writes lines of the log, above the progress line.
func (u *ui) Write(lines []byte) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.clear()
	return u.diagnostics.Write(lines)
}

// say writes a sentence, or with --json the fields under the name of the event.
func (u *ui) say(event, sentence string, fields map[string]any) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.clear()
	if !u.json {
		fmt.Fprintln(u.out, sentence)
		return
	}
	object := map[string]any{"event": event}
	for key, value := range fields {
		object[key] = value
	}
	u.object(u.out, object)
}

// fail says what went wrong, every fault on a line of its own.
func (u *ui) fail(err error) { u.complain("error", err) }

// warn says what is wrong and does not end the command.
func (u *ui) warn(err error) { u.complain("warning", err) }

func (u *ui) complain(event string, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.clear()
	if u.json {
		u.object(u.diagnostics, map[string]any{"event": event, "code": pluvia.ErrorCode(err), "message": err.Error()})
		return
	}
	fmt.Fprintf(u.diagnostics, "pluvia: %v\n", err)
}

// progress shows where a cycle is.
func (u *ui) progress(s cycle.Status) {
	u.mu.Lock()
	defer u.mu.Unlock()
	doing := strings.TrimSuffix(string(s.Step)+": "+s.Doing, ": ")
	fresh := doing != u.doing
	if fresh {
		u.doing, u.began = doing, u.now()
	}
	switch {
	case !s.Running || s.Step == "":
		u.clear()
	case u.json:
		if fresh {
			u.object(u.diagnostics, map[string]any{"event": "progress", "step": s.Step, "doing": s.Doing})
		}
	case u.width != nil:
		if fresh || u.now().Sub(u.spoken) > 100*time.Millisecond {
			u.draw(doing + u.howFar(s))
		}
	case fresh:
		fmt.Fprintln(u.diagnostics, doing)
	}
}

// howFar is how much of how much is done and the seconds left, when they can be told.
func (u *ui) howFar(s cycle.Status) string {
	if s.Total <= 0 || s.Done <= 0 {
		return ""
	}
	text := fmt.Sprintf(", %d of %d %s", s.Done, s.Total, s.Unit)
	if s.Unit == "bytes" {
		text = fmt.Sprintf(", %.1f of %.1f MB", float64(s.Done)/1e6, float64(s.Total)/1e6)
	}
	if spent := u.now().Sub(u.began); spent > time.Second {
		left := time.Duration(float64(spent) / float64(s.Done) * float64(s.Total-s.Done))
		text += fmt.Sprintf(", %d s left", int(left.Seconds()+.5))
	}
	return text
}

// draw puts text in place of the progress line. A line as wide as the terminal
// would go on in the next one, and could not be taken back.
func (u *ui) draw(text string) {
	columns := []rune(text)
	columns = columns[:min(len(columns), u.width()-1)]
	fmt.Fprintf(u.diagnostics, "\r%-*s", u.line, string(columns))
	u.line, u.spoken = len(columns), u.now()
}

func (u *ui) clear() {
	if u.line > 0 {
		fmt.Fprintf(u.diagnostics, "\r%*s\r", u.line, "")
		u.line = 0
	}
}

func (u *ui) object(w io.Writer, object map[string]any) {
	text, err := json.Marshal(object)
	if err != nil {
		text = fmt.Appendf(nil, `{"event":"error","message":%q}`, err)
	}
	fmt.Fprintf(w, "%s\n", text)
}
