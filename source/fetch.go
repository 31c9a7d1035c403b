package source

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"path"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/pluvia-ml/pluvia"
)

const (
	maxAttempts  = 6                // in a row that bring no byte
	maxTransfers = 50               // attempts altogether
	maxPause     = 10 * time.Second // between attempts
	maxRedirects = 5
	minTrickle   = 1 << 10 // bytes in the time of Options.Idle
	maxSidecar   = 4096    // bytes of a .sha256 file
)

var digest = regexp.MustCompile(`^[0-9a-f]{64}$`)

// fetcher fetches one URL.
type fetcher struct {
	Options
	url    *url.URL // with its secrets; goes to the server only
	shown  string   // without them
	client *http.Client
	kept   *kept
	want   string // sha256 that the user demands; "" for any
}

// outcome says what an attempt has come to.
type outcome int

const (
	arrived   outcome = iota // a new copy is in place
	unchanged                // the kept copy is still the server's
	again                    // worth another attempt
	final                    // not worth one
)

func fetch(ctx context.Context, spec, keep string, opts Options) (*Source, error) {
	u, err := url.Parse(spec)
	if err != nil {
		return nil, pluvia.Errorf(pluvia.Invalid, "the source is not a URL: must be http://HOST/PATH or https://HOST/PATH") // err quotes the secrets
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, pluvia.Errorf(pluvia.Invalid, "source %s: must be a file, a directory, or http://HOST/PATH or https://HOST/PATH", bare(u))
	}
	f := &fetcher{Options: opts, url: u, shown: bare(u)}
	f.client = f.newClient()
	if f.want, err = f.demanded(ctx); err != nil {
		return nil, err
	}
	if f.kept, err = keeping(ctx, keep, u); err != nil {
		return nil, err
	}
	defer f.kept.unlock()
	return f.fetch(ctx)
}

// bare is a URL without what may be secret: user, password, query, fragment,
// and what stands before an @ in the path, where a mistyped URL has them.
func bare(u *url.URL) string {
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	if i := strings.LastIndexByte(u.Path, '@'); i >= 0 {
		shown.Path = "/..." + u.Path[i:]
	}
	return shown.String()
}

func (f *fetcher) newClient() *http.Client {
	client := http.Client{}
	if f.Client != nil {
		client = *f.Client
	}
	client.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		switch {
		case len(via) > maxRedirects:
			return refused(fmt.Sprintf("the server redirects more than %d times", maxRedirects))
		case r.URL.Scheme != "http" && r.URL.Scheme != "https":
			return refused("the server redirects to something other than http or https")
		case r.URL.Scheme == "http" && via[0].URL.Scheme == "https":
			return refused("the server redirects from https to http")
		}
		r.Header.Del("Referer") // it would show the query to another host
		return nil
	}
	return &client
}

// refused is a reason of our own, which can be shown.
type refused string

func (r refused) Error() string { return string(r) }

// demanded is the digest that the URL's fragment or query names.
func (f *fetcher) demanded(ctx context.Context) (string, error) {
	want, named := strings.CutPrefix(f.url.Fragment, "sha256=")
	if !named {
		want = f.url.Query().Get("sha256")
	}
	if f.url.Fragment == "sha256" {
		beside := *f.url
		beside.Path, beside.RawPath, beside.Fragment = f.url.Path+".sha256", "", ""
		text, err := f.sidecar(ctx, &beside)
		if err != nil {
			return "", pluvia.Errorf(pluvia.Unavailable, "%s.sha256: %s", f.shown, reason(err))
		}
		want, _, _ = strings.Cut(strings.TrimSpace(text), " ")
		named = true
	}
	want = strings.ToLower(want)
	if (named || want != "") && !digest.MatchString(want) {
		return "", pluvia.Errorf(pluvia.Invalid, "source %s: the sha256 must be 64 hexadecimal digits", f.shown)
	}
	return want, nil
}

func (f *fetcher) sidecar(ctx context.Context, u *url.URL) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, f.Idle)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return "", err
	}
	answer, err := f.client.Do(r)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return "", refused("the server answers " + status(answer))
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxSidecar))
	return string(text), err
}

// fetch tries until there is a copy of what the server has, or a reason to stop.
func (f *fetcher) fetch(ctx context.Context) (*Source, error) {
	have, file, ok := f.kept.copy(ctx)
	if ok && f.want != "" && f.want == have.SHA256 {
		return f.source(have, file, ""), nil // whatever the server has now, it is this that is demanded
	}
	var failure error
	pause, idle := f.Backoff, 0
	for transfer := 0; transfer < maxTransfers && idle < maxAttempts; transfer++ {
		if transfer > 0 {
			if err := sleep(ctx, pause); err != nil {
				return nil, err
			}
			pause = min(2*pause, maxPause)
		}
		_, before := f.kept.part()
		result, err := f.attempt(ctx, have, ok)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		switch result {
		case arrived:
			have, file, ok = f.kept.copy(ctx)
			if !ok {
				return nil, pluvia.Errorf(pluvia.Unavailable, "fetch %s: the kept copy is not what was written; is the disk in order?", f.shown)
			}
			return f.source(have, file, ""), nil
		case unchanged:
			have.Fetched = f.Now().UTC()
			if err := f.kept.write(".json", have); err != nil {
				return nil, pluvia.Errorf(pluvia.Unavailable, "keep %s: %w", f.shown, err)
			}
			if f.want != "" && f.want != have.SHA256 {
				return nil, f.otherDigest(have.SHA256)
			}
			return f.source(have, file, ""), nil
		case final:
			return nil, err
		}
		failure = err
		if _, after := f.kept.part(); after > before {
			idle, pause = 0, f.Backoff
		} else {
			idle++
		}
	}
	if ok && f.want == "" {
		return f.source(have, file, failure.Error()), nil
	}
	return nil, pluvia.Errorf(pluvia.Unavailable, "fetch %s: %s; no copy of it is kept, try again when the server can be reached", f.shown, failure)
}

func (f *fetcher) source(v version, file File, why string) *Source {
	file.Name = path.Base(f.url.Path)
	if file.Name == "/" || file.Name == "." {
		file.Name = f.url.Hostname()
	}
	return &Source{
		Type: HTTP, URI: f.shown, Name: file.Name, Digest: file.SHA256, Files: []File{file},
		Stale: why != "", Fetched: v.Fetched, Why: why,
	}
}

func (f *fetcher) otherDigest(got string) error {
	return pluvia.Errorf(pluvia.Invalid, "fetch %s: the sha256 of what the server sends is %s: must be %s; the file is damaged, or the digest is that of another version", f.shown, got, f.want)
}

// attempt asks the server once. An error of the outcome again is a reason that
// can be shown.
func (f *fetcher) attempt(ctx context.Context, have version, kept bool) (outcome, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	watch := time.AfterFunc(f.Idle, cancel) // until the answer begins; then from minTrickle to minTrickle bytes
	defer watch.Stop()

	r, err := http.NewRequestWithContext(ctx, http.MethodGet, f.url.String(), nil)
	if err != nil {
		return final, pluvia.Errorf(pluvia.Invalid, "fetch %s: not a URL that can be asked for", f.shown)
	}
	r.Header.Set("Accept-Encoding", "identity") // a range of something compressed on the way means nothing
	part, offset := f.kept.part()
	switch {
	case offset > 0:
		r.Header.Set("Range", fmt.Sprintf("bytes=%d-", offset))
		r.Header.Set("If-Range", part.validator())
	case kept && have.ETag != "":
		r.Header.Set("If-None-Match", have.ETag)
	case kept && have.LastModified != "":
		r.Header.Set("If-Modified-Since", have.LastModified)
	}
	answer, err := f.client.Do(r)
	if own := refused(""); errors.As(err, &own) {
		return final, pluvia.Errorf(pluvia.Invalid, "fetch %s: %s; give the address that it leads to", f.shown, own)
	}
	if err != nil {
		return again, errors.New(reason(err))
	}
	defer answer.Body.Close()

	switch code := answer.StatusCode; {
	case code == http.StatusNotModified && kept && offset == 0:
		return unchanged, nil
	case code == http.StatusOK:
		return f.receive(answer, of(answer.Header, answer.ContentLength), 0, watch)
	case code == http.StatusPartialContent && offset > 0:
		start, total, ok := contentRange(answer.Header.Get("Content-Range"))
		now := of(answer.Header, total)
		if !ok || start != offset || part.Size >= 0 && total >= 0 && total != part.Size ||
			now.ETag != "" && part.ETag != "" && now.ETag != part.ETag {
			f.kept.drop()
			return again, errors.New("the server sent another part than the one asked for")
		}
		part.Size = max(part.Size, total)
		return f.receive(answer, part, offset, watch)
	case code == http.StatusRequestedRangeNotSatisfiable && offset > 0:
		f.kept.drop()
		return again, errors.New("the server no longer has the part that is missing")
	case code == http.StatusNotFound || code == http.StatusGone:
		return final, pluvia.Errorf(pluvia.NotFound, "fetch %s: the server answers %s; check the address", f.shown, status(answer))
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		return final, pluvia.Errorf(pluvia.Invalid, "fetch %s: the server answers %s; check user, password or token", f.shown, status(answer))
	case code >= 500 || code == http.StatusTooManyRequests || code == http.StatusRequestTimeout || code == http.StatusNotModified || code == http.StatusPartialContent:
		return again, errors.New("the server answers " + status(answer))
	default:
		return final, pluvia.Errorf(pluvia.Invalid, "fetch %s: the server answers %s: must be 200", f.shown, status(answer))
	}
}

func status(answer *http.Response) string {
	return strings.TrimSpace(strconv.Itoa(answer.StatusCode) + " " + http.StatusText(answer.StatusCode))
}

// contentRange reads "bytes 100-199/200"; total is -1 when it is "*".
func contentRange(text string) (start, total int64, ok bool) {
	rest, ok := strings.CutPrefix(text, "bytes ")
	if !ok {
		return 0, 0, false
	}
	span, size, ok := strings.Cut(rest, "/")
	if !ok {
		return 0, 0, false
	}
	first, _, ok := strings.Cut(span, "-")
	start, err := strconv.ParseInt(first, 10, 64)
	if !ok || err != nil || start < 0 {
		return 0, 0, false
	}
	if size == "*" {
		return start, -1, true
	}
	total, err = strconv.ParseInt(size, 10, 64)
	return start, total, err == nil && total > start
}

// receive writes what comes behind the offset bytes that are there, and makes
// it the good copy when it is whole.
func (f *fetcher) receive(answer *http.Response, v version, offset int64, watch *time.Timer) (outcome, error) {
	if v.Size > f.MaxBytes {
		f.kept.drop()
		return final, f.tooLarge()
	}
	var out *os.File
	var err error
	if offset > 0 {
		out, err = os.OpenFile(f.kept.path(".part"), os.O_WRONLY|os.O_APPEND, 0)
	} else {
		out, err = f.kept.begin(v)
	}
	if err != nil {
		return final, disk("keep "+f.shown, err)
	}
	n, broken, err := f.transfer(out, answer.Body, offset, v.Size, watch)
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		f.kept.drop()
		return final, disk("keep "+f.shown, err)
	}
	size := offset + n
	switch {
	case size > f.MaxBytes:
		f.kept.drop()
		return final, f.tooLarge()
	case broken != nil:
		return again, fmt.Errorf("the transfer broke off after %d bytes: %s", size, reason(broken))
	case v.Size >= 0 && size != v.Size:
		if size > v.Size {
			f.kept.drop()
		}
		return again, fmt.Errorf("the server announced %d bytes and sent %d", v.Size, size)
	}
	whole, err := fileAt(context.WithoutCancel(answer.Request.Context()), f.kept.path(".part"), "")
	if err != nil {
		return final, err
	}
	if f.want != "" && whole.SHA256 != f.want {
		f.kept.drop()
		return final, f.otherDigest(whole.SHA256)
	}
	v.Size, v.SHA256, v.Fetched = size, whole.SHA256, f.Now().UTC()
	if err := f.kept.commit(v); err != nil {
		return final, disk("keep "+f.shown, err)
	}
	return arrived, nil
}

// transfer copies until the end, one byte over MaxBytes at most. It tells a
// connection that broke from a disk that does not take more.
func (f *fetcher) transfer(out io.Writer, in io.Reader, offset, total int64, watch *time.Timer) (n int64, broken, failed error) {
	in = io.LimitReader(in, f.MaxBytes-offset+1)
	buffer := make([]byte, 1<<16)
	watch.Reset(f.Idle)
	trickle := 0 // bytes since the watch was set
	for {
		m, err := in.Read(buffer)
		if m > 0 {
			// A server that sends a byte now and then would hold the run for days.
			if trickle += m; trickle >= minTrickle {
				watch.Reset(f.Idle)
				trickle = 0
			}
			if _, err := out.Write(buffer[:m]); err != nil {
				return n, nil, err
			}
			n += int64(m)
			if f.Progress != nil {
				f.Progress(offset+n, total)
			}
		}
		if err == io.EOF {
			return n, nil, nil
		}
		if err != nil {
			return n, err, nil
		}
	}
}

func (f *fetcher) tooLarge() error {
	return pluvia.Errorf(pluvia.TooLarge, "fetch %s: it has more than the %d bytes allowed; take a smaller file, or raise the limit", f.shown, f.MaxBytes)
}

func disk(what string, err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return pluvia.Errorf(pluvia.Full, "%s: no space is left on the device; make room and try again", what)
	}
	return pluvia.Errorf(pluvia.Unavailable, "%s: %w", what, err)
}

// reason says why a request failed without repeating the request: the errors
// of net/http quote URLs, and with them their secrets.
func reason(err error) string {
	var own refused
	var dns *net.DNSError
	var op *net.OpError
	var timeout net.Error
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &own):
		return string(own)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "nothing, or next to nothing, came in time"
	case errors.As(err, &certificate):
		return "the certificate of the host is not valid"
	case errors.As(err, &dns):
		return "the name of the host is not known"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the host refuses the connection"
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
		return "the connection was closed"
	case errors.As(err, &op):
		return "the host cannot be reached (" + op.Op + ")"
	default:
		return "the request failed"
	}
}

// sleep waits for about d, so that many who were cut off at once do not come
// back at once.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d/2 + rand.N(d))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
