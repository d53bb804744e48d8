package connect

import (
	"bytes"
	"io"
)

// clientLimit is what Docker's own client may read of an answer, in bytes.
const clientLimit = 8 << 20

// Limit bounds what may be read of an answer. Its zero value is no limit and no permission either: Open refuses it, so
// that each kind of answer states its own. Reading beyond it gives ErrTooLarge.
type Limit struct {
	wrap func(io.ReadCloser) io.ReadCloser
}

// Bytes bounds an answer as a whole.
func Bytes(n int64) Limit {
	return Limit{func(body io.ReadCloser) io.ReadCloser { return &bodyLimit{body: body, left: n} }}
}

// Lines bounds each line of an answer, for streams of lines without end.
func Lines(n int) Limit {
	return Limit{func(body io.ReadCloser) io.ReadCloser { return &lineLimit{body: body, max: n, left: n} }}
}

// Unbounded leaves an answer as it is: for streams of which the caller keeps nothing, or bounds each part that it keeps.
func Unbounded() Limit { return Limit{func(body io.ReadCloser) io.ReadCloser { return body }} }

// bodyLimit gives ErrTooLarge once more than left bytes come.
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

// lineLimit gives ErrTooLarge once max bytes come without a line's end.
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
