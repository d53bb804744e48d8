package events

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"time"
)

// The limits of one event. A longer event than maxEventBytes is skipped and reported as a gap; one longer than maxSkipBytes
// ends the stream.
const (
	maxEventBytes = 256 << 10
	maxSkipBytes  = 64 << 20
)

var (
	errUnreadable = errors.New("unreadable event")
	errEndless    = errors.New("an event without end")
)

// eventMessage has the fields in use of an event, as Docker and Podman send it.
type eventMessage struct {
	Type   string `json:"Type"`
	Action string `json:"Action"`
	Actor  struct {
		ID         string            `json:"ID"`
		Attributes map[string]string `json:"Attributes"`
	} `json:"Actor"`
	Time     int64 `json:"time"`
	TimeNano int64 `json:"timeNano"`
}

// decoder splits an engine's stream into events: one JSON object on each line.
type decoder struct {
	host string
	r    *bufio.Reader
	line []byte
}

func newDecoder(host string, r io.Reader) *decoder {
	return &decoder{host: host, r: bufio.NewReader(r)}
}

// next returns the next event. After errUnreadable, which means that one event was skipped, reading may continue; any other
// error ends the stream.
func (d *decoder) next() (Event, error) {
	for {
		line, err := d.readLine()
		if err != nil {
			return Event{}, err
		}
		if len(line) == 0 {
			continue
		}
		return decodeEvent(d.host, line)
	}
}

// readLine returns a line without its line ending. The slice is valid until the next call.
func (d *decoder) readLine() ([]byte, error) {
	d.line = d.line[:0]
	size, tooLong := 0, false
	for {
		part, err := d.r.ReadSlice('\n')
		if size += len(part); size > maxEventBytes {
			tooLong = true
		} else {
			d.line = append(d.line, part...)
		}
		switch {
		case size > maxSkipBytes:
			return nil, errEndless
		case errors.Is(err, bufio.ErrBufferFull):
		case err != nil:
			return nil, fmt.Errorf("read event stream: %w", err)
		case tooLong:
			return nil, errUnreadable
		default:
			return trimEOL(d.line), nil
		}
	}
}

func trimEOL(b []byte) []byte {
	for len(b) > 0 && (b[len(b)-1] == '\n' || b[len(b)-1] == '\r') {
		b = b[:len(b)-1]
	}
	return b
}

// reserved reports whether an event type is wharf's own. Engines have no such type, and must not be able to forge wharf's
// events.
func reserved(kind string) bool {
	return strings.EqualFold(kind, "gap") || strings.EqualFold(kind, "host")
}

func decodeEvent(host string, line []byte) (Event, error) {
	var m eventMessage
	if err := json.Unmarshal(line, &m); err != nil {
		return Event{}, errUnreadable
	}
	nano := m.TimeNano
	if nano == 0 {
		nano = m.Time * int64(time.Second)
	}
	if m.Type == "" || m.Action == "" || nano <= 0 || reserved(m.Type) {
		return Event{}, errUnreadable
	}
	e := Event{
		Host: host, Kind: KindDocker, Type: m.Type, Action: m.Action, ActorID: m.Actor.ID,
		Time: time.Unix(0, nano).UTC(), Attrs: m.Actor.Attributes,
	}
	if e.Attrs == nil {
		e.Attrs = map[string]string{}
	}
	// Attributes include the container's labels, and wharf reserves this prefix for its own attributes.
	maps.DeleteFunc(e.Attrs, func(name, _ string) bool { return strings.HasPrefix(name, "wharf.") })
	e.Labels = LabelsIn(e.Type, e.Attrs)
	e.ActorName = strings.TrimPrefix(e.Attrs["name"], "/")
	if e.ActorName == "" {
		e.ActorName = e.ActorID
	}
	return e, nil
}
