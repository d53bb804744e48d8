// Package web holds the page: its sources in src, and what `make web` built of them, in dist, embedded. A
// program that was built without has a line of text in its place.
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

// The pattern matches dist.txt, which is always there, and the folder dist where it was built.
//
//go:embed dist*
var files embed.FS

// File is one file of the page.
type File struct {
	Type   string // of its content
	Status int    // to answer with: 404 where the page is missing
	Tag    string // changes with the content
	// plain, gzip and brotli are the content by its encoding, nil where the build made none.
	plain, gzip, brotli []byte
}

var index, assets = load()

// types are the content types of the files that the build makes.
var types = map[string]string{
	".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
}

// Index returns the page, or the text that says how to build it.
func Index() File { return index }

// Asset returns a file that the page asks for; its name changes with its content.
func Asset(name string) (File, bool) {
	f, found := assets[name]
	return f, found
}

// Encoded returns the content in the smallest encoding that an Accept-Encoding header lists, and its name,
// empty for none.
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

// accepts reports whether a header lists an encoding without refusing it.
func accepts(header, encoding string) bool {
	return slices.ContainsFunc(strings.Split(header, ","), func(part string) bool {
		name, params, _ := strings.Cut(strings.ReplaceAll(part, " ", ""), ";")
		refused := strings.HasPrefix(params, "q=0") && strings.Trim(params, "q=0.") == ""
		return strings.EqualFold(name, encoding) && !refused
	})
}

// unzipped serves the few clients that take no encoding.
func unzipped(content []byte) []byte {
	r, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		panic(err) // the build wrote it
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		panic(err)
	}
	return plain
}

// load reads what was embedded: dist/index.html and dist/assets, each file as it is or as .gz and .br.
func load() (index File, assets map[string]File) {
	assets = map[string]File{}
	text := read("dist.txt")
	index = File{Type: "text/plain; charset=utf-8", Status: http.StatusNotFound, plain: text}
	if page, err := files.ReadFile("dist/index.html.gz"); err == nil {
		index = File{Type: "text/html; charset=utf-8", Status: http.StatusOK, gzip: page, brotli: read("dist/index.html.br"), Tag: tagOf(page)}
	}
	entries, _ := files.ReadDir("dist/assets") // without a build there is none
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
		panic(err) // it was there at build time
	}
	return content
}

func tagOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:8])
}
