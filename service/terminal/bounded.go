package terminal

import (
	"bytes"
	"sync"
)

// bounded keeps the first maxOutput bytes written to it.
type bounded struct {
	mu   sync.Mutex
	kept bytes.Buffer
	more bool
}

// Write implements io.Writer. It always returns len(p) and nil.
func (b *bounded) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	room := min(len(p), maxOutput-b.kept.Len())
	b.kept.Write(p[:room])
	b.more = b.more || room < len(p)
	return len(p), nil
}

// take returns a copy of the bytes kept so far.
func (b *bounded) take() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Clone(b.kept.Bytes())
}

func (b *bounded) cut() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.more
}
