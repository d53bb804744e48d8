package stream

import (
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// disconnectWatcher reports when clients of plain TCP connections are gone. A goroutine that reads from each
// would cost more memory than all else that a client needs.
type disconnectWatcher struct {
	epoll, wake int
	ended       chan struct{}

	mu     sync.Mutex
	next   int64
	onGone map[int64]func()
}

// newDisconnectWatcher returns nil where the system refuses; then each connection is read.
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

// watch calls gone once when the other end of a connection has closed it. Call forget before
// closing the connection here. It fails where the connection can't be watched.
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
				return // woken to end
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

// close ends the watching; connections that are still open are watched no more.
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

// silenceLimit is how long a client's system may leave bytes unacknowledged: one that vanished without a word, with
// its network or its power, else holds its stream for a quarter of an hour. A heartbeat is such bytes.
const silenceLimit = 30 * time.Second

// limitSilence has the system end a connection whose other end has vanished.
func limitSilence(raw syscall.RawConn) {
	_ = raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(silenceLimit.Milliseconds())) //nolint:gosec // a file descriptor
	})
}
