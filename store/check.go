package store

import (
	"fmt"
	"path"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pluvia-ml/pluvia"
)

// The limits of MLflow, in characters.
const (
	maxExperimentName     = 500
	maxLocation           = 2048
	maxKey                = 250
	maxParamValue         = 6000 // the rest is cut off
	maxRunTagValue        = 8000 // the rest is cut off
	maxExperimentTagValue = 5000
	maxModelTagValue      = 100_000
	maxDatasetName        = 500
	maxDatasetDigest      = 36
	maxDatasetSource      = 65_535
	maxDatasetSchema      = 1_048_575
	maxDatasetProfile     = 16_777_215
	maxInputTagKey        = 255
	maxInputTagValue      = 500
	maxModelName          = 256
	maxAlias              = 255
	maxText               = 100_000 // descriptions, names of runs
)

// maxFaults is how many faults an error spells out.
const maxFaults = 10

// faults collects what is wrong with a request, so that all of it is said.
type faults struct {
	said []string
	more int
}

func (f *faults) add(format string, args ...any) {
	if len(f.said) == maxFaults {
		f.more++
		return
	}
	f.said = append(f.said, fmt.Sprintf(format, args...))
}

// err is nil when nothing is wrong.
func (f *faults) err() error {
	if len(f.said) == 0 {
		return nil
	}
	text := strings.Join(f.said, "; ")
	if f.more > 0 {
		text += fmt.Sprintf("; and %d more", f.more)
	}
	return pluvia.Errorf(pluvia.Invalid, "%s", text)
}

// text checks what every text must be: UTF-8 without NUL, which PostgreSQL
// refuses, of at most max characters.
func (f *faults) text(what, value string, max int) {
	switch {
	case !utf8.ValidString(value):
		f.add("%s %s is not valid UTF-8", what, quote(value))
	case strings.ContainsRune(value, 0):
		f.add("%s %s holds a NUL character, which cannot be stored", what, quote(value))
	case len(value) > max && utf8.RuneCountInString(value) > max:
		f.add("%s %s exceeds the maximum length of %d characters", what, quote(value), max)
	}
}

// key checks the key of a metric, param or tag of a run.
func (f *faults) key(what, key string) {
	f.text(what, key, maxKey)
	bad := strings.IndexFunc(key, func(r rune) bool {
		return !(unicode.IsLetter(r) || unicode.IsNumber(r) || strings.ContainsRune("_/.- :", r))
	})
	switch {
	case key == "":
		f.add("%s is empty", what)
	case bad >= 0:
		f.add("%s %s: names may only hold letters, digits, underscores, dashes, periods, spaces, colons and slashes", what, quote(key))
	case path.Clean(key) != key || key == "." || strings.HasPrefix(key, "..") || strings.HasPrefix(key, "/"):
		f.add("%s %s: a name must be a relative path as it would be resolved, such as %q", what, quote(key), strings.TrimLeft(path.Clean("/"+key), "/"))
	}
}

// plainKey checks a key that may hold any character.
func (f *faults) plainKey(what, key string, max int) {
	if key == "" {
		f.add("%s is empty", what)
	}
	f.text(what, key, max)
}

func (f *faults) batch(b pluvia.Batch) {
	for _, m := range b.Metrics {
		f.key("metric", m.Key)
		if m.Timestamp < 0 {
			f.add("metric %s: timestamp %d is negative, want milliseconds since 1970", quote(m.Key), m.Timestamp)
		}
	}
	for _, p := range b.Params {
		f.key("param", p.Key)
		f.text("value of param "+quote(p.Key), cut(p.Value, maxParamValue), maxParamValue)
	}
	for _, t := range b.Tags {
		f.key("tag", t.Key)
		f.text("value of tag "+quote(t.Key), cut(t.Value, maxRunTagValue), maxRunTagValue)
	}
	for _, in := range b.Inputs {
		d := in.Dataset
		f.plainKey("name of data set", d.Name, maxDatasetName)
		f.plainKey("digest of data set "+quote(d.Name), d.Digest, maxDatasetDigest)
		f.text("source type of data set "+quote(d.Name), d.SourceType, maxKey)
		f.text("source of data set "+quote(d.Name), d.Source, maxDatasetSource)
		f.text("schema of data set "+quote(d.Name), d.Schema, maxDatasetSchema)
		f.text("profile of data set "+quote(d.Name), d.Profile, maxDatasetProfile)
		for _, t := range in.Tags {
			f.plainKey("input tag", t.Key, maxInputTagKey)
			f.text("value of input tag "+quote(t.Key), t.Value, maxInputTagValue)
		}
	}
}

func (f *faults) tags(tags []pluvia.Tag, max int) {
	for _, t := range tags {
		f.plainKey("tag", t.Key, maxKey)
		f.text("value of tag "+quote(t.Key), t.Value, max)
	}
}

func (f *faults) modelName(name string) {
	f.text("model name", name, maxModelName)
	switch {
	case strings.TrimSpace(name) == "":
		f.add("model name is blank")
	case strings.ContainsAny(name, "/:") || name == "." || name == "..":
		f.add("model name %s: a name may hold no slash and no colon and may not be a period or two", quote(name))
	}
}

var (
	aliasText     = regexp.MustCompile(`^[\p{L}\p{N}_-]+$`)
	versionNumber = regexp.MustCompile(`^[vV]\d+$`)
)

func (f *faults) aliases(names []string) {
	for _, name := range names {
		f.text("alias", name, maxAlias)
		switch {
		case !aliasText.MatchString(name):
			f.add("alias %s: an alias holds letters, digits, underscores and dashes", quote(name))
		case strings.EqualFold(name, "latest") || versionNumber.MatchString(name):
			f.add("alias %s: latest and v1, v2, ... are reserved, name it otherwise", quote(name))
		}
	}
}

// cut is value cut to max characters.
func cut(value string, max int) string {
	if len(value) <= max {
		return value
	}
	n := 0
	for i := range value {
		if n == max {
			return value[:i]
		}
		n++
	}
	return value
}

// quote is a user's text for a message: quoted, and cut when it is long.
func quote(s string) string {
	if short := cut(s, 60); len(short) < len(s) {
		return fmt.Sprintf("%q...", short)
	}
	return fmt.Sprintf("%q", s)
}
