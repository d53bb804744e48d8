package events

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// Key returns a key that identifies the event among those of its host. Two readers that report the same event compute the
// same key. It is a hash of time, kind, type, action, actor, reason and attributes, without the attributes wharf.actor and
// wharf.audit, which wharf adds. The event log stores it, so the computation must never change.
func (e *Event) Key() int64 {
	b := make([]byte, 0, 512)
	b = binary.BigEndian.AppendUint64(b, uint64(e.Time.UnixNano()))
	b = append(b, byte(e.Kind))
	for _, s := range [...]string{e.Type, e.Action, e.ActorID, e.Reason} {
		b = appendField(b, s)
	}
	names := make([]string, 0, len(e.Attrs))
	for name := range e.Attrs {
		if name != "wharf.actor" && name != "wharf.audit" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		b = appendField(appendField(b, name), e.Attrs[name])
	}
	sum := sha256.Sum256(b)
	return int64(binary.BigEndian.Uint64(sum[:8]))
}

// appendField appends the text's length, then the text, so that different lists of fields give different bytes.
func appendField(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// seenMax is how many keys of the latest events are kept: twice the size of an engine's ring, so that every event that a
// ring replays is recognized.
const seenMax = 512
