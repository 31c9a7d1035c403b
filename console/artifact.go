package console

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"

	"github.com/pluvia-ml/pluvia"
)

// artifactKinds are the content types under which artifacts are shown in the
// browser. Everything else is only downloaded.
var artifactKinds = map[string]string{
	".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp",
	".json": "text/plain; charset=utf-8", ".yaml": "text/plain; charset=utf-8", ".yml": "text/plain; charset=utf-8",
	".txt": "text/plain; charset=utf-8", ".csv": "text/plain; charset=utf-8", ".md": "text/plain; charset=utf-8", ".log": "text/plain; charset=utf-8",
}

// artifactPolicy is the Content-Security-Policy of artifacts, which anybody
// who can log a run may have written: no script, no form, no origin.
const artifactPolicy = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"

// previewPolicy is that of HTML in the frame of its preview: styles and
// pictures that it brings along, no script, and an origin of its own.
const previewPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; sandbox; frame-ancestors 'self'"

func isHTML(extension string) bool { return extension == ".html" || extension == ".htm" }

// artifactURL is the address of a file itself, fileURL that of its preview.
func artifactURL(run, name string) string { return "/runs/" + run + "/artifacts/" + escaped(name) }
func fileURL(run, name string) string     { return "/runs/" + run + "/files/" + escaped(name) }

func escaped(name string) string {
	parts := strings.Split(name, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return strings.Join(parts, "/")
}

func (c *Console) artifact(w http.ResponseWriter, r *http.Request) error {
	run, err := c.Store.Run(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	bucket, prefix, err := pluvia.ParseURI(run.ArtifactURI)
	if err != nil {
		return elsewhere(run)
	}
	name := r.PathValue("path")
	object, info, err := c.Buckets.Open(r.Context(), bucket, strings.TrimSuffix(prefix, "/")+"/"+name)
	if err != nil {
		return err
	}
	defer object.Close()
	extension := strings.ToLower(path.Ext(name))
	if isHTML(extension) && r.URL.Query().Has("preview") {
		c.send(w, object, info, "text/html; charset=utf-8", path.Base(name), previewPolicy, false)
		return nil
	}
	kind, known := artifactKinds[extension]
	if !known {
		kind = "application/octet-stream"
	}
	c.send(w, object, info, kind, path.Base(name), artifactPolicy, !known || r.URL.Query().Has("download"))
	return nil
}

// send streams an object that somebody else has written.
func (c *Console) send(w http.ResponseWriter, object io.Reader, info *pluvia.Object, kind, name, policy string, download bool) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "private, max-age=60")
	h.Set("Content-Length", strconv.FormatInt(info.Size, 10))
	if download {
		h.Set("Content-Disposition", fmt.Sprintf("attachment; filename*=UTF-8''%s", url.PathEscape(name)))
	}
	io.Copy(w, object) // a client that goes away in the middle is nobody's error
}
