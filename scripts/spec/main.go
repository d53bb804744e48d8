// Command spec generates the descriptions of wharf's API from the route table and the types of package dto: the OpenAPI document with
// its page, the methods of the Go client, the types of the page, and docs/cli.md. `make spec` runs it in the module's root. With -check
// it writes nothing and fails if a file is out of date.
package main

import (
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"wharf/api"
)

func main() {
	check := flag.Bool("check", false, "write nothing; fail where a file is stale")
	flag.Parse()
	if err := run(*check); err != nil {
		fmt.Fprintln(os.Stderr, "spec:", err)
		os.Exit(1)
	}
}

func run(check bool) error {
	operations := api.Operations()
	comments, err := readComments("api/dto")
	if err != nil {
		return err
	}
	document, schemas, err := documentOf(operations, comments)
	if err != nil {
		return err
	}
	client, err := clientOf(operations)
	if err != nil {
		return err
	}
	docs, err := pageOf(operations, document)
	if err != nil {
		return err
	}
	for path, content := range map[string][]byte{
		"api/openapi/openapi.json":    document,
		"api/openapi/openapi.json.gz": document,
		"api/openapi/docs.html.gz":    docs,
		"client/operations.go":        client,
		"web/src/api.ts":              typescriptOf(operations, schemas),
	} {
		if err := put(path, content, check); err != nil {
			return err
		}
	}
	page, err := commandsPage()
	if err != nil {
		return err
	}
	return put("docs/cli.md", page, check)
}

// commandsPage renders docs/cli.md in a process of its own, after the client is written: package cli compiles only with the
// client's present methods.
func commandsPage() ([]byte, error) {
	generator := exec.Command("go", "run", "./scripts/spec/commands")
	generator.Stderr = os.Stderr
	page, err := generator.Output()
	if err != nil {
		return nil, fmt.Errorf("docs/cli.md: %w", err)
	}
	return page, nil
}

// put writes a file, compressed if its name ends in .gz. With check it fails if the file has other contents; for a compressed file the
// uncompressed contents count.
func put(path string, content []byte, check bool) error {
	have, err := read(path)
	if err == nil && bytes.Equal(have, content) {
		return nil
	}
	if check {
		return fmt.Errorf("%s is stale: run make spec", path)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if filepath.Ext(path) == ".gz" {
		var zipped bytes.Buffer
		w, _ := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
		if _, err := w.Write(content); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		content = zipped.Bytes()
	}
	fmt.Println("spec: wrote", path)
	return os.WriteFile(path, content, 0o644)
}

func read(path string) ([]byte, error) {
	raw, err := os.ReadFile(path)
	if err != nil || filepath.Ext(path) != ".gz" {
		return raw, err
	}
	r, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}
