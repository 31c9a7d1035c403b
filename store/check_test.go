package store

import (
	"net/url"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzKey(f *testing.F) {
	for _, seed := range []string{"a", "a/b", "..", "a//b", "/a", "a/", "ключ", "a\x00", "\xff", "a:b c.d-e_f", "..a", "./a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, key string) {
		var said faults
		said.key("metric", key)
		if said.err() != nil {
			return
		}
		if !utf8.ValidString(key) || utf8.RuneCountInString(key) > maxKey || path.Clean(key) != key || !filepath.IsLocal(key) || strings.ContainsAny(key, "\x00'\"\\%") {
			t.Errorf("%q was accepted", key)
		}
	})
}

func FuzzCut(f *testing.F) {
	f.Add("abc", 2)
	f.Add("雨\xff雨", 1)
	f.Fuzz(func(t *testing.T, s string, max int) {
		if max < 0 {
			return
		}
		got := cut(s, max)
		want := s
		if runes := utf8.RuneCountInString(s); runes > max {
			for range runes - max {
				_, n := utf8.DecodeLastRuneInString(want)
				want = want[:len(want)-n]
			}
		}
		if !strings.HasPrefix(s, got) || utf8.RuneCountInString(got) > max || utf8.ValidString(s) && got != want {
			t.Errorf("%q cut to %d is %q, want %q", s, max, got, want)
		}
	})
}

// FuzzDSN: whatever is in a path, the database is at that path and the settings
// are ours.
func FuzzDSN(f *testing.F) {
	for _, seed := range []string{"p.db", "a b#c%20&_pragma=x.db", "p.db?synchronous=full", "?", "p?x=y", "file:p.db", ":memory:", "s3://a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, given string) {
		d, err := sqliteDSN(given)
		if err != nil {
			return
		}
		file, _, _ := strings.Cut(given, "?")
		want, err := filepath.Abs(file)
		if err != nil {
			t.Skip(err)
		}
		for _, dsn := range []string{d.writer, d.reader} {
			u, err := url.Parse(dsn)
			if err != nil || u.Path != filepath.ToSlash(want) || u.Host != "" {
				t.Fatalf("%q is opened as %q: %v", given, dsn, err)
			}
			for key := range u.Query() {
				if key != "_pragma" && key != "_txlock" {
					t.Errorf("%q is opened as %q", given, dsn)
				}
			}
			if n := len(u.Query()["_pragma"]); n > 5 {
				t.Errorf("%q has %d pragmas", dsn, n)
			}
		}
	})
}
