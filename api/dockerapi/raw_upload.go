package dockerapi

import (
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// uploadStall is how long a client may take to send the next part of a body.
const uploadStall = 5 * time.Minute

// upload is a request's body that is forwarded to an engine. Each part of it has its own deadline.
type upload struct {
	from    io.Reader
	control *http.ResponseController
	whole   atomic.Bool // the body was read to its end, or failed

	mu     sync.Mutex // held during a read
	closed bool
}

// Read reads the next part. A call after close returns io.EOF, since the connection may serve another request by then.
func (u *upload) Read(p []byte) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed || u.whole.Load() {
		return 0, io.EOF
	}
	_ = u.control.SetReadDeadline(time.Now().Add(uploadStall))
	n, err := u.from.Read(p)
	if err != nil { // the server itself now reads, without a deadline, to notice the client's disconnect
		_ = u.control.SetReadDeadline(time.Time{})
		u.whole.Store(true)
	}
	return n, err
}

// close interrupts a Read that is under way and keeps later ones from touching the connection.
func (u *upload) close() {
	if u == nil || u.whole.Load() {
		return
	}
	_ = u.control.SetReadDeadline(time.Unix(1, 0))
	u.mu.Lock()
	defer u.mu.Unlock()
	u.closed = true
}
