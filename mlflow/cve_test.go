package mlflow

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia/bucket"
)

const secret = "what nobody may read"

// fort is a site with a secret beside its buckets, and links that lead there.
type fort struct {
	*site
	outside string            // the folder of the secret
	run     string            // a run of experiment 0, with links among its artifacts
	before  map[string]string // every file at first
}

func newFort(t *testing.T) *fort {
	t.Helper()
	dir := t.TempDir()
	f := &fort{outside: filepath.Join(dir, "outside")}
	if err := os.MkdirAll(f.outside, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(f.outside, "secret.txt"), []byte(secret), 0o666); err != nil {
		t.Fatal(err)
	}
	buckets, err := bucket.OpenFolder(filepath.Join(dir, "buckets"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { buckets.Close() })
	f.site = newSiteOn(t, buckets)
	f.run = f.newRun("0").ID
	f.want(200, "", "PUT /artifacts/0/"+f.run+"/artifacts/keep.txt", "keep")
	artifacts := filepath.Join(dir, "buckets", "mlflow", "0", f.run, "artifacts")
	for name, target := range map[string]string{"folder": f.outside, "file": filepath.Join(f.outside, "secret.txt"), "up": "../../../../.."} {
		if err := os.Symlink(target, filepath.Join(artifacts, name)); err != nil {
			t.Fatal(err)
		}
	}
	f.before = contents(t, dir)
	t.Cleanup(func() {
		if after := contents(t, dir); !maps.Equal(f.before, after) {
			t.Errorf("files have changed: %v", after)
		}
	})
	return f
}

// with is the fort for the faults of a subtest.
func (f *fort) with(t *testing.T) *fort {
	s, g := *f.site, *f
	s.t, g.site = t, &s
	return &g
}

// refused wants an answer without the secret: an error in MLflow's shape, or
// the redirect by which net/http tidies a path, which is followed.
func (f *fort) refused(line, body string) {
	f.t.Helper()
	answer, text := f.send(line, body)
	if answer.StatusCode == 301 || answer.StatusCode == 307 || answer.StatusCode == 308 {
		method, _, _ := strings.Cut(line, " ")
		location := answer.Header.Get("Location")
		if method != "GET" || strings.Contains(location, "..") {
			return // nothing has been done, and nothing is where it leads
		}
		answer, text = f.send(method+" "+location, body)
		if answer.StatusCode == 404 {
			return // outside of the dialect the answer is a plain one
		}
	}
	var shape struct {
		Code    string `json:"error_code"`
		Message string
	}
	refused := answer.StatusCode >= 400 && answer.StatusCode < 500 || answer.StatusCode == 501
	if !refused || json.Unmarshal([]byte(text), &shape) != nil || shape.Code == "" || shape.Message == "" || strings.Contains(text, secret) {
		f.t.Errorf("%s %s\nis answered %d %.300s", line, body, answer.StatusCode, text)
	}
}

// escapes are the ways to spell a path out of a folder, which the record of
// MLflow's holes knows, as they stand in a request line.
func escapes() map[string]string {
	up := func(dots, slash string) string {
		return strings.Repeat(dots+slash, 8) + "outside" + slash + "secret.txt"
	}
	return map[string]string{
		"MLflow issue 7166, plain":             up("..", "/"),
		"CVE-2023-2356 plain behind a name":    "a/" + up("..", "/"),
		"CVE-2023-2780 backslash":              up("..", "%5c"),
		"CVE-2023-3765 absolute":               "%2fetc%2fpasswd",
		"CVE-2023-3765 two slashes":            "//etc/passwd",
		"CVE-2023-3765 drive":                  "C:%5cwindows%5cwin.ini",
		"CVE-2023-3765 drive with a slash":     "c:/windows/win.ini",
		"CVE-2023-6015 encoded dots":           up("%2e%2e", "/"),
		"CVE-2023-6831 encoded slashes":        up("..", "%2f"),
		"CVE-2024-1560 encoded twice":          up("%252e%252e", "%252f"),
		"CVE-2024-1560 encoded three times":    up("%25252e%25252e", "%25252f"),
		"CVE-2024-1560 half encoded twice":     up(".%252e", "/"),
		"CVE-2024-1593 behind a semicolon":     "a;" + up("%2f..", "%2f"),
		"CVE-2024-2928 behind a number sign":   "a%23" + up("%2f..", "%2f"),
		"CVE-2024-3848 number sign":            "a%23b",
		"CVE-2023-6909 behind a question mark": "a%3f" + up("%2f..", "%2f"),
		"CVE-2025-11201 in the middle":         "a/b/%2e%2e/%2e%2e/%2e%2e/outside/secret.txt",
		"a NUL":                                "keep.txt%00.png",
		"an encoded NUL":                       "keep.txt%2500.png",
		"a newline":                            "a%0d%0ab",
		"not UTF-8":                            "%ff%fe",
		"overlong dots":                        "%c0%ae%c0%ae/secret.txt",
		"the folder itself":                    "a/%2e",
		"two slashes":                          "a%2f%2fb",
	}
}

func TestPathTraversal(t *testing.T) {
	t.Parallel()
	f := newFort(t)
	for name, p := range escapes() {
		t.Run(name, func(t *testing.T) {
			f := f.with(t)
			roots := []string{"", "0/" + f.run + "/artifacts/"}
			if strings.Contains(name, "drive") {
				roots = roots[:1] // elsewhere it is a name like any other
			}
			for _, root := range roots {
				f.refused("GET /artifacts/"+root+p, "")
				f.refused("PUT /artifacts/"+root+p, "evil")
				f.refused("DELETE /artifacts/"+root+p, "")
				f.refused("POST /mpu/create/"+root+p, `{"path": "a", "num_parts": 1}`)
				f.refused("GET /artifacts?path="+root+p, "")
			}
			f.refused("GET /get-artifact?run_id="+f.run+"&path="+p, "")
			f.refused("GET /api/2.0/mlflow/artifacts/list?run_id="+f.run+"&path="+p, "")
			f.refused("POST /ajax-api/2.0/mlflow/upload-artifact?run_uuid="+f.run+"&path="+p, "evil")
		})
	}
}

// TestSymlinks holds that a link among artifacts leads nowhere.
func TestSymlinks(t *testing.T) {
	t.Parallel()
	f := newFort(t)
	at := "/artifacts/0/" + f.run + "/artifacts/"
	for _, p := range []string{"file", "folder/secret.txt", "up/outside/secret.txt"} {
		if answer, text := f.send("GET "+at+p, ""); answer.StatusCode < 400 || strings.Contains(text, secret) {
			t.Errorf("GET %s: %d %s", p, answer.StatusCode, text)
		}
	}
	for _, p := range []string{"folder/new.txt", "folder/secret.txt", "up/outside/secret.txt"} {
		if answer, text := f.send("PUT "+at+p, "evil"); answer.StatusCode < 400 {
			t.Errorf("PUT %s: %d %s", p, answer.StatusCode, text)
		}
		f.send("DELETE "+at+p, "")
	}
	if _, text := f.send("GET /artifacts?path=0/"+f.run+"/artifacts/folder", ""); strings.Contains(text, "secret") {
		t.Errorf("a link was listed: %s", text)
	}
}

// TestArtifactLocations gives an experiment a location from which MLflow's
// server was led to read its own disk, and tries to read there.
func TestArtifactLocations(t *testing.T) {
	t.Parallel()
	f := newFort(t)
	ups := strings.Repeat("../", 12) + strings.TrimPrefix(f.outside, "/")
	for name, location := range map[string]string{
		"CVE-2024-1483 fragment":              "http:///#/" + ups,
		"CVE-2024-1483 fragment of a file":    "file:///#/" + ups,
		"CVE-2024-1594 fragment with no host": "http:#/" + ups,
		"CVE-2023-6909 query":                 "http:///?" + ups,
		"CVE-2024-2928 query and fragment":    "http:///?a=b#/" + ups,
		"CVE-2024-1593 params":                "http:///;/" + ups,
		"CVE-2024-3848 encoded":               "http:///%23/" + strings.ReplaceAll(ups, "..", "%2e%2e"),
		"a folder":                            f.outside,
		"a file":                              "file://" + f.outside,
		"the bucket and up":                   "mlflow-artifacts:/../../" + ups,
		"the bucket and up, encoded":          "mlflow-artifacts:/%2e%2e/%2e%2e/outside",
		"the bucket's own address":            "s3://mlflow/../../outside",
		"a link in the bucket":                "mlflow-artifacts:/0/" + f.run + "/artifacts/folder",
		"runs":                                "runs:/" + f.run + "/folder",
	} {
		t.Run(name, func(t *testing.T) {
			f := f.with(t)
			asked, err := json.Marshal(map[string]string{"name": name, "artifact_location": location})
			if err != nil {
				t.Fatal(err)
			}
			answer, text := f.send("POST /api/2.0/mlflow/experiments/create", string(asked))
			if answer.StatusCode != 200 {
				if answer.StatusCode != 400 {
					t.Errorf("answer %d %s", answer.StatusCode, text)
				}
				return
			}
			// A client may keep its artifacts where it likes; this server does not look there.
			run := f.newRun(decode(t, text)["experiment_id"].(string))
			for _, p := range []string{"secret.txt", "artifacts/secret.txt", "../../secret.txt", "%2e%2e/%2e%2e/secret.txt"} {
				if answer, text := f.send("GET /get-artifact?run_id="+run.ID+"&path="+url.QueryEscape(p), ""); answer.StatusCode < 400 || answer.StatusCode >= 500 || strings.Contains(text, secret) {
					t.Errorf("%s: %d %s", p, answer.StatusCode, text)
				}
				answer, text := f.send("POST /ajax-api/2.0/mlflow/upload-artifact?run_uuid="+run.ID+"&path=new.txt", "evil")
				if answer.StatusCode < 400 || answer.StatusCode >= 500 {
					t.Errorf("upload: %d %s", answer.StatusCode, text)
				}
			}
			if answer, text := f.send("GET /api/2.0/mlflow/artifacts/list?run_id="+run.ID, ""); strings.Contains(text, "secret.txt") {
				t.Errorf("listed: %d %s", answer.StatusCode, text)
			}
		})
	}
}

// TestSources gives a version a source from which MLflow's server was led to
// read its own disk.
func TestSources(t *testing.T) {
	t.Parallel()
	f := newFort(t)
	f.want(200, "", "POST /api/2.0/mlflow/registered-models/create", `{"name": "m"}`)
	for name, source := range map[string]string{
		"CVE-2023-1177 a folder":            f.outside,
		"CVE-2023-1177 a file address":      "file://" + f.outside,
		"CVE-2024-3573 a file, no slashes":  "file:" + f.outside,
		"CVE-2023-6018 upwards by http":     "http://localhost/api/2.0/mlflow-artifacts/artifacts/../../../../etc",
		"CVE-2023-6977 repeated slashes":    "//" + f.outside,
		"CVE-2023-6977 file with slashes":   "file://///" + f.outside,
		"CVE-2023-6977 relative":            "./" + f.outside,
		"CVE-2024-1558 params":              "mlflow-artifacts:/a;/../../../outside",
		"CVE-2024-1483 fragment":            "http:///#/../../../" + f.outside,
		"CVE-2024-3573 scheme in capitals":  "FILE:" + f.outside,
		"CVE-2024-3573 up with no scheme":   "a:/../../" + f.outside,
		"CVE-2023-6909 query":               "mlflow-artifacts:/a?/../../outside",
		"CVE-2024-3848 encoded":             "mlflow-artifacts:/%252e%252e/%252e%252e/outside",
		"CVE-2023-2356 backslashes":         "mlflow-artifacts:/a\\..\\..\\outside",
		"a NUL":                             "http://host/api/2.0/mlflow-artifacts/artifacts%00",
		"no path":                           "s3://bucket",
		"a number sign in the bucket":       "mlflow-artifacts:/0/a%23b",
		"dots that are encoded plus spaces": "mlflow-artifacts:/a/%2e%2e/+",
		"models upwards":                    "models:/../m/1",
		"a model that is not there":         "models:/none/1",
		"a logged model that is not there":  "models:/m-00000000000000000000000000000000",
		"another registry":                  "models://profile@registry/m/1",
		"a prompt's placeholder":            "dummy-source",
	} {
		t.Run(name, func(t *testing.T) {
			for _, run := range []string{"", f.run} {
				f.with(t).refused("POST /api/2.0/mlflow/model-versions/create", fmt.Sprintf(`{"name": "m", "source": "%s", "run_id": "%s"}`, source, run))
			}
		})
	}
	if text := f.want(200, "", "GET /api/2.0/mlflow/model-versions/search?filter="+url.QueryEscape("name = 'm'"), ""); text != "{}" {
		t.Errorf("there are versions: %s", text)
	}
	// A link in the bucket is a source that can be registered, and not be read.
	f.want(200, "", "POST /api/2.0/mlflow/model-versions/create", `{"name": "m", "source": "mlflow-artifacts:/0/`+f.run+`/artifacts/folder"}`)
	f.refused("GET /model-versions/get-artifact?name=m&version=1&path=secret.txt", "")
	for _, p := range escapes() {
		f.refused("GET /model-versions/get-artifact?name=m&version=1&path="+p, "")
	}
}
