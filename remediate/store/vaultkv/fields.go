package vaultkv

import (
	"encoding/json"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/store"
)

// whole is the field of a value that is no document.
const whole = "value"

// split makes an entry's fields of a value. A document that join would take for a
// plain value, or whose fields are not all texts, is kept as its text.
func split(value leak.Secret) map[string]any {
	fields, ok := store.Texts(value)
	if _, plain := fields[whole]; !ok || len(fields) == 0 || plain && len(fields) == 1 {
		return map[string]any{whole: store.Plain(value)}
	}
	out := make(map[string]any, len(fields))
	for name, f := range fields {
		out[name] = store.Plain(f)
	}
	return out
}

// join makes a value of an entry's fields, the document of them with its keys sorted.
func join(fields map[string]any) (leak.Secret, error) {
	if text, ok := fields[whole].(string); ok && len(fields) == 1 {
		return leak.NewSecret([]byte(text)), nil
	}
	b, err := json.Marshal(fields)
	if err != nil {
		return leak.Secret{}, err
	}
	defer clear(b)
	return leak.NewSecret(b), nil
}
