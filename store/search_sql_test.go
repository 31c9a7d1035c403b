package store

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia"
)

func field(of pluvia.Part, key string) pluvia.Field { return pluvia.Field{Of: of, Key: key} }

func TestWhere(t *testing.T) {
	t.Parallel()
	param, tag, metric := field(pluvia.ParamPart, "a"), field(pluvia.TagPart, "a"), field(pluvia.MetricPart, "a")
	start, end := field(pluvia.Attribute, "start_time"), field(pluvia.Attribute, "end_time")
	for _, c := range []struct {
		where pluvia.Expr
		want  string
		args  string
	}{
		{nil, `TRUE`, `[]`},
		{pluvia.And{}, `TRUE`, `[]`},
		{pluvia.Or{}, `FALSE`, `[]`},
		{pluvia.Compare{Field: start, Op: pluvia.Less, Number: 5}, `runs.start_time < $1`, `[5]`},
		{pluvia.Compare{Field: start, Op: pluvia.Less, Number: 5.5}, `runs.start_time < CAST($1 AS DOUBLE PRECISION)`, `[5.5]`},
		{pluvia.Compare{Field: start, Op: pluvia.Less, Number: 1e300}, `runs.start_time < CAST($1 AS DOUBLE PRECISION)`, `[1e+300]`},
		{pluvia.Compare{Field: end, Op: pluvia.Less, Number: 5}, `(NOT (runs.end_time = 0) AND runs.end_time < $1)`, `[5]`},
		{pluvia.Compare{Field: metric, Op: pluvia.Greater, Number: 0.5}, `EXISTS (SELECT 1 FROM latest_metrics x WHERE x.run = runs.id AND x.key = $1 AND x.value > $2)`, `[a 0.5]`},
		{pluvia.Compare{Field: metric, Op: pluvia.Equal, Number: math.NaN()}, `EXISTS (SELECT 1 FROM latest_metrics x WHERE x.run = runs.id AND x.key = $1 AND FALSE)`, `[a]`},
		{pluvia.Compare{Field: param, Op: pluvia.Equal, Text: "v"}, `runs.id IN (SELECT x.run FROM params x WHERE x.key = $1 AND SUBSTR(x.value, 1, 64) = $2)`, `[a v]`},
		{pluvia.Compare{Field: tag, Op: pluvia.NotEqual, Text: "v"}, `EXISTS (SELECT 1 FROM run_tags x WHERE x.run = runs.id AND x.key = $1 AND x.value <> $2)`, `[a v]`},
		{pluvia.Compare{Field: tag, Op: pluvia.IsNull}, `NOT EXISTS (SELECT 1 FROM run_tags x WHERE x.run = runs.id AND x.key = $1)`, `[a]`},
		{pluvia.Compare{Field: tag, Op: pluvia.Like, Text: "a%_*"}, `EXISTS (SELECT 1 FROM run_tags x WHERE x.run = runs.id AND x.key = $1 AND x.value GLOB $2)`, `[a a*?[*]]`},
		{pluvia.Compare{Field: tag, Op: pluvia.ILike, Text: "k1"}, `EXISTS (SELECT 1 FROM run_tags x WHERE x.run = runs.id AND x.key = $1 AND x.value GLOB $2)`, "[a [k\u212aK]1]"},
		{pluvia.Compare{Field: field(pluvia.TagPart, "\x00"), Op: pluvia.IsNull}, `TRUE`, `[]`},
		{pluvia.Not{X: pluvia.Or{pluvia.Compare{Field: start, Op: pluvia.Equal, Number: 1}, pluvia.Compare{Field: field(pluvia.Attribute, "status"), Op: pluvia.In, List: []string{"A", "B"}}}},
			`NOT ((runs.start_time = $1 OR runs.status IN (SELECT j.value FROM json_each($2) j)))`, `[1 ["A","B"]]`},
	} {
		q := &query{kind: runKind, database: &sqliteDialect}
		got, err := q.where(c.where)
		if err != nil || got != c.want || fmt.Sprint(q.args) != c.args && (len(q.args) > 0 || c.args != "[]") {
			t.Errorf("%+v\n got %s %v, %v\nwant %s %s", c.where, got, q.args, err, c.want, c.args)
		}
	}
}

// TestNoTextOfUsersInSQL gives every place of a search a word to look for.
func TestNoTextOfUsersInSQL(t *testing.T) {
	t.Parallel()
	const word = "zq'\";--%s$9"
	var all pluvia.And
	for _, of := range []pluvia.Part{pluvia.MetricPart, pluvia.ParamPart, pluvia.TagPart} {
		for _, op := range []pluvia.Op{pluvia.Equal, pluvia.NotEqual, pluvia.Like, pluvia.ILike, pluvia.In, pluvia.NotIn, pluvia.IsNull} {
			if of == pluvia.MetricPart && op != pluvia.Equal && op != pluvia.NotEqual && op != pluvia.IsNull {
				continue
			}
			all = append(all, pluvia.Compare{Field: pluvia.Field{Of: of, Key: word, Dataset: &pluvia.DatasetRef{Name: word, Digest: word}}, Op: op, Text: word, List: []string{word}})
		}
	}
	for name, database := range map[string]*dialect{"SQLite": &sqliteDialect, "PostgreSQL": &postgresDialect} {
		for _, k := range []*kind{runKind, loggedModelKind} {
			q := &query{kind: k, database: database, datasets: []pluvia.DatasetRef{{Name: word, Digest: word}}}
			where, err := q.where(all)
			if err != nil {
				t.Fatal(err)
			}
			var orders []pluvia.Order
			for _, c := range all {
				orders = append(orders, pluvia.Order{Field: c.(pluvia.Compare).Field})
			}
			terms, err := q.terms(orders[:3])
			if err != nil {
				t.Fatal(err)
			}
			m := make(mark, len(terms))
			for i := range m {
				m[i].value = word
			}
			text := where + orderBy(terms) + q.after(terms, m)
			for _, term := range terms {
				text += term.join
			}
			if strings.Contains(text, "zq") {
				t.Errorf("%s of %s has a user's text in it: %s", k.name, name, text)
			}
		}
	}
}

// TestSearchPlans looks at how the searches that lists begin with are done:
// from an index that has them in order.
func TestSearchPlans(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "p.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, c := range []struct {
		from, where string
		order       []pluvia.Order
		joined      bool
		want        string
	}{
		{"runs", `runs.experiment = 0 AND runs.stage = 'active'`, nil, false, "INDEX runs_by_experiment (experiment=? AND stage=? AND start_time<?)"},
		{"latest_metrics o CROSS JOIN runs", `o.run = runs.id AND o.key = 'm' AND o.is_nan = FALSE AND runs.experiment = 0`,
			[]pluvia.Order{{Field: field(pluvia.MetricPart, "m"), Descending: true}}, true, "INDEX latest_metrics_by_value (key=? AND is_nan=? AND value<?)"},
	} {
		q := &query{kind: runKind, database: &sqliteDialect}
		if c.joined {
			q.joined = map[pluvia.Field]string{field(pluvia.MetricPart, "m"): "o"}
		}
		terms, err := q.terms(c.order)
		if err != nil {
			t.Fatal(err)
		}
		m := make(mark, len(terms))
		for i, term := range terms {
			m[i].value = map[valueKind]any{aText: "x", anInteger: int64(5), aReal: 0.5}[term.of]
		}
		rows, err := s.reader.Query(`EXPLAIN QUERY PLAN SELECT runs.id FROM `+c.from+` WHERE `+c.where+` AND `+q.after(terms, m)+` ORDER BY `+orderBy(terms)+` LIMIT 100`, q.args...)
		if err != nil {
			t.Fatal(err)
		}
		var plan strings.Builder
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				t.Fatal(err)
			}
			plan.WriteString(detail + "\n")
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		sorts := strings.Contains(plan.String(), "USE TEMP B-TREE FOR ORDER BY") // of the last terms only is good
		if !strings.Contains(plan.String(), c.want) || sorts {
			t.Errorf("%s is searched by\n%s", c.from, &plan)
		}
	}
}

func FuzzReadToken(f *testing.F) {
	terms := []term{{class: "c", of: aReal}, {of: anInteger}, {of: aText}}
	f.Add(writeToken("s", mark{{value: 0.5}, {value: int64(-3)}, {value: "x"}}))
	f.Add(writeToken("s", mark{{class: hasNone}, {value: int64(1) << 62}, {value: "雨"}}))
	f.Add("e30")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := readToken(text, "s", terms)
		if err != nil {
			if pluvia.ErrorCode(err) != pluvia.Invalid {
				t.Errorf("%q: %v of another code", text, err)
			}
			return
		}
		again, err := readToken(writeToken("s", m), "s", terms)
		if err != nil || fmt.Sprint(again) != fmt.Sprint(m) {
			t.Errorf("%q is %v, and written and read again %v, %v", text, m, again, err)
		}
	})
}

func FuzzUnpack(f *testing.F) {
	f.Add("1:2:abb3:0:key")
	f.Add("1:2:b::0:1:x")
	f.Add("-1:2:")
	f.Add("9223372036854775807:1:x")
	f.Fuzz(func(t *testing.T, packed string) {
		pairs, err := unpack(packed)
		if err != nil {
			return
		}
		var text strings.Builder
		for i, p := range pairs {
			if i > 0 && p.key < pairs[i-1].key {
				t.Errorf("%q is not by key: %v", packed, pairs)
			}
			fmt.Fprintf(&text, "%d:%d:%s%s", len(p.key), len(p.value), p.key, p.value)
		}
		if again, err := unpack(text.String()); err != nil || fmt.Sprint(again) != fmt.Sprint(pairs) {
			t.Errorf("%q is %v, packed and unpacked again %v, %v", packed, pairs, again, err)
		}
	})
}
