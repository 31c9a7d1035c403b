//go:build unix

package bucket

import (
	"os"
	"syscall"
)

// lock takes the lock of a file or fails at once. It ends when the file is
// closed.
func lock(file *os.File) error {
	return syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

// noWait makes opening a named pipe not wait for who writes to it.
const noWait = syscall.O_NONBLOCK
