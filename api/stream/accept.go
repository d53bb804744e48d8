package stream

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// How closely a range of an Accept header names a media type.
const (
	namesNothing = iota // no range matches
	namesAll            // */*
	namesFamily         // text/*
	namesType           // text/plain
)

// Wanted reports whether a request asks for a stream by naming one of the formats, on a path that also answers with one JSON
// object. A wildcard selects the object, and so does a q lower than JSON's.
func Wanted(r *http.Request, formats ...Format) bool {
	accept := acceptOf(r)
	json, namesJSON := quality(accept, "application/json")
	for _, f := range formats {
		q, names := quality(accept, f.Type())
		if names == namesType && q > 0 && (namesJSON != namesType || q >= json) {
			return true
		}
	}
	return false
}

// choose returns the format that a request accepts with the highest q. Among equals a format that is named precedes one that a
// wildcard covers, then the order of formats decides. A request without an Accept header accepts everything. Docker's formats
// don't depend on the header.
func choose(r *http.Request, formats []Format) (chosen Format, ok bool) {
	if formats[0].ofDocker() {
		return formats[0], true
	}
	accept := acceptOf(r)
	var best float64
	var named int
	for _, f := range formats {
		q, names := quality(accept, f.Type())
		if q > best || q == best && q > 0 && names == namesType && named < namesType {
			chosen, ok, best, named = f, true, q, names
		}
	}
	return chosen, ok
}

func acceptOf(r *http.Request) string {
	accept := strings.Join(r.Header.Values("Accept"), ",")
	if strings.TrimSpace(accept) == "" {
		return "*/*"
	}
	return accept
}

// quality returns the q that an Accept header gives a media type, from the most specific range that matches (RFC 9110, section
// 12.5.1), and how specific that range is. A range that can't be parsed is ignored.
func quality(accept, mediaType string) (q float64, names int) {
	family, _, _ := strings.Cut(mediaType, "/")
	for part := range strings.SplitSeq(accept, ",") {
		kind, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		match := namesNothing
		switch kind {
		case mediaType:
			match = namesType
		case family + "/*":
			match = namesFamily
		case "*/*":
			match = namesAll
		}
		if match <= names {
			continue
		}
		q, names = 1, match
		if v, err := strconv.ParseFloat(params["q"], 64); err == nil {
			q = min(max(v, 0), 1)
		}
	}
	return q, names
}
