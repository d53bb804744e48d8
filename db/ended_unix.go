//go:build unix

package db

import (
	"errors"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// ended reports whether the server has closed a connection, or has sent an unsolicited error, after which it closes. It peeks
// at the received bytes without waiting. Other bytes (notices, TLS records) may arrive on a connection that stays open.
func ended(conn net.Conn) bool {
	plain, ok := conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := plain.SyscallConn()
	if err != nil {
		return true
	}
	gone := false
	var first [1]byte
	err = raw.Control(func(fd uintptr) {
		n, _, err := unix.Recvfrom(int(fd), first[:], unix.MSG_PEEK|unix.MSG_DONTWAIT) //nolint:gosec // a descriptor
		waits := errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR)
		gone = err != nil && !waits || err == nil && (n == 0 || first[0] == 'E')
	})
	return err != nil || gone
}
