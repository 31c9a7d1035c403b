package bucket

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/minio/minio-go/v7"

	"github.com/pluvia-ml/pluvia"
)

// List lists the objects whose key begins with prefix, by key.
func (s *S3) List(ctx context.Context, bucket, prefix string) ([]pluvia.Object, error) {
	if err := checkPrefix(bucket, prefix); err != nil {
		return nil, err
	}
	objects, _, err := s.list(ctx, bucket, prefix, true)
	return objects, err
}

// ListFolder lists one level.
func (s *S3) ListFolder(ctx context.Context, bucket, folder string) ([]pluvia.Object, []string, error) {
	if err := checkFolder(bucket, folder); err != nil {
		return nil, nil, err
	}
	if folder != "" {
		folder += "/"
	}
	return s.list(ctx, bucket, folder, false)
}

func (s *S3) list(ctx context.Context, bucket, prefix string, deep bool) (objects []pluvia.Object, folders []string, err error) {
	// The iterator ends without a word when its context has ended.
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	above := s.key(bucket, "")
	for o := range s.server.ListObjectsIter(ctx, s.bucket, minio.ListObjectsOptions{Prefix: above + prefix, Recursive: deep}) {
		if o.Err != nil {
			return nil, nil, s.failed("list", bucket+"/"+prefix, o.Err)
		}
		key := strings.TrimPrefix(o.Key, above)
		if folder, ok := strings.CutSuffix(key, "/"); ok {
			if !deep && check(bucket, folder) == nil {
				folders = append(folders, folder[len(prefix):])
			}
			continue // an object of that name is a mark of other programs for an empty folder
		}
		if check(bucket, key) == nil {
			objects = append(objects, pluvia.Object{Key: key, Size: o.Size, Modified: o.LastModified.UTC()})
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	// Some servers give them in another order.
	slices.SortFunc(objects, func(a, b pluvia.Object) int { return cmp.Compare(a.Key, b.Key) })
	slices.Sort(folders)
	return objects, folders, nil
}
