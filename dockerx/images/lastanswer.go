package images

import (
	"bytes"
	"crypto/sha256"
	"io"
	"sync"
)

// lastAnswerMax is the largest answer that is recognized, in bytes.
const lastAnswerMax = 1 << 20

// LastAnswer recognizes an engine's answer that is the last one again, byte by byte, and returns what was decoded of that:
// decoding costs more than reading. The zero value is ready. It is safe for concurrent use.
type LastAnswer[T any] struct {
	mu      sync.Mutex
	sum     [sha256.Size]byte
	decoded *T
}

// Decoder returns a function that decodes an answer with decode, unless it is the last one again. What it returns is shared, and
// must not be changed.
func (l *LastAnswer[T]) Decoder(decode func(io.Reader) (*T, error)) func(io.Reader) (*T, error) {
	return func(body io.Reader) (*T, error) {
		begin, err := io.ReadAll(io.LimitReader(body, lastAnswerMax))
		if err != nil {
			return nil, err
		}
		if len(begin) == lastAnswerMax {
			return decode(io.MultiReader(bytes.NewReader(begin), body))
		}
		sum := sha256.Sum256(begin)
		if known := l.known(sum); known != nil {
			return known, nil
		}
		decoded, err := decode(bytes.NewReader(begin))
		if err == nil {
			l.keep(sum, decoded)
		}
		return decoded, err
	}
}

func (l *LastAnswer[T]) known(sum [sha256.Size]byte) *T {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sum != sum {
		return nil
	}
	return l.decoded
}

func (l *LastAnswer[T]) keep(sum [sha256.Size]byte, decoded *T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sum, l.decoded = sum, decoded
}
