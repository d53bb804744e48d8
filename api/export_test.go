package api

import (
	"context"
	"net/http"
	"reflect"

	"github.com/go-chi/chi/v5"

	"wharf/api/stream"
	"wharf/service"
)

// RouteRow is a row of the route table, for tests generated from it.
type RouteRow struct {
	Method, Pattern string
	Need            service.Permission
	Body            reflect.Type // nil if it has none
	StreamOnly      bool         // it answers with a stream and nothing else
	Also            []int        // statuses
}

// RouteTable returns the table, and the routes that the router serves.
func (s *Server) RouteTable() (table []RouteRow, served map[string]bool) {
	for _, rt := range s.table {
		table = append(table, RouteRow{rt.method, rt.pattern, rt.need, rt.handle.body, rt.answer.StreamOnly, rt.also})
	}
	served = map[string]bool{}
	_ = chi.Walk(s.mux, func(method, pattern string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		served[method+" "+pattern] = true
		return nil
	})
	return table, served
}

// ServeStream adds a route that streams a source.
func (s *Server) ServeStream(pattern string, source stream.Source) {
	handle := func(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
		return s.streams.Serve(w, r, s.streamOptions(actor), source)
	}
	s.mux.Get(pattern, s.serve(route{need: service.Public, handle: plain(handle)}))
}

// WrapStreams sets the function that wraps each stream's source.
func (s *Server) WrapStreams(wrap func(*http.Request, stream.Poller) stream.Poller) {
	s.streams.Wrap = wrap
}

// EnterHistory takes one of an actor's places for queries of the past.
func (s *Server) EnterHistory(actor service.Actor) (leave func(), err error) {
	return s.past.Place(actor.UserID.String())
}

// HeldUnread returns how many bytes of answers wait for their clients.
func (s *Server) HeldUnread() int { return s.edge.Unread() }

// EnterPast takes a turn, as queries of the past do.
func (s *Server) EnterPast(ctx context.Context) (done func(), err error) { return s.past.Enter(ctx) }
