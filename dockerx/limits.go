package dockerx

import (
	"bytes"
	"io"
	"net/http"
	"strings"
)

// What a daemon may say at most.
const (
	maxList  = 64 << 20 // bytes of a container list
	maxBody  = 8 << 20  // bytes of any other answer
	maxFrame = 1 << 20  // bytes of one line of a stream
)

// limitBody bounds what can be read of an answer, by what was asked for.
func limitBody(path string, resp *http.Response) {
	switch {
	case strings.HasSuffix(path, "/events"): // the event reader skips what is too long, and says so
	case strings.HasSuffix(path, "/logs"): // the reader of logs bounds lines and frames, and keeps no more than one
	case strings.HasSuffix(path, "/stats"):
		resp.Body = &lineLimit{body: resp.Body, left: maxFrame}
	case strings.HasSuffix(path, "/containers/json"):
		resp.Body = &bodyLimit{body: resp.Body, left: maxList}
	default:
		resp.Body = &bodyLimit{body: resp.Body, left: maxBody}
	}
}

// bodyLimit gives errTooLarge once more than left bytes come.
type bodyLimit struct {
	body io.ReadCloser
	left int64
}

func (b *bodyLimit) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.body.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}

func (b *bodyLimit) Close() error { return b.body.Close() }

// lineLimit gives errTooLarge once maxFrame bytes come without a line's end.
type lineLimit struct {
	body io.ReadCloser
	left int
}

func (l *lineLimit) Read(p []byte) (int, error) {
	n, err := l.body.Read(p)
	if i := bytes.LastIndexByte(p[:n], '\n'); i >= 0 {
		l.left = maxFrame - (n - i - 1)
	} else {
		l.left -= n
	}
	if l.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}

func (l *lineLimit) Close() error { return l.body.Close() }
