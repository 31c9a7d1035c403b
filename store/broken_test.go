package store

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/pluvia-ml/pluvia"
)

// TestBroken calls every method: each says why the store could not be opened.
func TestBroken(t *testing.T) {
	t.Parallel()
	s := Broken(pluvia.Errorf(pluvia.Internal, "database x: damaged; restore it"))
	value := reflect.ValueOf(s)
	contract := reflect.TypeFor[pluvia.Tracking]()
	for i := range contract.NumMethod() {
		name := contract.Method(i).Name
		call := value.MethodByName(name)
		args := make([]reflect.Value, call.Type().NumIn())
		for j := range args {
			args[j] = reflect.Zero(call.Type().In(j))
			if call.Type().In(j) == reflect.TypeFor[context.Context]() {
				args[j] = reflect.ValueOf(t.Context())
			}
		}
		answers := call.Call(args)
		err, _ := answers[len(answers)-1].Interface().(error)
		if name == "Close" {
			if err != nil {
				t.Errorf("Close: %v", err)
			}
			continue
		}
		if pluvia.ErrorCode(err) != pluvia.Unavailable || err.Error() != "database x: damaged; restore it" {
			t.Errorf("%s answers %v of code %s", name, err, pluvia.ErrorCode(err))
		}
	}
}

// TestDamaged: a damaged database is refused in words, and stays as it is.
func TestDamaged(t *testing.T) {
	t.Parallel()
	whole := filepath.Join(t.TempDir(), "p.db")
	s, err := Open(t.Context(), whole)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.CreateExperiment(t.Context(), &pluvia.Experiment{Name: "e"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	for name, damaged := range map[string][]byte{
		"truncated": content[:len(content)/2],
		"garbage":   bytes.Repeat([]byte("\x00\xff garbage "), 1000),
		"no header": append(make([]byte, 100), content[100:]...),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "p.db")
			if err := os.WriteFile(path, damaged, 0o666); err != nil {
				t.Fatal(err)
			}
			s, err := Open(t.Context(), path)
			if err == nil {
				s.Close()
			}
			if err == nil || !strings.Contains(pluvia.ErrorMessage(err), "backup") {
				t.Errorf("opened: %v", err)
			}
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, damaged) {
				t.Errorf("the file was changed, %d bytes to %d: %v", len(damaged), len(after), err)
			}
		})
	}
}
