package logs

import (
	"encoding/binary"
	"errors"
	"time"
)

// Stream is the output stream of a line.
type Stream uint8

// The streams. A container with a TTY has only stdout.
const (
	Stdout Stream = 1
	Stderr Stream = 2
)

// String returns "stdout" or "stderr".
func (s Stream) String() string {
	if s == Stderr {
		return "stderr"
	}
	return "stdout"
}

// Position is a line's place in its container's log. The zero Position is before the first line.
type Position struct {
	At     int64  // Unix time in nanoseconds by the engine's clock
	Sum    uint32 // checksum of the line's bytes, 18 bits
	Nth    uint8  // index among successive lines with the same time, stream and sum, modulo 32
	Stream Stream
}

// IsZero reports whether p is before the first line.
func (p Position) IsZero() bool { return p == Position{} }

// Time returns the line's time in UTC.
func (p Position) Time() time.Time { return time.Unix(0, p.At).UTC() }

// PositionBytes is the length of an encoded Position.
const PositionBytes = 11

const (
	sumMask = 1<<18 - 1
	nthMask = 1<<5 - 1
)

// AppendBinary appends the position, encoded in PositionBytes bytes.
func (p Position) AppendBinary(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(p.At)) //nolint:gosec // the same 64 bits
	low := p.Sum&sumMask<<6 | uint32(p.Nth&nthMask)<<1
	if p.Stream == Stderr {
		low |= 1
	}
	return append(b, byte(low>>16), byte(low>>8), byte(low))
}

var errPosition = errors.New("no position")

// ParsePosition decodes a position that AppendBinary encoded.
func ParsePosition(b []byte) (Position, error) {
	if len(b) != PositionBytes {
		return Position{}, errPosition
	}
	low := uint32(b[8])<<16 | uint32(b[9])<<8 | uint32(b[10])
	at := int64(binary.BigEndian.Uint64(b)) //nolint:gosec // the same 64 bits
	switch {
	case at < 0:
		return Position{}, errPosition
	case at == 0 && low == 0:
		return Position{}, nil
	}
	return Position{At: at, Sum: low >> 6, Nth: uint8(low >> 1 & nthMask), Stream: Stdout + Stream(low&1)}, nil
}
