package agent

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// object is a JSON object.
type object = map[string]any

// inside is the step from a string into the JSON that it holds.
type inside struct{}

// maxDeep bounds how deep a call is nested: encoding/json stops at 10,000, which is
// more than a stack of ours is to hold with JSON within strings.
const maxDeep = 64

// text is o's string of one of these names, the first that is there.
func text(o object, names ...string) string {
	_, s := named(o, names...)
	return s
}

// named is text, and the name that it has.
func named(o object, names ...string) (name, value string) {
	for _, name := range names {
		if s, ok := o[name].(string); ok && s != "" {
			return name, s
		}
	}
	return "", ""
}

// number is o's whole number of one of these names, 0 where there is none.
func number(o object, names ...string) int {
	for _, name := range names {
		if n, ok := o[name].(json.Number); ok {
			i, err := n.Int64()
			if err == nil && i >= 0 && i < 1<<31 {
				return int(i)
			}
		}
	}
	return 0
}

// sub is o's object of that name, nil where there is none. Some agents write it as
// a string.
func sub(o object, name string) object {
	switch v := o[name].(type) {
	case object:
		return v
	case string:
		parsed, _ := parse([]byte(v)).(object)
		return parsed
	}
	return nil
}

// steps is the way to o's member of that name, into the string where it is one.
func steps(o object, name string) []any {
	if _, ok := o[name].(string); ok {
		return []any{name, inside{}}
	}
	return []any{name}
}

// parse reads JSON; nil where it is none. Numbers stay as they are written, so that
// what is written back is what was read.
func parse(data []byte) any {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil || d.More() {
		return nil
	}
	return v
}

// everyString calls use for every string below v, in an order that depends on v alone.
func everyString(v any, at []any, use func(at []any, key, value string)) {
	walk(v, at, "", use)
}

func walk(v any, at []any, key string, use func(at []any, key, value string)) {
	if len(at) > maxDeep {
		return
	}
	step := func(s any) []any { return append(slices.Clip(at), s) }
	switch v := v.(type) {
	case object:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			walk(v[name], step(name), name, use)
		}
	case []any:
		for i, e := range v {
			walk(e, step(i), key, use)
		}
	case string:
		if held := held(v); held != nil {
			walk(held, step(inside{}), key, use)
			return
		}
		use(slices.Clone(at), key, v)
	}
}

// held is the JSON object or list that a string holds, nil where it holds none.
func held(s string) any {
	if t := strings.TrimSpace(s); len(t) < 2 || t[0] != '{' && t[0] != '[' {
		return nil
	}
	switch v := parse([]byte(s)).(type) {
	case object, []any:
		return v
	}
	return nil
}

// replaced is v with value where at leads to. v itself is not changed.
func replaced(v any, at []any, value string) any {
	if len(at) == 0 {
		return value
	}
	switch step := at[0].(type) {
	case string:
		if o, ok := v.(object); ok {
			o = maps.Clone(o)
			o[step] = replaced(o[step], at[1:], value)
			return o
		}
	case int:
		if l, ok := v.([]any); ok && step < len(l) {
			l = slices.Clone(l)
			l[step] = replaced(l[step], at[1:], value)
			return l
		}
	case inside:
		if s, ok := v.(string); ok {
			return written(replaced(parse([]byte(s)), at[1:], value))
		}
	}
	return v
}

// written is v as JSON in one line.
func written(v any) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(v) != nil { // of what came out of JSON, or is a string of ours
		return "{}"
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// masked is the member of the call to which name leads, with the texts of an
// Answer's Masked in their places.
func (c *Call) masked(a Answer, name string) any {
	var body any = c.body
	for i, t := range c.Texts {
		if value, ok := a.Masked[i]; ok {
			body = replaced(body, t.at, value)
		}
	}
	return body.(object)[name]
}
