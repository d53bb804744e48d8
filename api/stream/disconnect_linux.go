package stream

import (
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// disconnectWatcher reports when clients of plain TCP connections disconnect. A goroutine that reads from each connection would
// cost more memory than everything else that a client needs.
type disconnectWatcher struct {
	epoll, wake int
	ended       chan struct{}

	mu     sync.Mutex
	next   int64
	onGone map[int64]func()
}

// newDisconnectWatcher returns nil if the system refuses. Then each connection is read instead.
func newDisconnectWatcher() *disconnectWatcher {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil
	}
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		_ = unix.Close(epoll)
		return nil
	}
	d := &disconnectWatcher{epoll: epoll, wake: wake, ended: make(chan struct{}), onGone: make(map[int64]func())}
	if err := unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, wake, &unix.EpollEvent{Events: unix.EPOLLIN}); err != nil {
		_ = unix.Close(epoll)
		_ = unix.Close(wake)
		return nil
	}
	go d.run()
	return d
}

// watch calls gone once when the client has closed the connection. Call forget before closing the connection on this side. ok is
// false if the connection can't be watched.
func (d *disconnectWatcher) watch(raw syscall.RawConn, gone func()) (forget func(), ok bool) {
	if d == nil || raw == nil {
		return nil, false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.next++
	token := d.next
	var failed error
	err := raw.Control(func(fd uintptr) {
		event := unix.EpollEvent{
			Events: unix.EPOLLRDHUP | unix.EPOLLHUP | unix.EPOLLERR | unix.EPOLLONESHOT,
			Fd:     int32(token), Pad: int32(token >> 32), //nolint:gosec // the two halves
		}
		failed = unix.EpollCtl(d.epoll, unix.EPOLL_CTL_ADD, int(fd), &event) //nolint:gosec // a file descriptor
	})
	if err != nil || failed != nil {
		return nil, false
	}
	d.onGone[token] = gone
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.onGone, token)
	}, true
}

func (d *disconnectWatcher) run() {
	defer close(d.ended)
	events := make([]unix.EpollEvent, 64)
	for {
		n, err := unix.EpollWait(d.epoll, events, -1)
		if err != nil && err != unix.EINTR {
			return
		}
		for i := range max(n, 0) {
			token := int64(uint32(events[i].Fd)) | int64(events[i].Pad)<<32 //nolint:gosec // the two halves
			if token == 0 {
				return // woken by close
			}
			d.mu.Lock()
			gone := d.onGone[token]
			delete(d.onGone, token)
			d.mu.Unlock()
			if gone != nil {
				gone()
			}
		}
	}
}

// close stops the watching, also of connections that are still open.
func (d *disconnectWatcher) close() {
	if d == nil {
		return
	}
	_, _ = unix.Write(d.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	<-d.ended
	_ = unix.Close(d.wake)
	d.mu.Lock()
	defer d.mu.Unlock()
	_ = unix.Close(d.epoll)
	d.epoll = -1
}

// silenceLimit is how long sent bytes, such as a heartbeat, may stay unacknowledged. Without it, a client that vanished with its
// network or its power would hold its stream for a quarter of an hour.
const silenceLimit = 30 * time.Second

// limitSilence makes the system close a connection whose client has vanished.
func limitSilence(raw syscall.RawConn) {
	_ = raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(silenceLimit.Milliseconds())) //nolint:gosec // a file descriptor
	})
}
