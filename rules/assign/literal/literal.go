// Package literal reads string literals as programs, queries and configuration
// files write them, and puts together those that stand in several pieces.
//
//	"x"  'x'  `x`  \"x\"  b"x"  N'x'  @"x"  $'x'  r#"x"#  """x"""  [[x]]  q{x}  %q(x)  $$x$$
//	"ab" + "cd"     "ab" "cd"     'ab' . 'cd'     "ab" & "cd"     "ab\
//	cd"
//
// Which language it is, is not known: what several of them write alike means the
// same in all. The few exceptions are told by the prefix, or by who calls.
//
// It promises to depend on no byte before the literal and none behind the limit it
// is given, to allocate nothing but in [Plain], and to take linear time.
//
// Its limits: a literal's text is one line, but for what a backslash or three quotes
// carry on; escapes of bytes that no keyboard makes (\n, \x00) stay as they are.
package literal

// Style is how a literal writes the characters that it can't hold as they are.
type Style byte

const (
	Escaped  Style = iota // with a backslash, single quotes also twice (SQL, YAML): most languages
	Verbatim              // not at all: raw strings
	Doubled               // its own quote twice: C#'s @"", N'' of SQL Server
	Bare                  // no literal: a line of a properties file, with \: and \=
)

// Literal is where one stands.
type Literal struct {
	From, To int // its text, the last piece's end included
	End      int // behind its last quote
	Quote    byte
	Style    Style
	Spelt    bool // its value is not its text as it stands: see Plain
}

// quotes are the bytes that open and close most literals.
func isQuote(c byte) bool { return c == '"' || c == '\'' || c == '`' }

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// Read reads the literal whose prefix or quote is b[p]; its text is at most most
// bytes long. style is what a plain single or double quote means here.
func Read(b []byte, p, most int, style Style) (Literal, bool) {
	if p >= len(b) {
		return Literal{}, false
	}
	if isQuote(b[p]) {
		return quoted(b, p, most, style)
	}
	if l, ok := bracketed(b, p, most); ok {
		return l, true
	}
	return prefixed(b, p, most, style)
}

// prefixed reads a literal behind one or two letters or marks: b"", rb"", @"", $”, N”.
func prefixed(b []byte, p, most int, style Style) (Literal, bool) {
	for n := 1; n <= 2 && p+n < len(b); n++ {
		c := b[p+n-1]
		if !isLetter(c) && c != '@' && c != '$' {
			break
		}
		if !isQuote(b[p+n]) {
			continue
		}
		switch {
		case c == '@' || c == 'N':
			style = Doubled
		case c|0x20 == 'r' || n == 2 && b[p]|0x20 == 'r':
			style = Verbatim
		}
		return quoted(b, p+n, most, style)
	}
	return Literal{}, false
}

// quoted reads a literal that begins with a quote.
func quoted(b []byte, p, most int, style Style) (Literal, bool) {
	q := b[p]
	if p+2 < len(b) && b[p+1] == q && b[p+2] == q {
		return tripled(b, p, most)
	}
	if q == '`' {
		style = Verbatim
	}
	l := Literal{From: p + 1, Quote: q, Style: style}
	last, spelt := textEnd(b, l.From, most, q, style)
	if last < 0 {
		return Literal{}, false
	}
	l.To, l.End, l.Spelt = last, last+1, spelt
	return l, true
}

// textEnd finds the quote that ends a text, -1 where the text is longer than most
// bytes or its line ends. spelt: something in it stands for something else.
func textEnd(b []byte, from, most int, q byte, style Style) (last int, spelt bool) {
	for i := from; i < min(len(b), from+most+1); i++ {
		switch c := b[i]; {
		case c == '\n':
			return -1, false
		case c == '\\' && style == Escaped:
			if i+2 < len(b) && b[i+1] == '\r' && b[i+2] == '\n' {
				i++
			}
			spelt = true
			i++
		case c == '&':
			spelt = true
		case c == q && doubles(style, q) && i > from && i+1 < len(b) && b[i+1] == q:
			spelt = true
			i++
		case c == q:
			return i, spelt
		}
	}
	return -1, false
}

// doubles tells whether the quote, written twice, is one.
func doubles(style Style, q byte) bool { return style == Doubled || style == Escaped && q == '\'' }

// tripled reads """x""". Its text is one line, with white space, or a line's end
// that is taken back, round it.
func tripled(b []byte, p, most int) (Literal, bool) {
	q := b[p]
	from := p + 3
	if from < len(b) && b[from] == '\\' {
		from++
	}
	for from < len(b) && (isBlank(b[from]) || b[from] == '\r' || b[from] == '\n') {
		from++
	}
	for i := from; i+2 < len(b) && i <= from+most; i++ {
		if b[i] == q && b[i+1] == q && b[i+2] == q {
			return trimmed(b, from, i, i+3, Escaped, q)
		}
	}
	return Literal{}, false
}

// trimmed is the literal b[from:to] without white space at its ends; false where it
// has several lines, a quote in it, or nothing.
func trimmed(b []byte, from, to, end int, style Style, q byte) (Literal, bool) {
	for to > from && (isBlank(b[to-1]) || b[to-1] == '\r' || b[to-1] == '\n') {
		to--
	}
	l := Literal{From: from, To: to, End: end, Quote: q, Style: style}
	for _, c := range b[from:to] {
		if c == '\n' || c == q {
			return Literal{}, false
		}
		l.Spelt = l.Spelt || c == '\\' && style == Escaped
	}
	return l, to > from
}

// brackets are the literals that end with another mark than they begin with.
var brackets = []struct{ open, close string }{
	{`r#"`, `"#`}, {`#"`, `"#`}, {`R"(`, `)"`}, {"[[", "]]"}, {"[=[", "]=]"}, {"$$", "$$"},
	{"%q(", ")"}, {"%q{", "}"}, {"%q[", "]"}, {"%Q(", ")"}, {"%Q{", "}"},
	{"q{", "}"}, {"q(", ")"}, {"q[", "]"}, {"q|", "|"}, {"qq{", "}"}, {"qq(", ")"}, {"qq|", "|"},
}

func bracketed(b []byte, p, most int) (Literal, bool) {
	for _, m := range brackets {
		if !begins(b[p:], m.open) {
			continue
		}
		from := p + len(m.open)
		for i := from; i < min(len(b), from+most+1) && b[i] != '\n' && b[i] != '`'; i++ {
			if begins(b[i:], m.close) {
				return Literal{From: from, To: i, End: i + len(m.close), Quote: '`', Style: Verbatim}, i > from
			}
		}
	}
	return Literal{}, false
}

func begins(b []byte, s string) bool { return len(b) >= len(s) && string(b[:len(s)]) == s }
