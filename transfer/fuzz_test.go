package transfer

import (
	"strings"
	"testing"
)

// Whatever stands in a meta.yaml, reading it ends, without a panic.
func FuzzMeta(f *testing.F) {
	f.Add("run_name: x\nstatus: 3\nend_time: null\n")
	f.Add("run_name: \"\\u00e9\"\nstatus: '3'\ntags: []\n")
	f.Add("a: &a [x]\nb: *a\n")
	f.Add("? [\n: {")
	f.Fuzz(func(t *testing.T, text string) {
		var run runMeta
		if err := parseMeta(text, &run); err == nil && strings.TrimSpace(text) == "" {
			t.Errorf("%q is a meta.yaml", text)
		}
		_ = run.status()
		var link linkMeta
		_ = parseMeta(text, &link)
	})
}

// A line that is a point is written as one that is the same point.
func FuzzPoint(f *testing.F) {
	f.Add("1 0.5 3")
	f.Add("1 nan -3 name digest")
	f.Add("1 1e999")
	f.Add("9223372036854775808 x")
	f.Fuzz(func(t *testing.T, line string) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			return
		}
		m, err := point("k", fields)
		if err != nil {
			return
		}
		again, err := point("k", []string{fields[0], python(m.Value), "0"})
		again.Step = m.Step
		if err != nil || again != m && m.Value == m.Value {
			t.Errorf("%q is %v, written %v (%v)", line, m, again, err)
		}
	})
}
