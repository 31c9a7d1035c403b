package mlflow

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/bucket"
	"github.com/pluvia-ml/pluvia/store"
)

// site is the dialect on a real connection, over an empty database and buckets
// in a folder.
type site struct {
	*Server
	t       testing.TB
	url     string
	store   pluvia.Tracking
	buckets pluvia.Buckets
	dir     string // holds the folder "buckets" and whatever a test puts beside it
}

func newSite(t testing.TB) *site {
	t.Helper()
	buckets, err := bucket.OpenFolder(filepath.Join(t.TempDir(), "buckets"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { buckets.Close() })
	return newSiteOn(t, buckets)
}

func newSiteOn(t testing.TB, buckets pluvia.Buckets) *site {
	t.Helper()
	s := &site{t: t, dir: t.TempDir(), buckets: buckets}
	db, err := store.Open(t.Context(), filepath.Join(s.dir, "pluvia.db"))
	if err != nil {
		t.Fatal(err)
	}
	s.store = db
	s.Server = New(Config{Store: db, Buckets: buckets, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	mux := http.NewServeMux()
	s.Routes(mux)
	listener := httptest.NewServer(mux)
	s.url = listener.URL
	t.Cleanup(func() {
		listener.Close()
		s.Close()
		db.Close()
	})
	return s
}

// send sends a request as it is written, "GET /path?query", without any of the
// tidying that an HTTP client does.
func (s *site) send(line, body string, headers ...string) (*http.Response, string) {
	s.t.Helper()
	method, target, _ := strings.Cut(line, " ")
	if strings.HasPrefix(target, "/artifacts") || strings.HasPrefix(target, "/mpu") || strings.HasPrefix(target, "/presigned") {
		target = "/api/2.0/mlflow-artifacts" + target
	}
	connection, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer connection.Close()
	connection.SetDeadline(time.Now().Add(20 * time.Second))
	if !slices.ContainsFunc(headers, func(h string) bool { return strings.HasPrefix(h, "Content-Type") }) {
		headers = append(headers, "Content-Type: application/json")
	}
	if method != "GET" && method != "HEAD" && !slices.ContainsFunc(headers, func(h string) bool { return strings.HasPrefix(h, "Transfer-Encoding") }) {
		headers = append(headers, fmt.Sprintf("Content-Length: %d", len(body)))
	}
	fmt.Fprintf(connection, "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s\r\n\r\n%s", method, target, strings.Join(headers, "\r\n"), body)
	answer, err := http.ReadResponse(bufio.NewReader(connection), &http.Request{Method: method})
	if err != nil {
		s.t.Fatalf("%s: %v", line, err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatalf("%s: %v", line, err)
	}
	return answer, string(text)
}

// want is send for an answer of a status that holds a text.
func (s *site) want(status int, holds, line, body string, headers ...string) string {
	s.t.Helper()
	answer, text := s.send(line, body, headers...)
	if answer.StatusCode != status || !strings.Contains(text, holds) {
		s.t.Errorf("%s %.200s\nanswer %d %.500s\nwant   %d %s", line, body, answer.StatusCode, text, status, holds)
	}
	return text
}

// newRun makes a run in the experiment.
func (s *site) newRun(experiment string) *pluvia.Run {
	s.t.Helper()
	r := &pluvia.Run{ExperimentID: experiment}
	if err := s.store.CreateRun(s.t.Context(), r); err != nil {
		s.t.Fatal(err)
	}
	return r
}

func TestArtifacts(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	run := s.newRun("0")
	at := "/artifacts/0/" + run.ID + "/artifacts"
	put := func(name, content string) {
		t.Helper()
		s.want(200, "{}", "PUT "+at+"/"+name, content, "Content-Type: text/html")
	}
	put("a.txt", "0123456789")
	put("a.txt", "0123456789") // again
	put("sub/b.html", "<script>alert(1)</script>")
	put("sub/deep/c%20d.parquet", "PAR1")
	put("empty", "")
	s.want(200, "{}", "PUT "+at+"/chunked", "5\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding: chunked")
	s.want(200, "{}", "PUT "+at+"/chunked-empty", "0\r\n\r\n", "Transfer-Encoding: chunked")
	s.want(200, "hello", "GET "+at+"/chunked", "")

	for _, test := range []struct{ line, body string }{
		{"GET /artifacts?path=0/" + run.ID + "/artifacts", `{"files":[{"path":"a.txt","is_dir":false,"file_size":10},{"path":"chunked","is_dir":false,"file_size":5},{"path":"chunked-empty","is_dir":false},{"path":"empty","is_dir":false},{"path":"sub","is_dir":true}]}`},
		{"GET /artifacts?path=0/" + run.ID + "/artifacts/sub/", `{"files":[{"path":"b.html","is_dir":false,"file_size":25},{"path":"deep","is_dir":true}]}`},
		{"GET /artifacts", `{"files":[{"path":"0","is_dir":true}]}`},
		{"GET /artifacts?path=0/" + run.ID + "/artifacts/a.txt", `{}`},
		{"GET /artifacts?path=nowhere", `{}`},
		{"GET /api/2.0/mlflow/artifacts/list?run_id=" + run.ID, `{"root_uri":"mlflow-artifacts:/0/` + run.ID + `/artifacts","files":[{"path":"a.txt","is_dir":false,"file_size":10},{"path":"chunked","is_dir":false,"file_size":5},{"path":"chunked-empty","is_dir":false},{"path":"empty","is_dir":false},{"path":"sub","is_dir":true}]}`},
		{"GET /ajax-api/2.0/mlflow/artifacts/list?run_uuid=" + run.ID + "&path=sub/deep", `{"root_uri":"mlflow-artifacts:/0/` + run.ID + `/artifacts","files":[{"path":"sub/deep/c d.parquet","is_dir":false,"file_size":4}]}`},
	} {
		if got := s.want(200, "", test.line, ""); got != test.body {
			t.Errorf("%s\n got %s\nwant %s", test.line, got, test.body)
		}
	}

	for _, test := range []struct {
		line, headers string
		status        int
		want          string // headers and body, each on its line
	}{
		{"GET " + at + "/a.txt", "", 200, "Content-Type: text/plain\nContent-Disposition: attachment; filename=a.txt\nContent-Length: 10\nX-Content-Type-Options: nosniff\n0123456789"},
		{"HEAD " + at + "/a.txt", "", 200, "Content-Length: 10\nAccept-Ranges: bytes\n"},
		{"GET " + at + "/a.txt", "Range: bytes=2-4", 206, "Content-Range: bytes 2-4/10\n234"},
		{"GET " + at + "/a.txt", "Range: bytes=-2", 206, "89"},
		{"GET " + at + "/a.txt", "Range: bytes=8-", 206, "89"},
		{"GET " + at + "/a.txt", "Range: bytes=10-", 416, ""},
		{"GET " + at + "/sub/b.html", "", 200, "Content-Type: text/html\nContent-Disposition: attachment; filename=b.html\nContent-Security-Policy: sandbox; default-src 'none'\n"},
		{"GET " + at + "/sub/deep/c%20d.parquet", "", 200, "Content-Type: application/octet-stream\nContent-Disposition: attachment; filename=\"c d.parquet\"\nPAR1"},
		{"GET " + at + "/empty", "", 200, "Content-Length: 0\n"},
		{"GET " + at + "/none", "", 404, `{"error_code":"RESOURCE_DOES_NOT_EXIST"`},
		{"GET " + at + "/sub", "", 404, `{"error_code":"RESOURCE_DOES_NOT_EXIST"`},
		{"GET " + at + "/a.txt/below", "", 404, `{"error_code":"RESOURCE_DOES_NOT_EXIST"`},
		{"GET /artifacts/", "", 404, "RESOURCE_DOES_NOT_EXIST"},
		{"GET /get-artifact?run_id=" + run.ID + "&path=a.txt", "", 200, "0123456789"},
		{"GET /get-artifact?run_uuid=" + run.ID + "&path=sub/b.html", "", 200, "attachment"},
		{"GET /get-artifact?run_id=" + run.ID, "", 400, "Missing value for required parameter 'path'"},
		{"GET /get-artifact?path=a", "", 400, "Missing value for required parameter 'run_id'"},
		{"GET /get-artifact?run_id=nobody&path=a", "", 404, "Run with id=nobody not found"},
		{"POST " + at + "/a.txt", "", 405, ""},
		{"PUT " + at + "/folder/", "", 400, "Invalid path"},
		{"PUT " + at + "/a.txt/below", "", 400, "INVALID_PARAMETER_VALUE"},
		{"PUT " + at + "/" + strings.Repeat("s", 256), "", 400, "more than 255"},
		{"POST /ajax-api/2.0/mlflow/upload-artifact?run_uuid=" + run.ID + "&path=up/x.txt", "", 400, "Request must specify data."},
	} {
		var headers []string
		if test.headers != "" {
			headers = append(headers, test.headers)
		}
		answer, body := s.send(test.line, "", headers...)
		var all strings.Builder
		answer.Header.Write(&all)
		for line := range strings.SplitSeq(test.want, "\n") {
			if answer.StatusCode != test.status || !strings.Contains(all.String()+"\n"+body, line) {
				t.Errorf("%s (%s): %d\n%s\n%s\nwant %d %s", test.line, test.headers, answer.StatusCode, all.String(), body, test.status, line)
			}
		}
	}

	s.want(200, "{}", "POST /ajax-api/2.0/mlflow/upload-artifact?run_uuid="+run.ID+"&path=up/x.txt", "small", "Content-Type: text/plain")
	s.want(200, "small", "GET "+at+"/up/x.txt", "")
	s.want(400, "Max size is 10MB", "POST /ajax-api/2.0/mlflow/upload-artifact?run_uuid="+run.ID+"&path=up/x.txt", strings.Repeat("x", 10<<20+1))
	s.want(200, "small", "GET "+at+"/up/x.txt", "")

	s.want(400, "Invalid path", "DELETE /artifacts/", "")
	s.want(200, "{}", "DELETE "+at+"/none", "")
	s.want(200, "{}", "DELETE "+at+"/a.txt", "")
	s.want(404, "", "GET "+at+"/a.txt", "")
	s.want(200, "{}", "DELETE "+at+"/sub/", "")
	s.want(404, "", "GET "+at+"/sub/b.html", "")
	s.want(200, "{}", "DELETE "+at+"/", "")
	if got := s.want(200, "", "GET /artifacts", ""); got != "{}" {
		t.Errorf("left is %s", got)
	}
}

// TestBrokenUpload holds that an upload that ends early leaves what was there.
func TestBrokenUpload(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.want(200, "", "PUT /artifacts/0/a", "old")
	for _, head := range []string{"Content-Length: 100000", "Transfer-Encoding: chunked"} {
		connection, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(connection, "PUT /api/2.0/mlflow-artifacts/artifacts/0/a HTTP/1.1\r\nHost: localhost\r\n%s\r\n\r\n10\r\nhalf of it\r\n", head)
		connection.(*net.TCPConn).CloseWrite()
		answer, err := io.ReadAll(connection)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(string(answer), "HTTP/1.1 2") {
			t.Errorf("half an upload is answered %s", answer)
		}
		connection.Close()
		s.want(200, "old", "GET /artifacts/0/a", "")
	}
}

// TestNotSupported holds that clients fall back to artifacts through the
// server on buckets that take no signed requests.
func TestNotSupported(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	run := s.newRun("0")
	for line, body := range map[string]string{
		"POST /mpu/create/0/x":   `{"path": "/tmp/big.bin", "num_parts": 2}`,
		"POST /mpu/complete/0/x": `{"path": "/tmp/big.bin", "upload_id": "u", "parts": [{"part_number": 1, "etag": "e", "url": "u"}]}`,
		"POST /mpu/abort/0/x":    `{"path": "/tmp/big.bin", "upload_id": "u"}`,
	} {
		s.want(501, `{"error_code":"NOT_IMPLEMENTED","message":"Multipart upload is not supported for the current artifact repository`, line, body)
	}
	s.want(501, "Multipart download is not supported", "GET /presigned/0/x", "")
	s.want(501, "Presigned upload is not supported", "POST /api/2.0/mlflow/artifacts/presigned-upload-url", `{"run_id": "`+run.ID+`", "path": "a"}`)
	s.want(501, "Presigned download is not supported", "POST /api/2.0/mlflow/artifacts/presigned-download-url", `{"run_id": "`+run.ID+`", "path": "a"}`)
	s.want(400, "Exactly one of run_id and model_id", "POST /api/2.0/mlflow/artifacts/presigned-upload-url", `{"path": "a"}`)
	s.want(400, "expiration must be between 1 and 604800", "POST /api/2.0/mlflow/artifacts/presigned-upload-url", `{"run_id": "r", "path": "a", "expiration": 604801}`)
}

// TestLoggedModelArtifacts reads what is in the folder of a logged model.
func TestLoggedModelArtifacts(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	m := &pluvia.LoggedModel{ExperimentID: "0", Name: "m"}
	if err := s.store.CreateLoggedModel(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	at := strings.TrimPrefix(toWire(m.ArtifactURI), onWire)
	s.want(200, "", "PUT /artifacts/"+at+"/MLmodel", "flavors: {}")
	s.want(200, "", "PUT /artifacts/"+at+"/data/x.bin", "x")
	s.want(200, `{"root_uri":"mlflow-artifacts:/`+at+`","files":[{"path":"MLmodel","is_dir":false,"file_size":11},{"path":"data","is_dir":true}]}`, "GET /api/2.0/mlflow/logged-models/"+m.ID+"/artifacts/directories", "")
	s.want(200, `"files":[{"path":"data/x.bin","is_dir":false,"file_size":1}]}`, "GET /api/2.0/mlflow/logged-models/"+m.ID+"/artifacts/directories?artifact_directory_path=data", "")
	s.want(200, "flavors: {}", "GET /ajax-api/2.0/mlflow/logged-models/"+m.ID+"/artifacts/files?artifact_file_path=MLmodel", "")
	s.want(404, "not found", "GET /ajax-api/2.0/mlflow/logged-models/m-0/artifacts/files?artifact_file_path=MLmodel", "")
	s.want(400, "artifact_file_path", "GET /ajax-api/2.0/mlflow/logged-models/"+m.ID+"/artifacts/files", "")
}

func TestAttachment(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"a.txt":          "attachment; filename=a.txt",
		"a b.txt":        `attachment; filename="a b.txt"`,
		`a"b\c`:          `attachment; filename="a\"b\\c"`,
		"ünï 雨;.csv":     `attachment; filename="_n_ _;.csv"; filename*=UTF-8''%C3%BCn%C3%AF%20%E9%9B%A8%3B.csv`,
		"a\r\nX-Evil: 1": `attachment; filename="a__X-Evil: 1"; filename*=UTF-8''a%0D%0AX-Evil%3A%201`,
	} {
		if got := attachment(name); got != want {
			t.Errorf("%q\n got %s\nwant %s", name, got, want)
		}
	}
}

func TestContentType(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"a.json": "text/plain", "x/MLmodel": "text/plain", "MLproject": "text/plain", "a.PNG": "image/png", "a.html": "text/html",
		"a": "application/octet-stream", "a.pkl": "application/octet-stream", ".yaml": "text/plain", "a.b.csv": "text/plain",
	} {
		if got := contentType(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// contents are the files below a folder with what is in them, links not
// followed.
func contents(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		all[path] = ""
		if d.Type().IsRegular() {
			text, err := os.ReadFile(path)
			all[path] = string(text)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func decode(t testing.TB, text string) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// TestSlow holds that an artifact may take longer than the server's limits of
// a request, as long as it keeps coming and going.
func TestSlow(t *testing.T) {
	t.Parallel()
	folder, err := bucket.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	s := newSiteOn(t, remote{folder})
	mux := http.NewServeMux()
	s.Routes(mux)
	server := httptest.NewUnstartedServer(mux)
	server.Config.ReadTimeout, server.Config.WriteTimeout = 300*time.Millisecond, 300*time.Millisecond
	server.Start()
	defer server.Close()
	address := server.URL + "/api/2.0/mlflow-artifacts/artifacts/0/slow"

	content, w := io.Pipe()
	go func() {
		for range 8 {
			time.Sleep(100 * time.Millisecond)
			w.Write([]byte(strings.Repeat("x", 1<<20)))
		}
		w.Close()
	}()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, address, content)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil || answer.StatusCode != 200 {
		t.Fatalf("put: %v %v", answer, err)
	}
	answer.Body.Close()
	if answer, err = http.Get(address); err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	n := 0
	for buffer := make([]byte, 512<<10); ; {
		time.Sleep(50 * time.Millisecond)
		m, err := io.ReadFull(answer.Body, buffer)
		n += m
		if err != nil {
			break
		}
	}
	if n != 8<<20 {
		t.Errorf("%d bytes came back", n)
	}
}

// remote are buckets whose objects can be read as long as the context of the
// request lasts, as those on a server of objects.
type remote struct{ pluvia.Buckets }

func (r remote) Open(ctx context.Context, bucket, key string) (io.ReadCloser, *pluvia.Object, error) {
	content, o, err := r.Buckets.Open(ctx, bucket, key)
	if err != nil {
		return nil, nil, err
	}
	return &lasting{content.(io.ReadSeekCloser), ctx}, o, nil
}

type lasting struct {
	io.ReadSeekCloser
	ctx context.Context
}

func (l *lasting) Read(p []byte) (int, error) {
	if err := l.ctx.Err(); err != nil {
		return 0, err
	}
	return l.ReadSeekCloser.Read(p)
}

// FuzzArtifactPath holds that no path leaves the folder that it is below.
func FuzzArtifactPath(f *testing.F) {
	for _, p := range escapes() {
		f.Add(p)
	}
	for _, p := range []string{"a/b.txt", "ü 雨", "a//b", "a/.", "..a/b..", "100%", "%", "a%2", "a;b?c", strings.Repeat("%25", 20) + "2e"} {
		f.Add(p)
	}
	dir := f.TempDir()
	buckets, err := bucket.OpenFolder(filepath.Join(dir, "buckets"))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { buckets.Close() })
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte(secret), 0o666); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, p string) {
		key, err := keyBelow("s3://mlflow/0/run/artifacts", p)
		if err != nil {
			return
		}
		if !strings.HasPrefix(key, "0/run/artifacts") || slices.Contains(strings.Split(decoded(key), "/"), "..") {
			t.Fatalf("%q is the key %q", p, key)
		}
		if buckets.Put(t.Context(), pluvia.MLflowBucket, key, strings.NewReader("x")) != nil {
			return
		}
		if !strings.HasPrefix(key, "0/run/artifacts/") && key != "0/run/artifacts" {
			t.Errorf("%q was put at %q", p, key)
		}
		if _, err := os.Stat(filepath.Join(dir, "buckets", "mlflow", filepath.FromSlash(key))); err != nil {
			t.Errorf("%q was put elsewhere: %v", p, err)
		}
		if err := buckets.DeleteTree(t.Context(), pluvia.MLflowBucket, key); err != nil {
			t.Error(err)
		}
		if got := contents(t, dir); len(got) != 1 {
			t.Errorf("left are %v", got)
		}
	})
}

// FuzzSource holds that an address that is let pass leads where it says.
func FuzzSource(f *testing.F) {
	for _, source := range []string{"s3://b/x", "s3://b", "mlflow-artifacts:/0/a//b/", "http://h/a?b#c", "a:/../b", "file:///x", "x:%2e%2e/", "models:/m/1", "s3:/b/x", "é:/x", "C:\\x", "a:/b;/../c", "a:/%252e%252e/x"} {
		f.Add(source)
	}
	f.Fuzz(func(t *testing.T, source string) {
		if _, local := localPath(source); local || !absolute(source) {
			return
		}
		for _, d := range []string{source, decoded(source)} {
			if slices.Contains(strings.Split(d, "/"), "..") || strings.ContainsAny(d, "\x00\\") {
				t.Errorf("%q was let pass", source)
			}
		}
		if again := fromWire(toWire(fromWire(source))); again != fromWire(source) {
			t.Errorf("%q is %q to the store, and %q when clients give it back", source, fromWire(source), again)
		}
	})
}
