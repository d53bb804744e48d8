package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"

	"wharf/api/dto"
	"wharf/util/apperr"
)

const (
	// maxBody is the maximum size of a request body, in bytes.
	maxBody = 64 << 10
)

// decode reads the body, which must be one JSON object, into dst. Errors: UnsupportedType, TooLarge, or Invalid with a message
// that names the field.
func decode(w http.ResponseWriter, r *http.Request, dst any) error {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return apperr.New(apperr.UnsupportedType, "Content-Type must be application/json")
	}
	body, err := readBody(w, r)
	if err != nil {
		return err
	}
	if !utf8.Valid(body) {
		return apperr.New(apperr.Invalid, "body is not valid UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	if strings.HasPrefix(r.URL.Path, "/v1/") { // the contract's endpoints ignore unknown fields
		dec.DisallowUnknownFields()
	}
	if err := dec.Decode(dst); err != nil {
		return describe(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return apperr.New(apperr.Invalid, "body has something after its JSON object")
	}
	return nil
}

// readBody reads the whole body and makes it readable again: an operation's parameters are decoded from it, and later it is
// compared with the body of an earlier request with the same Idempotency-Key.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err == nil { // the body is complete: its deadline must not limit the handler
		r.Body = io.NopCloser(bytes.NewReader(body))
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, apperr.New(apperr.TooLarge, "body is larger than %d bytes", maxBody)
	case err != nil:
		return nil, apperr.Wrap(apperr.Invalid, err, "body could not be read")
	}
	return body, nil
}

// describe returns an error that explains in one line what is wrong with a JSON body.
func describe(err error) error {
	if e, ok := apperr.As(err); ok {
		return e
	}
	var wrongType *json.UnmarshalTypeError
	var badTime *dto.TimeError
	switch {
	case errors.As(err, &wrongType) && wrongType.Field != "":
		return apperr.New(apperr.Invalid, "%s: expected %s, got %s", wrongType.Field, wrongType.Type, wrongType.Value)
	case errors.As(err, &wrongType):
		return apperr.New(apperr.Invalid, "body: expected a JSON object, got %s", wrongType.Value)
	case errors.Is(err, io.EOF):
		return apperr.New(apperr.Invalid, "body is empty: expected a JSON object")
	case errors.As(err, &badTime):
		return apperr.New(apperr.Invalid, "%s", badTime.Error())
	}
	if name, unknown := strings.CutPrefix(err.Error(), "json: unknown field "); unknown {
		return apperr.New(apperr.Invalid, "%s: unknown field", strings.Trim(name, `"`))
	}
	return apperr.New(apperr.Invalid, "body is not valid JSON")
}

// param is a parameter's name and the value that the caller sent.
type param struct{ name, value string }

// required returns an error that names every missing parameter, or nil if none is missing.
func required(params ...param) error {
	var missing []string
	for _, p := range params {
		if p.value == "" {
			missing = append(missing, p.name)
		}
	}
	if missing == nil {
		return nil
	}
	return apperr.New(apperr.Invalid, "missing: %s", strings.Join(missing, ", "))
}

// pathParam returns a path parameter of the route, decoded.
func pathParam(r *http.Request, name string) string {
	value := chi.URLParam(r, name)
	if r.URL.RawPath == "" {
		return value
	}
	// chi matched the encoded path. A value that can't be decoded is returned unchanged and fails its check.
	if decoded, err := url.PathUnescape(value); err == nil {
		return decoded
	}
	return value
}
