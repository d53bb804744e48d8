package api

import (
	"strconv"
	"time"

	"wharf/dockerx"
	"wharf/service"
	"wharf/service/eventlog"
)

// containerEvent is the contract's frame, for events of every type.
type containerEvent struct {
	Host      string            `json:"host"`
	Type      string            `json:"type"`
	Action    string            `json:"action"`
	ActorID   string            `json:"actor_id"`
	ActorName string            `json:"actor_name"`
	Timestamp int64             `json:"timestamp"`
	Attrs     map[string]string `json:"attrs"`
}

// streamGap says that between two times of the daemon's clock events may be missing. An empty
// host means all hosts.
type streamGap struct {
	Host   string    `json:"host"`
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Reason string    `json:"reason"`
}

// hostEvent says that a host was connected or disconnected.
type hostEvent struct {
	Host      string `json:"host"`
	Action    string `json:"action"`
	Timestamp int64  `json:"timestamp"`
	Reason    string `json:"reason"`
}

// frame renders a record as server-sent event, for those who see everything.
func frame(r *eventlog.Record) []byte { return frameOf(r.ID, &r.Event) }

// maskedFrame is frame for those who don't see what looks secret.
func maskedFrame(r *eventlog.Record) []byte {
	masked := service.MaskEvent(r.Event)
	return frameOf(r.ID, &masked)
}

func frameOf(id int64, e *dockerx.Event) []byte {
	var name string
	var data any
	switch e.Kind {
	case dockerx.KindGap:
		name, data = "stream-gap", streamGap{e.Host, e.From, e.To, e.Reason}
	case dockerx.KindHost:
		name, data = "host-event", hostEvent{e.Host, e.Action, e.Time.Unix(), e.Reason}
	default:
		name = "container-event"
		data = containerEvent{e.Host, e.Type, e.Action, e.ActorID, e.ActorName, e.Time.Unix(), e.Attrs}
	}
	body := encode(data)
	b := make([]byte, 0, len(body)+64)
	if id != 0 {
		b = append(appendID(b, id), '\n')
	}
	b = append(append(append(b, "event: "...), name...), "\ndata: "...)
	return append(append(b, body...), "\n\n"...)
}

// appendID writes an id line. With an empty line after it, it is a frame that only moves the
// client's Last-Event-ID.
func appendID(b []byte, id int64) []byte {
	return append(strconv.AppendInt(append(b, "id: "...), id, 10), '\n')
}
