package outline

import "bytes"

// hcl goes over Terraform's language: blocks with labels, attributes, maps, lists.
// Interpolations in strings are passed over with them.
func (t *tracker) hcl() {
	h := blocks{flowing: flowing{tracker: t, now: &node{}, to: len(t.text)}}
	for h.p < h.to && !t.done(h.p) {
		h.statement()
	}
}

type blocks struct {
	flowing
	labels []string // a block's type and labels, until its brace
}

// statement takes the next token.
func (h *blocks) statement() {
	switch c := h.text[h.p]; {
	case c == '\n':
		h.key, h.labels = "", h.labels[:0]
		h.p++
	case c == '{' && h.key == "" && len(h.labels) > 0:
		for _, l := range h.labels[:len(h.labels)-1] {
			h.now = &node{parent: h.now, key: l, tag: passed}
		}
		h.now = &node{parent: h.now, key: h.labels[len(h.labels)-1]}
		h.labels = h.labels[:0]
		h.p++
	case c == '}':
		h.close(false)
		for h.now.tag == passed && h.now.parent != nil {
			h.now = h.now.parent
		}
		h.p++
	case c == '=' && h.key == "" && len(h.labels) == 1 && !h.now.list:
		h.key, h.labels = h.labels[0], h.labels[:0]
		h.p++
	case c == '<' && bytes.HasPrefix(h.text[h.p:], []byte("<<")):
		h.heredoc()
	case h.key == "" && !h.now.list && (letter(c) || c == '"'):
		h.label(c)
	default:
		h.step()
	}
}

// passed marks the nodes of a block's type and labels but the last, which end with it.
const passed = "\x00label"

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' }

// label reads a word of a block's head, or an attribute's name.
func (h *blocks) label(c byte) {
	from := h.p
	if c == '"' {
		end := stringEnd(h.text, from+1, c)
		h.labels = append(h.labels, string(h.text[from+1:end]))
		h.p = min(end+1, h.to)
		return
	}
	for h.p < h.to && (letter(h.text[h.p]) || h.text[h.p] == '-' || h.text[h.p] == '.' || h.text[h.p] >= '0' && h.text[h.p] <= '9') {
		h.p++
	}
	h.labels = append(h.labels, string(h.text[from:h.p]))
}

// heredoc passes over <<EOF … EOF, a scalar.
func (h *blocks) heredoc() {
	from := h.p
	line := h.text[from+2:]
	if i := bytes.IndexByte(line, '\n'); i >= 0 {
		line = line[:i]
	}
	word := bytes.Trim(line, "-~ \r\"")
	end := h.to
	if i := bytes.Index(h.text[from+2+len(line):], append([]byte("\n"), word...)); i >= 0 && len(word) > 0 {
		end = from + 2 + len(line) + i + 1 + len(word)
	}
	// an indented end
	for at := from + 2 + len(line); len(word) > 0 && at < h.to; {
		next := after(h.text, at+1, "\n")
		if bytes.Equal(bytes.TrimSpace(h.text[min(at+1, h.to):next]), word) {
			end = next - 1
			break
		}
		if next >= h.to {
			break
		}
		at = next - 1
	}
	h.scalar(h.now, h.key, 0, from, end)
	h.p = max(end, from+2)
}
