package bucket

import (
	"cmp"
	"context"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/pluvia-ml/pluvia"
)

// List lists the objects whose key begins with prefix, by key; none when there
// is no such bucket. A symbolic link is listed when it leads to a file inside
// the folder, and never entered.
func (f *Folder) List(ctx context.Context, bucket, prefix string) ([]pluvia.Object, error) {
	if err := checkPrefix(bucket, prefix); err != nil {
		return nil, err
	}
	var found []pluvia.Object
	// Only below the last slash of the prefix can there be such keys.
	folder := path.Join(bucket, prefix[:strings.LastIndexByte(prefix, '/')+1])
	err := f.walk(ctx, bucket, folder, prefix, &found)
	if err != nil && !isMissing(err) {
		return nil, f.failed("list", bucket+"/"+prefix, err)
	}
	// A walk by folders is not in the order of keys: "a/b" is after "a-b".
	slices.SortFunc(found, func(a, b pluvia.Object) int { return cmp.Compare(a.Key, b.Key) })
	return found, nil
}

// ListFolder lists one level.
func (f *Folder) ListFolder(ctx context.Context, bucket, folder string) (objects []pluvia.Object, folders []string, err error) {
	if err := checkFolder(bucket, folder); err != nil {
		return nil, nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	place := path.Join(bucket, folder)
	dir, err := f.root.OpenFile(place, os.O_RDONLY|noWait, 0)
	if isMissing(err) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, f.failed("list", place, err)
	}
	entries, err := dir.ReadDir(-1)
	dir.Close()
	if isMissing(err) { // an object, or deleted since
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, f.failed("list", place, err)
	}
	for _, e := range entries {
		key := path.Join(folder, e.Name())
		if check(bucket, key) != nil {
			continue
		}
		if e.IsDir() {
			folders = append(folders, e.Name())
		} else if o, ok := f.listed(bucket, key, e); ok {
			objects = append(objects, o)
		}
	}
	slices.SortFunc(objects, func(a, b pluvia.Object) int { return cmp.Compare(a.Key, b.Key) })
	slices.Sort(folders)
	return objects, folders, nil
}

// listed is the object that an entry of a folder is; ok is false for what has
// been deleted meanwhile, a link that leads out, a pipe.
func (f *Folder) listed(bucket, key string, e fs.DirEntry) (o pluvia.Object, ok bool) {
	info, err := e.Info()
	if err == nil && e.Type()&fs.ModeSymlink != 0 {
		info, err = f.root.Stat(bucket + "/" + key)
	}
	if err != nil || !info.Mode().IsRegular() {
		return o, false
	}
	return pluvia.Object{Key: key, Size: info.Size(), Modified: info.ModTime().UTC()}, true
}

func (f *Folder) walk(ctx context.Context, bucket, folder, prefix string, found *[]pluvia.Object) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	dir, err := f.root.Open(folder)
	if err != nil {
		return err
	}
	entries, err := dir.ReadDir(-1)
	dir.Close()
	if err != nil {
		return err
	}
	for _, e := range entries {
		place := folder + "/" + e.Name()
		key := place[len(bucket)+1:]
		if check(bucket, key) != nil {
			continue // not put here by us, and not to be opened by this key
		}
		if e.IsDir() {
			if strings.HasPrefix(key+"/", prefix) || strings.HasPrefix(prefix, key+"/") {
				if err := f.walk(ctx, bucket, place, prefix, found); err != nil && !isMissing(err) {
					return err
				}
			}
			continue
		}
		if !strings.HasPrefix(key, prefix) {
			continue
		}
		if o, ok := f.listed(bucket, key, e); ok {
			*found = append(*found, o)
		}
	}
	return nil
}
