package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
)

// comments holds the descriptions of types ("User") and of their fields ("User.Role").
type comments map[string]string

// readComments reads the doc comments of a package's types and of their fields.
func readComments(dir string) (comments, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	found := comments{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if decl, ok := n.(*ast.GenDecl); ok && decl.Tok == token.TYPE {
				found.add(decl)
			}
			return true
		})
	}
	return found, nil
}

func (c comments) add(decl *ast.GenDecl) {
	for _, spec := range decl.Specs {
		named := spec.(*ast.TypeSpec)
		c[named.Name.Name] = sentence(decl.Doc, named.Name.Name)
		shape, ok := named.Type.(*ast.StructType)
		if !ok {
			continue
		}
		for _, field := range shape.Fields.List {
			for _, name := range field.Names {
				c[named.Name.Name+"."+name.Name] = sentence(field.Doc, "")
			}
		}
	}
}

// sentence converts a doc comment for the document: to one line, without the Go name at its beginning, and with a capital letter
// unless it begins with a value ("running, succeeded or failed.").
func sentence(doc *ast.CommentGroup, name string) string {
	text := strings.Join(strings.Fields(doc.Text()), " ")
	for _, prefix := range []string{name + " ", "is ", "are "} {
		text = strings.TrimPrefix(text, prefix)
	}
	first, _, _ := strings.Cut(text, " ")
	if text == "" || strings.ContainsAny(first[len(first)-1:], ",;:") {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
