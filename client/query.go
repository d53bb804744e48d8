package client

import (
	"fmt"
	"net/url"
	"reflect"
	"strconv"
	"time"
)

// encodeQuery returns the fields that are set in a query's struct, under the names in their tags.
func encodeQuery(q any) url.Values {
	values := url.Values{}
	if q == nil {
		return values
	}
	v := reflect.ValueOf(q)
	for _, f := range reflect.VisibleFields(v.Type()) {
		name := f.Tag.Get("query")
		field := v.FieldByIndex(f.Index)
		if name == "" || field.IsZero() {
			continue
		}
		switch value := field.Interface().(type) {
		case []string:
			values[name] = value
		case *int:
			values.Set(name, strconv.Itoa(*value))
		case time.Time:
			values.Set(name, value.UTC().Format(time.RFC3339Nano))
		default:
			values.Set(name, fmt.Sprint(value))
		}
	}
	return values
}
