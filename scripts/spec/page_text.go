package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"
)

// typeText describes a schema in a few words, with links to components.
func typeText(schema map[string]any) template.HTML {
	esc := template.HTMLEscapeString
	if ref, ok := schema["$ref"].(string); ok {
		name := esc(baseName(ref))
		return template.HTML(`<a href="#` + name + `">` + name + `</a>`)
	}
	if all, ok := schema["enum"].([]any); ok {
		var texts []string
		for _, v := range all {
			text := fmt.Sprint(v)
			if text == "" {
				text = `""`
			}
			texts = append(texts, "<code>"+esc(text)+"</code>")
		}
		return template.HTML(strings.Join(texts, " ")) + limits(schema)
	}
	var text template.HTML
	switch k := kind(schema); k {
	case "array":
		items, _ := schema["items"].(map[string]any)
		text = "list of " + typeText(items)
	case "object":
		rest, isMap := schema["additionalProperties"].(map[string]any)
		properties, _ := schema["properties"].(map[string]any)
		switch {
		case isMap:
			text = "map of " + typeText(rest)
		case properties["data"] != nil:
			text = `{"success":true,"data": ` + typeText(properties["data"].(map[string]any)) + `}`
		default:
			text = "object"
		}
	default:
		text = template.HTML(esc(k))
	}
	return text + limits(schema)
}

// limits describes a schema's constraints beyond its type.
func limits(schema map[string]any) template.HTML {
	var parts []string
	if f, ok := schema["format"].(string); ok {
		parts = append(parts, f)
	}
	if types, ok := schema["type"].([]any); ok && slices.Contains(types, any("null")) {
		parts = append(parts, "or null")
	}
	low, hasLow := schema["minimum"].(float64)
	high, hasHigh := schema["maximum"].(float64)
	switch number := func(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }; {
	case hasLow && hasHigh:
		parts = append(parts, number(low)+" to "+number(high))
	case hasLow && low != 0:
		parts = append(parts, "at least "+number(low))
	}
	if n, ok := schema["maxLength"].(float64); ok {
		parts = append(parts, fmt.Sprintf("at most %.0f long", n))
	}
	if v, ok := schema["default"]; ok {
		parts = append(parts, fmt.Sprintf("by default %v", v))
	}
	if parts == nil {
		return ""
	}
	return template.HTML(" " + template.HTMLEscapeString(strings.Join(parts, ", ")))
}

// prose renders text that contains `code` in backquotes.
func prose(text string) template.HTML {
	var b strings.Builder
	for i, part := range strings.Split(text, "`") {
		part = template.HTMLEscapeString(part)
		if i%2 == 1 {
			part = "<code>" + part + "</code>"
		}
		b.WriteString(part)
	}
	return template.HTML(b.String())
}

func indented(raw json.RawMessage) string {
	var b bytes.Buffer
	_ = json.Indent(&b, bytes.TrimSpace(raw), "", "  ")
	return b.String()
}

func baseName(ref string) string { return ref[strings.LastIndex(ref, "/")+1:] }
