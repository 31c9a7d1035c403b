// Package source opens what the data come from: a file, a directory of files,
// a URL, or the snapshot that ships with a project.
//
//	Open(spec)  ""                    the project's snapshot
//	            https://host/x.csv    fetched, or the kept copy of it
//	            dir                   every table in it, in the order of names
//	            file                  CSV or Parquet, told by its first bytes
//	   |
//	*Source --Read--> table, report   one table of all its files, checked
//
// A file has a digest before anything is read from it, and reading it to the
// end fails when the bytes were others, so that a run's record names what the
// run has really seen. A URL is fetched to a kept copy first: conditionally,
// resumed where a transfer broke, checked, and put in place whole or not at
// all; when the network is away the last good copy serves and says so.
//
// The package never writes outside the directory for kept copies, never shows
// the secrets of a URL, and knows nothing of what the columns mean.
package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/project"
)

// MaxBytes is how large the files of a source may be together, as they are
// stored, unless Options say otherwise.
const MaxBytes = 2 << 30

// Options say how to open. The zero value is good where a project's snapshot
// is not asked for.
type Options struct {
	// Project is whose snapshot an empty spec opens.
	Project *project.Project
	// MaxBytes bounds the files together, as they are stored; 0 for [MaxBytes].
	MaxBytes int64
	// Client fetches URLs; nil for one with the settings of this package. Its
	// CheckRedirect is not used.
	Client *http.Client
	// Idle is how long a transfer may take to begin, and then for each 1 KiB;
	// 0 for 30 s.
	Idle time.Duration
	// Backoff is the pause before the second attempt of a fetch; it doubles
	// from attempt to attempt. 0 for 500 ms.
	Backoff time.Duration
	// Now is the clock; nil for time.Now.
	Now func() time.Time
	// Progress is told how many of how many bytes of a URL are here; total is
	// -1 when the server does not say. It may be nil.
	Progress func(done, total int64)
}

// The types of sources, as MLflow calls them.
const (
	Local = "local"
	HTTP  = "http"
)

// Source is data that have been found and can be read.
type Source struct {
	Type   string // Local or HTTP
	URI    string // where it is, without user, password and query
	Name   string // last part of URI, or the name of the project's data set
	Digest string // sha256 of the file, or of the list of digests and names of several
	Files  []File // one or more, by name

	Stale   bool      // the network is away and this is the last good copy
	Fetched time.Time // when the copy of a URL was last known to be that of the server; zero otherwise
	Why     string    // why it is stale, for people
}

// File is one file of a source.
type File struct {
	Name   string
	Size   int64  // bytes, as it is stored
	SHA256 string // of what Open gives

	open func() (io.ReadCloser, error)
}

// Open opens the file. Reading it to its end fails when its bytes are not
// those of SHA256.
func (f *File) Open() (io.ReadCloser, error) {
	r, err := f.open()
	if err != nil {
		return nil, pluvia.Errorf(pluvia.Unavailable, "open %s: %w", f.Name, err)
	}
	return &verified{r: r, sum: sha256.New(), file: f}, nil
}

// verified is a file whose digest is checked where it ends.
type verified struct {
	r    io.ReadCloser
	sum  hash.Hash
	file *File
}

func (v *verified) Read(p []byte) (int, error) {
	n, err := v.r.Read(p)
	v.sum.Write(p[:n])
	if err == io.EOF {
		if got := hex.EncodeToString(v.sum.Sum(nil)); got != v.file.SHA256 {
			return n, pluvia.Errorf(pluvia.Conflict, "%s: sha256 is %s: must be %s; the file has been changed or damaged, open it again",
				v.file.Name, got, v.file.SHA256)
		}
	}
	return n, err
}

func (v *verified) Close() error { return v.r.Close() }

// Open finds what spec names: a file, a directory, an http or https URL, or,
// when it is empty, the snapshot of Options.Project. Copies of URLs are kept in
// the directory keep, which is made when it is not there.
//
// A fragment #sha256=HEX on a URL demands that digest, and #sha256 alone the
// one that the server has under the same path with .sha256 behind it.
//
// An error has the code Invalid (a spec or a file that cannot be meant),
// NotFound, TooLarge, or Unavailable (worth another try).
func Open(ctx context.Context, spec, keep string, opts Options) (*Source, error) {
	if opts.MaxBytes <= 0 {
		opts.MaxBytes = MaxBytes
	}
	if opts.Idle <= 0 {
		opts.Idle = 30 * time.Second
	}
	if opts.Backoff <= 0 {
		opts.Backoff = 500 * time.Millisecond
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	switch {
	case spec == "":
		return snapshot(opts.Project)
	case strings.Contains(spec, "://"):
		return fetch(ctx, spec, keep, opts)
	default:
		return local(ctx, spec, opts)
	}
}

// listDigest is the sha256 of several files: that of their list in the form of
// the command sha256sum.
func listDigest(files []File) string {
	if len(files) == 1 {
		return files[0].SHA256
	}
	sum := sha256.New()
	for _, f := range files {
		fmt.Fprintf(sum, "%s  %s\n", f.SHA256, f.Name)
	}
	return hex.EncodeToString(sum.Sum(nil))
}
