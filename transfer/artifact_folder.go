package transfer

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pluvia-ml/pluvia"
)

// folders reads artifacts in the folders that have been named. Whoever has
// moved an MLflow to another machine has other paths than the database says, so
// an address may also be found by its end: EXPERIMENT/RUN/artifacts.
type folders struct {
	roots  []*os.Root
	absent []string // paths of roots that are not there: nothing is in them
	named  bool     // by the user: what is not in them is nowhere
}

func (f *folders) add(folder string) error {
	abs, err := filepath.Abs(folder)
	if err == nil {
		var root *os.Root
		if root, err = os.OpenRoot(abs); err == nil {
			f.roots = append(f.roots, root)
			return nil
		}
	}
	return pluvia.Errorf(pluvia.Invalid, "folder of artifacts %s: %w", folder, err)
}

// expect adds a folder in which artifacts are if it is there.
func (f *folders) expect(folder string) error {
	_, err := os.Stat(folder)
	if !errors.Is(err, fs.ErrNotExist) {
		return f.add(folder)
	}
	abs, err := filepath.Abs(folder)
	f.absent = append(f.absent, abs)
	return err
}

func (f *folders) Close() error {
	var faults []error
	for _, r := range f.roots {
		faults = append(faults, r.Close())
	}
	return errors.Join(faults...)
}

// tail is how many names at the end of a path are enough to know it by.
const tail = 3

// find is the folder in which the artifacts are; "" when there are none.
func (f *folders) find(uri string) (*os.Root, string, error) {
	names := strings.FieldsFunc(filepath.ToSlash(filepath.Clean(uri)), func(r rune) bool { return r == '/' })
	ours := f.named
	for _, root := range f.roots {
		if inside, err := filepath.Rel(root.Name(), uri); err == nil && filepath.IsAbs(uri) && filepath.IsLocal(inside) {
			if info, err := root.Stat(inside); err == nil && info.IsDir() {
				return root, filepath.ToSlash(inside), nil
			}
			ours = true
		}
		for n := 0; n <= max(0, len(names)-tail); n++ {
			end := path.Join(names[n:]...)
			if !filepath.IsLocal(end) {
				continue
			}
			if info, err := root.Stat(end); err == nil && info.IsDir() {
				return root, end, nil
			}
		}
		if slices.Contains(names, filepath.Base(root.Name())) { // mlruns and mlartifacts keep their names wherever they go
			ours = true
		}
	}
	for _, folder := range f.absent {
		if inside, err := filepath.Rel(folder, uri); err == nil && filepath.IsLocal(inside) {
			ours = true
		}
	}
	if ours {
		return nil, "", nil
	}
	return nil, "", pluvia.Errorf(pluvia.Invalid,
		"artifacts at %q are not in [%s]: name the folder in which they are with --artifacts, or leave them there with --without-artifacts", uri, f)
}

func (f *folders) String() string {
	var names []string
	for _, r := range f.roots {
		names = append(names, r.Name())
	}
	return strings.Join(append(names, f.absent...), " or ")
}

func (f *folders) Files(ctx context.Context, at Place) iter.Seq2[File, error] {
	return func(yield func(File, error) bool) {
		root, folder, err := f.find(at.URI)
		if err != nil {
			yield(File{}, err)
			return
		}
		if root == nil {
			return
		}
		walkFiles(ctx, root, folder, yield)
	}
}

// walkFiles gives the regular files below a folder. It follows links to files
// inside the root; any other link, and what is no file, is an error.
func walkFiles(ctx context.Context, root *os.Root, folder string, yield func(File, error) bool) {
	stopped := errors.New("stopped")
	err := fs.WalkDir(root.FS(), folder, func(name string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		place := filepath.Join(root.Name(), name)
		if err != nil {
			if !yield(File{}, pluvia.Errorf(pluvia.Invalid, "%s cannot be read: %w", place, err)) {
				return stopped
			}
			return nil
		}
		if d.IsDir() {
			return nil
		}
		info, err := root.Stat(name)
		switch {
		case err != nil:
			err = pluvia.Errorf(pluvia.Invalid, "%s cannot be read, or is a link that leads out of %s: it is left out: %w", place, root.Name(), err)
		case !info.Mode().IsRegular():
			err = pluvia.Errorf(pluvia.Invalid, "%s is neither a file nor a folder, or a link to one: it is left out", place)
		}
		var file File
		if err == nil {
			file = File{Path: strings.TrimPrefix(strings.TrimPrefix(name, folder), "/"), Size: info.Size()}
		}
		if !yield(file, err) {
			return stopped
		}
		return nil
	})
	if err != nil && !errors.Is(err, stopped) {
		yield(File{}, err)
	}
}

func (f *folders) Open(_ context.Context, at Place, name string) (io.ReadCloser, error) {
	root, folder, err := f.find(at.URI)
	if err != nil {
		return nil, err
	}
	if root == nil {
		return nil, pluvia.Errorf(pluvia.NotFound, "artifacts at %q are gone", at.URI)
	}
	return openFile(root, path.Join(folder, name))
}

func openFile(root *os.Root, name string) (io.ReadCloser, error) {
	file, err := root.Open(filepath.FromSlash(name))
	if err != nil {
		return nil, pluvia.Errorf(pluvia.Invalid, "%s cannot be read: %w", filepath.Join(root.Name(), name), err)
	}
	return file, nil
}
