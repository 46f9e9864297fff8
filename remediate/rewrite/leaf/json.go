package leaf

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// JSON is RFC 8259 with what editors' configuration files add to it: comments
// and commas before a closing bracket (JSONC). Comments stay.
func JSON() Syntax {
	return Syntax{Name: "json", Parse: parseJSON, Check: checkJSON, Encode: encodeJSON, Whole: wholeJSON, Comment: slashComment}
}

// maxDepth is more than any configuration nests, and less than a stack holds.
const maxDepth = 500

type jsonReader struct {
	src    []byte
	at     int
	leaves []Leaf
}

func parseJSON(src []byte) ([]Leaf, error) {
	r := &jsonReader{src: src}
	if bytes.HasPrefix(src, []byte(bom)) {
		r.at = len(bom)
	}
	if err := r.value(nil, 0); err != nil {
		return nil, fmt.Errorf("read JSON: %w", err)
	}
	if r.space(); r.at < len(src) {
		return nil, fmt.Errorf("read JSON: byte %d follows the value", r.at)
	}
	return byName(r.leaves), nil
}

const bom = "\ufeff"

// space skips white space and comments.
func (r *jsonReader) space() {
	for r.at < len(r.src) {
		rest := r.src[r.at:]
		switch {
		case strings.IndexByte(" \t\r\n", rest[0]) >= 0:
			r.at++
		case bytes.HasPrefix(rest, []byte("//")):
			end := bytes.IndexByte(rest, '\n')
			if end < 0 {
				end = len(rest)
			}
			r.at += end
		case bytes.HasPrefix(rest, []byte("/*")):
			end := bytes.Index(rest[2:], []byte("*/"))
			if end < 0 {
				return
			}
			r.at += end + 4
		default:
			return
		}
	}
}

func (r *jsonReader) peek() byte {
	if r.space(); r.at < len(r.src) {
		return r.src[r.at]
	}
	return 0
}

func (r *jsonReader) value(path Path, depth int) error {
	if depth > maxDepth {
		return errors.New("nested too deep")
	}
	start, c := 0, r.peek()
	start = r.at
	switch c {
	case '{', '[':
		r.at++
		return r.members(path, depth, c == '{', start)
	case '"':
		value, err := r.text()
		if err != nil {
			return err
		}
		r.leaves = append(r.leaves, Leaf{Path: path, Kind: "string", Value: value, Start: start, End: r.at, Quote: Double})
		return nil
	}
	for r.at < len(r.src) && strings.IndexByte(",]}/ \t\r\n", r.src[r.at]) < 0 {
		r.at++
	}
	word := string(r.src[start:r.at])
	if !json.Valid([]byte(word)) {
		return fmt.Errorf("byte %d begins no value", start)
	}
	r.leaves = append(r.leaves, Leaf{Path: path, Kind: jsonKind(word), Value: word, Start: start, End: r.at})
	return nil
}

func jsonKind(word string) string {
	switch word {
	case "true", "false":
		return "bool"
	case "null":
		return "null"
	}
	return "number"
}

// members reads an object's or a list's, the bracket being read.
func (r *jsonReader) members(path Path, depth int, object bool, start int) error {
	closing := byte(']')
	if object {
		closing = '}'
	}
	for i := 0; ; i++ {
		if r.peek() == closing {
			r.at++
			if i == 0 {
				r.leaves = append(r.leaves, Leaf{Path: path, Kind: "empty", Value: string(r.src[start]) + string(closing), Start: start, End: r.at})
			}
			return nil
		}
		child := path.Index(i)
		if object {
			key, err := r.text()
			if err != nil {
				return err
			}
			if r.peek() != ':' {
				return fmt.Errorf("byte %d: a colon is missing", r.at)
			}
			r.at++
			child = path.Child(key)
		}
		if err := r.value(child, depth+1); err != nil {
			return err
		}
		switch c := r.peek(); {
		case c == ',':
			r.at++
		case c != closing:
			return fmt.Errorf("byte %d: a comma or %c is missing", r.at, closing)
		}
	}
}

// text reads a string.
func (r *jsonReader) text() (string, error) {
	start := r.at
	if r.at >= len(r.src) || r.src[r.at] != '"' {
		return "", fmt.Errorf("byte %d: a string is missing", r.at)
	}
	for r.at++; r.at < len(r.src) && r.src[r.at] != '"'; r.at++ {
		if r.src[r.at] == '\\' {
			r.at++
		}
	}
	if r.at >= len(r.src) {
		return "", fmt.Errorf("byte %d: the string does not end", start)
	}
	r.at++
	var value string
	if err := json.Unmarshal(r.src[start:r.at], &value); err != nil {
		return "", fmt.Errorf("byte %d: %w", start, err)
	}
	return value, nil
}

// checkJSON reads with the standard library, which takes neither comments nor
// trailing commas: those are blanked first.
func checkJSON(src []byte) ([]Leaf, error) {
	dec := json.NewDecoder(bytes.NewReader(blankJSON(src)))
	dec.UseNumber()
	var leaves []Leaf
	if err := readTokens(dec, nil, 0, &leaves); err != nil {
		return nil, fmt.Errorf("read JSON: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("read JSON: something follows the value")
	}
	return byName(leaves), nil
}

// blankJSON puts spaces where comments and trailing commas are.
func blankJSON(src []byte) []byte {
	out := bytes.Clone(bytes.TrimPrefix(src, []byte(bom)))
	r := &jsonReader{src: out}
	comma := -1
	for r.at < len(out) {
		from := r.at
		r.space()
		for i := from; i < r.at; i++ {
			if out[i] != '\n' {
				out[i] = ' '
			}
		}
		if r.at >= len(out) {
			break
		}
		switch c := out[r.at]; c {
		case '"':
			if _, err := r.text(); err != nil {
				return out
			}
			comma = -1
			continue
		case ',':
			comma = r.at
		case '}', ']':
			if comma >= 0 {
				out[comma] = ' '
			}
			comma = -1
		default:
			comma = -1
		}
		r.at++
	}
	return out
}

func readTokens(dec *json.Decoder, path Path, depth int, leaves *[]Leaf) error {
	token, err := dec.Token()
	if err != nil {
		return err
	}
	open, container := token.(json.Delim)
	if !container {
		*leaves = append(*leaves, tokenLeaf(path, token))
		return nil
	}
	if depth > maxDepth {
		return errors.New("nested too deep")
	}
	i := 0
	for ; dec.More(); i++ {
		child := path.Index(i)
		if open == '{' {
			key, err := dec.Token()
			if err != nil {
				return err
			}
			child = path.Child(key.(string))
		}
		if err := readTokens(dec, child, depth+1, leaves); err != nil {
			return err
		}
	}
	if i == 0 {
		*leaves = append(*leaves, Leaf{Path: path, Kind: "empty", Value: open.String()})
	}
	_, err = dec.Token() // the closing bracket
	return err
}

func tokenLeaf(path Path, token json.Token) Leaf {
	switch v := token.(type) {
	case string:
		return Leaf{Path: path, Kind: "string", Value: v}
	case json.Number:
		return Leaf{Path: path, Kind: "number", Value: v.String()}
	case bool:
		return Leaf{Path: path, Kind: "bool", Value: fmt.Sprint(v)}
	}
	return Leaf{Path: path, Kind: "null", Value: "null"}
}

func encodeJSON(l Leaf, _, text, _ string) (string, bool) {
	if l.Quote != Double || !utf8.ValidString(text) {
		return "", false
	}
	return jsonInner(text), true
}

func wholeJSON(_ Leaf, text string) (string, bool) {
	return `"` + jsonInner(text) + `"`, utf8.ValidString(text)
}

// jsonInner is text within JSON's quotes; <, > and & stay as people write them.
func jsonInner(text string) string {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(text) // a string always encodes
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(out.String()), `"`), `"`)
}

// slashComment tells whether column lies behind the mark of a comment; as with
// hashComment, no value holds it.
func slashComment(line string, column int) bool {
	line = strings.TrimSpace(line[:min(column, len(line))])
	return strings.Contains(line, "//") || strings.Contains(line, "/*") || strings.HasPrefix(line, "*")
}
