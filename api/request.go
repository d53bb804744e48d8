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
	// maxBody is the most that a request body may have, in bytes.
	maxBody = 64 << 10
)

// decode reads the one JSON object of a request's body into dst. Errors: UnsupportedType,
// TooLarge, or Invalid with a message that names the field.
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
	if strings.HasPrefix(r.URL.Path, "/v1/") { // the contract's endpoints ignore what they don't know
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

// readBody reads the whole body. It can be read again: an operation's parameters are decoded from it, and then it is
// compared with that of the same Idempotency-Key.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err == nil { // it is whole: what the handler does now may take longer than the body might
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

// describe says in one line what is wrong with a JSON body.
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

// param is a named parameter and what the caller sent for it.
type param struct{ name, value string }

// required names every parameter that is missing.
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

// pathParam returns a parameter of the route, decoded.
func pathParam(r *http.Request, name string) string {
	value := chi.URLParam(r, name)
	if r.URL.RawPath == "" {
		return value
	}
	// chi matched the encoded path; what can't be decoded stays as it is and fails its check.
	if decoded, err := url.PathUnescape(value); err == nil {
		return decoded
	}
	return value
}
