// Package openapi holds the OpenAPI document of wharf's API, and the page that shows it to people. `make spec` generates both:
// openapi.json is for reading and comparing, the compressed files are served.
package openapi

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"io"
	"strings"
	"sync"
)

//go:embed openapi.json.gz
var documentZip []byte

//go:embed docs.html.gz
var pageZip []byte

// File is a file to serve.
type File struct {
	Content []byte
	// ETag identifies the content, in quotes.
	ETag string
}

// Document returns the document.
var Document = sync.OnceValue(func() File { return unzip(documentZip) })

// Page returns the documentation as one page that loads nothing else.
var Page = sync.OnceValue(func() File { return unzip(pageZip) })

// PagePolicy returns the page's Content-Security-Policy, which allows the page's own style and nothing else.
var PagePolicy = sync.OnceValue(func() string {
	_, rest, _ := strings.Cut(string(Page().Content), "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
})

func unzip(raw []byte) File {
	r, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		panic(err) // the generator made it
	}
	content, err := io.ReadAll(r)
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(content)
	return File{Content: content, ETag: `"` + hex.EncodeToString(sum[:8]) + `"`}
}
