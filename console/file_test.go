package console_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/console/consoletest"
)

func TestFiles(t *testing.T) {
	t.Parallel()
	d := consoletest.Filled(t)
	run, err := d.Store.Run(t.Context(), d.Compare)
	if err != nil {
		t.Fatal(err)
	}
	bucket, prefix, err := pluvia.ParseURI(run.ArtifactURI)
	if err != nil {
		t.Fatal(err)
	}
	wide := strings.Repeat("c,", 80) + "last\n"
	for name, content := range map[string][]byte{
		"big.txt":    bytes.Repeat([]byte("a line of ñ\n"), 100_000),
		"long.txt":   bytes.Repeat([]byte("ñ"), 400_000),
		"big.csv":    []byte(wide + strings.Repeat(wide, 300)),
		"broken.csv": []byte("a,b\n\"open"),
		"empty.csv":  {},
		"deep.json":  bytes.Repeat([]byte("["), 100_000),
		"odd.json":   []byte("{"),
		"latin.txt":  []byte("caf\xe9"),
	} {
		if err := d.Buckets.Put(t.Context(), bucket, prefix+"/"+name, bytes.NewReader(content)); err != nil {
			t.Fatal(err)
		}
	}
	at := "/runs/" + d.Compare + "/files/"
	play(t, d, []scenario{
		{name: "all", target: at, status: 200, has: []string{"report/</a>", "pictures/</a>", "comparison.json", "MB"}},
		{name: "folder", target: at + "report", status: 200, has: []string{at + "report/worst.csv", "notes.md"}, hasNot: []string{"pictures/"}},
		{name: "no such folder", target: at + "none", status: 404},
		{name: "outside", target: at + "..%2f..%2f..%2fdata", status: 422},
		{name: "image", target: at + "pictures/importance.svg", status: 200, has: []string{`<img class="look" src="/runs/` + d.Compare + `/artifacts/pictures/importance.svg"`}},
		{name: "table", target: at + "report/worst.csv", status: 200, has: []string{"<th>place</th>", "<td>Hobart, Ellerslie</td>", "&lt;b&gt;Cobar"}},
		{name: "logged table", target: at + "report/logged.json", status: 200, has: []string{"<th>question</th>", "<td>&lt;i&gt;dry&lt;/i&gt;</td>", "<td>null</td>"}},
		{name: "JSON", target: at + "comparison.json", status: 200, has: []string{"<pre>{\n  &#34;curves&#34;"}},
		{name: "text", target: at + "report/notes.md", status: 200, has: []string{"&lt;script&gt;alert(1)", "ñandú"}, hasNot: []string{"<script>alert"}},
		{name: "text without an extension", target: at + "report/MLmodel", status: 200, has: []string{"python_function"}},
		{name: "HTML", target: at + "report/report.html", status: 200, has: []string{`<iframe class="look" sandbox src="/runs/` + d.Compare + `/artifacts/report/report.html?preview"`, "frame-src 'self'", "Scripts in it do not run here"}, hasNot: []string{"teal"}},
		{name: "HTML in its frame", target: "/runs/" + d.Compare + "/artifacts/report/report.html?preview", status: 200, has: []string{"Content-Type: text/html", "default-src 'none'", "; sandbox;", "frame-ancestors 'self'", "nosniff"}, hasNot: []string{"allow-scripts", "script-src", "unsafe-eval"}},
		{name: "preview is for HTML only", target: "/runs/" + d.Compare + "/artifacts/report/MLmodel?preview", status: 200, has: []string{"attachment", "application/octet-stream"}},
		{name: "binary", target: at + "model/a%20b%23c.bin", status: 200, has: []string{"There is no preview", "a%20b%23c.bin?download"}},
		{name: "big text", target: at + "big.txt", status: 200, has: []string{"The first 524.3\u00a0kB of 1.3\u00a0MB are shown"}},
		{name: "cut in a character", target: at + "long.txt", status: 200, has: []string{"ñññ", "are shown"}, hasNot: []string{"\ufffd", "There is no preview"}},
		{name: "big table", target: at + "big.csv", status: 200, has: []string{"The first 200 rows and 50 columns are shown"}, hasNot: []string{"last"}},
		{name: "table that is none", target: at + "broken.csv", status: 200, has: []string{"<pre>a,b\n&#34;open</pre>"}},
		{name: "nothing", target: at + "empty.csv", status: 200, has: []string{"<pre></pre>"}},
		{name: "deep JSON", target: at + "deep.json", status: 200, has: []string{"<pre>[[["}},
		{name: "JSON that is none", target: at + "odd.json", status: 200, has: []string{"<pre>{</pre>"}},
		{name: "not UTF-8", target: at + "latin.txt", status: 200, has: []string{"There is no preview"}},
		{name: "Spanish", target: at + "report/report.html?lang=es", status: 200, has: []string{"no se ejecutan"}},
		{name: "no such run", target: "/runs/0/files/", status: 404},
	})
}
