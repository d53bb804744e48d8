package stats

import (
	"context"
	"net"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// peerPID returns the pid of the process that listens on a unix socket, "" if unknown. Containers in that process's network
// namespace use the host's network.
func peerPID(socket string) (string, error) {
	if socket == "" {
		return "", nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	c, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
	if err != nil {
		return "", err
	}
	defer func() { _ = c.Close() }()
	raw, err := c.(*net.UnixConn).SyscallConn() //nolint:forcetypeassert // dialled as one
	if err != nil {
		return "", err
	}
	pid := int32(0)
	_ = raw.Control(func(fd uintptr) {
		if cred, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); err == nil {
			pid = cred.Pid
		}
	})
	if pid <= 0 {
		return "", nil
	}
	return strconv.Itoa(int(pid)), nil
}
