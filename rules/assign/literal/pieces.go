package literal

// Join tells how pieces of a literal may follow each other where the caller is.
type Join byte

const (
	Never    Join = iota // a further literal is another value
	ByMark               // a mark stands between: "ab" + "cd"
	Touching             // that, or nothing at all: "ab""cd", as in a shell
	Adjoins              // that, or white space: "ab" "cd"
)

// Extend takes the pieces that follow l in b into it, all of its quote and its
// style. Together they are at most most bytes long.
func Extend(b []byte, l *Literal, most int, join Join) {
	for join != Never && isQuote(l.Quote) && l.End > l.To && l.End-l.To == 1 {
		at, ok := glue(b, l, join)
		if !ok {
			return
		}
		last, _ := textEnd(b, at+1, most-(at+1-l.From), l.Quote, l.Style)
		if last <= at+1 || named(b, last+1) {
			return
		}
		l.To, l.End, l.Spelt = last, last+1, true
	}
}

// named tells whether a piece is none but the next entry's name: "a": x.
func named(b []byte, i int) bool {
	for i < len(b) && isBlank(b[i]) {
		i++
	}
	return i < len(b) && (b[i] == ':' || b[i] == '=')
}

// glue tells where the next piece's quote is.
func glue(b []byte, l *Literal, join Join) (at int, ok bool) {
	i := l.End
	if begins(b[i:], `\'`) && i+2 < len(b) && l.Quote == '\'' && b[i+2] == '\'' {
		return i + 2, true // 'it'\''s'
	}
	gap, line := space(b, i)
	mark := markAt(b, gap)
	if mark > 0 {
		gap, _ = space(b, gap+mark)
	}
	switch {
	case gap >= len(b) || b[gap] != l.Quote:
		return 0, false
	case mark > 0:
		return gap, true
	case join == Touching:
		return gap, gap == i || line
	}
	return gap, join == Adjoins
}

// space steps over white space, and a backslash at a line's end; at most two lines.
func space(b []byte, i int) (end int, line bool) {
	for lines := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == '\n':
			if lines++; lines > 2 {
				return i, true
			}
			line = true
		case c == '\\' && i+1 < len(b) && (b[i+1] == '\n' || b[i+1] == '\r'):
		case !isBlank(c) && c != '\r':
			return i, line
		}
	}
	return i, line
}

// markAt is the length of a mark that joins strings: + ++ . .. & <>; 0 for none.
func markAt(b []byte, i int) int {
	for _, m := range []string{"++", "..", "<>", "+", ".", "&"} {
		if begins(b[min(i, len(b)):], m) {
			return len(m)
		}
	}
	return 0
}

// Listed tells where the pieces of a list end that is joined at once, the first of
// them being l: ["ab", "cd"].join("").
func Listed(b []byte, l *Literal, most int) bool {
	whole := *l
	for {
		gap, _ := space(b, whole.End)
		if gap < len(b) && b[gap] == ']' {
			if !begins(b[gap+1:], ".join(") || whole == *l {
				return false
			}
			*l = whole
			return true
		}
		if gap >= len(b) || b[gap] != ',' {
			return false
		}
		gap, _ = space(b, gap+1)
		if gap >= len(b) || b[gap] != l.Quote {
			return false
		}
		last, _ := textEnd(b, gap+1, most-(gap+1-l.From), l.Quote, l.Style)
		if last < 0 {
			return false
		}
		whole.To, whole.End, whole.Spelt = last, last+1, true
	}
}
