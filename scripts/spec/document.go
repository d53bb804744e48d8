package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/swaggest/openapi-go/openapi31"

	"wharf/api"
	"wharf/service"
)

const jsonType = "application/json"

// documentOf renders the OpenAPI document of the operations, and returns the schemas of its components.
func documentOf(operations []api.Operation, c comments) ([]byte, map[string]map[string]any, error) {
	d := &document{schemas: newSchemas(c), paths: map[string]openapi31.PathItem{}}
	for _, o := range operations {
		if err := d.add(o); err != nil {
			return nil, nil, fmt.Errorf("%s %s: %w", o.Method, o.Pattern, err)
		}
	}
	delete(d.schemas.components, "Duration") // it is inlined in each parameter
	spec := openapi31.Spec{
		Openapi: "3.1.0",
		Info:    openapi31.Info{Title: "wharf", Version: "1", Description: &about, License: &openapi31.License{Name: "MIT", Identifier: ptr("MIT")}},
		Servers: []openapi31.Server{{URL: "/"}},
		Paths:   &openapi31.Paths{MapOfPathItemValues: d.paths},
		Components: &openapi31.Components{
			Schemas: d.schemas.components, Responses: d.failures(), Parameters: requestHeaders(), Headers: responseHeaders(),
			SecuritySchemes: securitySchemes(),
		},
	}
	for _, o := range operations {
		if !slices.ContainsFunc(spec.Tags, func(t openapi31.Tag) bool { return t.Name == o.Group }) {
			spec.Tags = append(spec.Tags, openapi31.Tag{Name: o.Group})
		}
	}
	raw, err := json.Marshal(spec)
	if err != nil {
		return nil, nil, err
	}
	var out bytes.Buffer
	err = json.Indent(&out, raw, "", " ")
	return append(out.Bytes(), '\n'), d.schemas.components, err
}

type document struct {
	schemas  *schemas
	paths    map[string]openapi31.PathItem
	statuses []int // other than 200, of all operations
}

// add describes an operation.
func (d *document) add(o api.Operation) error {
	op := &openapi31.Operation{
		ID: ptr(o.Name), Summary: ptr(strings.TrimSuffix(o.Summary, ".")), Tags: []string{o.Group}, Security: security(o),
		MapOfAnything: map[string]any{"x-permission": permissions[o.Permission].name},
		Description:   ptr(permissions[o.Permission].text),
	}
	params, err := d.parameters(o)
	if err != nil {
		return err
	}
	op.Parameters = params
	if o.Body != nil {
		if op.RequestBody, err = d.body(o); err != nil {
			return err
		}
	}
	answers := map[string]openapi31.ResponseOrReference{}
	for _, status := range o.Statuses() {
		if status != o.Success() {
			answers[strconv.Itoa(status)] = openapi31.ResponseOrReference{
				Reference: &openapi31.Reference{Ref: "#/components/responses/" + strconv.Itoa(status)},
			}
			d.statuses = append(d.statuses, status)
			continue
		}
		if answers[strconv.Itoa(status)], err = d.answer(o); err != nil {
			return err
		}
	}
	op.Responses = &openapi31.Responses{MapOfResponseOrReferenceValues: answers}
	item := d.paths[o.Pattern]
	switch o.Method {
	case http.MethodGet:
		item.Get = op
	case http.MethodPost:
		item.Post = op
	case http.MethodPatch:
		item.Patch = op
	case http.MethodDelete:
		item.Delete = op
	default:
		return fmt.Errorf("unknown method")
	}
	d.paths[o.Pattern] = item
	return nil
}

var pathParameter = regexp.MustCompile(`\{(\w+)\}`)

// parameters returns the parameters of the path and of the query, and the headers that the operation reads.
func (d *document) parameters(o api.Operation) ([]openapi31.ParameterOrReference, error) {
	var all []openapi31.ParameterOrReference
	for _, m := range pathParameter.FindAllStringSubmatch(o.Pattern, -1) {
		p, err := pathParam(m[1], o.Pattern)
		if err != nil {
			return nil, err
		}
		all = append(all, openapi31.ParameterOrReference{Parameter: p})
	}
	if o.Query != nil {
		query, err := d.queryParameters(o)
		if err != nil {
			return nil, err
		}
		all = append(all, query...)
	}
	for _, name := range append([]string{"X-Request-Id"}, o.Headers...) {
		if requestHeaders()[name].Parameter == nil {
			return nil, fmt.Errorf("the header %s has no description in scripts/spec", name)
		}
		all = append(all, openapi31.ParameterOrReference{Reference: &openapi31.Reference{Ref: "#/components/parameters/" + name}})
	}
	return all, nil
}

// queryParameters returns the fields of the query's struct, in their order.
func (d *document) queryParameters(o api.Operation) ([]openapi31.ParameterOrReference, error) {
	shape, err := d.schemas.of(reflect.New(o.Query).Elem().Interface(), "query")
	if err != nil {
		return nil, err
	}
	if name := o.Query.Name(); shape["$ref"] == schemaPrefix+name {
		shape = d.schemas.components[name]
		delete(d.schemas.components, name)
	}
	properties := shape["properties"].(map[string]any)
	var all []openapi31.ParameterOrReference
	for _, f := range reflect.VisibleFields(o.Query) {
		param := f.Tag.Get("query")
		if param == "" || param == "ticket" { // a credential: see the security schemes
			continue
		}
		schema := properties[param].(map[string]any)
		if schema["$ref"] == schemaPrefix+"Duration" {
			delete(schema, "$ref")
			maps.Copy(schema, d.schemas.components["Duration"])
		}
		p := &openapi31.Parameter{Name: param, In: openapi31.ParameterInQuery, Schema: schema}
		if text, ok := schema["description"].(string); ok {
			p.Description = &text
			delete(schema, "description")
		}
		if schema["format"] == "date-time" { // a duration before now is also valid
			delete(schema, "format")
			schema["examples"] = []string{"2026-01-28T21:59:11Z", "15m"}
		}
		all = append(all, openapi31.ParameterOrReference{Parameter: p})
	}
	return all, nil
}

func (d *document) body(o api.Operation) (*openapi31.RequestBodyOrReference, error) {
	schema, err := d.schemas.of(reflect.New(o.Body).Elem().Interface(), "json")
	if err != nil {
		return nil, err
	}
	content := openapi31.MediaType{Schema: schema}
	example := d.example(schema)
	content.Example = &example
	return &openapi31.RequestBodyOrReference{RequestBody: &openapi31.RequestBody{
		Required: ptr(true), Content: map[string]openapi31.MediaType{jsonType: content},
	}}, nil
}

// answer returns the response with status 200.
func (d *document) answer(o api.Operation) (openapi31.ResponseOrReference, error) {
	out := &openapi31.Response{Description: "Done", Content: map[string]openapi31.MediaType{}, Headers: headerRefs("X-Request-Id")}
	for name, ref := range headerRefs(o.Answer.Headers...) {
		if responseHeaders()[name].Header == nil {
			return openapi31.ResponseOrReference{}, fmt.Errorf("the header %s has no description in scripts/spec", name)
		}
		out.Headers[name] = ref
	}
	switch {
	case o.Answer.Upgrade:
		out.Description = "The connection is a WebSocket of the subprotocol v5.channel.k8s.io: binary messages whose first byte is the channel"
	case o.Answer.ContentType != "":
		schema := map[string]any{"type": "string"}
		if o.Answer.ContentType == jsonType {
			schema["type"] = "object"
		}
		out.Content[o.Answer.ContentType] = openapi31.MediaType{Schema: schema}
	case o.Answer.Value != nil:
		schema, err := d.answerSchema(o.Answer)
		if err != nil {
			return openapi31.ResponseOrReference{}, err
		}
		example, err := exampleOf(o.Name)
		if err != nil {
			return openapi31.ResponseOrReference{}, err
		}
		if example == nil {
			example = d.example(schema)
		}
		out.Content[jsonType] = openapi31.MediaType{Schema: schema, Example: &example}
	}
	if o.Answer.Frames != nil {
		stream, err := d.stream(o)
		if err != nil {
			return openapi31.ResponseOrReference{}, err
		}
		out.Content["text/event-stream"] = stream
		for _, format := range o.Answer.Formats {
			out.Content[format] = openapi31.MediaType{Schema: map[string]any{"type": "string"}}
		}
		out.Description = streamText(o)
	}
	return openapi31.ResponseOrReference{Response: out}, nil
}

// answerSchema returns the schema of an answer, inside its envelope if it has one.
func (d *document) answerSchema(a api.Answer) (map[string]any, error) {
	schema, err := d.schemas.of(a.Value, "json")
	if text, ok := a.Value.(string); ok {
		schema = map[string]any{"type": "string", "enum": []any{text}}
	}
	if schema["type"] == nil && schema["$ref"] == nil {
		return nil, fmt.Errorf("no schema for %T", a.Value)
	}
	if a.Bare || err != nil {
		return schema, err
	}
	return map[string]any{
		"type": "object", "additionalProperties": false, "required": []string{"success", "data"},
		"properties": map[string]any{"success": map[string]any{"type": "boolean", "enum": []any{true}}, "data": schema},
	}, nil
}

// stream returns the content of a stream, with the types of its frames.
func (d *document) stream(o api.Operation) (openapi31.MediaType, error) {
	frames := map[string]any{}
	for _, f := range o.Answer.Frames {
		schema, err := d.schemas.of(f.Data, "json")
		if err != nil {
			return openapi31.MediaType{}, err
		}
		frames[f.Event] = schema
	}
	media := openapi31.MediaType{
		Schema: map[string]any{"type": "string"}, MapOfAnything: map[string]any{"x-frames": frames},
	}
	text, err := frameExample(o.Name)
	if err == nil && text != "" {
		var example any = text
		media.Example = &example
	}
	return media, err
}

func ptr[T any](v T) *T { return &v }

// permission is the name of a permission in the document, and its description.
type permission struct{ name, text string }

var permissions = map[service.Permission]permission{
	service.Public:      {"public", "Needs no credentials."},
	service.Optional:    {"optional", "Needs no credentials, but refuses invalid ones."},
	service.Self:        {"self", "Needs credentials of any role."},
	service.View:        {"view", "Needs the role viewer. Resources that the caller may not see are reported as not found."},
	service.Operate:     {"operate", "Needs the role operator on the container."},
	service.OperateHost: {"operate the host", "Needs the role operator on the whole host."},
	service.Exec:        {"exec", "Needs the role admin on the container, or a grant with exec for it."},
	service.Administer:  {"administer", "Needs the role admin."},
}
