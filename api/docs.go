package api

import (
	"bytes"
	"net/http"
	"time"

	"wharf/api/openapi"
	"wharf/service"
)

// getDocument answers GET /v1/openapi.json.
func (s *Server) getDocument(w http.ResponseWriter, r *http.Request, _ service.Actor) error {
	serveFile(w, r, "application/json", openapi.Document())
	return nil
}

// getDocs answers GET /docs: the document as a page.
func (s *Server) getDocs(w http.ResponseWriter, r *http.Request, _ service.Actor) error {
	w.Header().Set("Content-Security-Policy", openapi.PagePolicy())
	serveFile(w, r, "text/html; charset=utf-8", openapi.Page())
	return nil
}

// serveFile answers with a file, or 304 to a client that has it.
func serveFile(w http.ResponseWriter, r *http.Request, contentType string, f openapi.File) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-cache") // ask whether it is still the same
	h.Set("ETag", f.ETag)
	r.Header.Del("Range") // one answer, whole
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.Content))
}
