package bucket

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pluvia-ml/pluvia"
)

// The limits, in bytes: of S3, whose keys of 1,024 bytes hold the house's bucket
// and a prefix besides, and of file systems.
const (
	maxKey     = 768
	maxSegment = 255
	maxBucket  = 63
)

// bucketName is what S3 permits.
var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// check says what is wrong with the name of a bucket or with a key.
func check(bucket, key string) error {
	if err := checkBucket(bucket); err != nil {
		return err
	}
	if key == "" {
		return pluvia.Errorf(pluvia.Invalid, "key is empty; want a relative path such as a/b.csv")
	}
	for segment := range strings.SplitSeq(key, "/") {
		switch segment {
		case "":
			return refused(key, "begins or ends with a slash or holds two in a row")
		case ".", "..":
			return refused(key, fmt.Sprintf("holds the segment %q", segment))
		}
	}
	return checkText(key)
}

// checkPrefix is check for the beginning of a key, which may end anywhere.
func checkPrefix(bucket, prefix string) error {
	if err := checkBucket(bucket); err != nil {
		return err
	}
	segments := strings.Split(prefix, "/")
	for i, segment := range segments {
		last := i == len(segments)-1
		if segment == "" && !last || segment == ".." || segment == "." && !last {
			return refused(prefix, "cannot be the beginning of one")
		}
	}
	return checkText(prefix)
}

// checkFolder is check for a folder, of which "" is the whole bucket.
func checkFolder(bucket, folder string) error {
	if folder == "" {
		return checkBucket(bucket)
	}
	return check(bucket, folder)
}

func checkBucket(bucket string) error {
	if !bucketName.MatchString(bucket) || strings.Contains(bucket, "..") {
		return pluvia.Errorf(pluvia.Invalid, "bucket %s: want 3 to 63 lower-case letters, digits, dashes and single periods, with a letter or digit at both ends", quote(bucket))
	}
	return nil
}

func checkText(key string) error {
	if len(key) > maxKey {
		return refused(key, fmt.Sprintf("has %d bytes, more than %d", len(key), maxKey))
	}
	if !utf8.ValidString(key) {
		return refused(key, "is not valid UTF-8")
	}
	for _, r := range key {
		if r == '\\' || unicode.IsControl(r) {
			return refused(key, fmt.Sprintf("holds the character %U", r))
		}
	}
	for segment := range strings.SplitSeq(key, "/") {
		if len(segment) > maxSegment {
			return refused(key, fmt.Sprintf("holds a segment of %d bytes, more than %d", len(segment), maxSegment))
		}
	}
	return nil
}

func refused(key, why string) error {
	return pluvia.Errorf(pluvia.Invalid, "key %s %s; want a relative path of names and slashes such as a/b.csv", quote(key), why)
}

// quote is a user's text for a message: quoted, and cut when it is long.
func quote(s string) string {
	if len(s) > 80 {
		return fmt.Sprintf("%q...", strings.ToValidUTF8(s[:80], ""))
	}
	return fmt.Sprintf("%q", s)
}
