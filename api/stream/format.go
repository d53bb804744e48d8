package stream

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// Format is the encoding of a stream's items.
type Format uint8

// The formats.
const (
	SSE    Format = iota // server-sent events
	NDJSON               // one JSON value per line
	Text                 // one text per line

	// Formats of Docker's own API. Its clients get them whatever their Accept header is.

	JSONStream // JSON values one after the other, as application/json
	Frames     // frames with the name of their stream: stderr if the item's Event is "stderr", else stdout
	Raw        // bytes
)

// ofDocker reports whether a format is one of Docker's API.
func (f Format) ofDocker() bool { return f >= JSONStream }

// Item is one element of a stream.
type Item struct {
	ID    string // the client may resume after it, "" for none; sent only in SSE
	Event string // name of the event, "" for none; sent only in SSE, selects the stream in Frames
	Data  []byte // JSON, or text if the format is Text
}

// Type returns the format's media type, without parameters.
func (f Format) Type() string {
	switch f {
	case NDJSON:
		return "application/x-ndjson"
	case Text:
		return "text/plain"
	case JSONStream:
		return "application/json"
	case Frames:
		return "application/vnd.docker.multiplexed-stream"
	case Raw:
		return "application/vnd.docker.raw-stream"
	default:
		return "text/event-stream"
	}
}

// String returns the format's media type.
func (f Format) String() string { return f.Type() }

// Append appends an encoded item. All streams of the format may share its bytes, through Writer.Append.
func (f Format) Append(dst []byte, item Item) []byte {
	switch f {
	case NDJSON, JSONStream:
		return appendLine(dst, item.Data)
	case Text:
		return append(append(dst, item.Data...), '\n')
	case Frames:
		return append(AppendFrameHead(dst, item.Event == "stderr", len(item.Data)), item.Data...)
	case Raw:
		return append(dst, item.Data...)
	default:
		return appendEvent(dst, item)
	}
}

// contentType returns Type with its parameters.
func (f Format) contentType() string {
	if f == Text {
		return "text/plain; charset=utf-8"
	}
	return f.Type()
}

// greeting returns the beginning of a stream. In SSE it sets how long browsers wait before they reconnect, in milliseconds.
func (f Format) greeting() string {
	if f == SSE {
		return "retry: 1000\n: wharf\n\n"
	}
	return ""
}

// AppendHeartbeat appends a heartbeat, which keeps proxies from closing a quiet stream. Some formats have none.
func (f Format) AppendHeartbeat(dst []byte) []byte { return append(dst, f.heartbeat()...) }

// heartbeat returns the bytes of a heartbeat, "" if the format has none.
func (f Format) heartbeat() string {
	switch f {
	case NDJSON, JSONStream:
		return "\n" // parsers skip empty lines
	case Text, Frames, Raw:
		return "" // every byte is content
	default:
		return ": \n\n"
	}
}

// comment returns the bytes that give the reason why a stream is closed, "" if the format has no place for them.
func (f Format) comment(why string) string {
	switch f {
	case NDJSON:
		return `{"error":"` + why + "\"}\n"
	case Text, JSONStream, Frames, Raw:
		return ""
	default:
		return ": " + why + "\n\n"
	}
}

// AppendFrameHead appends the header of a frame: the frame's stream and size.
func AppendFrameHead(dst []byte, stderr bool, size int) []byte {
	stream := byte(1)
	if stderr {
		stream = 2
	}
	return binary.BigEndian.AppendUint32(append(dst, stream, 0, 0, 0), uint32(size)) //nolint:gosec // a line's
}

// appendLine appends JSON as one line. It replaces line ends by spaces, since they can only stand between two tokens.
func appendLine(dst, json []byte) []byte {
	start := len(dst)
	dst = append(dst, json...)
	for i, c := range dst[start:] {
		if c == '\n' || c == '\r' {
			dst[start+i] = ' '
		}
	}
	return append(dst, '\n')
}

// appendEvent appends a server-sent event. An id or a name with a character that would end its line is left out.
func appendEvent(dst []byte, item Item) []byte {
	if item.ID != "" && !strings.ContainsAny(item.ID, "\x00\r\n") {
		dst = append(append(append(dst, "id: "...), item.ID...), '\n')
	}
	if item.Event != "" && !strings.ContainsAny(item.Event, "\r\n") {
		dst = append(append(append(dst, "event: "...), item.Event...), '\n')
	}
	for data := item.Data; ; {
		end := bytes.IndexAny(data, "\r\n")
		if end < 0 {
			dst = append(append(dst, "data: "...), data...)
			return append(dst, "\n\n"...)
		}
		dst = append(append(append(dst, "data: "...), data[:end]...), '\n')
		if data[end] == '\r' && end+1 < len(data) && data[end+1] == '\n' {
			end++
		}
		data = data[end+1:]
	}
}
