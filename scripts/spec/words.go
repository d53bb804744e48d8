package main

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/swaggest/openapi-go/openapi31"

	"wharf/api"
	"wharf/api/dto"
	"wharf/service"
)

var about = strings.Join([]string{
	"wharf is an HTTP JSON API in front of many Docker hosts.",
	"A response is `{\"success\":true,\"data\":…}`, an error is `{\"success\":false,\"message\":\"…\"}`. A few responses have no such",
	"envelope, as their schemas show. Below /v1, unknown query parameters and unknown fields of bodies are refused.",
	"Lists take `limit` and `cursor`; an empty `cursor` in the response marks the last page.",
	"The `{id}` of a container is its id, a unique prefix of the id, or its name.",
}, " ")

// failureTexts describe when an operation answers with a status.
var failureTexts = map[int]string{
	http.StatusNotModified:           "The client's copy is current.",
	http.StatusBadRequest:            "A parameter or the body is missing or malformed; the message names it.",
	http.StatusUnauthorized:          "The credentials are missing or invalid.",
	http.StatusForbidden:             "The caller isn't allowed to do this, or the request comes from another origin.",
	http.StatusNotFound:              "The resource doesn't exist, or the caller may not see it.",
	http.StatusNotAcceptable:         "The response is text/event-stream, which the request's Accept header excludes.",
	http.StatusConflict:              "The request conflicts with the current state: the name is taken, the container is already running, or the id is another container's name.",
	http.StatusRequestEntityTooLarge: "The body is larger than 64 KiB.",
	http.StatusUnsupportedMediaType:  "The body isn't application/json.",
	http.StatusUnprocessableEntity:   "The Idempotency-Key was used with another body.",
	http.StatusTooManyRequests:       "Too many tries, streams or queries: Retry-After gives the time to wait.",
	http.StatusInternalServerError:   "The engine can't be reached or reported an error, which the message contains; or wharf failed.",
	http.StatusServiceUnavailable:    "wharf is shutting down or its database can't be reached: try again.",
}

// failures returns the responses other than 200: a component for each status in use.
func (d *document) failures() map[string]openapi31.ResponseOrReference {
	slices.Sort(d.statuses)
	out := map[string]openapi31.ResponseOrReference{}
	for _, status := range slices.Compact(d.statuses) {
		headers := headerRefs("X-Request-Id")
		switch status {
		case http.StatusTooManyRequests:
			headers["Retry-After"] = headerRefs("Retry-After")["Retry-After"]
		case http.StatusUnauthorized:
			headers["WWW-Authenticate"] = headerRefs("WWW-Authenticate")["WWW-Authenticate"]
		}
		if status == http.StatusNotModified {
			out[strconv.Itoa(status)] = openapi31.ResponseOrReference{Response: &openapi31.Response{
				Description: failureTexts[status], Headers: headers,
			}}
			continue
		}
		var example any = map[string]any{"success": false, "message": strings.ToLower(http.StatusText(status))}
		out[strconv.Itoa(status)] = openapi31.ResponseOrReference{Response: &openapi31.Response{
			Description: failureTexts[status], Headers: headers,
			Content: map[string]openapi31.MediaType{jsonType: {Schema: map[string]any{"$ref": schemaPrefix + "Failure"}, Example: &example}},
		}}
	}
	_, _ = d.schemas.of(dto.Failure{}, "json")
	return out
}

// pathParam describes a parameter of the path.
func pathParam(name, pattern string) (*openapi31.Parameter, error) {
	p := &openapi31.Parameter{
		Name: name, In: openapi31.ParameterInPath, Required: ptr(true),
		Schema: map[string]any{"type": "string", "minLength": 1},
	}
	onHost := strings.Contains(pattern, "{host}")
	container := strings.Contains(pattern, "/containers/")
	switch {
	case name == "host":
		p.Description, p.Schema["examples"] = ptr("A host's name."), []string{"119server"}
	case name == "id" && container:
		p.Description, p.Schema["examples"] = ptr("A container's id, a unique prefix of the id, or its name."), []string{"nginx-web"}
	case name == "id" && onHost:
		p.Description, p.Schema["examples"] = ptr("The full id, or the name with each slash as %2F."), []string{"nginx:1.27"}
	case name == "id":
		p.Schema["format"], p.Schema["examples"] = "uuid", []string{"4b2efe8c-b526-4ff3-a2fa-c1ddcb9601e9"}
	case name == "username":
		p.Schema["examples"] = []string{"gildong"}
	default:
		return nil, fmt.Errorf("the path's parameter %s has no description in scripts/spec", name)
	}
	return p, nil
}

// requestHeaders returns the headers that requests may have.
func requestHeaders() map[string]openapi31.ParameterOrReference {
	out := map[string]openapi31.ParameterOrReference{}
	for name, h := range map[string]struct{ text, pattern string }{
		"X-Request-Id":    {"The request's id in the response and the log. If it is missing or malformed, wharf generates one.", "^[A-Za-z0-9._-]{1,64}$"},
		"X-Setup-Token":   {"The setup token from wharf's log, for creating the first user.", ""},
		"X-Wharf-Stored":  {"The part of the web page's session that the browser keeps in the origin's storage.", ""},
		"Last-Event-ID":   {"The id of the last event that the client received: the stream resumes after it.", "^[0-9]+$"},
		"Idempotency-Key": {"Requests with the same key are executed once: within ten minutes, repeats get the first one's response.", "^[!-~]{1,128}$"},
		"If-None-Match":   {"The ETag of the client's copy.", ""},
	} {
		schema := map[string]any{"type": "string"}
		if h.pattern != "" {
			schema["pattern"] = h.pattern
		}
		out[name] = openapi31.ParameterOrReference{Parameter: &openapi31.Parameter{
			Name: name, In: openapi31.ParameterInHeader, Description: ptr(h.text), Schema: schema,
		}}
	}
	return out
}

// responseHeaders returns the headers that responses may have.
func responseHeaders() map[string]openapi31.HeaderOrReference {
	out := map[string]openapi31.HeaderOrReference{}
	for name, text := range map[string]string{
		"X-Request-Id":        "The request's id, which the log contains too.",
		"Retry-After":         "The number of seconds to wait before the next try.",
		"WWW-Authenticate":    "The kind of credentials that are required.",
		"X-Partial":           "true: the response is incomplete.",
		"X-Sampled-At":        "The time of the sample.",
		"X-Sample-Age":        "The age of the sample in seconds.",
		"Idempotent-Replayed": "true: this is the response to an earlier request with the same Idempotency-Key.",
		"Set-Cookie":          "The session's cookie, for browsers. It authenticates only GET requests.",
		"Content-Disposition": "The name of the file.",
		"Content-Encoding":    "gzip, for clients that accept it.",
		"Vary":                "Accept-Encoding: the response may be compressed.",
		"ETag":                "Identifies this version of the content.",
	} {
		out[name] = openapi31.HeaderOrReference{Header: &openapi31.Header{Description: ptr(text), Schema: map[string]any{"type": "string"}}}
	}
	return out
}

func headerRefs(names ...string) map[string]openapi31.HeaderOrReference {
	out := map[string]openapi31.HeaderOrReference{}
	for _, name := range names {
		out[name] = openapi31.HeaderOrReference{Reference: &openapi31.Reference{Ref: "#/components/headers/" + name}}
	}
	return out
}

// security lists alternative credentials of an operation; an empty one means none.
func security(o api.Operation) []map[string][]string {
	all := []map[string][]string{}
	if o.Permission == service.Public || o.Permission == service.Optional {
		all = append(all, map[string][]string{})
	}
	if o.Permission == service.Public {
		return all
	}
	all = append(all, map[string][]string{"bearer": {}})
	if o.Method == http.MethodGet {
		all = append(all, map[string][]string{"session": {}})
	}
	if o.Tickets {
		all = append(all, map[string][]string{"ticket": {}})
	}
	return all
}

func securitySchemes() map[string]openapi31.SecuritySchemeOrReference {
	scheme := func(text string) *openapi31.SecurityScheme { return &openapi31.SecurityScheme{Description: &text} }
	bearer := scheme("An access token from /login or /token/renew_access, or an API key.")
	bearer.WithHTTPBearer(openapi31.SecuritySchemeHTTPBearer{Scheme: "bearer"})
	session := scheme("The cookie that /login sets, for GET requests only. Over TLS its name is __Host-wharf_session.")
	session.WithAPIKey(openapi31.SecuritySchemeAPIKey{Name: "wharf_session", In: openapi31.SecuritySchemeAPIKeyInCookie})
	ticket := scheme("A ticket from POST /v1/events/ticket, for event and log streams only.")
	ticket.WithAPIKey(openapi31.SecuritySchemeAPIKey{Name: "ticket", In: openapi31.SecuritySchemeAPIKeyInQuery})
	return map[string]openapi31.SecuritySchemeOrReference{
		"bearer": {SecurityScheme: bearer}, "session": {SecurityScheme: session}, "ticket": {SecurityScheme: ticket},
	}
}

// streamText describes the frames of a stream, and how a client resumes after a break.
func streamText(o api.Operation) string {
	var names []string
	for _, f := range o.Answer.Frames {
		names = append(names, "`"+f.Event+"`")
	}
	text := "A stream of the server-sent events " + strings.Join(names, ", ") + ". x-frames has the schema of each event's data. Comments keep the" +
		" connection open."
	if !o.Answer.StreamOnly {
		text = "A single answer or, with Accept: text/event-stream, a" + strings.TrimPrefix(text, "A")
	}
	if !slices.Contains(o.Headers, "Last-Event-ID") {
		return text + " After a disconnect, the client sends the request again and the stream starts with the latest values."
	}
	return text + " After a disconnect, the client sends the id of the last event it received as Last-Event-ID and gets the events it missed," +
		" or a stream-gap if they are no longer available."
}
