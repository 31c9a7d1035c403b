package bucket

import (
	"cmp"
	"context"
	"io/fs"
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
		info, err := e.Info()
		if err == nil && e.Type()&fs.ModeSymlink != 0 {
			info, err = f.root.Stat(place)
		}
		if err != nil || !info.Mode().IsRegular() {
			continue // deleted meanwhile, a link that leads out, a pipe
		}
		*found = append(*found, pluvia.Object{Key: key, Size: info.Size(), Modified: info.ModTime().UTC()})
	}
	return nil
}
