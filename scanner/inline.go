package scanner

import (
	"bytes"
	"strings"

	"github.com/oakum-sec/oakum/leak"
)

// Comments that allow the value beside them: ours, and those of the field's
// tools, so that a repository that comes from one of them stays as quiet as it
// was (their documentation is named in docs/compat.md).
var (
	sameLine = []string{
		"oakum:allow",
		"gitleaks:allow",
		"betterleaks:allow",
		"trufflehog:ignore",
		"kingfisher:ignore",
		"pragma: allowlist secret",
		"pragma: whitelist secret",
		"ggignore",
		"secretlint-disable-line",
	}
	lineAbove = []string{
		"oakum:allow-next-line",
		"kingfisher:ignore",
		"trufflehog:ignore",
		"pragma: allowlist nextline secret",
		"pragma: whitelist nextline secret",
		"secretlint-disable-next-line",
	}
)

// longestLine is how far from a value a comment is looked for.
const longestLine = 4 << 10

// allowedInline looks for a comment on the lines of the value text[start:end],
// outside the value, and on the line above.
func allowedInline(text []byte, start, end int) *leak.Suppression {
	lineStart, lineEnd := lineAround(text, start, end)
	for _, part := range [][]byte{text[lineStart:start], text[end:lineEnd]} {
		if s := marked(part, sameLine); s != nil {
			return s
		}
	}
	if lineStart == 0 {
		return nil
	}
	aboveStart, _ := lineAround(text, lineStart-1, lineStart-1)
	return marked(text[aboveStart:lineStart-1], lineAbove)
}

// lineAround gives the line, or lines, that text[start:end] stands on.
func lineAround(text []byte, start, end int) (from, to int) {
	low := max(0, start-longestLine)
	from = low + bytes.LastIndexByte(text[low:start], '\n') + 1
	to = min(len(text), end+longestLine)
	if nl := bytes.IndexByte(text[end:to], '\n'); nl >= 0 {
		to = end + nl
	}
	return from, to
}

func marked(line []byte, marks []string) *leak.Suppression {
	for _, mark := range marks {
		if i := bytes.Index(line, []byte(mark)); i >= 0 {
			return &leak.Suppression{Kind: leak.SuppressInline, Where: mark, Reason: reasonAfter(line[i+len(mark):], mark)}
		}
	}
	return nil
}

// reasonAfter is what stands behind our own mark, without the comment's end.
func reasonAfter(rest []byte, mark string) string {
	if !strings.HasPrefix(mark, "oakum:") {
		return ""
	}
	s := strings.TrimSpace(string(rest))
	for _, end := range []string{"*/", "-->", "--}}", "#}"} {
		s = strings.TrimSpace(strings.TrimSuffix(s, end))
	}
	return s[:min(len(s), 200)]
}
