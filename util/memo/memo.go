// Package memo keeps encodings of an immutable answer beside it, so that the same answer is
// encoded once for however many callers.
package memo

import "sync"

// Memo keeps encodings by key. The zero value is ready; it must not be copied.
type Memo struct {
	mu   sync.Mutex
	kept map[string][]byte
}

// Get returns what encode made for the key, calling it on the first time only. Callers must not
// change the bytes.
func (m *Memo) Get(key string, encode func() []byte) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	if b, ok := m.kept[key]; ok {
		return b
	}
	b := encode()
	if m.kept == nil {
		m.kept = make(map[string][]byte, 2)
	}
	m.kept[key] = b
	return b
}
