package transfer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/pluvia-ml/pluvia"
)

// server speaks MLflow's REST API as a client. It has the credentials of the
// URL, or those that MLflow's own client has: MLFLOW_TRACKING_USERNAME and
// _PASSWORD, or MLFLOW_TRACKING_TOKEN.
type server struct {
	root   string // without a slash at the end
	client *http.Client
	sign   func(*http.Request)
}

const (
	attempts  = 6
	maxAnswer = 256 << 20 // bytes of JSON
)

func newServer(address string) (*server, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return nil, pluvia.Errorf(pluvia.Invalid, "the address of the server cannot be read: want http://HOST:PORT")
	}
	name, password := os.Getenv("MLFLOW_TRACKING_USERNAME"), os.Getenv("MLFLOW_TRACKING_PASSWORD")
	if u.User != nil {
		name = u.User.Username()
		password, _ = u.User.Password()
		u.User = nil
	}
	token := os.Getenv("MLFLOW_TRACKING_TOKEN")
	u.RawQuery, u.Fragment = "", ""
	return &server{
		root:   strings.TrimRight(u.String(), "/"),
		client: &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, ResponseHeaderTimeout: 2 * time.Minute}},
		sign: func(r *http.Request) {
			switch {
			case name != "":
				r.SetBasicAuth(name, password)
			case token != "":
				r.Header.Set("Authorization", "Bearer "+token)
			}
		},
	}, nil
}

// send makes a request, again when the server has no time, and gives back an
// answer of 200.
func (s *server) send(ctx context.Context, method, path string, query url.Values, body []byte) (*http.Response, error) {
	address := s.root + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	for try := 1; ; try++ {
		answer, err := s.once(ctx, method, address, body)
		var busy *busyError
		if err == nil || !errors.As(err, &busy) || try == attempts || ctx.Err() != nil {
			return answer, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Duration(try*try) * 100 * time.Millisecond):
		}
	}
}

// busyError is one that may be over at the next try.
type busyError struct{ error }

func (e *busyError) Unwrap() error { return e.error }

func (s *server) once(ctx context.Context, method, address string, body []byte) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, pluvia.Errorf(pluvia.Invalid, "%s: %w", address, err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	s.sign(request)
	answer, err := s.client.Do(request)
	if err != nil {
		return nil, &busyError{pluvia.Errorf(pluvia.Unavailable, "the server %s does not answer: %w", s.root, err)}
	}
	if answer.StatusCode == http.StatusOK {
		return answer, nil
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(io.LimitReader(answer.Body, 4<<10))
	if err != nil {
		return nil, &busyError{pluvia.Errorf(pluvia.Unavailable, "the server %s: %w", s.root, err)}
	}
	var refused struct {
		Code    string `json:"error_code"`
		Message string `json:"message"`
	}
	code, text := pluvia.Invalid, strings.TrimSpace(string(said))
	switch {
	case json.Unmarshal(said, &refused) == nil && refused.Message != "":
		text = refused.Message
	case answer.StatusCode == http.StatusNotFound:
		return nil, errNoEndpoint // what is not JSON says that this server is older
	}
	switch {
	case answer.StatusCode == http.StatusNotFound:
		code = pluvia.NotFound
	case answer.StatusCode >= 500 || answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode == http.StatusRequestTimeout:
		return nil, &busyError{pluvia.Errorf(pluvia.Unavailable, "the server %s answers %s: %s", s.root, answer.Status, text)}
	case answer.StatusCode == http.StatusUnauthorized || answer.StatusCode == http.StatusForbidden:
		return nil, pluvia.Errorf(pluvia.Unavailable, "the server %s wants to know who asks: set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN", s.root)
	}
	return nil, pluvia.Errorf(code, "the server %s answers %s: %s", s.root, answer.Status, text)
}

// errNoEndpoint says that the server has no such call.
var errNoEndpoint = pluvia.Errorf(pluvia.NotFound, "the server has no such call")

// call asks for JSON. GET takes query, POST takes body.
func (s *server) call(ctx context.Context, method, path string, query url.Values, body, into any) error {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return err
		}
	}
	answer, err := s.send(ctx, method, "/api/2.0/mlflow/"+path, query, text)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	limited := &io.LimitedReader{R: answer.Body, N: maxAnswer}
	if err := json.NewDecoder(limited).Decode(into); err != nil {
		if limited.N <= 0 {
			return pluvia.Errorf(pluvia.TooLarge, "the server %s: answer of more than %d bytes", s.root, maxAnswer)
		}
		return pluvia.Errorf(pluvia.Unavailable, "the server %s: %s: not MLflow's answer: %w", s.root, path, err)
	}
	return nil
}

// integer is an int64 on the wire: a number, or a number in quotes.
type integer int64

func (i *integer) UnmarshalJSON(text []byte) error {
	n, err := strconv.ParseInt(strings.Trim(string(text), `"`), 10, 64)
	*i = integer(n)
	return err
}

// real is a double on the wire: a number, or one in quotes, also "NaN".
type real float64

func (r *real) UnmarshalJSON(text []byte) error {
	f, err := strconv.ParseFloat(strings.Trim(string(text), `"`), 64)
	if errors.Is(err, strconv.ErrRange) {
		err = nil
	}
	*r = real(f)
	return err
}

// version is that of the server: 0 when it cannot be told.
func (s *server) version(ctx context.Context) (major int, err error) {
	answer, err := s.send(ctx, http.MethodGet, "/version", nil, nil)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 100))
	if err != nil {
		return 0, pluvia.Errorf(pluvia.Unavailable, "the server %s: %w", s.root, err)
	}
	first, _, _ := strings.Cut(string(text), ".")
	if major, err = strconv.Atoi(first); err != nil {
		return 0, pluvia.Errorf(pluvia.Invalid, "the server %s is no MLflow: its version is %.40q", s.root, text)
	}
	return major, nil
}

// proxy reads the artifacts that a server keeps under mlflow-artifacts:/. The
// URI of a place is the path there.
type proxy struct{ *server }

const artifactsPath = "/api/2.0/mlflow-artifacts/artifacts"

func (p proxy) Close() error { return nil }

func (p proxy) Files(ctx context.Context, at Place) iter.Seq2[File, error] {
	return walkListing(at.URI, func(folder string) ([]listed, error) {
		answer, err := p.send(ctx, http.MethodGet, artifactsPath, url.Values{"path": {join(at.URI, folder)}}, nil)
		if err != nil {
			return nil, err
		}
		defer answer.Body.Close()
		var list listing
		if err := json.NewDecoder(io.LimitReader(answer.Body, maxAnswer)).Decode(&list); err != nil {
			return nil, pluvia.Errorf(pluvia.Unavailable, "the server %s: listing of artifacts: %w", p.root, err)
		}
		for n := range list.Files { // names only, without the folder
			list.Files[n].Path = join(folder, list.Files[n].Path)
		}
		return list.Files, nil
	})
}

func (p proxy) Open(ctx context.Context, at Place, name string) (io.ReadCloser, error) {
	escaped := (&url.URL{Path: "/" + join(at.URI, name)}).EscapedPath()
	answer, err := p.send(ctx, http.MethodGet, artifactsPath+escaped, nil, nil)
	if err != nil {
		return nil, err
	}
	return answer.Body, nil
}

// listing is a server's answer: one level of a folder.
type listing struct {
	RootURI string   `json:"root_uri"`
	Files   []listed `json:"files"`
}

type listed struct {
	Path  string   `json:"path"` // from the root of the artifacts
	IsDir bool     `json:"is_dir"`
	Size  *integer `json:"file_size"` // absent of an empty file too
}

// join is a path of names, without a slash at its ends.
func join(folder, name string) string { return strings.Trim(folder+"/"+name, "/") }

// maxDepth bounds how deep folders of a server go.
const maxDepth = 100

// walkListing walks through a server's folders. What a server says is not
// believed: a path must lie below the folder that was asked for.
func walkListing(place string, list func(folder string) ([]listed, error)) iter.Seq2[File, error] {
	return func(yield func(File, error) bool) {
		var walk func(folder string, depth int) bool
		walk = func(folder string, depth int) bool {
			found, err := list(folder)
			if pluvia.ErrorCode(err) == pluvia.NotFound {
				return true
			}
			if err != nil {
				return yield(File{}, err)
			}
			for _, f := range found {
				name, ok := strings.CutPrefix(f.Path, folder+"/")
				if folder == "" {
					name, ok = f.Path, true
				}
				if !ok || name == "" || name == "." || name == ".." || strings.Contains(name, "/") || depth > maxDepth {
					if !yield(File{}, pluvia.Errorf(pluvia.Invalid, "artifact %q of %s: the server names a path that is not in the folder %q; it is left out", f.Path, place, folder)) {
						return false
					}
					continue
				}
				if f.IsDir {
					if !walk(f.Path, depth+1) {
						return false
					}
					continue
				}
				file := File{Path: f.Path}
				if f.Size != nil {
					file.Size = int64(*f.Size)
				}
				if !yield(file, nil) {
					return false
				}
			}
			return true
		}
		walk("", 0)
	}
}

// pages calls f with each page token until there is none.
func pages(f func(token string) (next string, err error)) error {
	for token := ""; ; {
		next, err := f(token)
		if err != nil {
			return err
		}
		if next == "" {
			return nil
		}
		if next == token {
			return fmt.Errorf("the server gives the same page again and again")
		}
		token = next
	}
}
