package verify

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"strconv"
	"strings"
)

// document is an answer's content: maps, lists and scalars, as encoding/json
// makes them; nil where it is neither JSON nor XML.
type document struct{ root any }

// parse reads JSON, and XML as maps by element name below the first element; of
// elements with the same name the first counts.
func parse(body []byte) document {
	body = bytes.TrimSpace(body)
	if bytes.HasPrefix(body, []byte("<")) {
		d := xml.NewDecoder(bytes.NewReader(body))
		d.Strict = true
		for {
			t, err := d.Token()
			if err != nil {
				return document{}
			}
			if _, ok := t.(xml.StartElement); ok {
				return document{element(d, 0)}
			}
		}
	}
	var root any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if d.Decode(&root) != nil {
		return document{}
	}
	if _, err := d.Token(); err != io.EOF {
		return document{}
	}
	return document{root}
}

// maxDepth bounds an answer's nesting; AWS's has 4.
const maxDepth = 32

// element reads to the end of an element whose start was read: its text, or its
// elements by name.
func element(d *xml.Decoder, depth int) any {
	var text strings.Builder
	below := map[string]any{}
	for {
		t, err := d.Token()
		if err != nil || depth > maxDepth {
			return nil
		}
		switch t := t.(type) {
		case xml.StartElement:
			value := element(d, depth+1)
			if _, twice := below[t.Name.Local]; !twice {
				below[t.Name.Local] = value
			}
		case xml.CharData:
			text.Write(t)
		case xml.EndElement:
			if len(below) > 0 {
				return below
			}
			return strings.TrimSpace(text.String())
		}
	}
}

// at finds a scalar by its path, as text: "error.code", "errors.0.id"; the path ""
// is the whole.
func (d document) at(path string) (string, bool) {
	v := d.root
	for name := range strings.SplitSeq(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			next, ok := in[name]
			if !ok {
				return "", false
			}
			v = next
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(in) {
				return "", false
			}
			v = in[i]
		default:
			return "", false
		}
	}
	switch v := v.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case json.Number:
		return v.String(), true
	case map[string]any, []any:
		return "", true // it is there
	}
	return "", false // null
}
