package api

import (
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// hangups tells when clients of plain TCP connections are gone. A goroutine that reads from each
// would cost more memory than all else that a client needs.
type hangups struct {
	epoll, wake int
	ended       chan struct{}

	mu     sync.Mutex
	next   int64
	onGone map[int64]func()
}

// newHangups returns nil where the system refuses; then each connection is read.
func newHangups() *hangups {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil
	}
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		_ = unix.Close(epoll)
		return nil
	}
	h := &hangups{epoll: epoll, wake: wake, ended: make(chan struct{}), onGone: make(map[int64]func())}
	if err := unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, wake, &unix.EpollEvent{Events: unix.EPOLLIN}); err != nil {
		_ = unix.Close(epoll)
		_ = unix.Close(wake)
		return nil
	}
	go h.run()
	return h
}

// watch calls gone once when the other end of a connection has closed it. Call forget before
// closing the connection here. It fails where the connection can't be watched.
func (h *hangups) watch(raw syscall.RawConn, gone func()) (forget func(), ok bool) {
	if h == nil || raw == nil {
		return nil, false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.next++
	token := h.next
	var failed error
	err := raw.Control(func(fd uintptr) {
		event := unix.EpollEvent{
			Events: unix.EPOLLRDHUP | unix.EPOLLHUP | unix.EPOLLERR | unix.EPOLLONESHOT,
			Fd:     int32(token), Pad: int32(token >> 32), //nolint:gosec // the two halves
		}
		failed = unix.EpollCtl(h.epoll, unix.EPOLL_CTL_ADD, int(fd), &event) //nolint:gosec // a file descriptor
	})
	if err != nil || failed != nil {
		return nil, false
	}
	h.onGone[token] = gone
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.onGone, token)
	}, true
}

func (h *hangups) run() {
	defer close(h.ended)
	events := make([]unix.EpollEvent, 64)
	for {
		n, err := unix.EpollWait(h.epoll, events, -1)
		if err != nil && err != unix.EINTR {
			return
		}
		for i := range max(n, 0) {
			token := int64(uint32(events[i].Fd)) | int64(events[i].Pad)<<32 //nolint:gosec // the two halves
			if token == 0 {
				return // woken to end
			}
			h.mu.Lock()
			gone := h.onGone[token]
			delete(h.onGone, token)
			h.mu.Unlock()
			if gone != nil {
				gone()
			}
		}
	}
}

// close ends the watching; connections that are still open are watched no more.
func (h *hangups) close() {
	if h == nil {
		return
	}
	_, _ = unix.Write(h.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	<-h.ended
	_ = unix.Close(h.wake)
	h.mu.Lock()
	defer h.mu.Unlock()
	_ = unix.Close(h.epoll)
	h.epoll = -1
}
