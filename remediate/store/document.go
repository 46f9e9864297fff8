package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/oakum-sec/oakum/leak"
)

// Document is a JSON object of fields, such as the username and password of one
// database: the shape that AWS's rotation functions and the CSI driver's objects
// expect. Its keys are sorted, so equal fields give equal bytes.
func Document(fields map[string]leak.Secret) (leak.Secret, error) {
	plain := make(map[string]string, len(fields))
	for name, value := range fields {
		err := value.Reveal(func(b []byte) error {
			if !IsText(value) {
				return fmt.Errorf("the field %s is binary, which a JSON document cannot hold: store it under a name of its own", name)
			}
			plain[name] = string(b)
			return nil
		})
		if err != nil {
			return leak.Secret{}, err
		}
	}
	b, err := json.Marshal(plain)
	if err != nil {
		return leak.Secret{}, err
	}
	defer clear(b)
	return leak.NewSecret(b), nil
}

// Fields are the string fields of a document; ok is false where value is none.
func Fields(value leak.Secret) (fields map[string]leak.Secret, ok bool) {
	value.Reveal(func(b []byte) error {
		var all map[string]any
		if json.Unmarshal(b, &all) != nil || all == nil {
			return nil
		}
		ok, fields = true, map[string]leak.Secret{}
		for name, f := range all {
			if s, text := f.(string); text {
				fields[name] = leak.NewSecret([]byte(s))
			}
		}
		return nil
	})
	return fields, ok
}

// Texts are the fields of a document that has texts alone; ok is false for any other
// value.
func Texts(value leak.Secret) (fields map[string]leak.Secret, ok bool) {
	value.Reveal(func(b []byte) error {
		var all map[string]*string
		if json.Unmarshal(b, &all) != nil || all == nil {
			return nil
		}
		fields = make(map[string]leak.Secret, len(all))
		for name, f := range all {
			if f == nil {
				return nil
			}
			fields[name] = leak.NewSecret([]byte(*f))
		}
		ok = true
		return nil
	})
	return fields, ok
}

// Equal compares values: the same bytes, or the same JSON object in another layout,
// which is what a store's console makes of a document that it shows.
func Equal(a, b leak.Secret) bool {
	if a.Equal(b) {
		return true
	}
	x, y := layout(a), layout(b)
	return !x.IsZero() && x.Equal(y)
}

// layout is a JSON object in one layout; the zero Secret for what is none.
func layout(value leak.Secret) (same leak.Secret) {
	value.Reveal(func(b []byte) error {
		var all map[string]any
		dec := json.NewDecoder(bytes.NewReader(b))
		dec.UseNumber() // a float64 would make two long numbers one
		if dec.Decode(&all) != nil || all == nil || dec.More() {
			return nil
		}
		out, err := json.Marshal(all)
		if err == nil {
			same = leak.NewSecret(out)
		}
		return nil
	})
	return same
}

// IsText tells whether a value is UTF-8.
func IsText(value leak.Secret) (text bool) {
	value.Reveal(func(b []byte) error {
		text = utf8.Valid(b)
		return nil
	})
	return text
}
