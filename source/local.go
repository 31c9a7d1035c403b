package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pluvia-ml/pluvia"
	"github.com/pluvia-ml/pluvia/project"
	"github.com/pluvia-ml/pluvia/table/csv"
)

// endings are those of the files that a directory is searched for.
var endings = []string{".csv", ".csv.gz", ".csv.zst", ".parquet"}

// maxFiles bounds a directory.
const maxFiles = 10_000

// snapshot is the data set that ships with p. Its digest is that of the CSV,
// whatever it is compressed with.
func snapshot(p *project.Project) (*Source, error) {
	if p == nil || p.Source.Snapshot == "" {
		return nil, pluvia.Errorf(pluvia.Invalid, "the project ships no data set: name a file, a directory or a URL")
	}
	info, err := fs.Stat(p.Files, p.Source.Snapshot)
	if err != nil {
		return nil, pluvia.Errorf(pluvia.NotFound, "snapshot of the project: %w", err)
	}
	file := File{Name: p.Source.Name, Size: info.Size(), SHA256: p.Source.SHA256}
	file.open = func() (io.ReadCloser, error) {
		f, err := p.Files.Open(p.Source.Snapshot)
		if err != nil {
			return nil, err
		}
		r, err := csv.Decompress(f)
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		return &both{r, f}, nil
	}
	return &Source{
		Type: Local, URI: "embedded:" + p.Name + "/" + p.Source.Name, Name: p.Source.Name,
		Digest: p.Source.SHA256, Files: []File{file},
	}, nil
}

// both is a reader over a file; closing it closes both.
type both struct {
	io.ReadCloser
	under io.Closer
}

func (b *both) Close() error { return errors.Join(b.ReadCloser.Close(), b.under.Close()) }

// local is a file, or the tables of a directory.
func local(ctx context.Context, path string, opts Options) (*Source, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, pluvia.Errorf(pluvia.Invalid, "source %s: %w", path, err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, missing(path, err)
	}
	s := &Source{Type: Local, URI: "file://" + filepath.ToSlash(absolute), Name: filepath.Base(absolute)}
	paths := []string{path}
	if info.IsDir() {
		if paths, err = tables(path); err != nil {
			return nil, err
		}
	}
	// Added up before the first digest, which takes long for what is refused.
	var size int64
	for _, path := range paths {
		info, err := regular(path)
		if err != nil {
			return nil, err
		}
		if size += info.Size(); size > opts.MaxBytes {
			return nil, pluvia.Errorf(pluvia.TooLarge, "%s: the files have more than the %d bytes allowed; take fewer, or raise the limit", path, opts.MaxBytes)
		}
	}
	for _, path := range paths {
		f, err := fileAt(ctx, path, filepath.Base(path))
		if err != nil {
			return nil, err
		}
		s.Files = append(s.Files, f)
	}
	s.Digest = listDigest(s.Files)
	return s, nil
}

func missing(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return pluvia.Errorf(pluvia.NotFound, "source %s: no such file or directory; check the path", path)
	}
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err // the path is named already
	}
	return pluvia.Errorf(pluvia.Invalid, "source %s: %w", path, err)
}

// tables are the paths of the tables in a directory, by name.
func tables(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, missing(dir, err)
	}
	var paths []string
	for _, e := range entries {
		name := strings.ToLower(e.Name())
		if e.IsDir() || strings.HasPrefix(name, ".") {
			continue
		}
		for _, ending := range endings {
			if strings.HasSuffix(name, ending) {
				paths = append(paths, filepath.Join(dir, e.Name()))
				break
			}
		}
	}
	switch {
	case len(paths) == 0:
		return nil, pluvia.Errorf(pluvia.Invalid, "source %s: the directory holds no table: must have files that end in %s", dir, strings.Join(endings, ", "))
	case len(paths) > maxFiles:
		return nil, pluvia.Errorf(pluvia.TooLarge, "source %s: the directory holds %d tables: must be at most %d", dir, len(paths), maxFiles)
	}
	return paths, nil
}

// regular is what the disk says of a file, which must not be a pipe or a
// device.
func regular(path string) (fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, missing(path, err)
	}
	if !info.Mode().IsRegular() {
		return nil, pluvia.Errorf(pluvia.Invalid, "source %s: must be a regular file or a directory", path)
	}
	return info, nil
}

// fileAt is a file of the disk, read once for its digest.
func fileAt(ctx context.Context, path, name string) (File, error) {
	// Asked before the file is opened, because opening a pipe waits.
	if _, err := regular(path); err != nil {
		return File{}, err
	}
	f, err := os.Open(path)
	if err != nil {
		return File{}, missing(path, err)
	}
	defer f.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, &interruptible{ctx, f})
	if err != nil {
		return File{}, pluvia.Errorf(pluvia.Unavailable, "read %s: %w", path, err)
	}
	return File{
		Name: name, Size: size, SHA256: hex.EncodeToString(sum.Sum(nil)),
		open: func() (io.ReadCloser, error) { return os.Open(path) },
	}, nil
}

// interruptible is a reader that ends with its context.
type interruptible struct {
	ctx context.Context
	r   io.Reader
}

func (i *interruptible) Read(p []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	return i.r.Read(p)
}
