package literal

import (
	"bytes"
	"strconv"
)

// Plain appends what a literal's text raw, from its first piece's begin to its last
// one's end, says to the program: escapes resolved, pieces put together.
func Plain(dst, raw []byte, quote byte, style Style) []byte {
	for i := 0; i < len(raw); {
		c := raw[i]
		switch {
		case c == quote && doubles(style, quote) && i+1 < len(raw) && raw[i+1] == quote:
			dst = append(dst, c)
			i += 2
		case c == quote && quote != 0 && style != Bare:
			dst, i = between(dst, raw, i+1, quote)
		case c == '\\' && style != Verbatim && style != Doubled:
			var n int
			dst, n = unescape(dst, raw[i:], style, quote)
			i += n
		case c == '&' && style != Bare:
			var n int
			dst, n = entity(dst, raw[i:])
			i += n
		default:
			dst = append(dst, c)
			i++
		}
	}
	return dst
}

// between goes from behind a piece's quote to behind the next one's. A quote that
// a shell escapes there is a part of the value.
func between(dst, raw []byte, i int, quote byte) ([]byte, int) {
	for ; i < len(raw); i++ {
		switch {
		case raw[i] == '\\' && i+1 < len(raw) && raw[i+1] == quote:
			dst = append(dst, quote)
			i++
		case raw[i] == quote:
			return dst, i + 1
		}
	}
	return dst, i
}

// unescape appends what the escape at raw's begin stands for, and tells its length.
func unescape(dst, raw []byte, style Style, quote byte) ([]byte, int) {
	if len(raw) < 2 {
		return append(dst, raw...), len(raw)
	}
	switch c := raw[1]; {
	case c == '\n' || c == '\r':
		n := 2
		if c == '\r' && len(raw) > 2 && raw[2] == '\n' {
			n++
		}
		for n < len(raw) && isBlank(raw[n]) { // an indented line goes on: no password begins with a blank
			n++
		}
		return dst, n
	case style == Bare:
		if bytes.IndexByte([]byte(":=#!\\"), c) < 0 {
			return append(dst, '\\'), 1
		}
		return append(dst, c), 2
	case c == quote || c == '\\':
		return append(dst, c), 2
	case bytes.IndexByte([]byte("\"'`/$"), c) >= 0 && quote != '\'':
		return append(dst, c), 2
	}
	if r, n := coded(raw); n > 0 && r > ' ' && r < 0x7f {
		return append(dst, r), n
	}
	return append(dst, '\\'), 1
}

// coded reads \x41, \u0041 and \u{41}.
func coded(raw []byte) (byte, int) {
	from, n := 2, 0
	switch raw[1] {
	case 'x':
		n = 2
	case 'u':
		n = 4
		if len(raw) > 3 && raw[2] == '{' {
			to := bytes.IndexByte(raw[:min(len(raw), 10)], '}')
			if to < 0 {
				return 0, 0
			}
			return hex(raw[3:to], to+1)
		}
	}
	if n == 0 || len(raw) < from+n {
		return 0, 0
	}
	return hex(raw[from:from+n], from+n)
}

func hex(digits []byte, n int) (byte, int) {
	v, err := strconv.ParseUint(string(digits), 16, 8)
	if err != nil {
		return 0, 0
	}
	return byte(v), n
}

// entities are XML's (https://www.w3.org/TR/xml/#sec-predefined-ent).
var entities = []struct {
	text  string
	plain byte
}{{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}, {"&#39;", '\''}, {"&#34;", '"'}, {"&#38;", '&'}, {"&#x27;", '\''}}

func entity(dst, raw []byte) ([]byte, int) {
	for _, e := range entities {
		if begins(raw, e.text) {
			return append(dst, e.plain), len(e.text)
		}
	}
	return append(dst, '&'), 1
}
