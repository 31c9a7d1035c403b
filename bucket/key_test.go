package bucket

import (
	"path"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzKey(f *testing.F) {
	for _, seed := range [][2]string{{"data", "a/b.csv"}, {"data", ".."}, {"data", "a/../b"}, {"..", "a"}, {"data", "a\\b"}, {"data", "\x00"}, {"data", "ü/雨"}, {"da.ta", "a//b"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, bucket, key string) {
		if checkPrefix(bucket, key) != nil && check(bucket, key) == nil {
			t.Errorf("%q is a key and no prefix of one", key)
		}
		if check(bucket, key) != nil {
			return
		}
		place := bucket + "/" + key
		if !utf8.ValidString(place) || path.Clean(place) != place || !filepath.IsLocal(place) || strings.ContainsAny(place, "\x00\\\n") ||
			len(key) > maxKey || strings.Contains(bucket, "/") || bucket == partial {
			t.Errorf("bucket %q, key %q was accepted", bucket, key)
		}
	})
}
