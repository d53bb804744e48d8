//go:build unix

package stream

import (
	"errors"

	"golang.org/x/sys/unix"
)

var errWouldWait = errors.New("the write would wait")

// tryWrite makes one write(2) on a non-blocking socket.
func tryWrite(fd uintptr, b []byte) (int, error) {
	n, err := unix.Write(int(fd), b) //nolint:gosec // a file descriptor
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
		return 0, errWouldWait
	}
	return max(n, 0), err
}
