package filter

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia"
)

var update = flag.Bool("update", false, "write what comes out into the script files, to be read before it is kept")

var kinds = map[string]*Kind{
	"runs": Runs, "experiments": Experiments, "models": Models, "versions": Versions, "logged_models": LoggedModels,
}

// show writes an expression as a tree.
func show(e pluvia.Expr) string {
	all := func(name string, parts []pluvia.Expr) string {
		for _, p := range parts {
			name += " " + show(p)
		}
		return "(" + name + ")"
	}
	switch e := e.(type) {
	case nil:
		return "(everything)"
	case pluvia.And:
		return all("and", e)
	case pluvia.Or:
		return all("or", e)
	case pluvia.Not:
		return all("not", []pluvia.Expr{e.X})
	case pluvia.Compare:
		f := field(e.Field)
		switch {
		case e.Op == pluvia.IsNull || e.Op == pluvia.IsNotNull:
			return fmt.Sprintf("(%s %s)", e.Op, f)
		case e.List != nil:
			return fmt.Sprintf("(%s %s %q)", e.Op, f, e.List)
		case e.Text != "" || e.Field.Of == pluvia.ParamPart || e.Field.Of == pluvia.TagPart || e.Field.Of == pluvia.DatasetPart:
			return fmt.Sprintf("(%s %s %q)", e.Op, f, e.Text)
		}
		return fmt.Sprintf("(%s %s %v)", e.Op, f, e.Number)
	}
	return fmt.Sprintf("%T", e)
}

func field(f pluvia.Field) string { return parts[f.Of] + ":" + f.Key }

// TestScripts reads testdata/KIND.filter and testdata/KIND.order: a line to
// read behind "> ", and behind it the tree or the error. With -update, what
// comes out is written there.
func TestScripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.*er")
	if err != nil || len(files) != 10 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			ext := filepath.Ext(file)
			kind := kinds[strings.TrimSuffix(filepath.Base(file), ext)]
			script, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			var asked, want string
			n := 0
			check := func() {
				if asked == "" {
					return
				}
				n++
				got := answer(kind, ext, strings.TrimPrefix(asked, "> "))
				fmt.Fprintf(&out, "%s\n%s\n", asked, got)
				if got != want && !*update {
					t.Errorf("%s\n got %s\nwant %s", asked, got, want)
				}
				asked, want = "", ""
			}
			lines := bufio.NewScanner(strings.NewReader(string(script)))
			for lines.Scan() {
				switch line := lines.Text(); {
				case strings.HasPrefix(line, "> ") || line == ">":
					check()
					asked = line
				case asked != "" && want == "" && line != "" && line[0] != '#':
					want = line
				default:
					check()
					out.WriteString(line + "\n")
				}
			}
			check()
			if n == 0 {
				t.Error("nothing was read")
			}
			if *update {
				if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func answer(k *Kind, ext, line string) string {
	if ext == ".order" {
		var clauses []string
		if line != ">" {
			clauses = strings.Split(line, " | ")
		}
		orders, err := k.ParseOrder(clauses)
		if err != nil {
			return "error: " + err.Error()
		}
		var all []string
		for _, o := range orders {
			way := "asc"
			if o.Descending {
				way = "desc"
			}
			all = append(all, field(o.Field)+" "+way)
		}
		return strings.Join(all, ", ")
	}
	e, err := k.Parse(strings.TrimPrefix(line, ">"))
	if err != nil {
		return "error: " + err.Error()
	}
	return show(e)
}

func TestBounds(t *testing.T) {
	t.Parallel()
	for name, filter := range map[string]string{
		"a filter of 1 MB":  "tags.a = '" + strings.Repeat("x", 1<<20) + "'",
		"deep parentheses":  strings.Repeat("(", 100_000),
		"deep NOT":          strings.Repeat("not ", 100_000) + "tags.a = 'x'",
		"many clauses":      strings.Repeat("tags.a = 'x' and ", 201) + "tags.a = 'x'",
		"a long list":       "run_id in (" + strings.Repeat("'a',", 10_001) + ")",
		"an endless text":   "tags.a = '" + strings.Repeat("''", 1000),
		"an endless number": "metrics.a = " + strings.Repeat("9", 10_000),
		"the character 0":   "\x00",
		"no UTF-8":          "tags.a\xff = 'x'",
	} {
		_, err := Runs.Parse(filter)
		if pluvia.ErrorCode(err) != pluvia.Invalid {
			t.Errorf("%s: %v", name, err)
		} else if len(err.Error()) > 500 {
			t.Errorf("%s: the message has %d bytes", name, len(err.Error()))
		}
	}
	if _, err := Experiments.Parse("experiment_id in (" + strings.Repeat("'1',", MaxClauses+1) + ")"); pluvia.ErrorCode(err) != pluvia.Invalid {
		t.Error(err)
	}
	deep := strings.Repeat("(", MaxDepth) + "tags.a = 'x'" + strings.Repeat(")", MaxDepth)
	if _, err := Runs.Parse(deep); err != nil {
		t.Error(err)
	}
	if _, err := Runs.ParseOrder(make([]string, MaxOrders+1)); pluvia.ErrorCode(err) != pluvia.Invalid {
		t.Error(err)
	}
}

func TestOrderField(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]pluvia.Field{
		"metrics.a b.c": {Of: pluvia.MetricPart, Key: "a b.c"},
		"creation_time": {Key: "creation_timestamp"},
		" name ":        {Key: "name"},
	} {
		if got, err := LoggedModels.OrderField(text); err != nil || got != want {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
	for _, text := range []string{"", "params.a", "nothing", "metric.a"} {
		if got, err := LoggedModels.OrderField(text); pluvia.ErrorCode(err) != pluvia.Invalid {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
}

// written writes an expression as a filter that reads back the same.
func written(e pluvia.Expr) string {
	join := func(parts []pluvia.Expr, word string) string {
		var all []string
		for _, p := range parts {
			all = append(all, "("+written(p)+")")
		}
		return strings.Join(all, word)
	}
	text := func(s string) string {
		if strings.Contains(s, `"`) {
			return "'" + s + "'"
		}
		return `"` + s + `"`
	}
	switch e := e.(type) {
	case pluvia.And:
		return join(e, " AND ")
	case pluvia.Or:
		return join(e, " OR ")
	case pluvia.Not:
		return "NOT (" + written(e.X) + ")"
	case pluvia.Compare:
		quote := "`"
		if strings.Contains(e.Field.Key, quote) {
			quote = `"`
		}
		s := parts[e.Field.Of] + "." + quote + e.Field.Key + quote + " " + string(e.Op)
		switch {
		case e.Op == pluvia.IsNull || e.Op == pluvia.IsNotNull:
		case e.List != nil:
			var all []string
			for _, one := range e.List {
				all = append(all, text(one))
			}
			s += " (" + strings.Join(all, ", ") + ")"
		case e.Field.Of == pluvia.MetricPart || Runs.numbers[e.Field.Key] != "":
			s += fmt.Sprintf(" %v", e.Number)
		default:
			s += " " + text(e.Text)
		}
		return s
	}
	return ""
}

func FuzzParse(f *testing.F) {
	scripts, err := filepath.Glob("testdata/*.filter")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range scripts {
		script, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for line := range strings.Lines(string(script)) {
			if asked, ok := strings.CutPrefix(line, "> "); ok {
				f.Add(strings.TrimSuffix(asked, "\n"))
			}
		}
	}
	f.Fuzz(func(t *testing.T, filter string) {
		for name, k := range kinds {
			e, err := k.Parse(filter)
			if err != nil {
				if pluvia.ErrorCode(err) != pluvia.Invalid || len(err.Error()) > 2000 {
					t.Errorf("%s: %v", name, err)
				}
				continue
			}
			if k != Runs || e == nil {
				continue
			}
			again, err := Runs.Parse(written(e))
			if deep, _ := err.(*pluvia.Error); deep != nil && strings.Contains(deep.Message, "deeper") {
				continue // written has more parentheses
			}
			if err != nil || !reflect.DeepEqual(again, e) {
				t.Errorf("%q is written %q, which is read as %v, %v", filter, written(e), show(again), err)
			}
		}
	})
}

func FuzzParseOrder(f *testing.F) {
	for _, s := range []string{"metrics.auc DESC", "Created", "tags.`a b` asc", "params.\"x", "", "start_time desc desc"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, clause string) {
		for name, k := range kinds {
			orders, err := k.ParseOrder([]string{clause})
			if err == nil && len(orders) != 1 || err != nil && pluvia.ErrorCode(err) != pluvia.Invalid {
				t.Errorf("%s: %q: %v %v", name, clause, orders, err)
			}
			if _, err := k.OrderField(clause); err != nil && pluvia.ErrorCode(err) != pluvia.Invalid {
				t.Errorf("%s: %q: %v", name, clause, err)
			}
		}
	})
}

func Example() {
	e, err := Runs.Parse("metrics.auc > 0.8 and (params.model = 'boost' or not tags.`mlflow.user` LIKE 'test%')")
	fmt.Println(show(e), err)
	_, err = Runs.Parse("metrics.auc > and params.model = 'boost'")
	fmt.Println(err)
	// Output:
	// (and (> metric:auc 0.8) (or (= parameter:model "boost") (not (LIKE tag:mlflow.user "test%")))) <nil>
	// at 15: Invalid clause(s) in filter string: expected a value, got 'and'
}
