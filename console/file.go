package console

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/internal/web"
)

// Bounds of a preview; what is cut off is said.
const (
	previewBytes   = 512 << 10
	previewRows    = 200
	previewColumns = 50
	previewDepth   = 64 // of JSON; deeper, its indentation would outgrow it
	entriesShown   = 1000
)

// filePage is a file of a run, to be looked at, or a folder of them.
type filePage struct {
	*page
	Run     *pluvia.Run
	Trail   []crumb // folders from the run's on
	Name    string
	Kind    string // folder, image, table, text, html, none
	Raw     string // address of the file itself
	Bytes   int64
	Text    string
	Head    []string
	Rows    [][]string
	Cut     string // what is not shown, "" when all is
	Folders []crumb
	Files   []artifactFile
}

// crumb is a folder with its address.
type crumb struct{ Name, URL string }

func (c *Console) file(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	run, err := c.Store.Run(ctx, r.PathValue("id"))
	if err != nil {
		return err
	}
	bucket, prefix, err := pluvia.ParseURI(run.ArtifactURI)
	if err != nil {
		return elsewhere(run)
	}
	name := strings.Trim(r.PathValue("path"), "/")
	p := &filePage{page: c.page(w, r, "runs"), Run: run, Name: path.Base(name), Raw: artifactURL(run.ID, name)}
	if name == "" {
		p.Name = p.T("run.files")
	}
	p.Title = p.Name
	parts := strings.Split(name, "/")
	for i, part := range parts[:len(parts)-1] {
		p.Trail = append(p.Trail, crumb{part, fileURL(run.ID, strings.Join(parts[:i+1], "/"))})
	}
	root := strings.TrimSuffix(prefix, "/")
	var missing error
	if name != "" {
		object, info, err := c.Buckets.Open(ctx, bucket, root+"/"+name)
		switch {
		case err == nil:
			defer object.Close()
			p.Bytes = info.Size
			if err := p.preview(object, info); err != nil {
				return err
			}
			if p.Kind == "html" { // the one page with a frame, of this host only
				w.Header().Set("Content-Security-Policy", web.Policy+"; frame-src 'self'")
			}
			return c.show(w, r, http.StatusOK, "file.html", p)
		case pluvia.ErrorCode(err) != pluvia.NotFound:
			return err
		}
		missing = err
	}
	folder := root
	if name != "" {
		folder += "/" + name
	}
	objects, folders, err := c.Buckets.ListFolder(ctx, bucket, folder)
	if err != nil {
		return err
	}
	if missing != nil && len(objects)+len(folders) == 0 {
		return missing
	}
	p.list(run.ID, name, objects, folders)
	return c.show(w, r, http.StatusOK, "file.html", p)
}

// elsewhere says that the artifacts of a run cannot be reached.
func elsewhere(run *pluvia.Run) error {
	return pluvia.Errorf(pluvia.NotFound, "the artifacts of run %s are kept at %s, which this server does not reach", run.ID, run.ArtifactURI)
}

// list fills in a folder.
func (p *filePage) list(run, name string, objects []pluvia.Object, folders []string) {
	p.Kind = "folder"
	below := func(entry string) string { return strings.TrimPrefix(name+"/"+entry, "/") }
	for _, f := range folders[:min(len(folders), entriesShown)] {
		f = strings.TrimSuffix(path.Base(f), "/")
		p.Folders = append(p.Folders, crumb{f, fileURL(run, below(f))})
	}
	for _, o := range objects[:min(len(objects), entriesShown)] {
		p.Files = append(p.Files, newArtifactFile(run, below(path.Base(o.Key)), o.Size))
	}
	if more := len(objects) + len(folders) - len(p.Files) - len(p.Folders); more > 0 {
		p.Cut = p.N("more", more)
	}
}

// preview reads as much of a file as is shown.
func (p *filePage) preview(object io.Reader, info *pluvia.Object) error {
	extension := strings.ToLower(path.Ext(p.Name))
	switch {
	case strings.HasPrefix(artifactKinds[extension], "image/"):
		p.Kind = "image"
		return nil
	case isHTML(extension):
		p.Kind = "html"
		return nil
	}
	data, err := io.ReadAll(io.LimitReader(object, previewBytes))
	if err != nil {
		return err
	}
	if info.Size > int64(len(data)) {
		p.Cut = p.T("file.cut", p.Size(int64(len(data))), p.Size(info.Size))
		// Neither half a line nor half a character.
		if end := bytes.LastIndexByte(data, '\n'); end > 0 {
			data = data[:end+1]
		}
		for len(data) > 0 && !utf8.Valid(data[max(0, len(data)-utf8.UTFMax):]) && len(data) > previewBytes-utf8.UTFMax {
			data = data[:len(data)-1]
		}
	}
	switch {
	case !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0:
		p.Kind, p.Cut = "none", ""
	case (extension == ".csv" || extension == ".tsv") && p.separated(data, extension):
	case extension == ".json" && p.json(data):
	default:
		p.Kind, p.Text = "text", string(data)
	}
	return nil
}

// separated reads a table of texts; false when it is none.
func (p *filePage) separated(data []byte, extension string) bool {
	reader := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	reader.FieldsPerRecord = -1
	if extension == ".tsv" {
		reader.Comma, reader.LazyQuotes = '\t', true
	}
	var rows [][]string
	for len(rows) <= previewRows+1 {
		row, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return false
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return false
	}
	p.tabulate(rows[0], rows[1:])
	return true
}

// tabulate shows the first rows and columns of a table.
func (p *filePage) tabulate(head []string, rows [][]string) {
	p.Kind, p.Head = "table", head[:min(len(head), previewColumns)]
	if len(rows) > previewRows || len(head) > previewColumns {
		p.Cut = p.T("file.table.cut", p.Int(min(len(rows), previewRows)), p.Int(len(p.Head)))
	}
	for _, row := range rows[:min(len(rows), previewRows)] {
		shown := make([]string, min(len(row), previewColumns))
		for i := range shown {
			shown[i] = cutText(row[i], 200)
		}
		p.Rows = append(p.Rows, shown)
	}
}

// json shows what MLflow's log_table has written as a table, and anything else
// indented; false when it cannot be read.
func (p *filePage) json(data []byte) bool {
	if deep(data) > previewDepth {
		return false
	}
	var logged struct {
		Columns []string            `json:"columns"`
		Data    [][]json.RawMessage `json:"data"`
	}
	if json.Unmarshal(data, &logged) == nil && len(logged.Columns) > 0 && len(logged.Data) > 0 {
		rows := make([][]string, len(logged.Data))
		for i, row := range logged.Data {
			for _, value := range row {
				text := string(value)
				var s string
				if json.Unmarshal(value, &s) == nil && text != "null" {
					text = s
				}
				rows[i] = append(rows[i], text)
			}
		}
		p.tabulate(logged.Columns, rows)
		return true
	}
	var b bytes.Buffer
	if json.Indent(&b, data, "", "  ") != nil {
		return false
	}
	p.Kind, p.Text = "text", b.String()
	return true
}

// deep is at least how deep JSON is nested.
func deep(data []byte) int {
	depth, deepest := 0, 0
	for _, b := range data {
		switch b {
		case '[', '{':
			depth++
			deepest = max(deepest, depth)
		case ']', '}':
			depth--
		}
	}
	return deepest
}
