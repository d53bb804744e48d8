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

// upload is a request's body on its way to an engine. The client has a time for each part of it.
type upload struct {
	from    io.Reader
	control *http.ResponseController
	whole   atomic.Bool // nothing is left of it

	mu     sync.Mutex // held while it is read
	closed bool
}

// Read reads the next part. It may be called after the call's end, when the connection is another call's.
func (u *upload) Read(p []byte) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed || u.whole.Load() {
		return 0, io.EOF
	}
	_ = u.control.SetReadDeadline(time.Now().Add(uploadStall))
	n, err := u.from.Read(p)
	if err != nil { // the server goes on to read, and waits for the client's leaving as long as it takes
		_ = u.control.SetReadDeadline(time.Time{})
		u.whole.Store(true)
	}
	return n, err
}

// close ends a Read under way, and has no other one touch the connection.
func (u *upload) close() {
	if u == nil || u.whole.Load() {
		return
	}
	_ = u.control.SetReadDeadline(time.Unix(1, 0))
	u.mu.Lock()
	defer u.mu.Unlock()
	u.closed = true
}
