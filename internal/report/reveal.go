package report

import (
	"encoding/json"

	"github.com/oakum-sec/oakum/leak"
)

// This file and mask.go are the two places where reports open a Secret: here
// to show it, on the user's word, there to keep it from being shown.

// valueOf is the value as text.
func valueOf(s leak.Secret) (text string) {
	s.Reveal(func(v []byte) error { text = string(v); return nil }) // the func returns nil
	return text
}

// reveal is a finding's JSON with its values added.
func reveal(f *leak.Finding) json.RawMessage {
	b, err := json.Marshal(f)
	if err != nil {
		return nil // a Finding of our own always marshals
	}
	var fields struct {
		Value string   `json:"value"`
		Parts []string `json:"part_values,omitempty"`
	}
	fields.Value = valueOf(f.Secret)
	for _, p := range f.Parts {
		fields.Parts = append(fields.Parts, valueOf(p.Secret))
	}
	more, err := json.Marshal(fields)
	if err != nil {
		return nil
	}
	return append(append(b[:len(b)-1:len(b)-1], ','), more[1:]...)
}
