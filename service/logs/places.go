package logs

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/fnv"
	"slices"
	"strings"

	"wharf/dockerx/logs"
)

// slotBytes is what one container takes in a cursor: a sum of its name and a position. It is a multiple of three, so
// that the text of a cursor can be changed in one place for one container.
const (
	keyBytes  = 4
	slotBytes = keyBytes + logs.PositionBytes
	slotText  = slotBytes / 3 * 4
)

// maxPlaces is how many containers a cursor may speak of.
const maxPlaces = 1000

var encoding = base64.RawURLEncoding

// Places are positions in the logs of several containers. Their text is a cursor, and the id of a line in a stream.
type Places struct {
	of   []*Container
	keys []uint32
	text []byte
}

// NewPlaces returns the positions before the first lines of containers.
func NewPlaces(all []*Container) *Places {
	p := &Places{of: slices.Clone(all), keys: make([]uint32, len(all)), text: make([]byte, slotText*len(all))}
	for i, c := range all {
		p.keys[i] = keyOf(c)
		p.Set(i, logs.Position{})
	}
	return p
}

func keyOf(c *Container) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(c.Host + "\x00" + c.ID))
	return h.Sum32()
}

// Set moves the place in container i.
func (p *Places) Set(i int, at logs.Position) {
	var slot [slotBytes]byte
	b := binary.BigEndian.AppendUint32(slot[:0], p.keys[i])
	encoding.Encode(p.text[i*slotText:], at.AppendBinary(b))
}

// Move moves the place of number i to a line of a container, which may be the successor of the one that it was of.
func (p *Places) Move(i int, c *Container, at logs.Position) {
	if p.of[i] != c {
		p.of[i], p.keys[i] = c, keyOf(c)
	}
	p.Set(i, at)
}

// Text returns the cursor. It is good until the next Set.
func (p *Places) Text() []byte { return p.text }

var errCursor = errors.New("not one of ours")

// Cursor is a cursor that was read: the positions by container.
type Cursor struct {
	at     map[uint32]logs.Position
	newest int64
}

// ParseCursor reads the text of places. Errors: a text for the caller.
func ParseCursor(text string) (*Cursor, error) {
	raw, err := encoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(raw) == 0 || len(raw)%slotBytes != 0 || len(raw) > maxPlaces*slotBytes {
		return nil, errCursor
	}
	c := &Cursor{at: make(map[uint32]logs.Position, len(raw)/slotBytes)}
	for slot := range slices.Chunk(raw, slotBytes) {
		p, err := logs.ParsePosition(slot[keyBytes:])
		if err != nil {
			return nil, errCursor
		}
		c.at[binary.BigEndian.Uint32(slot)] = p
		c.newest = max(c.newest, p.At)
	}
	return c, nil
}

// Of returns the position in a container's log. One that the cursor doesn't speak of has come since: all of it is
// new, if it was created after everything that the cursor stands for, else what was written after that.
func (c *Cursor) Of(x *Container) logs.Position {
	p, ok := c.at[keyOf(x)]
	if !ok && !x.Created.IsZero() && x.Created.UnixNano() < c.newest {
		return logs.Position{At: c.newest, Stream: logs.Stderr}
	}
	return p
}
