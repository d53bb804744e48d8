package connect

import (
	"bytes"
	"io"
)

// clientLimit is how many bytes of an answer Docker's own client may read.
const clientLimit = 8 << 20

// Limit bounds how much of an answer may be read. Reading beyond it returns ErrTooLarge. Open rejects the zero value, so that
// each kind of answer must state its limit.
type Limit struct {
	wrap func(io.ReadCloser) io.ReadCloser
}

// Bytes limits an answer to n bytes.
func Bytes(n int64) Limit {
	return Limit{func(body io.ReadCloser) io.ReadCloser { return &bodyLimit{body: body, left: n} }}
}

// Lines limits each line of an answer to n bytes, for endless streams of lines.
func Lines(n int) Limit {
	return Limit{func(body io.ReadCloser) io.ReadCloser { return &lineLimit{body: body, max: n, left: n} }}
}

// Unbounded sets no limit, for streams whose caller keeps nothing, or limits each part that it keeps.
func Unbounded() Limit { return Limit{func(body io.ReadCloser) io.ReadCloser { return body }} }

// bodyLimit is a body that returns ErrTooLarge after left bytes.
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
		return 0, ErrTooLarge
	}
	return n, err
}

func (b *bodyLimit) Close() error { return b.body.Close() }

// lineLimit is a body that returns ErrTooLarge after more than max bytes without a newline.
type lineLimit struct {
	body io.ReadCloser
	max  int
	left int
}

func (l *lineLimit) Read(p []byte) (int, error) {
	n, err := l.body.Read(p)
	if i := bytes.LastIndexByte(p[:n], '\n'); i >= 0 {
		l.left = l.max - (n - i - 1)
	} else {
		l.left -= n
	}
	if l.left < 0 {
		return 0, ErrTooLarge
	}
	return n, err
}

func (l *lineLimit) Close() error { return l.body.Close() }
