package transfer

import (
	"context"
	"errors"
	"io"
	"iter"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/pluvia-ml/pluvia"
)

// reader reads the artifacts of a source, as [Source] says.
type reader interface {
	Files(ctx context.Context, at Place) iter.Seq2[File, error]
	Open(ctx context.Context, at Place, path string) (io.ReadCloser, error)
	Close() error
}

// places reads artifacts wherever their addresses lead: to S3, to the server
// that keeps mlflow-artifacts:/, and to folders that have been named. A path is
// not enough of a permission: a database that somebody has been sent could name
// any.
type places struct {
	s3      *s3Reader
	folders folders
	proxied reader // what mlflow-artifacts:/ stands for; nil when that is a folder
}

// openPlaces makes the reader of artifacts. named is where the user says that
// they are: a folder, s3://... or the URL of a server, or "". beside are the
// folders where MLflow puts them if it is not told otherwise.
func openPlaces(named string, beside ...string) (*places, error) {
	p := &places{s3: newS3Reader()}
	switch scheme, _, ok := strings.Cut(named, "://"); {
	case named == "":
	case ok && scheme == "s3":
		p.proxied = below{p.s3, named}
	case ok && (scheme == "http" || scheme == "https"):
		s, err := newServer(named)
		if err != nil {
			return nil, err
		}
		p.proxied = proxy{s}
	case ok:
		return nil, pluvia.Errorf(pluvia.Invalid, "artifacts at %s: want a folder, s3://BUCKET/PREFIX or the URL of a server", named)
	default:
		if err := p.folders.add(named); err != nil {
			return nil, err
		}
		p.folders.named = true
	}
	for _, folder := range beside {
		if err := p.folders.expect(folder); err != nil {
			return nil, errors.Join(err, p.Close())
		}
	}
	return p, nil
}

// of is who reads an address, and the address as that one takes it.
func (p *places) of(at Place) (reader, Place, error) {
	scheme, rest, ok := strings.Cut(at.URI, ":")
	if !ok || len(scheme) == 1 { // C:\ is a drive
		return &p.folders, at, nil
	}
	switch strings.ToLower(scheme) {
	case "s3", "s3a", "s3n":
		at.URI = "s3:" + rest
		return p.s3, at, nil
	case "file":
		u, err := url.Parse(at.URI)
		if err != nil || u.Host != "" && u.Host != "localhost" {
			return nil, at, pluvia.Errorf(pluvia.Invalid, "artifacts at %q: want file:///PATH", at.URI)
		}
		at.URI = filepath.FromSlash(u.Path)
		return &p.folders, at, nil
	case "mlflow-artifacts":
		if authority, ok := strings.CutPrefix(rest, "//"); ok {
			_, rest, _ = strings.Cut(authority, "/")
		}
		at.URI = strings.Trim(rest, "/")
		if p.proxied != nil {
			return p.proxied, at, nil
		}
		return &p.folders, at, nil
	}
	return nil, at, pluvia.Errorf(pluvia.Invalid,
		"artifacts at %q: %s:// cannot be read; copy them into a folder and name it with --artifacts, or leave them there with --without-artifacts", at.URI, scheme)
}

func (p *places) Files(ctx context.Context, at Place) iter.Seq2[File, error] {
	r, at, err := p.of(at)
	if err != nil {
		return func(yield func(File, error) bool) { yield(File{}, err) }
	}
	return r.Files(ctx, at)
}

func (p *places) Open(ctx context.Context, at Place, path string) (io.ReadCloser, error) {
	r, at, err := p.of(at)
	if err != nil {
		return nil, err
	}
	return r.Open(ctx, at, path)
}

func (p *places) Close() error { return p.folders.Close() }

// below reads what lies below an address.
type below struct {
	reader
	root string
}

func (b below) at(p Place) Place {
	p.URI = strings.TrimSuffix(b.root, "/") + "/" + p.URI
	return p
}

func (b below) Files(ctx context.Context, at Place) iter.Seq2[File, error] {
	return b.reader.Files(ctx, b.at(at))
}

func (b below) Open(ctx context.Context, at Place, path string) (io.ReadCloser, error) {
	return b.reader.Open(ctx, b.at(at), path)
}
