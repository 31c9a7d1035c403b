// Package snapshot gives benchmarks the data set that ships with the project
// as the plain file that their peers read.
package snapshot

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/pluvia-ml/pluvia/project/rain"
	"github.com/pluvia-ml/pluvia/source"
	"github.com/pluvia-ml/pluvia/table/csv"
)

// Unpack writes the data set to dir and gives back the path.
func Unpack(dir string) (path string, err error) {
	p, err := rain.Project()
	if err != nil {
		return "", err
	}
	s, err := source.Open(context.Background(), "", dir, source.Options{Project: p})
	if err != nil {
		return "", err
	}
	in, err := s.Files[0].Open()
	if err != nil {
		return "", err
	}
	defer in.Close()
	plain, err := csv.Decompress(in)
	if err != nil {
		return "", err
	}
	path = filepath.Join(dir, p.Source.Name)
	out, err := os.Create(path)
	if err != nil {
		return "", err
	}
	_, err = io.Copy(out, plain)
	return path, errors.Join(err, out.Close())
}
