package mlflow

import (
	"context"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pluvia-ml/pluvia"
)

// The source of a version is an address that clients give, and that other
// clients will read. The server itself reads none but those in its bucket;
// what it checks keeps an address from leading where its writer did not see:
//
//	mlflow-artifacts:/1/RUN/artifacts/model    in the bucket
//	models:/m-ID                               the logged model's artifacts
//	models:/NAME/VERSION, models:/NAME@ALIAS   where that version's are
//	runs:/RUN/model                            below the run's artifacts
//	s3://..., https://...                      elsewhere
//	/a/path, file:/a/path                      only inside what the run or logged model has there

// promptSources are what prompts have in the place of a source.
var promptSources = []string{"dummy-source", "prompt-template"}

// locate checks the source of a new version and fills in what follows from it:
// Storage, and RunID and ModelID where they are empty.
func (s *Server) locate(ctx context.Context, v *pluvia.Version) error {
	if s.sources != nil && !s.sources.MatchString(v.Source) {
		return pluvia.Errorf(pluvia.Invalid, "Invalid model version source: '%s'.", clip(v.Source))
	}
	if ofPrompt(v.Tags) {
		if !slices.Contains(promptSources, v.Source) {
			return pluvia.Errorf(pluvia.Invalid, "Invalid prompt source: '%s'. Prompt sources must use an MLflow placeholder.", clip(v.Source))
		}
		return nil
	}
	if local, ok := localPath(v.Source); ok {
		return s.locateLocal(ctx, v, local)
	}
	if !absolute(v.Source) {
		return pluvia.Errorf(pluvia.Invalid, "Invalid model version source: '%s'. If supplying a source as an http, https, local file path, ftp, objectstore, or mlflow-artifacts uri,"+
			" an absolute path must be provided without relative path references present. Please provide an absolute path.", clip(v.Source))
	}
	v.Source = fromWire(v.Source)
	if strings.HasPrefix(v.Source, inStore) {
		if _, err := keyOf(v.Source); err != nil {
			return pluvia.Errorf(pluvia.Invalid, "Invalid model version source: '%s'. It names no artifact of this server.", clip(toWire(v.Source)))
		}
	}
	if reference, ok := strings.CutPrefix(v.Source, "models:/"); ok {
		if err := s.locateModel(ctx, v, strings.Trim(reference, "/")); err != nil {
			return err
		}
	}
	if v.ModelID == "" || v.RunID != "" {
		return nil
	}
	m, err := s.store.LoggedModel(ctx, v.ModelID)
	if err != nil {
		return err
	}
	v.RunID = m.SourceRunID
	return nil
}

// locateLocal lets a path of the client's machine pass when it is inside the
// artifacts of the run or logged model, which are there then.
func (s *Server) locateLocal(ctx context.Context, v *pluvia.Version, local string) error {
	of, from := "run_id", v.RunID
	if v.ModelID != "" {
		of, from = "model_id", v.ModelID
	}
	if from != "" {
		run := v.RunID
		if v.ModelID != "" {
			run = ""
		}
		uri, err := s.artifactURI(ctx, run, v.ModelID)
		if err != nil && pluvia.ErrorCode(err) != pluvia.NotFound {
			return err
		}
		if folder, ok := localPath(uri); ok && err == nil {
			if inside := path.Clean(local); path.IsAbs(inside) && (inside == path.Clean(folder) || strings.HasPrefix(inside, path.Clean(folder)+"/")) {
				return nil
			}
		}
	}
	return pluvia.Errorf(pluvia.Invalid, "Invalid model version source: '%s'. To use a local path as a model version source, the %s request parameter has to be specified"+
		" and the local path has to be contained within the artifact directory of the run specified by the %s.", clip(v.Source), of, of)
}

// locateModel resolves a source that names a logged model or a version.
func (s *Server) locateModel(ctx context.Context, v *pluvia.Version, reference string) error {
	if !strings.ContainsAny(reference, "/@") {
		if v.ModelID != "" && v.ModelID != reference {
			return pluvia.Errorf(pluvia.Invalid, "Invalid model version source: '%s'. The model_id request parameter must identify the resource that contains the source.", clip(v.Source))
		}
		m, err := s.store.LoggedModel(ctx, reference)
		if err != nil {
			return err
		}
		v.ModelID, v.Storage = m.ID, m.ArtifactURI
		return nil
	}
	from, err := s.referred(ctx, reference)
	if err != nil {
		return err
	}
	v.Source, v.Storage = "models:/"+from.Model+"/"+strconv.Itoa(from.Number), storage(from)
	if v.RunID == "" {
		v.RunID = from.RunID
	}
	if v.ModelID == "" {
		v.ModelID = from.ModelID
	}
	return nil
}

// referred is the version that NAME/VERSION, NAME/STAGE, NAME/latest or
// NAME@ALIAS names.
func (s *Server) referred(ctx context.Context, reference string) (*pluvia.Version, error) {
	if name, alias, ok := strings.Cut(reference, "@"); ok {
		return s.aliased(ctx, name, alias)
	}
	name, which, _ := strings.Cut(reference, "/")
	if strings.EqualFold(which, "latest") {
		return s.aliased(ctx, name, which)
	}
	if stage, err := canonicalStage(which); err == nil {
		latest, err := s.latest(ctx, name)
		if err != nil {
			return nil, err
		}
		for _, v := range latest {
			if stageOf(v) == stage {
				return v, nil
			}
		}
		return nil, pluvia.Errorf(pluvia.NotFound, "No versions of model with name '%s' and stage '%s' found", clip(name), stage)
	}
	number, err := versionNumber(which)
	if err != nil {
		return nil, err
	}
	return s.store.Version(ctx, name, number)
}

// storage is the address where the artifacts of a version are.
func storage(v *pluvia.Version) string {
	if v.Storage != "" {
		return v.Storage
	}
	return v.Source
}

// artifactsOf is storage with runs:/ resolved.
func (s *Server) artifactsOf(ctx context.Context, v *pluvia.Version) (string, error) {
	uri := storage(v)
	rest, ok := strings.CutPrefix(uri, "runs:/")
	if !ok {
		return uri, nil
	}
	id, p, _ := strings.Cut(strings.TrimLeft(rest, "/"), "/")
	run, err := s.store.Run(ctx, id)
	if err != nil {
		return "", err
	}
	if p, err = safePath(p); err != nil {
		return "", err
	}
	return strings.TrimRight(run.ArtifactURI+"/"+p, "/"), nil
}

// localPath is the path of an address on the client's own machine; ok is false
// for one that is elsewhere.
func localPath(uri string) (local string, ok bool) {
	scheme, rest, found := strings.Cut(uri, ":")
	if !found || !schemeForm.MatchString(scheme) || len(scheme) == 1 { // C:\ is a drive
		return uri, true
	}
	if !strings.EqualFold(scheme, "file") {
		return "", false
	}
	if host, ok := strings.CutPrefix(rest, "//"); ok {
		_, rest, _ = strings.Cut(host, "/")
		rest = "/" + rest
	}
	return decoded(rest), true
}

var (
	schemeForm = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9+.-]*$`)
	slashes    = regexp.MustCompile(`/+`)
)

// absolute says whether the path of an address is whole and leads nowhere else
// than it says, however often it is percent-encoded. Repeated slashes and those
// at the end do no harm.
func absolute(uri string) bool {
	for range 16 {
		next, err := url.QueryUnescape(uri)
		if err != nil || next == uri {
			break
		}
		uri = next
	}
	if strings.ContainsAny(uri, "\x00\\") || slices.Contains(strings.Split(uri, "/"), "..") {
		return false
	}
	_, rest, _ := strings.Cut(uri, ":")
	if authority, ok := strings.CutPrefix(rest, "//"); ok {
		_, p, _ := strings.Cut(authority, "/")
		rest = "/" + p
	}
	if i := strings.IndexAny(rest, "?#;"); i >= 0 {
		rest = rest[:i]
	}
	p := slashes.ReplaceAllString(strings.TrimRight(rest, "/"), "/")
	return strings.HasPrefix(p, "/") && path.Clean(p) == p
}
