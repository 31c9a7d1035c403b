package mlflow

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/pluvia-ml/pluvia"
)

// maxUpload is how large an artifact may be that a page uploads, in bytes.
const maxUpload = 10 << 20

// proxied is where clients read and write artifacts through the server.
var proxied = []string{"/api/2.0/mlflow-artifacts", "/ajax-api/2.0/mlflow-artifacts"}

// artifactRoutes are the calls about artifacts.
func (s *Server) artifactRoutes() []route {
	return []route{
		{proxied, "GET", "/artifacts", s.rpc(s.listFolder)},
		{proxied, "GET", "/artifacts/{path...}", s.raw(s.download)},
		{proxied, "PUT", "/artifacts/{path...}", s.raw(s.upload)},
		{proxied, "DELETE", "/artifacts/{path...}", s.raw(s.deleteTree)},
		{proxied, "POST", "/mpu/create/{path...}", s.rpc(s.beginUpload)},
		{proxied, "POST", "/mpu/complete/{path...}", s.rpc(s.finishUpload)},
		{proxied, "POST", "/mpu/abort/{path...}", s.rpc(s.abortUpload)},
		{proxied, "GET", "/presigned/{path...}", s.rpc(s.signedDownload)},

		{api2, "GET", "/artifacts/list", s.rpc(s.listOfRun)},
		{api2, "POST", "/artifacts/presigned-download-url", s.rpc(s.signedDownloadOfRun)},
		{api2, "POST", "/artifacts/presigned-upload-url", s.rpc(s.signedUpload)},
		{ajax2, "POST", "/upload-artifact", s.raw(s.uploadToRun)},
		{root, "GET", "/get-artifact", s.raw(s.downloadOfRun)},
		{root, "GET", "/model-versions/get-artifact", s.raw(s.downloadOfVersion)},
		{api2, "GET", "/logged-models/{model_id}/artifacts/directories", s.rpc(s.listOfLoggedModel)},
		{ajax2, "GET", "/logged-models/{model_id}/artifacts/files", s.raw(s.downloadOfLoggedModel)},
	}
}

// errPath is MLflow's sentence for a path that could lead elsewhere.
var errPath = pluvia.Errorf(pluvia.Invalid, "Invalid path")

// safePath checks the path of an artifact below some root, however often it is
// percent-encoded, and drops the slash that a folder may end in. It is the one
// door for what a client calls a path.
func safePath(p string) (string, error) {
	d := decoded(p)
	drive := len(d) > 1 && d[1] == ':'
	if drive || strings.HasPrefix(d, "/") || strings.ContainsAny(d, "\\#\x00") || slices.Contains(strings.Split(d, "/"), "..") {
		return "", errPath
	}
	return strings.TrimRight(p, "/"), nil
}

// keyOf is the key in the bucket of an address in the store.
func keyOf(uri string) (string, error) {
	key, ok := strings.CutPrefix(uri, inStore)
	if !ok {
		return "", pluvia.Errorf(pluvia.Invalid, "The artifacts are at %s, which this server does not read: read them from there.", clip(uri))
	}
	return safePath(key)
}

// below joins a folder's key and a path that a client names, as it is: what a
// bucket takes for no key shall not become one by being tidied.
func below(folder, p string) (string, error) {
	p, err := safePath(p)
	if folder == "" || p == "" {
		return folder + p, err
	}
	return folder + "/" + p, err
}

// keyBelow is the key of a path that a client names, below an address.
func keyBelow(uri, p string) (string, error) {
	folder, err := keyOf(uri)
	if err != nil {
		return "", err
	}
	return below(folder, p)
}

// listFolder lists a folder of the whole bucket, with the last names of paths.
func (s *Server) listFolder(ctx context.Context, q *request, out []byte) ([]byte, error) {
	folder, err := safePath(q.text("path"))
	if err := errors.Join(q.err(), err); err != nil {
		return nil, err
	}
	if out, err = s.files(ctx, append(out, '{'), folder, ""); err != nil {
		return nil, err
	}
	return append(out, '}'), nil
}

// listOfRun lists a folder of a run.
func (s *Server) listOfRun(ctx context.Context, q *request, out []byte) ([]byte, error) {
	id, p := q.runID(), q.text("path")
	if err := q.err(); err != nil {
		return nil, err
	}
	run, err := s.store.Run(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.listBelow(ctx, out, run.ArtifactURI, p)
}

// listOfLoggedModel lists a folder of a logged model.
func (s *Server) listOfLoggedModel(ctx context.Context, q *request, out []byte) ([]byte, error) {
	p := q.text("artifact_directory_path")
	if err := q.err(); err != nil {
		return nil, err
	}
	model, err := s.store.LoggedModel(ctx, q.PathValue("model_id"))
	if err != nil {
		return nil, err
	}
	return s.listBelow(ctx, out, model.ArtifactURI, p)
}

// listBelow lists a folder below the address of a run or model, with paths
// relative to that address.
func (s *Server) listBelow(ctx context.Context, out []byte, uri, p string) ([]byte, error) {
	folder, err := keyBelow(uri, p)
	if err != nil {
		return nil, err
	}
	out = textField(append(out, '{'), "root_uri", toWire(uri))
	if out, err = s.files(ctx, out, folder, strings.TrimRight(p, "/")); err != nil {
		return nil, err
	}
	return append(out, '}'), nil
}

// files appends what is in a folder of the bucket, by name; clients are told
// the names below the path called as. A folder that is not there is empty, and
// so is a file, by which clients tell the two apart.
func (s *Server) files(ctx context.Context, out []byte, folder, as string) ([]byte, error) {
	objects, folders, err := s.buckets.ListFolder(ctx, pluvia.MLflowBucket, folder)
	if err != nil || len(objects)+len(folders) == 0 {
		return out, err
	}
	type file struct {
		name   string
		folder bool
		size   int64
	}
	all := make([]file, 0, len(objects)+len(folders))
	for _, o := range objects {
		all = append(all, file{name: path.Base(o.Key), size: o.Size})
	}
	for _, name := range folders {
		all = append(all, file{name: name, folder: true})
	}
	slices.SortFunc(all, func(a, b file) int { return cmp.Compare(a.name, b.name) })
	out = append(key(out, "files"), '[')
	for _, f := range all {
		out = append(next(out), '{')
		out = textField(out, "path", path.Join(as, f.name))
		out = boolField(out, "is_dir", f.folder)
		if f.size > 0 {
			out = intField(out, "file_size", f.size)
		}
		out = append(out, '}')
	}
	return append(out, ']'), nil
}

func (s *Server) download(w http.ResponseWriter, r *http.Request) error {
	key, err := safePath(r.PathValue("path"))
	if err != nil {
		return err
	}
	return s.send(w, r, key)
}

func (s *Server) downloadOfRun(w http.ResponseWriter, r *http.Request) error {
	asked := query(r)
	id := cmp.Or(asked.Get("run_id"), asked.Get("run_uuid"))
	if id == "" {
		return pluvia.Errorf(pluvia.Invalid, "Missing value for required parameter 'run_id'.%s", seeDocs)
	}
	run, err := s.store.Run(r.Context(), id)
	if err != nil {
		return err
	}
	return s.sendBelow(w, r, run.ArtifactURI, "path")
}

func (s *Server) downloadOfVersion(w http.ResponseWriter, r *http.Request) error {
	asked := query(r)
	number, err := versionNumber(asked.Get("version"))
	if err != nil {
		return err
	}
	v, err := s.store.Version(r.Context(), asked.Get("name"), number)
	if err != nil {
		return err
	}
	uri, err := s.artifactsOf(r.Context(), v)
	if err != nil {
		return err
	}
	return s.sendBelow(w, r, uri, "path")
}

func (s *Server) downloadOfLoggedModel(w http.ResponseWriter, r *http.Request) error {
	model, err := s.store.LoggedModel(r.Context(), r.PathValue("model_id"))
	if err != nil {
		return err
	}
	return s.sendBelow(w, r, model.ArtifactURI, "artifact_file_path")
}

// sendBelow sends the file below an address that a parameter of the query
// names.
func (s *Server) sendBelow(w http.ResponseWriter, r *http.Request, uri, parameter string) error {
	p := query(r).Get(parameter)
	if p == "" {
		return pluvia.Errorf(pluvia.Invalid, "Missing value for required parameter '%s'.%s", parameter, seeDocs)
	}
	key, err := keyBelow(uri, p)
	if err != nil {
		return err
	}
	return s.send(w, r, key)
}

// send sends an artifact, or the ranges of it that are asked for: always as a
// file to be saved, of a type by its name alone, never as a page.
func (s *Server) send(w http.ResponseWriter, r *http.Request, key string) error {
	if key == "" {
		return pluvia.Errorf(pluvia.NotFound, "The path names no artifact.")
	}
	content, object, err := s.buckets.Open(r.Context(), pluvia.MLflowBucket, key)
	if pluvia.ErrorCode(err) == pluvia.NotFound {
		return &pluvia.Error{Code: pluvia.NotFound, Message: "No such artifact: '" + clip(key) + "'", Err: err}
	}
	if err != nil {
		return err
	}
	defer content.Close()
	seeker, ok := content.(io.ReadSeeker)
	if !ok {
		return pluvia.Errorf(pluvia.Internal, "these buckets give nothing that can be read in parts")
	}
	h := w.Header()
	h.Set("Content-Type", contentType(key))
	h.Set("Content-Disposition", attachment(path.Base(key)))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cache-Control", "no-cache")
	http.ServeContent(w, r, "", object.Modified, &outgoing{seeker, http.NewResponseController(w)})
	return nil
}

func (s *Server) upload(w http.ResponseWriter, r *http.Request) error {
	key, err := safePath(r.PathValue("path"))
	if err != nil {
		return err
	}
	if strings.HasSuffix(r.PathValue("path"), "/") {
		return errPath // that would be a folder
	}
	return s.receive(w, r, key, r.Body)
}

func (s *Server) uploadToRun(w http.ResponseWriter, r *http.Request) error {
	asked := query(r)
	id, p := asked.Get("run_uuid"), asked.Get("path")
	switch {
	case id == "":
		return pluvia.Errorf(pluvia.Invalid, "Request must specify run_uuid.")
	case p == "":
		return pluvia.Errorf(pluvia.Invalid, "Request must specify path.")
	case r.ContentLength == 0:
		return pluvia.Errorf(pluvia.Invalid, "Request must specify data.")
	}
	run, err := s.store.Run(r.Context(), id)
	if err != nil {
		return err
	}
	key, err := keyBelow(run.ArtifactURI, p)
	if err != nil {
		return err
	}
	body := http.MaxBytesReader(w, r.Body, maxUpload)
	if err := s.receive(w, r, key, body); err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return pluvia.Errorf(pluvia.Invalid, "Artifact size is too large. Max size is 10MB.")
		}
		return err
	}
	return nil
}

// receive stores an artifact as it comes, in constant memory.
func (s *Server) receive(w http.ResponseWriter, r *http.Request, key string, body io.Reader) error {
	in := &incoming{body: body, control: http.NewResponseController(w)}
	if err := s.buckets.Put(r.Context(), pluvia.MLflowBucket, key, in); err != nil {
		if in.err != nil {
			return in.err // what the client did, not what the bucket made of it
		}
		return err
	}
	writeJSON(w, http.StatusOK, []byte("{}"))
	return nil
}

// deleteTree deletes a file, or a folder with all that is in it.
func (s *Server) deleteTree(w http.ResponseWriter, r *http.Request) error {
	key, err := safePath(r.PathValue("path"))
	if err == nil && key == "" {
		err = pluvia.Errorf(pluvia.Invalid, "Invalid path: it names every artifact of this server. Delete those of one experiment or run at a time.")
	}
	if err == nil {
		err = s.buckets.DeleteTree(r.Context(), pluvia.MLflowBucket, key)
	}
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, []byte("{}"))
	return nil
}

// patience is how long an upload or download may stand still. It takes the
// place of the server's own limits of a request, within which a gigabyte does
// not come over a slow line.
const patience = time.Minute

// patient puts off both deadlines of a connection: the one for reading ends the
// context of a request that is still being answered, and the one for writing
// runs while a body is read. Where there is no connection there is none.
func patient(control *http.ResponseController) {
	until := time.Now().Add(patience)
	_ = control.SetReadDeadline(until)
	_ = control.SetWriteDeadline(until)
}

// incoming is a body that may take as long as it keeps coming.
type incoming struct {
	body    io.Reader
	control *http.ResponseController
	err     error // of the body, but for its end
}

func (in *incoming) Read(p []byte) (int, error) {
	patient(in.control)
	n, err := in.body.Read(p)
	if err != nil && err != io.EOF {
		if in.err = err; !isTooLarge(err) {
			in.err = &pluvia.Error{Code: pluvia.Invalid, Message: "The body ended early, or came too slowly: send all of it.", Err: err}
		}
	}
	return n, err
}

func isTooLarge(err error) bool {
	_, large := errors.AsType[*http.MaxBytesError](err)
	return large
}

// outgoing is content whose receiver may take as long as it keeps reading.
type outgoing struct {
	io.ReadSeeker
	control *http.ResponseController
}

func (o *outgoing) Read(p []byte) (int, error) {
	patient(o.control)
	return o.ReadSeeker.Read(p)
}
