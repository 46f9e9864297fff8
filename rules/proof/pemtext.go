package proof

import (
	"bytes"
	"encoding/base64"
	"strings"
)

// block is a PEM block or PGP armor, taken out of whatever it was written in.
type block struct {
	label  string // "RSA PRIVATE KEY"
	sealed bool   // Proc-Type: 4,ENCRYPTED
	sum    string // PGP's, without its "="
	data   []byte
}

// readBlock takes the value apart. why says in what it is no block: a placeholder
// within, a line that is no base64.
func readBlock(value []byte) (b block, why string) {
	head, rest, ok := bytes.Cut(value, []byte("-----BEGIN "))
	if !ok || len(bytes.TrimSpace(head)) > 0 {
		return b, "no BEGIN line"
	}
	label, rest, ok := bytes.Cut(rest, dashes)
	end := bytes.LastIndex(rest, []byte("-----END "))
	if !ok || len(label) > 60 || end < 0 {
		return b, "no END line"
	}
	b.label = string(label)
	var body strings.Builder
	lines := bodyLines(string(rest[:end]))
	for i, line := range lines {
		switch name, _, isHeader := strings.Cut(line, ":"); {
		case isHeader && len(name) < 32:
			b.sealed = b.sealed || strings.Contains(line, "ENCRYPTED")
		case len(line) == 5 && line[0] == '=' && i > 0: // armor's checksum, RFC 4880, section 6
			b.sum = line[1:]
		default:
			body.WriteString(strings.Join(strings.Fields(line), ""))
		}
	}
	text := strings.TrimRight(body.String(), "=")
	data, err := base64.RawStdEncoding.DecodeString(text)
	switch {
	case strings.Contains(text, "..") || strings.Contains(text, "…"):
		return b, "shortened"
	case err != nil:
		return b, "not base64"
	case len(data) < 32 && !b.sealed: // no private key is smaller
		return b, "too short for a key"
	}
	b.data = data
	return b, ""
}

// escapes are how a line end, a tab and a slash are written within strings of
// JSON, of shells and env files, and of strings in such strings; and in XML.
var escapes = strings.NewReplacer(`\\r`, "", `\\n`, "\n", `\r`, "", `\n`, "\n", `\t`, " ", `\\/`, "/", `\/`, "/", `\u002b`, "+", `\u003d`, "=",
	"\r\n", "\n", "\r", "\n", "&#10;", "\n", "&#xA;", "\n", "&#13;", "", "&#xD;", "")

// bodyLines gives the lines between the markers, without what quotes, comments
// or indents them. The text between the last line end and the END marker is what
// stands before every line: "# ", " * ", "+" in a diff.
func bodyLines(body string) []string {
	lines := strings.Split(escapes.Replace(body), "\n")
	before := strings.TrimRight(lines[len(lines)-1], " \t")
	if len(lines) == 1 || len(before) > 40 {
		before = ""
	}
	kept := lines[:0]
	for _, line := range lines {
		if before != "" {
			line = strings.TrimPrefix(line, before)
		}
		if line = bare(line); line != "" {
			kept = append(kept, line)
		}
	}
	return kept
}

// bare takes a line out of its quotes and off what joins it to the next: the
// longest of the pieces between quotes is the key's, unless it joins only.
func bare(line string) string {
	longest := ""
	for piece := range strings.FieldsFuncSeq(line, func(r rune) bool { return r == '"' || r == '\'' || r == '`' }) {
		if len(piece) > len(longest) {
			longest = piece
		}
	}
	line = strings.Trim(longest, " \t\\,;#*|>")
	if strings.Trim(line, "+.&()") == "" {
		return ""
	}
	return line
}
