package assign

// IdleReach is how many bytes before a keyword Idle depends on: a name, and what
// says that it is an option, a variable or an element.
const IdleReach = maxName + 2

// Idle tells whether nothing can be assigned to the name that holds text[at:end],
// by the first byte or two behind it, so that Parse gives it up. Four keywords in
// five are such; it says no of everything that the reader must look at. Of a yes,
// nothing from text[far] on has a say in it, nor what lies so many bytes before the
// keyword as near says, IdleReach at most.
func Idle(text []byte, at, end int) (near, far int, yes bool) {
	to, last := end, min(len(text), end+Reach)
	for to > at && !isWord(text[to-1]) {
		to--
	}
	for to < min(last, end+maxName) && isName(text[to]) && !(text[to] == '-' && to+1 < last && (text[to+1] == '>' || text[to+1] == '-')) {
		to++
	}
	if to == last || to == at {
		return 0, to + 1, true // and its end, if that is what stopped it
	}
	if !follows[text[to]] {
		return 0, to + 2, !isName(text[to]) // a name that long is the reader's to refuse
	}
	if c := text[to]; c != ' ' && c != '\t' {
		return 0, 0, false
	}
	for to < last && (text[to] == ' ' || text[to] == '\t') {
		to++
	}
	if to == last {
		return 0, to + 1, true
	}
	if c := text[to]; follows[c] || c == '{' || c == '/' || c == '$' {
		return 0, to + 1, false
	}
	n, said := ahead(text[to:last])
	return IdleReach, to + n, !said && !option(text, at) && !hasFold(text[at:end], "identified by")
}

// follows holds the bytes that may stand behind a name that something is assigned to.
var follows = func() (set [256]bool) {
	for _, c := range []byte("\"'`\\()><][{},\n\r \t:=|?!-*") {
		set[c] = true
	}
	return set
}()

// option tells whether the name at text[at] may be an option's, an element's with
// attributes, or a variable's in a Dockerfile, so that what stands behind a blank may
// be its value.
func option(text []byte, at int) bool {
	i := at
	for i > max(0, at-maxName) && isName(text[i-1]) {
		i--
	}
	return text[i] == '-' || i > 1 && text[i-1] == ' ' && text[i-2] == 'V' || i > 0 && (text[i-1] == '<' || text[i-1] == ':')
}

// ahead tells whether what stands behind a name and a blank may lead to a value, and
// how many bytes have a say in that: a type and an equals sign, a few words of
// languages (see worded), or a word that looks like a value itself.
func ahead(b []byte) (n int, yes bool) {
	if worded(b) {
		return maxLead, true
	}
	if n, yes = typeAhead(b); yes {
		return n, true
	}
	m, lone := loneValue(b)
	return max(n, m, maxLead), lone
}

// maxLead is how long one of worded's leads is.
const maxLead = 12

// worded tells whether the words before a value follow that are not an operator:
// BY 'x' (IDENTIFIED WITH … BY), FOR 'user' =, As String =, to "x", is `x`.
func worded(b []byte) bool {
	if len(b) < 5 {
		return false
	}
	switch lower(b[0]) {
	case 'b':
		return hasFold(b, "by ") && isQuote(b[3])
	case 'f':
		return hasFold(b, "for ") && (isQuote(b[4]) || isWord(b[4]) && b[0] == 'F')
	case 'a':
		return hasFold(b, "as string")
	case 't':
		return hasFold(b, "to ") && isQuote(b[3])
	case 'i':
		return hasFold(b, "is ") && isQuote(b[3])
	}
	return false
}

// loneValue tells whether a word follows that has a digit among eight characters or
// more and that ends its line, or what looks like a command: set TOKEN x, a directive. n
// bytes have a say in that.
func loneValue(b []byte) (n int, yes bool) {
	digits := false
	for n < len(b) && n < MaxValue && !isSpace(b[n]) {
		digits = digits || isDigit(b[n])
		n++
	}
	if n < 8 || !digits || n == MaxValue {
		return n + 1, false
	}
	return n + 1, true
}

// typeAhead tells whether a single word and an equals sign follow: string = "x";
// and how many bytes have a say in that.
func typeAhead(b []byte) (n int, yes bool) {
	i := 0
	for i < len(b) && i < maxType && typeByte(b[i]) {
		i++
	}
	for i < len(b) && b[i] == ' ' {
		i++
	}
	return i + 1, i < len(b) && b[i] == '='
}

// maxType is the longest type in bytes that may stand between name and value.
const maxType = 48

func typeByte(c byte) bool {
	return isWord(c) || c == '[' || c == ']' || c == '*' || c == '.' || c == '<' || c == '>' || c == '?'
}
