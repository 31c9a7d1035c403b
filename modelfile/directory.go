package modelfile

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Save writes the model's folder to a directory, which is made when it is not
// there. A model that was there is overwritten file by file: whoever needs the
// change at once saves to a new directory and renames it.
func (m *Model) Save(dir string) error {
	return m.Write(func(name string, data []byte) error {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		return os.WriteFile(file, data, 0o644)
	})
}

// Load reads a folder from a file system, such as os.DirFS(dir).
func Load(files fs.FS) (*Model, error) {
	return Read(func(name string) (io.ReadCloser, error) { return files.Open(name) })
}
