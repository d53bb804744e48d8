package api

import (
	"net/http"
	"reflect"
	"slices"
	"strings"

	"wharf/api/dto"
	"wharf/service"
)

// handler answers one request of an actor. If it returns an error, that error becomes the answer.
type handler func(w http.ResponseWriter, r *http.Request, actor service.Actor) error

// route is one row of the route table: how a request is answered, and all that the OpenAPI document says about it. Requests that
// match no row aren't served. get, post, patch and del make a row.
type route struct {
	method, pattern string
	need            service.Permission
	name            string // the operation's name in the document and in the clients: unique, begins with a verb
	handle          endpoint
	summary         string // what the operation does, in one sentence
	answer          Answer // to a request that succeeds

	also    []int    // see may
	headers []string // see reads
	tickets bool     // see withTickets
	page    bool     // see ofThePage
	group   string   // the heading in the document; set by grouped
}

func get(pattern string, need service.Permission, name string, handle endpoint, summary string, answer Answer) route {
	return route{method: http.MethodGet, pattern: pattern, need: need, name: name, handle: handle, summary: summary, answer: answer}
}

func post(pattern string, need service.Permission, name string, handle endpoint, summary string, answer Answer) route {
	return route{method: http.MethodPost, pattern: pattern, need: need, name: name, handle: handle, summary: summary, answer: answer}
}

func patch(pattern string, need service.Permission, name string, handle endpoint, summary string, answer Answer) route {
	return route{method: http.MethodPatch, pattern: pattern, need: need, name: name, handle: handle, summary: summary, answer: answer}
}

func del(pattern string, need service.Permission, name string, handle endpoint, summary string, answer Answer) route {
	return route{method: http.MethodDelete, pattern: pattern, need: need, name: name, handle: handle, summary: summary, answer: answer}
}

// may adds statuses to those that every route of its kind may answer: see Operation.Statuses.
func (rt route) may(statuses ...int) route {
	rt.also = append(slices.Clone(rt.also), statuses...)
	return rt
}

// reads names the request headers that the route reads, in addition to those that are read for all requests.
func (rt route) reads(headers ...string) route {
	rt.headers = headers
	return rt
}

// withTickets accepts ?ticket= in place of a token: browsers' EventSource can't send an Authorization header.
func (rt route) withTickets() route {
	rt.tickets = true
	return rt
}

// ofThePage omits a row from the document: the web page isn't part of the API.
func (rt route) ofThePage() route {
	rt.page = true
	return rt
}

// endpoint is a handler and the types that it reads from a request; query and body are nil if it reads none.
type endpoint struct {
	serve       handler
	query, body reflect.Type
}

// plain returns an endpoint that reads neither query nor body.
func plain(h handler) endpoint { return endpoint{serve: h} }

// queried returns an endpoint that reads the query parameters that Q declares.
func queried[Q any](h func(w http.ResponseWriter, r *http.Request, actor service.Actor, q Q) error) endpoint {
	return endpoint{query: reflect.TypeFor[Q](), serve: func(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
		q, err := readQuery[Q](r)
		if err != nil {
			return err
		}
		return h(w, r, actor, *q)
	}}
}

// bodied returns an endpoint that reads a JSON object of type B.
func bodied[B any](h func(w http.ResponseWriter, r *http.Request, actor service.Actor, in B) error) endpoint {
	return endpoint{body: reflect.TypeFor[B](), serve: func(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
		var in B
		if err := decode(w, r, &in); err != nil {
			return err
		}
		return h(w, r, actor, in)
	}}
}

// Answer describes a route's answer to a request that succeeds.
type Answer struct {
	// Value is a value of the type of the answer's JSON, inside its envelope; nil if there is none.
	Value any
	// Bare means that the answer has no envelope {"success":true,"data":…}.
	Bare bool
	// ContentType defaults to application/json. Answers of another type have no Value.
	ContentType string
	// Headers are the headers that the answer may have, in addition to those of all answers.
	Headers []string
	// Frames are the events of the stream that answers Accept: text/event-stream. StreamOnly means that there is no other
	// answer.
	Frames     []Frame
	StreamOnly bool
	// Formats are further media types in which the stream is available.
	Formats []string
	// Accepted means that the status is 202 instead of 200: the requested work continues after the answer.
	Accepted bool
	// Upgrade means that the status is 101 instead of 200: the connection becomes a WebSocket.
	Upgrade bool
}

// Frame is a kind of server-sent event: its name, and a value of the type of its data.
type Frame struct {
	Event string
	Data  any
}

// data is an answer inside the envelope, bare one without it.
func data(v any) Answer { return Answer{Value: v} }
func bare(v any) Answer { return Answer{Value: v, Bare: true} }

// file is an answer that isn't JSON.
func file(contentType string) Answer { return Answer{ContentType: contentType} }

// streamed is an answer that is available only as server-sent events.
func streamed(frames ...Frame) Answer { return Answer{Frames: frames, StreamOnly: true} }

// accepted sets the answer's status to 202.
func (a Answer) accepted() Answer {
	a.Accepted = true
	return a
}

// upgraded is an answer that turns the connection into a WebSocket.
func upgraded() Answer { return Answer{Upgrade: true} }

// with adds headers to an answer.
func (a Answer) with(headers ...string) Answer {
	a.Headers = append(slices.Clone(a.Headers), headers...)
	return a
}

// in sets the further media types of a stream.
func (a Answer) in(formats ...string) Answer {
	a.Formats = formats
	return a
}

// orStream adds the stream that answers Accept: text/event-stream.
func (a Answer) orStream(frames ...Frame) Answer {
	a.Frames = frames
	return a
}

// queriedBodied combines queried and bodied.
func queriedBodied[Q, B any](h func(w http.ResponseWriter, r *http.Request, actor service.Actor, q Q, in B) error) endpoint {
	inner := func(q Q) handler {
		return bodied(func(w http.ResponseWriter, r *http.Request, actor service.Actor, in B) error {
			return h(w, r, actor, q, in)
		}).serve
	}
	outer := queried(func(w http.ResponseWriter, r *http.Request, actor service.Actor, q Q) error {
		return inner(q)(w, r, actor)
	})
	outer.body = reflect.TypeFor[B]()
	return outer
}

// Operation is a row of the route table, for tests and for the generator of the document and the clients.
type Operation struct {
	Method, Pattern, Name, Summary, Group string

	Permission  service.Permission
	Query, Body reflect.Type // nil: none
	Answer      Answer
	Headers     []string // request headers that it reads
	Tickets     bool
	also        []int
}

// Operations returns the route table, without the web page's own routes.
func Operations() []Operation {
	var all []Operation
	for _, rt := range new(Server).routes() {
		if !rt.page {
			all = append(all, rt.operation())
		}
	}
	return all
}

func (rt route) operation() Operation {
	return Operation{
		Method: rt.method, Pattern: rt.pattern, Name: rt.name, Summary: rt.summary, Group: rt.group, Permission: rt.need,
		Headers: rt.headers,
		Query:   rt.handle.query, Body: rt.handle.body, Answer: rt.answer, Tickets: rt.tickets, also: rt.also,
	}
}

// Success returns the status of an answer to a request that succeeds.
func (o Operation) Success() int {
	if o.Answer.Upgrade {
		return http.StatusSwitchingProtocols
	}
	if o.Answer.Accepted {
		return http.StatusAccepted
	}
	return http.StatusOK
}

// Statuses returns all statuses that the operation may answer, in ascending order.
func (o Operation) Statuses() []int {
	all := append([]int{o.Success(), http.StatusForbidden}, o.also...) // 403: a foreign origin
	if o.Permission != service.Public {
		all = append(all, http.StatusBadRequest, http.StatusUnauthorized, http.StatusInternalServerError)
		if strings.HasPrefix(o.Pattern, "/v1/") {
			all = append(all, http.StatusServiceUnavailable) // the database can't be reached
		}
	}
	if strings.HasPrefix(o.Pattern, "/v1/") {
		all = append(all, http.StatusBadRequest) // an unknown parameter
	}
	if o.Body != nil {
		all = append(all, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusInternalServerError)
	}
	if strings.Contains(o.Pattern, "{") {
		all = append(all, http.StatusNotFound)
	}
	if o.Answer.Frames != nil {
		all = append(all, http.StatusTooManyRequests)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// The events of each kind of stream.
var (
	eventFrames = []Frame{
		{"container-event", dto.ContainerEvent{}}, {"host-event", dto.HostEvent{}}, {"stream-gap", dto.StreamGap{}},
	}
	logFrames = []Frame{
		{"log", dto.LogLine{}},
		{"log-hosts", dto.LogHosts{}},
		{"stream-gap", dto.LogGap{}},
		{"log-end", dto.LogEnd{}},
		{"container-event", dto.ContainerEvent{}},
		{"progress", dto.LogProgress{}},
		{"end", dto.LogSearchEnd{}},
	}
	bulkFrames           = []Frame{{"target", dto.BulkTarget{}}, {"end", dto.BulkEnd{}}}
	hostUsageFrames      = []Frame{{"stats", dto.HostUsage{}}, {"stats-error", dto.Failure{}}}
	containerUsageFrames = []Frame{{"stats", dto.Usage{}}, {"stats-error", dto.Failure{}}}
)
