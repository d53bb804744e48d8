package events

import (
	"wharf/api/dto"
	"wharf/dockerx/events"
	"wharf/service"
	"wharf/service/eventlog"
)

// PageOf returns a page of the log as the actor may see it.
func PageOf(page eventlog.Page, actor service.Actor) dto.EventPage {
	out := dto.EventPage{Events: make([]dto.LoggedEvent, len(page.Records)), Cursor: page.Cursor}
	for i, record := range page.Records {
		e := shown(record, actor)
		out.Events[i] = dto.LoggedEvent{
			ID: record.ID, Host: e.Host, Type: e.Type, Action: e.Action, ActorID: e.ActorID, ActorName: e.ActorName,
			Time: e.Time, Attrs: e.Attrs, Inferred: record.Inferred(), Reason: e.Reason,
		}
		if e.Kind == events.KindGap {
			out.Events[i].From, out.Events[i].To = &e.From, &e.To
		}
	}
	return out
}

// shown returns a record's event as the actor may see it.
func shown(r *eventlog.Record, actor service.Actor) events.Event {
	if actor.MasksRecord(r) {
		return service.MaskEvent(r.Event)
	}
	return r.Event
}

func rowOf(e *events.Event) *dto.ContainerEvent {
	return &dto.ContainerEvent{
		Host: e.Host, Type: e.Type, Action: e.Action, ActorID: e.ActorID, ActorName: e.ActorName, Timestamp: e.Time.Unix(), Attrs: e.Attrs,
	}
}
