package code

import (
	"regexp"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/remediate/rewrite/change"
)

func python() language {
	return language{name: "python", tokenize: tokenizePython, edit: editPython}
}

// stringHead is a string's prefix and quotes (docs.python.org, Lexical analysis, 2.4.1).
var stringHead = regexp.MustCompile(`^(?i:[rbuft]|br|rb|fr|rf|tr|rt)?("""|'''|"|')`)

func tokenizePython(src []byte) ([]token, error) {
	s := &scan{src: src}
	depth := 0
	for s.at < len(src) {
		c := src[s.at]
		switch {
		case c == '#':
			s.lineComment()
		case c == '\\' && s.at+1 < len(src) && (src[s.at+1] == '\n' || src[s.at+1] == '\r'):
			s.at += 2
			if src[s.at-1] == '\r' && s.at < len(src) && src[s.at] == '\n' {
				s.at++
			}
		case c == '\n' && depth <= 0:
			s.add(newline, s.at+1)
		case c == '\r', s.space(depth > 0):
			if s.at < len(src) && src[s.at] == '\r' {
				s.at++
			}
		case stringHead.Match(src[s.at:min(s.at+8, len(src))]):
			m := stringHead.FindSubmatch(src[s.at:min(s.at+8, len(src))])
			end, err := s.quoted(s.at+len(m[0]), string(m[1]), len(m[1]) == 3, true)
			if err != nil {
				return nil, err
			}
			s.add(text, end)
		case s.word():
		default:
			if strings.IndexByte("([{", c) >= 0 {
				depth++
			} else if strings.IndexByte(")]}", c) >= 0 {
				depth--
			}
			s.other()
		}
	}
	return s.tokens, nil
}

func editPython(f file, k int, e change.Edit) (change.Change, *change.Refusal) {
	t := f.tokens[k]
	expr := `os.environ["` + e.Name + `"]`
	head := stringHead.FindSubmatch(f.src[t.start:t.end])
	prefix, quotes := strings.ToLower(string(head[0][:len(head[0])-len(head[1])])), string(head[1])
	before, after := f.near(k, -1), f.near(k, 1)
	neighbour := func(n int) bool { return k+n >= 0 && k+n < len(f.tokens) && f.tokens[k+n].kind == text }
	first := k == 0 || f.tokens[k-1].kind == newline
	switch {
	case first && (after == "" || f.tokens[k+1].kind == newline):
		return change.Change{}, change.Refuse(change.InComment, "the value stands in a string that documents, which nothing reads: delete it there")
	case f.keyOf(k):
		return change.Change{}, change.Refuse(change.InName, "the value is a key: change it by hand")
	case neighbour(-1) || neighbour(1):
		return change.Change{}, suggest(expr, "the literal goes on in the one beside it: change it by hand")
	case before == "case" || before == "import" || strings.Contains(prefix, "t"):
		return change.Change{}, suggest(expr, "the place takes a literal alone: change it by hand")
	}
	c, no := importOS(f, expr)
	if no != nil {
		return c, no
	}
	w := cut(f.src, t, e.Span, len(head[0]), len(quotes))
	switch {
	case strings.Contains(prefix, "f") && (w.before != "" || w.after != ""):
		inner := `{os.environ['` + e.Name + `']}`
		if quotes[0] == '\'' {
			inner = "{" + expr + "}"
		}
		c.Splices = append(c.Splices, change.Splice{Start: w.from, End: w.to, Text: inner})
		return c, nil
	case strings.Contains(prefix, "b"):
		expr += ".encode()"
	}
	alone := (first || slices.Contains([]string{"=", "(", ",", ":", "[", "return", "+", "{"}, before)) && (slices.Contains([]string{")", ",", "]", "}", "+", ""}, after) || f.tokens[k+1].kind == newline)
	c.Add(f.sum(k, w, expr, alone))
	return c, nil
}

var (
	importsOS   = regexp.MustCompile(`(?m)^import[ \t]+(?:[\w.]+[ \t]*,[ \t]*)*os[ \t]*(?:,|#|;|\r?$)`)
	otherOS     = regexp.MustCompile(`(?m)(?:^|[ \t(,])os[ \t]*(?:=[^=]|:[^=])|\bas[ \t]+os\b|\bdef[ \t]+os\b|\bimport[ \t]+(?:[\w]+[ \t]*,[ \t]*)*os\.|\bfor[ \t]+os\b`)
	firstImport = regexp.MustCompile(`(?m)^(?:import|from)[ \t]`)
)

// importOS adds "import os" where it is not there: before the first import, but
// behind those from __future__, which must come first.
func importOS(f file, expr string) (change.Change, *change.Refusal) {
	if importsOS.Match(f.src) {
		return change.Change{}, nil
	}
	if otherOS.Match(f.src) {
		return change.Change{}, suggest(expr, "the file calls something else os: change it by hand")
	}
	at := -1
	for k, t := range f.tokens {
		if k > 0 && f.tokens[k-1].kind != newline || t.kind == newline {
			continue // not the first of its line
		}
		w := t.in(f.src)
		switch top := t.start == 0 || f.src[t.start-1] == '\n' || t.start == 3; {
		case !top:
		case w == "from" && f.near(k, 1) == "__future__" || t.kind == text && at < 0:
			continue
		default:
			at = t.start
		}
		if at >= 0 {
			break
		}
	}
	if at < 0 {
		return change.Change{}, suggest(expr, "there is no place for import os: change it by hand")
	}
	eol := "\n"
	if i := strings.IndexByte(string(f.src), '\n'); i > 0 && f.src[i-1] == '\r' {
		eol = "\r\n"
	}
	line := "import os" + eol
	if !firstImport.Match(f.src[at:]) || !strings.HasPrefix(string(f.src[at:]), "import") && !strings.HasPrefix(string(f.src[at:]), "from") {
		line += eol
	}
	return change.Change{Splices: []change.Splice{{Start: at, End: at, Text: line}}}, nil
}
