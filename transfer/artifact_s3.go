package transfer

import (
	"context"
	"io"
	"iter"
	"path"
	"regexp"
	"strings"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/bucket"
)

// s3Reader reads artifacts at s3://, with the keys and the endpoint of the
// environment, as MLflow's client does.
//
// [bucket.S3] reads below a prefix by a bucket of the house and a key. Here the
// prefix is the folder of an experiment, and the run (or "models") stands for
// the bucket, so that there is one connection for each experiment.
type s3Reader struct{ opened map[string]*bucket.S3 }

func newS3Reader() *s3Reader { return &s3Reader{opened: make(map[string]*bucket.S3)} }

var runFolder = regexp.MustCompile(`^([0-9a-f]{32}|models)$`)

// split is an address as prefix, bucket and folder.
func split(uri string) (prefix, house, folder string, err error) {
	names := strings.FieldsFunc(strings.TrimPrefix(uri, "s3://"), func(r rune) bool { return r == '/' })
	if len(names) < 2 || !strings.HasPrefix(uri, "s3://") {
		return "", "", "", pluvia.Errorf(pluvia.Invalid, "artifacts at %q: want s3://BUCKET/FOLDER", uri)
	}
	at := len(names) - 1
	for n := 1; n < len(names); n++ {
		if runFolder.MatchString(names[n]) {
			at = n
			break
		}
	}
	return "s3://" + strings.Join(names[:at], "/"), names[at], path.Join(names[at+1:]...), nil
}

func (r *s3Reader) open(ctx context.Context, prefix string) (*bucket.S3, error) {
	if known := r.opened[prefix]; known != nil {
		return known, nil
	}
	opened, err := bucket.OpenS3(ctx, prefix)
	if err != nil {
		return nil, err
	}
	r.opened[prefix] = opened
	return opened, nil
}

func (r *s3Reader) Files(ctx context.Context, at Place) iter.Seq2[File, error] {
	return func(yield func(File, error) bool) {
		prefix, house, folder, err := split(at.URI)
		var from *bucket.S3
		if err == nil {
			from, err = r.open(ctx, prefix)
		}
		if folder != "" {
			folder += "/"
		}
		var objects []pluvia.Object
		if err == nil {
			objects, err = from.List(ctx, house, folder)
		}
		if err != nil {
			yield(File{}, err)
			return
		}
		for _, o := range objects {
			if !yield(File{Path: strings.TrimPrefix(o.Key, folder), Size: o.Size}, nil) {
				return
			}
		}
	}
}

func (r *s3Reader) Open(ctx context.Context, at Place, name string) (io.ReadCloser, error) {
	prefix, house, folder, err := split(at.URI)
	if err != nil {
		return nil, err
	}
	from, err := r.open(ctx, prefix)
	if err != nil {
		return nil, err
	}
	body, _, err := from.Open(ctx, house, path.Join(folder, name))
	return body, err
}

func (r *s3Reader) Close() error { return nil }
