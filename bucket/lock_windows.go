package bucket

import (
	"os"

	"golang.org/x/sys/windows"
)

// lock takes the lock of a file or fails at once. It ends when the file is
// closed.
func lock(file *os.File) error {
	// A byte far behind the end, because a locked range cannot be written.
	where := windows.Overlapped{OffsetHigh: 1 << 30}
	return windows.LockFileEx(windows.Handle(file.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &where)
}

const noWait = 0
