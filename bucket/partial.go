package bucket

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
)

// partial is the folder of objects while they are written. It is no name of a
// bucket.
const partial = ".partial"

// create makes an empty file in partial and locks it. The lock ends with the
// process, whatever ends that: a file without one belongs to nobody.
func (f *Folder) create() (name string, file *os.File, err error) {
	for {
		name = fmt.Sprintf("%s/%016x", partial, rand.Uint64())
		file, err = f.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, fs.ErrNotExist) {
			if err := f.root.Mkdir(partial, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
				return "", nil, err
			}
			continue
		}
		if err != nil {
			return "", nil, err
		}
		if lock(file) == nil && f.holds(name, file) {
			return name, file, nil
		}
		// A sweep came between the opening and the lock, and has it or has
		// removed it.
		file.Close()
	}
}

// holds says whether file still has its name.
func (f *Folder) holds(name string, file *os.File) bool {
	named, err := f.root.Lstat(name)
	if err != nil {
		return false
	}
	opened, err := file.Stat()
	return err == nil && os.SameFile(named, opened)
}

// sweep removes what dead processes have left in partial.
func (f *Folder) sweep() error {
	dir, err := f.root.Open(partial)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := f.sweepOne(partial + "/" + name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func (f *Folder) sweepOne(name string) error {
	file, err := f.root.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	if lock(file) != nil {
		return nil // it is being written
	}
	return f.root.Remove(name)
}
