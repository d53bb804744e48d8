package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// contractExamples maps operations to the files with the contract's own answers.
var contractExamples = map[string]string{
	"createUser": "user.json", "login": "login.json", "logout": "logout.json", "renewAccess": "renew_access.json",
	"listHosts": "hosts.json", "listContainers": "ps2.json", "inspect": "inspect2.json", "getContainer": "inspect2.json",
	"usageText": "stat2.json", "hostUsageText": "stat3.json",
}

// exampleOf returns the example of an operation's answer: the contract's or one of api/testdata/examples, otherwise nil.
func exampleOf(name string) (any, error) {
	path := filepath.Join("api/testdata/examples", name+".json")
	if file, ok := contractExamples[name]; ok {
		path = filepath.Join("api/testdata/contract", file)
	}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !json.Valid(raw) {
		return nil, fmt.Errorf("%s is no JSON", path)
	}
	return json.RawMessage(raw), nil // this keeps the order of its keys
}

// frameExample returns the example of a stream from api/testdata/examples, or "" if there is none.
func frameExample(name string) (string, error) {
	raw, err := os.ReadFile(filepath.Join("api/testdata/examples", name+".txt"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return string(raw), err
}

// example builds a value of a schema from the examples of its parts.
func (d *document) example(schema map[string]any) any {
	if ref, ok := schema["$ref"].(string); ok {
		return d.example(d.schemas.components[strings.TrimPrefix(ref, schemaPrefix)])
	}
	for _, key := range []string{"examples", "enum"} {
		if all, ok := schema[key].([]any); ok && len(all) > 0 {
			return all[0]
		}
	}
	switch kind(schema) {
	case "object":
		return d.objectExample(schema)
	case "array":
		items, _ := schema["items"].(map[string]any)
		return []any{d.example(items)}
	case "boolean":
		return false
	case "integer", "number":
		return 1
	}
	switch schema["format"] {
	case "date-time":
		return "2026-01-28T21:59:11Z"
	case "uuid":
		return "4b2efe8c-b526-4ff3-a2fa-c1ddcb9601e9"
	}
	return "text"
}

func (d *document) objectExample(schema map[string]any) any {
	out := map[string]any{}
	properties, _ := schema["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		out[name] = d.example(properties[name].(map[string]any))
	}
	if rest, ok := schema["additionalProperties"].(map[string]any); ok {
		out["name"] = d.example(rest)
	}
	return out
}

// kind returns a schema's type other than null.
func kind(schema map[string]any) string {
	switch t := schema["type"].(type) {
	case string:
		return t
	case []any:
		for _, one := range t {
			if one != "null" {
				return one.(string)
			}
		}
	}
	return ""
}
