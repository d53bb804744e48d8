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

// slotBytes is the size of one container's part of a cursor: a hash of its name and a position. It is a multiple of three, so
// that one container's part of the base64 text can be changed separately.
const (
	keyBytes  = 4
	slotBytes = keyBytes + logs.PositionBytes
	slotText  = slotBytes / 3 * 4
)

// maxPlaces is the maximum number of containers in a cursor.
const maxPlaces = 1000

var encoding = base64.RawURLEncoding

// Places has the positions in the logs of several containers. Its text is a cursor, and the id of a line in a stream.
type Places struct {
	of   []*Container
	keys []uint32
	text []byte
}

// NewPlaces returns Places before the first line of each container.
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

// Set sets the position in the log of container i.
func (p *Places) Set(i int, at logs.Position) {
	var slot [slotBytes]byte
	b := binary.BigEndian.AppendUint32(slot[:0], p.keys[i])
	encoding.Encode(p.text[i*slotText:], at.AppendBinary(b))
}

// Move sets the position of index i to a line of c, which replaces another container at that index if c is its successor.
func (p *Places) Move(i int, c *Container, at logs.Position) {
	if p.of[i] != c {
		p.of[i], p.keys[i] = c, keyOf(c)
	}
	p.Set(i, at)
}

// Text returns the cursor. It is valid until the next Set or Move.
func (p *Places) Text() []byte { return p.text }

var errCursor = errors.New("not one of ours")

// Cursor is a parsed cursor: the positions by container.
type Cursor struct {
	at     map[uint32]logs.Position
	newest int64
}

// ParseCursor parses the text of Places. The message of its error may be shown to the caller.
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

// Of returns the position in a container's log. For a container that isn't in the cursor, it is the start of the log if the
// container was created after the cursor's latest line, and the time of that line otherwise.
func (c *Cursor) Of(x *Container) logs.Position {
	p, ok := c.at[keyOf(x)]
	if !ok && !x.Created.IsZero() && x.Created.UnixNano() < c.newest {
		return logs.Position{At: c.newest, Stream: logs.Stderr}
	}
	return p
}
