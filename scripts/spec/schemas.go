package main

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/swaggest/jsonschema-go"

	"wharf/api/dto"
)

const schemaPrefix = "#/components/schemas/"

// durations is the pattern of Go's time.Duration.
const durations = `^([0-9]+([.][0-9]+)?(ns|us|µs|ms|s|m|h))+$`

// schemas generates JSON schemas from Go types. The named types of package dto become components.
type schemas struct {
	reflector  *jsonschema.Reflector
	comments   comments
	components map[string]map[string]any
}

func newSchemas(c comments) *schemas {
	r := &jsonschema.Reflector{}
	r.AddTypeMapping(dto.Time{}, time.Time{})
	r.AddTypeMapping(dto.Password(""), "")
	return &schemas{reflector: r, comments: c, components: map[string]map[string]any{}}
}

// of returns the schema of a value's type, by its tags json or query.
func (s *schemas) of(v any, tag string) (map[string]any, error) {
	schema, err := s.reflector.Reflect(
		v,
		jsonschema.PropertyNameTag(tag), jsonschema.DefinitionsPrefix(schemaPrefix), jsonschema.RootRef,
		jsonschema.InterceptDefName(func(t reflect.Type, _ string) string { return t.Name() }),
		jsonschema.CollectDefinitions(func(name string, def jsonschema.Schema) {
			if shape, err := def.ToSchemaOrBool().ToSimpleMap(); err == nil {
				s.components[name] = shape
			}
		}),
		jsonschema.InterceptSchema(s.editSchema),
		jsonschema.InterceptProp(s.editProperty),
		jsonschema.InterceptNullability(neverNull),
	)
	if err != nil {
		return nil, fmt.Errorf("schema of %T: %w", v, err)
	}
	return schema.ToSchemaOrBool().ToSimpleMap()
}

// editSchema forbids additional properties and adds descriptions of types.
func (s *schemas) editSchema(p jsonschema.InterceptSchemaParams) (stop bool, err error) {
	t := p.Value.Type()
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t {
	case reflect.TypeFor[time.Duration]():
		p.Schema.WithType(jsonschema.String.Type()).WithPattern(durations).WithExamples("90s", "15m")
		return true, nil
	case reflect.TypeFor[dto.Role]():
		p.Schema.WithType(jsonschema.String.Type())
		for _, role := range dto.Roles {
			p.Schema.Enum = append(p.Schema.Enum, role)
		}
		p.Schema.WithDescription(s.comments["Role"]).WithExamples("viewer")
		return true, nil
	}
	if !p.Processed || t.Kind() != reflect.Struct || t == reflect.TypeFor[time.Time]() {
		return false, nil
	}
	closed := false
	p.Schema.AdditionalProperties = &jsonschema.SchemaOrBool{TypeBoolean: &closed}
	if text := s.comments[t.Name()]; text != "" {
		p.Schema.WithDescription(text)
	}
	return false, nil
}

// editProperty marks a field as required that is always present, and describes it.
func (s *schemas) editProperty(p jsonschema.InterceptPropParams) error {
	if !p.Processed {
		return nil
	}
	if tag, ok := p.Field.Tag.Lookup("json"); ok && !strings.Contains(tag, ",omit") && !slices.Contains(p.ParentSchema.Required, p.Name) {
		p.ParentSchema.Required = append(p.ParentSchema.Required, p.Name)
	}
	if enum := p.Field.Tag.Get("enum"); enum != "" && p.Field.Type.Kind() == reflect.Slice {
		p.PropertySchema.Enum = nil
		p.PropertySchema.Items.SchemaOrBoolEns().TypeObjectEns().WithEnum(anys(strings.Split(enum, ","))...)
	}
	if v := p.PropertySchema.Const; v != nil { // write a const as an enum of one value, which more tools support
		p.PropertySchema.Const = nil
		p.PropertySchema.WithEnum(*v)
	}
	if text := s.fieldComment(p.ParentSchema.ReflectType, p.Field.Name); text != "" && p.PropertySchema.Ref == nil {
		p.PropertySchema.WithDescription(text)
	}
	return nil
}

// fieldComment returns the comment of a type's field, which may come from an embedded struct.
func (s *schemas) fieldComment(t reflect.Type, name string) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	field, ok := t.FieldByName(name)
	if !ok {
		return ""
	}
	for _, i := range field.Index[:len(field.Index)-1] {
		t = t.Field(i).Type
	}
	return s.comments[t.Name()+"."+name]
}

// neverNull removes null from types where wharf never sends it: only a pointer that is always present may be null.
func neverNull(p jsonschema.InterceptNullabilityParams) {
	if p.Schema.Ref == nil && (p.Type.Kind() != reflect.Pointer || p.OmitEmpty) {
		p.Schema.RemoveType(jsonschema.Null)
	}
}

func anys[T any](all []T) []any {
	out := make([]any, len(all))
	for i, v := range all {
		out[i] = v
	}
	return out
}
