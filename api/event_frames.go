package api

import (
	"strconv"

	"wharf/api/dto"
	"wharf/dockerx"
	"wharf/service"
	"wharf/service/eventlog"
)

// frame renders a record as a server-sent event, unmasked.
func frame(r *eventlog.Record) []byte { return frameOf(r.ID, &r.Event) }

// maskedFrame is frame for actors that see *** instead of what may be secret.
func maskedFrame(r *eventlog.Record) []byte {
	masked := service.MaskEvent(r.Event)
	return frameOf(r.ID, &masked)
}

func frameOf(id int64, e *dockerx.Event) []byte {
	var name string
	var data any
	switch e.Kind {
	case dockerx.KindGap:
		name, data = "stream-gap", dto.StreamGap{Host: e.Host, From: e.From, To: e.To, Reason: e.Reason}
	case dockerx.KindHost:
		name, data = "host-event", dto.HostEvent{Host: e.Host, Action: e.Action, Timestamp: e.Time.Unix(), Reason: e.Reason}
	default:
		name, data = "container-event", containerEventOf(e)
	}
	body := encode(data)
	b := make([]byte, 0, len(body)+64)
	if id != 0 {
		b = append(appendID(b, id), '\n')
	}
	b = append(append(append(b, "event: "...), name...), "\ndata: "...)
	return append(append(b, body...), "\n\n"...)
}

func containerEventOf(e *dockerx.Event) *dto.ContainerEvent {
	return &dto.ContainerEvent{
		Host: e.Host, Type: e.Type, Action: e.Action, ActorID: e.ActorID, ActorName: e.ActorName, Timestamp: e.Time.Unix(), Attrs: e.Attrs,
	}
}

// appendID writes an id line. With an empty line after it, it is a frame that only moves the
// client's Last-Event-ID.
func appendID(b []byte, id int64) []byte {
	return append(strconv.AppendInt(append(b, "id: "...), id, 10), '\n')
}
