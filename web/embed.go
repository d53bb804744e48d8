// Package web holds the page: its sources in src, and the files that `make web` builds from them in dist, which are embedded. A
// program that was built without them has a line of text instead.
package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
)

// The pattern matches dist.txt, which always exists, and the directory dist, if it was built.
//
//go:embed dist*
var files embed.FS

// File is a file of the page.
type File struct {
	Type   string // of the content
	Status int    // of the response: 404 if the page is missing
	Tag    string // changes with the content; with the encoding it is the ETag
	// plain, gzip and brotli are the content in each encoding, nil if the build made none.
	plain, gzip, brotli []byte
}

var index, assets = load()

// types maps extensions of the page's files to content types.
var types = map[string]string{
	".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
}

// Index returns the page, or a text that explains how to build it.
func Index() File { return index }

// Asset returns a file that the page loads. Its name changes with its content.
func Asset(name string) (File, bool) {
	f, found := assets[name]
	return f, found
}

// Encoded returns the content in the smallest encoding that an Accept-Encoding header allows, and the encoding's name, "" for none.
func (f File) Encoded(accept string) (content []byte, encoding string) {
	switch {
	case f.brotli != nil && accepts(accept, "br"):
		return f.brotli, "br"
	case f.gzip != nil && accepts(accept, "gzip"):
		return f.gzip, "gzip"
	case f.plain == nil:
		return unzipped(f.gzip), ""
	}
	return f.plain, ""
}

// accepts reports whether a header lists an encoding and doesn't refuse it with q=0.
func accepts(header, encoding string) bool {
	return slices.ContainsFunc(strings.Split(header, ","), func(part string) bool {
		name, params, _ := strings.Cut(strings.ReplaceAll(part, " ", ""), ";")
		refused := strings.HasPrefix(params, "q=0") && strings.Trim(params, "q=0.") == ""
		return strings.EqualFold(name, encoding) && !refused
	})
}

// unzipped decompresses content for the few clients that accept no encoding.
func unzipped(content []byte) []byte {
	r, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		panic(err) // can't happen: the build wrote it
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		panic(err)
	}
	return plain
}

// load reads the embedded files: dist/index.html and dist/assets, each either plain or as .gz and .br.
func load() (index File, assets map[string]File) {
	assets = map[string]File{}
	text := read("dist.txt")
	index = File{Type: "text/plain; charset=utf-8", Status: http.StatusNotFound, plain: text}
	if page, err := files.ReadFile("dist/index.html.gz"); err == nil {
		index = File{Type: "text/html; charset=utf-8", Status: http.StatusOK, gzip: page, brotli: read("dist/index.html.br"), Tag: tagOf(page)}
	}
	entries, _ := files.ReadDir("dist/assets") // empty without a build
	for _, entry := range entries {
		name, content := entry.Name(), read("dist/assets/"+entry.Name())
		base := strings.TrimSuffix(strings.TrimSuffix(name, ".gz"), ".br")
		f := assets[base]
		f.Type, f.Status = types[path.Ext(base)], http.StatusOK
		switch path.Ext(name) {
		case ".gz":
			f.gzip = content
		case ".br":
			f.brotli = content
		default:
			f.plain = content
		}
		assets[base] = f
	}
	return index, assets
}

func read(name string) []byte {
	content, err := files.ReadFile(name)
	if err != nil {
		panic(err) // can't happen: it was there at build time
	}
	return content
}

func tagOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:8])
}
