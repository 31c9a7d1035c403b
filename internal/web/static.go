package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/pluvia-ml/pluvia"
)

// Static serves files from memory, compressed where that helps. An address
// with the hash of the content, as [Static.URL] makes it, may be cached for
// ever; any other is asked for again each time, by ETag. It is safe for
// concurrent use.
type Static struct {
	prefix string
	files  map[string]file
}

type file struct {
	kind   string // content type
	hash   string
	plain  []byte
	packed []byte // gzip; nil when that is not smaller
}

// kinds are the content types by extension, so that they do not depend on the
// machine's own table.
var kinds = map[string]string{
	".css":  "text/css; charset=utf-8",
	".html": "text/html; charset=utf-8",
	".ico":  "image/x-icon",
	".js":   "text/javascript; charset=utf-8",
	".json": "application/json",
	".png":  "image/png",
	".svg":  "image/svg+xml",
	".txt":  "text/plain; charset=utf-8",
}

// NewStatic serves files, by name, below prefix, which ends in a slash.
func NewStatic(prefix string, files map[string][]byte) *Static {
	s := &Static{prefix: prefix, files: make(map[string]file, len(files))}
	for name, content := range files {
		sum := sha256.Sum256(content)
		f := file{kind: kinds[path.Ext(name)], hash: hex.EncodeToString(sum[:6]), plain: content}
		if f.kind == "" {
			f.kind = "application/octet-stream"
		}
		var packed bytes.Buffer
		z, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression) // the level is valid
		z.Write(content)                                           // memory takes everything
		z.Close()
		if packed.Len() < len(content)*9/10 {
			f.packed = packed.Bytes()
		}
		s.files[name] = f
	}
	return s
}

// URL is the address of a file with the hash of its content. It panics if
// there is no such file.
func (s *Static) URL(name string) string {
	f, ok := s.files[name]
	if !ok {
		panic("web: no static file " + name)
	}
	return s.prefix + name + "?v=" + f.hash
}

// Serve is the [Handler] of the files.
func (s *Static) Serve(w http.ResponseWriter, r *http.Request) error {
	name := strings.TrimPrefix(r.URL.Path, s.prefix)
	f, ok := s.files[name]
	if !ok {
		return pluvia.Errorf(pluvia.NotFound, "there is no file %.100q", name)
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	if r.URL.Query().Get("v") == f.hash {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	content, tag := f.plain, f.hash
	if f.packed != nil {
		h.Add("Vary", "Accept-Encoding")
		if acceptsGzip(r) {
			content, tag = f.packed, f.hash+"-gzip"
			h.Set("Content-Encoding", "gzip")
		}
	}
	h.Set("ETag", `"`+tag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	return nil
}
