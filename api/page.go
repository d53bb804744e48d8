package api

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"time"

	"wharf/api/openapi"
	"wharf/service"
	"wharf/web"
)

// pagePolicy is the page's Content-Security-Policy. It lets the page load its own files and call its own server, nothing else,
// and keeps its script from turning strings into markup. The hash is that of the empty text: it allows an empty <style> that
// the script fills.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='; " +
	"img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'"

// servePage answers GET / and everything below /ui/ with the page's files. Each address that the page uses itself returns the
// page, so that a reload works.
func (s *Server) servePage(w http.ResponseWriter, r *http.Request, _ service.Actor) error {
	name, isAsset := strings.CutPrefix(r.URL.Path, "/ui/assets/")
	file, found := web.Index(), true
	if isAsset {
		file, found = web.Asset(name)
	}
	if !found {
		return errNoRoute
	}
	h := w.Header()
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Vary", "Accept-Encoding")
	h.Set("Content-Type", file.Type)
	h.Set("Cache-Control", "no-cache")
	if isAsset { // the file's name changes with its content
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	body, encoding := file.Encoded(r.Header.Get("Accept-Encoding"))
	if encoding != "" {
		h.Set("Content-Encoding", encoding)
	}
	if file.Tag != "" {
		tag := strconv.Quote(file.Tag + encoding)
		h.Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(file.Status)
	_, _ = w.Write(body)
	return nil
}

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

// serveFile answers with a file, or with 304 if the client has it already.
func serveFile(w http.ResponseWriter, r *http.Request, contentType string, f openapi.File) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-cache") // the client must revalidate
	h.Set("ETag", f.ETag)
	r.Header.Del("Range") // always answer with the whole file
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.Content))
}
