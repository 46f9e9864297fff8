// Package rawjson walks JSON (RFC 8259) without decoding it: what an API server sends
// is megabytes of which a webhook wants a dozen fields, and the rest as the bytes that it
// is. It looks at each byte once, keeps no state, and does not recurse, so that depth
// costs nothing.
//
// It finds where values end; it does not prove that they are valid. Whoever needs that
// parses the value that it was handed.
package rawjson

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math/bits"
	"unicode/utf8"
)

// ErrBroken is the error of a text that ends too early or is no object.
var ErrBroken = errors.New("broken JSON")

// Fields calls use for each field of the object in text, in order, with its name and the
// value as it stands there, until use returns false. Fields before the place where text
// is broken are told.
func Fields(text []byte, use func(key, value []byte) bool) error {
	_, err := Each(text, func(key, rest []byte) int {
		size := Size(rest)
		if size > 0 && !use(key, rest[:size]) {
			return 0
		}
		return size
	})
	return err
}

// Each is Fields for who goes on into values, and so learns where they end: use is handed
// the text from where a value begins, and returns how many bytes it has ([Size] finds
// out), 0 to end, or less where it is broken. Each returns how many bytes the object has,
// as far as it was read. So a text is passed over once, however deep it is looked into.
func Each(text []byte, use func(key, rest []byte) int) (size int, err error) {
	at := space(text, 0)
	if at == len(text) || text[at] != '{' {
		return at, ErrBroken
	}
	for at = space(text, at+1); at < len(text) && text[at] != '}'; {
		end := stringEnd(text, at)
		if end < 0 {
			return at, ErrBroken
		}
		key := text[at:end]
		if at = space(text, end); at == len(text) || text[at] != ':' {
			return at, ErrBroken
		}
		at = space(text, at+1)
		switch size := use(name(key), text[at:]); {
		case size == 0:
			return at, nil
		case size < 0:
			return at, ErrBroken
		default:
			at = space(text, at+size)
		}
		if at < len(text) && text[at] == ',' {
			at = space(text, at+1)
			continue
		}
		break
	}
	if at == len(text) || text[at] != '}' {
		return at, ErrBroken
	}
	return at + 1, nil
}

// Size is how many bytes the value has that text begins with, or -1 where it does not end.
func Size(text []byte) int { return valueEnd(text, 0) }

// Elements calls use for each element of the list in text, until use returns false. A
// text that is no list has none.
func Elements(text []byte, use func(i int, value []byte) bool) {
	at := space(text, 0)
	if at == len(text) || text[at] != '[' {
		return
	}
	at = space(text, at+1)
	for i := 0; at < len(text) && text[at] != ']'; i++ {
		end := valueEnd(text, at)
		if end < 0 || !use(i, text[at:end]) {
			return
		}
		if at = space(text, end); at == len(text) || text[at] != ',' {
			return
		}
		at = space(text, at+1)
	}
}

// Field is the last value of a field, as decoders have it, or nil.
func Field(text []byte, name string) (found []byte) {
	_ = Fields(text, func(key, value []byte) bool { // what stands before the break is told
		if string(key) == name {
			found = value
		}
		return true
	})
	return found
}

// At follows fields down from text; nil where one is missing.
func At(text []byte, names ...string) []byte {
	for _, name := range names {
		if text = Field(text, name); text == nil {
			return nil
		}
	}
	return text
}

// String is the text of a JSON string, "" of anything else.
func String(value []byte) string {
	if len(value) < 2 || value[0] != '"' || value[len(value)-1] != '"' {
		return ""
	}
	if plain := value[1 : len(value)-1]; bytes.IndexByte(plain, '\\') < 0 && utf8.Valid(plain) {
		return string(plain)
	}
	var s string
	if json.Unmarshal(value, &s) != nil {
		return ""
	}
	return s
}

// name is the text of a field's name. It is never nil.
func name(quoted []byte) []byte {
	if plain := quoted[1 : len(quoted)-1]; bytes.IndexByte(plain, '\\') < 0 && utf8.Valid(plain) {
		return plain
	}
	return []byte(String(quoted))
}

// Empty tells whether a value is missing, null, or an empty string, list or object.
func Empty(value []byte) bool {
	switch string(value) {
	case "", "null", `""`, "[]", "{}":
		return true
	}
	return false
}

func space(text []byte, at int) int {
	for at < len(text) && (text[at] == ' ' || text[at] == '\n' || text[at] == '\t' || text[at] == '\r') {
		at++
	}
	return at
}

// stringEnd is where the string ends that begins at at, or -1.
func stringEnd(text []byte, at int) int {
	if at >= len(text) || text[at] != '"' {
		return -1
	}
	for at++; ; at++ {
		switch at = special(text, at); {
		case at >= len(text):
			return -1
		case text[at] == '"':
			return at + 1
		}
		at++ // what a backslash stands before
	}
}

// special is where the next quote or backslash is, or the text's end. It asks eight bytes
// at once: strings are short, and most of a text.
func special(text []byte, at int) int {
	const each, top = 0x0101010101010101, 0x8080808080808080
	for ; at+8 <= len(text); at += 8 {
		w := binary.LittleEndian.Uint64(text[at:])
		quote, slash := w^'"'*each, w^'\\'*each
		if found := ((quote-each)&^quote | (slash-each)&^slash) & top; found != 0 {
			return at + bits.TrailingZeros64(found)/8 // the lowest is a byte that is one of them; others may not be
		}
	}
	for at < len(text) && text[at] != '"' && text[at] != '\\' {
		at++
	}
	return at
}

// valueEnd is where the value ends that begins at at, or -1.
func valueEnd(text []byte, at int) int {
	if at >= len(text) {
		return -1
	}
	switch text[at] {
	case '"':
		return stringEnd(text, at)
	case '{', '[':
		return nestEnd(text, at)
	}
	end := at
	for end < len(text) && !delimits(text[end]) {
		end++
	}
	if end == at {
		return -1
	}
	return end
}

func delimits(c byte) bool {
	switch c {
	case ',', ']', '}', ' ', '\n', '\t', '\r', ':', '"', '{', '[':
		return true
	}
	return false
}

// nestEnd counts brackets up to the one that closes text[at].
func nestEnd(text []byte, at int) int {
	depth := 0
	for at < len(text) {
		switch text[at] {
		case '"':
			if at = stringEnd(text, at); at < 0 {
				return -1
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return at + 1
			}
		}
		at++
	}
	return -1
}
