package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/pluvia-ml/pluvia"
)

// kept is the copy of one URL in the directory for kept copies. Names are made
// of digests alone, never of the URL's own path:
//
//	ID.json            what the copy is; it names the file below, and is
//	                   replaced whole, so the pair is always of one version
//	ID-DIGEST.data     the bytes
//	ID.part(.json)     a transfer that broke, and what it is of
//	ID.lock            held while one process fetches
type kept struct {
	dir, id string
	lock    *flock.Flock
}

// version is what is known of the bytes that a server gives.
type version struct {
	ETag         string    `json:"etag,omitempty"`
	LastModified string    `json:"last_modified,omitempty"`
	Size         int64     `json:"size"` // -1 when the server does not say
	SHA256       string    `json:"sha256,omitempty"`
	Fetched      time.Time `json:"fetched"`
}

// of is the version that an answer describes.
func of(h http.Header, size int64) version {
	return version{ETag: h.Get("ETag"), LastModified: h.Get("Last-Modified"), Size: size}
}

// validator is what If-Range takes: a strong ETag, else the date; "" when there
// is neither, and a broken transfer must begin anew.
func (v version) validator() string {
	if v.ETag != "" && !strings.HasPrefix(v.ETag, "W/") {
		return v.ETag
	}
	if v.ETag == "" {
		return v.LastModified
	}
	return ""
}

// keeping locks the copy of u in dir against other processes.
func keeping(ctx context.Context, dir string, u *url.URL) (*kept, error) {
	if dir == "" {
		return nil, pluvia.Errorf(pluvia.Invalid, "a URL needs a directory to keep its copy in")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, pluvia.Errorf(pluvia.Unavailable, "directory for kept copies: %w", err)
	}
	bare := *u
	bare.User, bare.Fragment, bare.RawFragment = nil, "", ""
	sum := sha256.Sum256([]byte(bare.String()))
	k := &kept{dir: dir, id: hex.EncodeToString(sum[:16])}
	k.lock = flock.New(k.path(".lock"))
	if ok, err := k.lock.TryLockContext(ctx, 50*time.Millisecond); err != nil || !ok {
		return nil, pluvia.Errorf(pluvia.Unavailable, "another process fetches the same URL: %w", errors.Join(err, ctx.Err()))
	}
	return k, nil
}

func (k *kept) unlock() { k.lock.Unlock() }

func (k *kept) path(ending string) string { return filepath.Join(k.dir, k.id+ending) }

func (k *kept) data(v version) string { return k.path("-" + v.SHA256 + ".data") }

// copy is the good copy; ok is false when there is none, or when its bytes are
// not what they were.
func (k *kept) copy(ctx context.Context) (v version, f File, ok bool) {
	v, ok = k.read(".json")
	if !ok || len(v.SHA256) != hex.EncodedLen(sha256.Size) {
		return version{}, File{}, false
	}
	f, err := fileAt(ctx, k.data(v), "")
	if err != nil || f.SHA256 != v.SHA256 {
		return version{}, File{}, false
	}
	return v, f, true
}

// part is the version and the length of a broken transfer that can be resumed.
func (k *kept) part() (v version, have int64) {
	v, ok := k.read(".part.json")
	info, err := os.Stat(k.path(".part"))
	if !ok || err != nil || v.validator() == "" {
		return version{}, 0
	}
	return v, info.Size()
}

// begin makes an empty part of a new version.
func (k *kept) begin(v version) (*os.File, error) {
	k.drop()
	if err := k.write(".part.json", v); err != nil {
		return nil, err
	}
	return os.OpenFile(k.path(".part"), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
}

// drop forgets a broken transfer.
func (k *kept) drop() {
	os.Remove(k.path(".part.json"))
	os.Remove(k.path(".part"))
}

// commit makes the part, whose bytes are checked and on the disk, the good copy.
func (k *kept) commit(v version) error {
	if err := os.Rename(k.path(".part"), k.data(v)); err != nil {
		return err
	}
	if err := k.write(".json", v); err != nil {
		return err
	}
	os.Remove(k.path(".part.json"))
	copies, err := filepath.Glob(k.path("-*.data"))
	for _, path := range copies {
		if path != k.data(v) {
			os.Remove(path)
		}
	}
	return err
}

func (k *kept) read(ending string) (v version, ok bool) {
	data, err := os.ReadFile(k.path(ending))
	return v, err == nil && json.Unmarshal(data, &v) == nil
}

// write replaces a description whole.
func (k *kept) write(ending string, v version) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(k.dir, k.id+ending+".*.tmp")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // after the rename there is nothing of that name
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), k.path(ending)); err != nil {
		return err
	}
	return k.sync()
}

// sync puts renames on the disk.
func (k *kept) sync() error {
	d, err := os.Open(k.dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
