package assign

import "bytes"

// elsewhere tells what the bytes round an assignment, or its value's make, say
// against it whatever its name: that it is no assignment at all, or that the
// value is somebody else's name. "" where they say nothing.
func (a *Assignment) elsewhere(text []byte) string {
	v := text[a.Value[0]:a.Value[1]]
	switch {
	case a.chained(text) || a.Quote == 0 && tag(v) || v[0] == '?' && bytes.IndexByte(v, '=') > 0:
		return "reference"
	case fileName(text[a.Key[0]:a.Key[1]]):
		return "name"
	case a.argument(v):
		return "expression"
	case a.Quote != 0 && computed(v):
		return "expression"
	case screaming(v):
		return "constant"
	case a.Is(Typed) && insideTag(text[max(0, a.at-Reach):a.Key[0]]):
		return "attribute"
	case a.Quote == '`' && a.Op == Colon && bytes.IndexByte(v, ' ') > 0:
		return "prose" // - Tests pass: `make test`
	case letterList(v) || sentence(v) || a.told(text):
		return "prose"
	}
	return ""
}

// chained tells whether name and value are members of one identifier whose parts
// colons join: arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop.
func (a *Assignment) chained(text []byte) bool {
	return a.Op == Colon && a.Quote == 0 && a.Value[0] == a.Key[1]+1 && a.Key[0] > 0 && text[a.Key[0]-1] == ':'
}

// tag tells whether a bare value is a tag of YAML, which stands before the value: !unsafe.
func tag(v []byte) bool { return v[0] == '!' && identifier(v[1:]) && Wordy(v[1:]) }

// fileName tells whether a name is a file's: resetPassword.info.yml.
func fileName(name []byte) bool {
	dot := bytes.LastIndexByte(name, '.')
	return dot > 0 && is(name[dot+1:], fileEndings)
}

var fileEndings = set("yml", "yaml", "json", "ts", "tsx", "jsx", "py", "rb", "php", "html", "md", "txt", "java", "xml", "cs")

// argument tells whether a bare value is a variable that a call hands over under
// its own name: login(user=admin_user, password=admin_password).
func (a *Assignment) argument(v []byte) bool {
	return a.Quote == 0 && a.Op == Assign && (a.Next == ',' || a.Next == ')') && bytes.IndexByte(v, '_') > 0 && identifier(v) && Wordy(v) && secretWords.in(v)
}

// computed tells whether a string holds what the program puts into it: a variable
// in braces ("{password}x"), or an element or member of one ("$config['key']").
func computed(v []byte) bool {
	if len(v) > 3 && v[0] == '$' && isLetter(v[1]) && (bytes.Contains(v, []byte("['")) || bytes.Contains(v, []byte("{'")) || bytes.Contains(v, []byte("->"))) {
		return true
	}
	from := bytes.IndexByte(v, '{')
	to := bytes.IndexByte(v, '}')
	return from >= 0 && to > from+3 && Wordy(v[from+1:to]) && identifier(v[from+1:to])
}

// screaming tells whether a value is a constant's or a variable's name:
// AWS_LAMBDA_TASK_ROOT. Nobody's random key has underscores and no digit.
func screaming(v []byte) bool {
	if t := count(v); t.upper+t.join != len(v) || bytes.IndexByte(v, '_') < 0 {
		return false
	}
	odd, rest := 0, v
	for more := true; more; {
		var word []byte
		word, rest, more = bytes.Cut(rest, []byte("_"))
		odd += oddity(word) - 8 // its second capital counts as a change
	}
	return odd < 2*len(v)
}

// insideTag tells whether lead ends inside a tag of markup, on one line: what
// looks like a type and a value there are the next attribute.
func insideTag(lead []byte) bool {
	line := lead[bytes.LastIndexByte(lead, '\n')+1:]
	return bytes.LastIndexByte(line, '<') > bytes.LastIndexByte(line, '>')
}

// letterList tells whether a value is a list of single letters and the like: "M D H h".
func letterList(v []byte) bool {
	spaces := bytes.Count(v, []byte(" "))
	return spaces > 2 && spaces*3 >= len(v)
}

// told tells whether a bare word is the next one of a sentence: "password:
// Write-only field", "grep for token= before a commit".
func (a *Assignment) told(text []byte) bool {
	if a.Quote != 0 || !a.Is(Tail) || !Wordy(text[a.Value[0]:a.Value[1]]) {
		return false
	}
	return a.Op == Colon || a.Op == Assign && a.Value[0] == a.Key[1]+2 && text[a.Key[1]] == '=' && text[a.Key[1]+1] == ' '
}

// sentence tells whether a value is said to people: words that end in a question
// mark or a full stop or are filled in by a format, or letters beyond ASCII.
func sentence(v []byte) bool {
	t := count(v)
	if t.wide > len(v)*3/4 {
		return true
	}
	last := v[len(v)-1]
	return t.space > 0 && t.digit == 0 && (last == '?' || last == '.' || bytes.Contains(v, []byte("%s")))
}
