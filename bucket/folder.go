// Package bucket is the [pluvia.Buckets] on a folder of the file system, and on
// a server that speaks S3. [Open] opens either by its address.
//
// It keeps objects and nothing about them: no types, no versions, no
// permissions. It never shows a half-written object and never creates a bucket
// that nothing was put into; on a folder it never follows a symbolic link out
// of it.
//
// # Layout on a server
//
//	s3://<bucket>/<prefix>/<bucket of the house>/<key>
//
// # Layout of a folder
//
//	<folder>/<bucket>/<key>         an object, as a plain file
//	<folder>/.partial/<random>      an object while it is written
//
// An object is written to .partial, synced, renamed to its place, and the
// folder that holds it is synced: after Put has returned, neither the death of
// the process nor that of the machine undoes it, and before, the old object
// stands. What a dead process has left in .partial is removed by the next
// [OpenFolder].
//
// A folder cannot hold everything that S3 can: where "a" is an object, "a/b"
// cannot be one, and the other way round. Such a Put is a [pluvia.Conflict].
package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"

	"github.com/pluvia-ml/pluvia"
)

// Folder is the Buckets in one folder. Several processes may use it at once.
type Folder struct {
	dir  string
	root *os.Root
}

var (
	_ Buckets = (*Folder)(nil)
	_ File    = (*os.File)(nil)
)

// OpenFolder opens the buckets in the folder dir and makes it when it is not
// there.
func OpenFolder(dir string) (*Folder, error) {
	f := &Folder{dir: dir}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, f.failed("open", dir, err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, f.failed("open", dir, err)
	}
	f.root = root
	if err := f.sweep(); err != nil {
		root.Close()
		return nil, f.failed("sweep", partial, err)
	}
	return f, nil
}

// Close releases the folder. Objects that are open stay readable.
func (f *Folder) Close() error { return f.root.Close() }

// Open reads an object. The reader is a [File].
func (f *Folder) Open(ctx context.Context, bucket, key string) (io.ReadCloser, *pluvia.Object, error) {
	if err := check(bucket, key); err != nil {
		return nil, nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	file, err := f.root.OpenFile(bucket+"/"+key, os.O_RDONLY|noWait, 0)
	if err != nil {
		return nil, nil, f.missing(bucket, key, err)
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		file.Close()
		return nil, nil, f.missing(bucket, key, err)
	}
	return file, &pluvia.Object{Key: key, Size: info.Size(), Modified: info.ModTime().UTC()}, nil
}

// Put stores everything that can be read from r under the key.
func (f *Folder) Put(ctx context.Context, bucket, key string, r io.Reader) (err error) {
	if err := check(bucket, key); err != nil {
		return err
	}
	place := bucket + "/" + key
	temp, file, err := f.create()
	if err != nil {
		return f.failed("put", place, err)
	}
	defer func() {
		if err != nil {
			file.Close()
			f.root.Remove(temp)
		}
	}()
	if _, err := io.Copy(file, &reader{ctx, r}); err != nil {
		return f.failed("put", place, err)
	}
	if err := file.Sync(); err != nil {
		return f.failed("put", place, err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	// Closed after the move only, because with it ends the lock on temp.
	if err := f.move(temp, place); err != nil {
		return f.failed("put", place, err)
	}
	return file.Close()
}

// reader reads until its context ends.
type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r *reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

// moves is how often move begins anew, when others delete beside it.
const moves = 100

// move gives a written file its place and makes that last.
func (f *Folder) move(temp, place string) (err error) {
	folder := path.Dir(place)
	var made string
	for range moves {
		made, err = f.makeFolders(folder)
		if err == nil {
			err = f.root.Rename(temp, place)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
		// Delete has removed a folder in between, as it was empty.
	}
	if err != nil {
		return err
	}
	// A folder is only as lasting as its entry in the one above.
	for dir := folder; ; dir = path.Dir(dir) {
		err := f.syncFolder(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // deleted since
			return err
		}
		if dir == made {
			return nil
		}
	}
}

// makeFolders makes a folder with those above it and gives the lowest one that
// was there already.
func (f *Folder) makeFolders(folder string) (there string, err error) {
	err = f.root.Mkdir(folder, 0o777)
	switch {
	case err == nil:
		return path.Dir(folder), nil
	case errors.Is(err, fs.ErrExist):
		return folder, nil
	case !errors.Is(err, fs.ErrNotExist) || folder == ".":
		return "", err
	}
	if there, err = f.makeFolders(path.Dir(folder)); err != nil {
		return "", err
	}
	if err := f.root.Mkdir(folder, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	return there, nil
}

func (f *Folder) syncFolder(folder string) error {
	dir, err := f.root.Open(folder)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// Delete removes an object, and the folders that it leaves empty.
func (f *Folder) Delete(ctx context.Context, bucket, key string) error {
	if err := check(bucket, key); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	place := bucket + "/" + key
	info, err := f.root.Lstat(place)
	if err == nil && info.IsDir() {
		return nil
	}
	if err == nil {
		err = f.root.Remove(place)
	}
	if isMissing(err) {
		return nil
	}
	if err != nil {
		return f.failed("delete", place, err)
	}
	return f.tidy("delete", place)
}

// DeleteTree removes the object of that key and those in the folder of that
// name, and the folders that it leaves empty.
func (f *Folder) DeleteTree(ctx context.Context, bucket, key string) error {
	if err := check(bucket, key); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	place := bucket + "/" + key
	if _, err := f.root.Lstat(place); isMissing(err) {
		return nil
	}
	if err := f.root.RemoveAll(place); err != nil {
		return f.failed("delete", place, err)
	}
	return f.tidy("delete", place)
}

// tidy removes the folders above a place that are empty now, and makes what
// was removed stay so.
func (f *Folder) tidy(what, place string) error {
	folder := path.Dir(place)
	for folder != "." && f.root.Remove(folder) == nil {
		folder = path.Dir(folder)
	}
	if err := f.syncFolder(folder); err != nil && !isMissing(err) {
		return f.failed(what, place, err)
	}
	return nil
}

// isMissing says whether err means that there is no such object: also when an
// object stands where a key has a folder.
func isMissing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// leadsOut says whether a place cannot be reached because of a symbolic link on
// the way, which os.Root does not follow out of the folder. It is asked when
// something has failed.
func (f *Folder) leadsOut(place string) bool {
	for ; place != "."; place = path.Dir(place) {
		if info, err := f.root.Lstat(place); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			_, err := f.root.Stat(place)
			return err != nil
		}
	}
	return false
}

// missing is the error of an object that cannot be opened.
func (f *Folder) missing(bucket, key string, err error) error {
	if isMissing(err) || f.leadsOut(bucket+"/"+key) {
		return &pluvia.Error{Code: pluvia.NotFound, Message: fmt.Sprintf("no object %s", pluvia.URI(bucket, key)), Err: err}
	}
	return f.failed("open", bucket+"/"+key, err)
}

// failed gives an error of the file system a code. Errors of a context and of
// the house pass through.
func (f *Folder) failed(what, place string, err error) error {
	var own *pluvia.Error
	if errors.As(err, &own) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	coded := func(code pluvia.Code, sentence string) error {
		return &pluvia.Error{Code: code, Message: fmt.Sprintf("buckets in %s: %s %s: %s", f.dir, what, place, sentence), Err: err}
	}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return coded(pluvia.Full, "no space left; what was there is unchanged, free some space and try again")
	case errors.Is(err, syscall.EISDIR), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EEXIST), errors.Is(err, syscall.ENOTEMPTY):
		return coded(pluvia.Conflict, "a folder cannot hold an object whose key is the beginning of another object's key, up to a slash; choose another key or delete the other object")
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return coded(pluvia.Unavailable, "not permitted; check who owns the folder")
	case errors.Is(err, fs.ErrClosed):
		return coded(pluvia.Unavailable, "closed")
	case f.leadsOut(place):
		return coded(pluvia.Conflict, "a symbolic link on the way leads out of the folder; remove the link or choose another key")
	}
	return fmt.Errorf("buckets in %s: %s %s: %w", f.dir, what, place, err)
}
