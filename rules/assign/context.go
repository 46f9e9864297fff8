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
	case a.argument(v) || a.entry(v) || a.handed(text[a.Key[0]:a.Key[1]], v):
		return "expression"
	case a.matched(text):
		return "pattern"
	case a.within(text) != "":
		return a.within(text)
	case encodes(v) != "":
		return encodes(v)
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
	return dot > 0 && (is(name[dot+1:], fileEndings) || len(name)-dot == 2 && isDigit(name[dot+1])) // chpasswd.8 is a manual's page
}

var fileEndings = set("yml", "yaml", "json", "ts", "tsx", "jsx", "py", "rb", "php", "html", "md", "txt", "java", "xml", "cs", "c", "h", "cc", "cpp", "hpp", "sh", "go", "rs", "el", "pl", "pm", "am", "in", "conf", "cfg", "toml", "ini", "po", "rst", "texi")

// argument tells whether a bare value is a variable that a call hands over under
// its own name: login(user=admin_user, password=admin_password).
func (a *Assignment) argument(v []byte) bool {
	return a.Quote == 0 && a.Op == Assign && (a.Next == ',' || a.Next == ')') && bytes.IndexByte(v, '_') > 0 && identifier(v) && Wordy(v) && secretWords.in(v)
}

// entry tells whether a bare value is a variable that a program puts into a
// dictionary: {'password': sudo_pass}, kwargs['password'] = given. Formats that quote
// a name quote a word too.
func (a *Assignment) entry(v []byte) bool {
	if a.Quote == 0 && a.Op == Assign && a.Is(KeyQuoted) && !a.Is(InString) && identifier(v) && Wordy(v) {
		return true
	}
	return a.Quote == 0 && a.Op == Colon && a.Is(KeyQuoted) && !a.Is(InString) && (a.Next == '}' || a.Next == ',' || a.Next == ')') && identifier(v) && Wordy(v)
}

// regexpMarks open a regular expression in Ruby, Elixir, Perl and JavaScript, but for
// the slash.
var regexpMarks = [][]byte{[]byte("~r"), []byte("=~ "), []byte("("), []byte(", "), []byte("[")}

// matched tells whether the name stands inside a regular expression's slashes, and
// the value too: ~r/password: "x"/, toMatch(/password=x/).
func (a *Assignment) matched(text []byte) bool {
	from, to := a.lineBounds(text)
	lead := text[from:a.Key[0]]
	slash := bytes.LastIndexByte(lead, '/')
	if slash < 0 || a.Value[1] >= to || bytes.IndexByte(text[a.Value[1]-1:to], '/') < 0 {
		return false
	}
	for _, mark := range regexpMarks {
		if bytes.HasSuffix(lead[:slash], mark) {
			return bytes.IndexByte(text[a.Key[0]:a.Value[1]-1], '/') < 0
		}
	}
	return false
}

// handed tells whether a bare value is a variable of the argument's own name:
// login(user=user, password=password).
func (a *Assignment) handed(name, v []byte) bool {
	return a.Quote == 0 && a.Op == Assign && (a.Before == ',' || a.Before == '(') && (a.Next == ',' || a.Next == ')') && bytes.EqualFold(name, v)
}

// computed tells whether a string holds what the program puts into it: a variable
// in braces ("{password}x"), or an element or member of one ("$config['key']").
func computed(v []byte) bool {
	if len(v) > 3 && v[0] == '$' && isLetter(v[1]) && (bytes.Contains(v, []byte("['")) || bytes.Contains(v, []byte("{'")) || bytes.Contains(v, []byte("->"))) {
		return true
	}
	from := bytes.IndexByte(v, '{')
	to := bytes.IndexByte(v, '}')
	return from >= 0 && to > from+3 && identifier(v[from+1:to]) && (Wordy(v[from+1:to]) || count(v[from+1:to]).lower == 0)
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
	if hasFold(text[a.Key[0]:a.Key[1]], "identified by") {
		from, _ := a.lineBounds(text)
		return !ofUser(text[from:a.Key[0]]) // the bucket is identified by name and region
	}
	return a.Op == Colon || a.Op == Assign && a.Value[0] == a.Key[1]+2 && text[a.Key[1]] == '=' && text[a.Key[1]+1] == ' '
}

// ofUser tells whether lead ends with the name of a user, as SQL has it before
// IDENTIFIED BY: ALTER USER sys, GRANT … TO 'app'@'%'.
func ofUser(lead []byte) bool {
	lead = bytes.TrimRight(lead, " ")
	i := bytes.LastIndexByte(lead, ' ')
	if i < 0 {
		return false
	}
	lead = bytes.TrimRight(lead[:i], " ")
	word := lead[bytes.LastIndexByte(lead, ' ')+1:]
	return is(word, beforeUser)
}

var beforeUser = set("user", "to", "role", "exists", "login")

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
