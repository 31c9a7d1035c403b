package mlflow

import (
	"net/url"
	"path"
	"strings"
)

// plainText are the extensions, and whole names, of files that people read.
var plainText = func() map[string]bool {
	all := make(map[string]bool)
	for name := range strings.FieldsSeq("txt log err cfg conf cnf cf ini properties prop hocon toml yaml yml xml json js py py3 csv tsv md rst ipynb MLmodel MLproject") {
		all[name] = true
	}
	return all
}()

// contentTypes are those of other files, by extension, so that they do not
// depend on the machine's own table.
var contentTypes = map[string]string{
	"avif": "image/avif", "bmp": "image/bmp", "gif": "image/gif", "ico": "image/vnd.microsoft.icon", "jpeg": "image/jpeg", "jpg": "image/jpeg",
	"png": "image/png", "svg": "image/svg+xml", "tif": "image/tiff", "tiff": "image/tiff", "webp": "image/webp",
	"htm": "text/html", "html": "text/html", "css": "text/css", "pdf": "application/pdf", "wasm": "application/wasm",
	"mp3": "audio/mpeg", "mp4": "video/mp4", "mpeg": "video/mpeg", "wav": "audio/x-wav", "webm": "video/webm",
	"tar": "application/x-tar", "zip": "application/zip", "h5": "application/x-hdf5",
	"doc": "application/msword", "xls": "application/vnd.ms-excel", "ppt": "application/vnd.ms-powerpoint",
}

// contentType is the type of a file by its name, as MLflow guesses it.
func contentType(key string) string {
	name := path.Base(key)
	kind := strings.TrimPrefix(path.Ext(name), ".")
	if kind == "" {
		kind = name
	}
	if plainText[kind] {
		return "text/plain"
	}
	if t, ok := contentTypes[strings.ToLower(kind)]; ok {
		return t
	}
	return "application/octet-stream"
}

// attachment is the header that has a file saved under its name: plain when
// that is a token (RFC 9110), quoted when not, and in UTF-8 (RFC 8187) beside
// it when it is not ASCII.
func attachment(name string) string {
	const marks = "!#$&+-.^_`|~"
	token, ascii := true, true
	var quoted strings.Builder
	for _, r := range name {
		switch {
		case r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', strings.ContainsRune(marks+"%'*", r):
		case r < ' ' || r >= 0x7f:
			ascii, token = false, false
			r = '_'
		default:
			token = false
			if r == '"' || r == '\\' {
				quoted.WriteByte('\\')
			}
		}
		quoted.WriteRune(r)
	}
	if token {
		return "attachment; filename=" + name
	}
	header := `attachment; filename="` + quoted.String() + `"`
	if !ascii {
		header += "; filename*=UTF-8''" + strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
	}
	return header
}
