package mlflow

import (
	"bufio"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the answers into the scripts of calls, to be read before they are kept")

// TestCalls plays testdata/*.calls, each against a house of its own:
//
//	> POST /runs/create {"experiment_id": "0"}     a call
//	200 {"run":...}                                the whole answer that it gets
//	= RUN run_id                                   $RUN is this member of the answer from here on
//
// In answers, an id made by the server is ID, the time of the test NOW, and a
// page token TOKEN. With -update the answers are written into the scripts.
func TestCalls(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.calls")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			script, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			p := &play{t: t, h: newHandler(t), names: strings.NewReplacer()}
			lines := bufio.NewScanner(strings.NewReader(string(script)))
			lines.Buffer(nil, 1<<20)
			for lines.Scan() {
				p.line(lines.Text())
			}
			p.expect("")
			if p.calls == 0 {
				t.Error("nothing was called")
			}
			if *update {
				if err := os.WriteFile(file, []byte(p.out.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// play is a script that is being played.
type play struct {
	t      testing.TB
	h      http.Handler
	pairs  []string // $NAME and value, and back
	names  *strings.Replacer
	calls  int
	called string // the call whose answer has not been looked at
	got    string // its answer, normalised
	answer string // the last answer as it came
	out    strings.Builder
}

func (p *play) line(line string) {
	switch {
	case strings.HasPrefix(line, "> "):
		p.expect("")
		p.calls++
		p.called = line
		target, body, _ := strings.Cut(p.names.Replace(line[2:]), " {")
		if strings.Contains(line, " {") {
			body = "{" + body
		}
		var status int
		status, p.answer = ask(p.t, p.h, target, body)
		p.got = strings.TrimRight(fmt.Sprintf("%d %s", status, p.normal(p.answer)), " \n")
	case strings.HasPrefix(line, "= "):
		p.expect("")
		name, member, _ := strings.Cut(line[2:], " ")
		m := regexp.MustCompile(`"` + regexp.QuoteMeta(member) + `":"?([^",}]+)`).FindStringSubmatch(p.answer)
		if m == nil {
			p.t.Fatalf("%s: not in %.300s", line, p.answer)
		}
		p.pairs = append(p.pairs, "$"+name, m[1])
		p.names = strings.NewReplacer(p.pairs...)
		p.out.WriteString(line + "\n")
	case p.called != "" && line != "" && line[0] != '#':
		p.expect(line)
	default:
		p.expect("")
		p.out.WriteString(line + "\n")
	}
}

// expect compares the answer that has not been looked at.
func (p *play) expect(want string) {
	if p.called == "" {
		return
	}
	fmt.Fprintf(&p.out, "%s\n%s\n", p.called, p.got)
	if p.got != want && !*update {
		p.t.Errorf("%s\n got %s\nwant %s", p.called, p.got, want)
	}
	p.called = ""
}

var (
	ids    = regexp.MustCompile(`\b[0-9a-f]{32}\b`)
	times  = regexp.MustCompile(`\b1[0-9]{12}\b`)
	tokens = regexp.MustCompile(`"next_page_token":"[^"]+"`)
	random = regexp.MustCompile(`"(run_name|name|value)":"[a-z]+-[a-z]+-[0-9]{1,3}"`)
)

// normal takes out of an answer what is another one each time.
func (p *play) normal(answer string) string {
	for i := 0; i < len(p.pairs); i += 2 {
		if len(p.pairs[i+1]) > 20 { // an id or a token, not a short number
			answer = strings.ReplaceAll(answer, p.pairs[i+1], p.pairs[i])
		}
	}
	answer = ids.ReplaceAllString(answer, "ID")
	answer = tokens.ReplaceAllString(answer, `"next_page_token":"TOKEN"`)
	answer = random.ReplaceAllString(answer, `"$1":"RANDOM"`)
	now := time.Now().UnixMilli()
	return times.ReplaceAllStringFunc(answer, func(s string) string {
		if ms, err := strconv.ParseInt(s, 10, 64); err == nil && ms > now-600_000 && ms < now+600_000 {
			return "NOW"
		}
		return s
	})
}
