package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strings"

	"wharf/api"
)

//go:embed docs.html.tmpl
var pageText string

// page is the data of the documentation: the OpenAPI document, arranged for readers.
type page struct {
	About  template.HTML
	Groups []group
	Shapes []shape
}

type group struct {
	Name, ID   string
	Operations []entry
}

// entry is an operation.
type entry struct {
	ID, Method, Path, Summary, Permission, PermissionText string

	Parameters []row
	Body       template.HTML
	Curl       string
	AnswerText string
	AnswerType template.HTML
	Answer     string // an example
	Frames     []row
	Headers    []row
	Failures   []row
}

// row is a line of a table.
type row struct {
	Name, In string
	Type     template.HTML
	Required bool
	Text     string
}

// shape is the schema of a component.
type shape struct {
	Name, Text string
	Fields     []row
	Type       template.HTML // if it has no fields
}

// specDocument is the part of the document that the page uses.
type specDocument struct {
	Info  struct{ Description string }
	Paths map[string]map[string]specOperation

	Components struct {
		Schemas    map[string]map[string]any
		Parameters map[string]specParameter
		Headers    map[string]struct{ Description string }
		Responses  map[string]struct{ Description string }
	}
}

type specOperation struct {
	Summary, Description string
	OperationID          string
	Permission           string `json:"x-permission"`
	Parameters           []specParameter
	RequestBody          *struct{ Content map[string]specMedia }
	Responses            map[string]specResponse
}

type specParameter struct {
	Ref         string `json:"$ref"`
	Name, In    string
	Description string
	Required    bool
	Schema      map[string]any
}

type specResponse struct {
	Ref         string `json:"$ref"`
	Description string
	Content     map[string]specMedia
	Headers     map[string]any
}

type specMedia struct {
	Schema  map[string]any
	Example json.RawMessage
	Frames  map[string]map[string]any `json:"x-frames"`
}

// pageOf renders the documentation from the document, in the order of the route table.
func pageOf(operations []api.Operation, raw []byte) ([]byte, error) {
	var d specDocument
	if err := json.Unmarshal(raw, &d); err != nil {
		return nil, err
	}
	p := page{About: prose(d.Info.Description)}
	for _, o := range operations {
		if len(p.Groups) == 0 || p.Groups[len(p.Groups)-1].Name != o.Group {
			id := strings.ToLower(strings.NewReplacer(" ", "-", ",", "", "'", "").Replace(o.Group))
			p.Groups = append(p.Groups, group{Name: o.Group, ID: id})
		}
		last := &p.Groups[len(p.Groups)-1]
		last.Operations = append(last.Operations, d.entry(o, d.Paths[o.Pattern][strings.ToLower(o.Method)]))
	}
	for _, name := range slices.Sorted(maps.Keys(d.Components.Schemas)) {
		p.Shapes = append(p.Shapes, shapeOf(name, d.Components.Schemas[name]))
	}
	t, err := template.New("docs").Funcs(template.FuncMap{"lower": strings.ToLower}).Parse(pageText)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = t.Execute(&out, p)
	return out.Bytes(), err
}

func (d *specDocument) entry(o api.Operation, op specOperation) entry {
	e := entry{
		ID: op.OperationID, Method: o.Method, Path: o.Pattern, Summary: op.Summary + ".", Permission: op.Permission, PermissionText: op.Description,
	}
	for _, p := range op.Parameters {
		if p.Ref != "" {
			p = d.Components.Parameters[baseName(p.Ref)]
		}
		if p.Name == "X-Request-Id" { // every operation has it: the page's introduction describes it
			continue
		}
		e.Parameters = append(e.Parameters, row{p.Name, p.In, typeText(p.Schema), p.Required, p.Description})
	}
	if op.RequestBody != nil {
		e.Body = typeText(op.RequestBody.Content[jsonType].Schema)
	}
	e.Curl = curl(o, op)
	ok := op.Responses["200"]
	e.AnswerText = ok.Description
	if media, has := ok.Content[jsonType]; has {
		e.AnswerType, e.Answer = typeText(media.Schema), indented(media.Example)
	}
	if media, has := ok.Content["text/event-stream"]; has {
		for _, name := range slices.Sorted(maps.Keys(media.Frames)) {
			e.Frames = append(e.Frames, row{Name: name, Type: typeText(media.Frames[name])})
		}
		if e.Answer == "" {
			_ = json.Unmarshal(media.Example, &e.Answer)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(ok.Headers)) {
		if name == "X-Request-Id" {
			continue
		}
		e.Headers = append(e.Headers, row{Name: name, Text: d.Components.Headers[name].Description})
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		if status != "200" {
			e.Failures = append(e.Failures, row{Name: status, Text: d.Components.Responses[status].Description})
		}
	}
	return e
}

// curl returns a command that makes the operation's request.
func curl(o api.Operation, op specOperation) string {
	var b strings.Builder
	b.WriteString("curl ")
	if o.Answer.StreamOnly {
		b.WriteString("-N ")
	}
	if o.Method != http.MethodGet {
		b.WriteString("-X " + o.Method + " ")
	}
	if op.Permission != "public" && op.Permission != "optional" {
		b.WriteString("-H \"Authorization: Bearer $ACCESS_TOKEN\" ")
	}
	if op.RequestBody != nil {
		var body bytes.Buffer
		_ = json.Compact(&body, op.RequestBody.Content[jsonType].Example)
		b.WriteString("\\\n  -H \"Content-Type: application/json\" \\\n  -d '" + body.String() + "' \\\n  ")
	}
	path := strings.NewReplacer("{host}", "119server", "{username}", "gildong").Replace(o.Pattern)
	for _, p := range op.Parameters {
		if examples, ok := p.Schema["examples"].([]any); ok && p.In == "path" {
			path = strings.ReplaceAll(path, "{"+p.Name+"}", fmt.Sprint(examples[0]))
		}
	}
	return b.String() + "http://localhost:9083" + path
}

func shapeOf(name string, schema map[string]any) shape {
	s := shape{Name: name}
	s.Text, _ = schema["description"].(string)
	properties, _ := schema["properties"].(map[string]any)
	required, _ := schema["required"].([]any)
	for _, key := range slices.Sorted(maps.Keys(properties)) {
		property := properties[key].(map[string]any)
		text, _ := property["description"].(string)
		s.Fields = append(s.Fields, row{Name: key, Type: typeText(property), Required: slices.Contains(required, any(key)), Text: text})
	}
	if properties == nil {
		s.Type = typeText(schema)
	}
	return s
}
