package api

import (
	"net/http"
	"reflect"
	"slices"
	"strings"

	"wharf/api/dto"
	"wharf/service"
)

// handler answers one request of an actor. An error it returns becomes the answer.
type handler func(w http.ResponseWriter, r *http.Request, actor service.Actor) error

// route is one row of the table: how a request is answered, and everything that the document says of it.
// What has no row isn't served. get, post, patch and del make one.
type route struct {
	method, pattern string
	need            service.Permission
	name            string // of the operation, in the document and in the clients: unique, a verb first
	handle          endpoint
	summary         string // what the operation does, in one sentence
	answer          Answer // with 200

	also    []int    // see may
	headers []string // see reads
	tickets bool     // see withTickets
	page    bool     // see ofThePage
	group   string   // the heading in the document; the table gives it
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

// may adds statuses besides those that every route of its kind may answer: see Operation.Statuses.
func (rt route) may(statuses ...int) route {
	rt.also = append(slices.Clone(rt.also), statuses...)
	return rt
}

// reads names the request's headers that the route reads, besides those of all requests.
func (rt route) reads(headers ...string) route {
	rt.headers = headers
	return rt
}

// withTickets lets ?ticket= stand for a token: for browsers' EventSource, which sends no headers.
func (rt route) withTickets() route {
	rt.tickets = true
	return rt
}

// ofThePage leaves a row out of the document: a page for people is no API.
func (rt route) ofThePage() route {
	rt.page = true
	return rt
}

// endpoint is a handler and what it reads of a request: query and body are nil for nothing.
type endpoint struct {
	serve       handler
	query, body reflect.Type
}

// plain is a handler that reads neither query nor body.
func plain(h handler) endpoint { return endpoint{serve: h} }

// queried is a handler of the query parameters that Q declares.
func queried[Q any](h func(w http.ResponseWriter, r *http.Request, actor service.Actor, q Q) error) endpoint {
	return endpoint{query: reflect.TypeFor[Q](), serve: func(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
		q, err := readQuery[Q](r)
		if err != nil {
			return err
		}
		return h(w, r, actor, *q)
	}}
}

// bodied is a handler of the JSON object that B declares.
func bodied[B any](h func(w http.ResponseWriter, r *http.Request, actor service.Actor, in B) error) endpoint {
	return endpoint{body: reflect.TypeFor[B](), serve: func(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
		var in B
		if err := decode(w, r, &in); err != nil {
			return err
		}
		return h(w, r, actor, in)
	}}
}

// Answer is what a route answers with 200.
type Answer struct {
	// Value has the type of the answer's JSON, inside its envelope; nil where there is none.
	Value any
	// Bare is an answer without the envelope {"success":true,"data":…}.
	Bare bool
	// ContentType is application/json where it is empty. Other answers have no Value.
	ContentType string
	// Headers are what the answer may carry besides those of all answers.
	Headers []string
	// Frames are the events of a stream, which is the answer to Accept: text/event-stream; StreamOnly says
	// that there is no other.
	Frames     []Frame
	StreamOnly bool
	// Formats are media types in which the stream can be asked for besides.
	Formats []string
	// Accepted is an answer with 202 instead of 200: what was asked for goes on.
	Accepted bool
	// Upgrade is an answer with 101 instead of 200: the connection becomes a WebSocket.
	Upgrade bool
}

// Frame is a kind of server-sent event: its name, and a value of the type of its data.
type Frame struct {
	Event string
	Data  any
}

// data is an answer in the envelope, bare one without.
func data(v any) Answer { return Answer{Value: v} }
func bare(v any) Answer { return Answer{Value: v, Bare: true} }

// file is an answer that isn't JSON.
func file(contentType string) Answer { return Answer{ContentType: contentType} }

// streamed is an answer of server-sent events alone.
func streamed(frames ...Frame) Answer { return Answer{Frames: frames, StreamOnly: true} }

// accepted has an answer come with 202.
func (a Answer) accepted() Answer {
	a.Accepted = true
	return a
}

// upgraded is a WebSocket.
func upgraded() Answer { return Answer{Upgrade: true} }

// with adds headers to an answer.
func (a Answer) with(headers ...string) Answer {
	a.Headers = append(slices.Clone(a.Headers), headers...)
	return a
}

// in adds media types to those of a stream.
func (a Answer) in(formats ...string) Answer {
	a.Formats = formats
	return a
}

// orStream adds to an answer the stream that Accept: text/event-stream asks for.
func (a Answer) orStream(frames ...Frame) Answer {
	a.Frames = frames
	return a
}

// queriedBodied is queried and bodied in one.
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

// Operation is a row of the route table, for what is made of it: the document, the clients and tests.
type Operation struct {
	Method, Pattern, Name, Summary, Group string

	Permission  service.Permission
	Query, Body reflect.Type // nil: none
	Answer      Answer
	Headers     []string // that it reads
	Tickets     bool
	also        []int
}

// Operations returns the route table, without the page.
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

// Success returns the status of an answer that isn't an error.
func (o Operation) Success() int {
	if o.Answer.Upgrade {
		return http.StatusSwitchingProtocols
	}
	if o.Answer.Accepted {
		return http.StatusAccepted
	}
	return http.StatusOK
}

// Statuses returns every status that the operation may answer, in order.
func (o Operation) Statuses() []int {
	all := append([]int{o.Success(), http.StatusForbidden}, o.also...) // 403: a foreign origin
	if o.Permission != service.Public {
		all = append(all, http.StatusBadRequest, http.StatusUnauthorized, http.StatusInternalServerError)
		if strings.HasPrefix(o.Pattern, "/v1/") {
			all = append(all, http.StatusServiceUnavailable) // the database is away
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

// frames of the two streams.
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
