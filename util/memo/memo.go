// Package memo caches the encodings of an immutable value, so that it is encoded once for any number of callers.
package memo

import "sync"

// Memo caches encodings by key. The zero value is ready for use. It must not be copied after its first use.
type Memo struct {
	mu   sync.Mutex
	kept map[string][]byte
}

// Get returns the result of encode for the key, which it calls only the first time. Callers must not change the bytes.
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
