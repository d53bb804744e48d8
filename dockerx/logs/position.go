package logs

import (
	"encoding/binary"
	"errors"
	"time"
)

// Stream is where a container wrote a line.
type Stream uint8

// The streams. A container with a terminal has stdout alone.
const (
	Stdout Stream = 1
	Stderr Stream = 2
)

func (s Stream) String() string {
	if s == Stderr {
		return "stderr"
	}
	return "stdout"
}

// Position is a line's place in its container's log. The zero Position is before the first line.
type Position struct {
	At     int64  // Unix time in nanoseconds by the engine's clock
	Sum    uint32 // of the line's bytes, 18 bits
	Nth    uint8  // of the lines with the same time, stream and sum, counted from 0
	Stream Stream
}

// IsZero reports whether p is before the first line.
func (p Position) IsZero() bool { return p == Position{} }

// Time is the line's time.
func (p Position) Time() time.Time { return time.Unix(0, p.At).UTC() }

// PositionBytes is the length of an encoded Position.
const PositionBytes = 11

const (
	sumMask = 1<<18 - 1
	nthMask = 1<<5 - 1
)

// AppendBinary appends the position in PositionBytes bytes.
func (p Position) AppendBinary(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(p.At)) //nolint:gosec // the same 64 bits
	low := p.Sum&sumMask<<6 | uint32(p.Nth&nthMask)<<1
	if p.Stream == Stderr {
		low |= 1
	}
	return append(b, byte(low>>16), byte(low>>8), byte(low))
}

var errPosition = errors.New("no position")

// ParsePosition reads what AppendBinary wrote.
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
