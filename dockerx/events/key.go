package events

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// Key identifies an event among those of its host: two readers that report the same event
// compute the same key. It is a hash of time, type, action, actor and attributes, it is stored
// in the event log, and so it must never change. The attributes wharf.actor and
// wharf.audit, which wharf adds, are no part of it.
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

// appendField writes a length before the text, so that no two lists of fields look alike.
func appendField(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// seenMax is how many of the latest events' keys are remembered: twice an engine's ring, so that
// nothing a ring replays is forgotten.
const seenMax = 512
