package assign

import (
	"bytes"
	"encoding/base64"
)

// within tells what the text around the name says it is part of, other than an
// assignment: "" where it says nothing.
func (a *Assignment) within(text []byte) string {
	v := text[a.Value[0]:a.Value[1]]
	from, _ := a.lineBounds(text)
	lead := text[from:a.Key[0]]
	switch {
	case program(v) || a.listed(v):
		return "expression"
	case a.port(v):
		return "reference"
	case a.Quote == 0 && a.Op == Colon && (a.Next == '[' || a.Is(Tail)) && Wordy(v) && a.Is(LineStart) && bytes.IndexByte(v, '-') > 0:
		return "prose" // passwd: possibly-insecure-handling [usr/bin/x]
	case a.Quote == 0 && v[len(v)-1] == ':' && Wordy(bytes.Trim(v, ":#\\")):
		return "prose"
	case hasFold(v, "uuid=") || hasFold(v, "uuid:"):
		return "uuid"
	case bytes.Count(v, []byte(":")) >= 5 || bytes.Contains(v, []byte(":x:")) || hasFold(bytes.TrimLeft(v, "-"), "anonymous"):
		return "constant" // a line of a passwd file; FTP's guest
	case (a.Is(InString) || a.Quote != 0) && printed(v):
		return "reference"
	case a.Next == '.' && (bytes.Contains(v, []byte("{0}")) || bytes.Contains(v, []byte("{}"))):
		return "reference" // "x-{0}".format(…)
	case a.Op == Space && a.Quote != 0 && (bytes.LastIndex(lead, []byte("{{")) > bytes.LastIndex(lead, []byte("}}"))):
		return "reference" // {{ with secret "kv/app" }}
	case a.Op == Space && a.Quote != 0 && bytes.IndexByte(v, ' ') > 0 && Wordy(bytes.ReplaceAll(v[:min(len(v), 24)], []byte(" "), nil)):
		return "prose" // log_pass "module loaded"
	case commented(lead) && a.Quote != 0 && isLetter(a.Next) && Wordy(v) && !stated(text[a.Key[0]:a.Key[1]]):
		return "prose" // a remark that goes on after a word in quotes
	case a.Is(InString) && a.Op == Colon && string(text[a.Key[0]:a.Key[1]]) == "PASS" && Wordy(v):
		return "prose" // echo "PASS: macsec"
	case bytes.HasSuffix(lead, []byte(".svg?")) || bytes.HasSuffix(lead, []byte("pkcs11:")):
		return "name" // a badge's token is public; RFC 7512 names a token
	}
	return ""
}

// commented tells whether a line that begins so is a comment.
func commented(lead []byte) bool {
	_, yes := leadMark(bytes.TrimLeft(lead, " \t"))
	return yes
}

// programs are bits of code that no password holds but by a rare chance.
var programs = [][]byte{[]byte("){"), []byte("});"), []byte("}function"), []byte("=>{"), []byte("==="), []byte(" && "), []byte("};")}

// program tells whether a quoted value is what stands between two strings of a
// program, or a call: ")},t.token=", oklch(0.97 0.01 17).
func program(v []byte) bool {
	if len(v) >= 8 {
		for _, p := range programs {
			if bytes.Contains(v, p) && count(v).lower*3 > len(v) {
				return true
			}
		}
	}
	open := bytes.IndexByte(v, '(')
	if last := v[len(v)-1]; last == '(' || last == ']' && isLetter(v[0]) && bytes.IndexByte(v, '[') > 2 {
		return Wordy(bytes.Trim(v, ".()[]")) || identifier(v[:max(bytes.IndexByte(v, '['), 0)])
	}
	return open > 2 && v[len(v)-1] == ')' && identifier(v[:open]) && Wordy(v[:open]) && len(v) > open+2
}

// listed tells whether a is two neighbours of a longer list of words, or the first
// of several arguments: ("user", "password", "host", …; setPassword("service", …
func (a *Assignment) listed(v []byte) bool {
	return (a.Op == Comma || a.Op == Call) && a.Next == ',' && Wordy(v)
}

// port tells whether name and value are a host and its port: http://auth:5000/v2.0.
func (a *Assignment) port(v []byte) bool {
	i := 0
	for i < len(v) && isDigit(v[i]) {
		i++
	}
	return a.Op == Colon && a.Value[0] == a.Key[1]+1 && a.Before == '/' && i > 1 && i < 6 && (i == len(v) || v[i] == '/')
}

// printed tells whether a format's verb stands in v, in words: "token: 0x%08x\n",
// "SP%d_ERR". A password with a per cent sign has no words around it.
func printed(v []byte) bool {
	for i := 0; i+1 < len(v); i++ {
		if v[i] != '%' {
			continue
		}
		j := i + 1
		for j < len(v) && (isDigit(v[j]) || v[j] == '.' || v[j] == 'l' || v[j] == '-' || v[j] == '#') {
			j++
		}
		if j < len(v) && bytes.IndexByte([]byte("dsuxXvqfi"), v[j]) >= 0 && (contains(v, "0x%") || contains(v, "%#") || (j > i+1 || oddity(v) <= 0) && count(v).symbol == 1) {
			return true
		}
	}
	return false
}

// encodes tells why a value that is base64 of a text is no credential, by that text:
// Kubernetes keeps `${PASSWORD}` and "changeme" so. "" where it is none, or may be.
func encodes(v []byte) string {
	var plain [MaxValue]byte
	src := bytes.TrimRight(v, "=")
	if len(v) < 8 || base64.RawStdEncoding.DecodedLen(len(src)) > len(plain) || count(v).lower == len(v) {
		return ""
	}
	n, err := base64.RawStdEncoding.Decode(plain[:], src)
	if err != nil || n < 4 {
		return ""
	}
	inner := plain[:n]
	for _, c := range inner {
		if (c < ' ' || c > '~') && c != '\n' {
			return ""
		}
	}
	inner = bytes.TrimRight(inner, "\n")
	switch {
	case len(inner) == 0 || placeholder(inner):
		return "placeholder"
	case reference(inner, true):
		return "reference"
	case is(inner, constants):
		return "constant"
	case prose(inner) || sentence(inner):
		return "prose"
	}
	return ""
}
