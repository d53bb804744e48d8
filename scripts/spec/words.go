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
	"An answer is `{\"success\":true,\"data\":…}`, an error `{\"success\":false,\"message\":\"…\"}`; where the schema of an answer has no",
	"envelope, it is bare. Query parameters that an operation doesn't have are refused below /v1, and so are unknown fields of bodies.",
	"Lists have `limit` and `cursor`; an empty `cursor` in the answer means that there is no more.",
	"A `{id}` of a container is its id, a unique beginning of it, or its name.",
}, " ")

// failureTexts describe when an operation answers with a status.
var failureTexts = map[int]string{
	http.StatusNotModified:           "The client has it already.",
	http.StatusBadRequest:            "A parameter or the body is missing or malformed; the message names it.",
	http.StatusUnauthorized:          "No credentials, or bad ones.",
	http.StatusForbidden:             "Not allowed, or a foreign origin.",
	http.StatusNotFound:              "There is no such thing, or none that the caller may see.",
	http.StatusNotAcceptable:         "The answer is text/event-stream, which Accept rules out.",
	http.StatusConflict:              "It doesn't go with how things are: the name is taken, the container runs already, the id is another's name.",
	http.StatusRequestEntityTooLarge: "The body is larger than 64 KiB.",
	http.StatusUnsupportedMediaType:  "The body isn't application/json.",
	http.StatusUnprocessableEntity:   "The Idempotency-Key was used with another body.",
	http.StatusTooManyRequests:       "Too many tries, streams or queries: Retry-After says when to come again.",
	http.StatusInternalServerError:   "The engine can't be reached or failed, with its own words; or wharf failed.",
	http.StatusServiceUnavailable:    "wharf is ending or its database is away: try again.",
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
		p.Description, p.Schema["examples"] = ptr("A container's id, a unique beginning of it, or its name."), []string{"nginx-web"}
	case name == "id" && onHost:
		p.Description, p.Schema["examples"] = ptr("Its id, whole, or its name, with its slashes as %2F."), []string{"nginx:1.27"}
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
		"X-Request-Id":    {"The request's id in the answer and the log, if it has this form; else wharf makes one.", "^[A-Za-z0-9._-]{1,64}$"},
		"X-Setup-Token":   {"The setup token from wharf's log, for the first user.", ""},
		"X-Wharf-Stored":  {"The half of a page's session that the origin's storage keeps.", ""},
		"Last-Event-ID":   {"The id of the last event that the client has: the stream goes on after it.", "^[0-9]+$"},
		"Idempotency-Key": {"The request runs once, however often it is sent with this key within ten minutes.", "^[!-~]{1,128}$"},
		"If-None-Match":   {"The ETag of what the client has.", ""},
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
		"X-Request-Id":        "The request's id, as the log has it.",
		"Retry-After":         "In how many seconds to try again.",
		"WWW-Authenticate":    "The kind of credentials that are asked for.",
		"X-Partial":           "true: something is missing from the answer.",
		"X-Sampled-At":        "When the numbers were taken.",
		"X-Sample-Age":        "How many seconds ago the numbers were taken.",
		"Idempotent-Replayed": "true: the answer that an earlier request with the same Idempotency-Key got.",
		"Set-Cookie":          "The session's cookie, for browsers: it counts for GET alone.",
		"Content-Disposition": "Names the file.",
		"Content-Encoding":    "gzip, for clients that accept it.",
		"Vary":                "Accept-Encoding: the answer may be compressed.",
		"ETag":                "Names this very content.",
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
	bearer := scheme("An access token of /login or /token/renew_access, or an API key.")
	bearer.WithHTTPBearer(openapi31.SecuritySchemeHTTPBearer{Scheme: "bearer"})
	session := scheme("The cookie that /login sets, for GET alone. Over TLS its name is __Host-wharf_session.")
	session.WithAPIKey(openapi31.SecuritySchemeAPIKey{Name: "wharf_session", In: openapi31.SecuritySchemeAPIKeyInCookie})
	ticket := scheme("A ticket of POST /v1/events/ticket, for event streams alone.")
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
	text := "Server-sent events " + strings.Join(names, ", ") + ", whose data are the schemas in x-frames; comments keep the connection open."
	if !o.Answer.StreamOnly {
		text = "Done; with Accept: text/event-stream a stream. " + text
	}
	if !slices.Contains(o.Headers, "Last-Event-ID") {
		return text + " After a break the client asks again and gets the next sample."
	}
	return text + " A client that lost its connection sends the id of the last event it has as Last-Event-ID and gets what it missed," +
		" or a stream-gap where that can't be had any more."
}
