package outline

import "bytes"

// lookBack is how far before a name the brackets round it are looked for, in bytes.
const lookBack = 4 << 10

// enclosing gives a place of a program the names of the brackets that it stands in:
// of dictionaries, and of the innermost call or composite. It reads backwards, and
// strings on one line only.
//
//	DATABASES = {"default": {"PASSWORD": …}}      DATABASES.default.PASSWORD
//	connect(user="app", password=…)               connect.password
//	cfg['db']['password'] = …                     cfg.db.password
func enclosing(text []byte, p Place) string {
	if p.Name == "" {
		return ""
	}
	b := backward{text: text, p: p.Key, low: max(0, p.Key-lookBack)}
	if end := p.Key + len(p.Name); p.Key < p.Value && end < len(text) && text[end] == '(' {
		return p.Name // a call's own name
	}
	switch q := b.at(); {
	case b.inString():
		b.p = b.stringBegin()
		holder := b.holder()
		return join(component(holder), component(p.Name))
	case q == '"' || q == '\'' || q == '`':
		b.p--
		b.blanks()
		if b.entry(p) {
			break
		}
		if c := b.at(); c == '(' || c == ',' && b.argument() {
			return p.Name
		} else if c == '[' {
			b.p--
			return join(b.index(), component(p.Name))
		}
	}
	whole := component(p.Name)
	for range maxNodes {
		name, more := b.outer()
		whole = join(component(name), whole)
		if !more {
			break
		}
	}
	return whole
}

// entry tells whether what follows a quoted name makes it a dictionary's.
func (b *backward) entry(p Place) bool {
	i := p.Key + len(p.Name) + 1
	for i < len(b.text) && i < p.Value && (b.text[i] == ' ' || b.text[i] == '\t') {
		i++
	}
	return i < p.Value && (b.text[i] == ':' || b.text[i] == '=')
}

// backward reads a text from its end; p is behind what comes next.
type backward struct {
	text   []byte
	p, low int
}

func (b *backward) at() byte {
	if b.p > b.low {
		return b.text[b.p-1]
	}
	return 0
}

func (b *backward) blanks() {
	for c := b.at(); c == ' ' || c == '\t' || c == '\r' || c == '\n'; c = b.at() {
		b.p--
	}
}

// inString tells whether p stands inside a string that begins on its line, other
// than at its begin.
func (b *backward) inString() bool {
	from := b.stringBegin()
	return from >= 0 && from+1 < b.p && b.at() != b.text[from]
}

// stringBegin is where the quote is of the string that p stands in, -1 for none.
func (b *backward) stringBegin() int {
	from := bytes.LastIndexByte(b.text[:b.p], '\n') + 1
	open := -1
	for i := from; i < b.p; i++ {
		switch c := b.text[i]; {
		case c == '\\':
			i++
		case c != '"' && c != '\'' && c != '`':
		case open < 0:
			if c != '\'' || i == 0 || !wordByte(b.text[i-1]) {
				open = i
			}
		case b.text[open] == c:
			open = -1
		}
	}
	return open
}

// holder is the name that a literal before which p stands is assigned to.
func (b *backward) holder() string {
	for c := b.at(); c == '$' || c == '@'; c = b.at() {
		b.p--
	}
	if !b.sign() {
		return ""
	}
	return b.name()
}

// sign steps over an operator that assigns: = := : =>; false where none stands here.
func (b *backward) sign() bool {
	b.blanks()
	start := b.p
	for c := b.at(); c == '=' || c == ':' || c == '>' && b.p-1 > b.low && (b.text[b.p-2] == '=' || b.text[b.p-2] == '-'); c = b.at() {
		b.p--
	}
	moved := b.p < start
	b.blanks()
	return moved
}

func wordByte(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '_' || c >= 0x80
}

// name reads a name, quotes, sigils and indexes taken off: 'db', $cfg['db'], module.exports.
func (b *backward) name() string {
	switch c := b.at(); c {
	case '"', '\'', '`':
		end := b.p - 1
		b.p--
		for b.p > b.low && b.at() != c && b.at() != '\n' {
			b.p--
		}
		from := b.p
		if b.p > b.low {
			b.p--
		}
		return string(b.text[from:end])
	case ']':
		b.p--
		key := b.name()
		if b.at() != '[' {
			return ""
		}
		b.p--
		return join(b.name(), key)
	}
	end := b.p
	for c := b.at(); wordByte(c) || c == '.'; c = b.at() {
		b.p--
	}
	return string(bytes.Trim(b.text[b.p:end], "."))
}

// index reads what a name in brackets is an element of: cfg['db']['password'].
func (b *backward) index() string {
	if !wordByte(b.at()) && b.at() != ']' {
		return ""
	}
	return b.name()
}

// argument tells whether a comma before a quoted name parts arguments, not a dictionary's
// entries: no name in the same brackets has a colon or arrow.
func (b *backward) argument() bool {
	c := backward{text: b.text, p: b.p, low: b.low}
	return c.bracket() == '('
}

// bracket goes to the bracket that p stands in, and tells which it is; 0 for none.
func (b *backward) bracket() byte {
	depth := 0
	for b.p > b.low {
		b.p--
		switch c := b.text[b.p]; c {
		case ')', ']', '}':
			depth++
		case '(', '[', '{':
			if depth--; depth < 0 {
				return c
			}
		case '"', '\'', '`':
			for i := b.p - 1; i >= b.low && b.text[i] != '\n'; i-- {
				if b.text[i] == c && (i == 0 || b.text[i-1] != '\\') {
					b.p = i
					break
				}
			}
		}
	}
	return 0
}

// outer goes to the bracket round p, and gives the name that it belongs to; more:
// there may be further ones round that.
func (b *backward) outer() (name string, more bool) {
	open := b.bracket()
	switch open {
	case 0:
		return "", false
	case '[':
		if wordByte(b.at()) || b.at() == ']' {
			return "", false // an index
		}
	}
	if c := b.at(); c == '@' || c == '%' { // @{…} of Objective-C
		b.p--
	}
	adjacent := b.at() != ' '
	if b.sign() {
		name = b.name()
		return name, name != "" && b.continues()
	}
	if c := b.at(); c == ',' || c == '(' || c == '[' || c == '{' {
		return "", c != '{'
	}
	return b.caller(open, adjacent)
}

// continues tells whether the name that was just read may stand in further brackets:
// an entry of a dictionary does, a variable does not.
func (b *backward) continues() bool {
	b.blanks()
	c := b.at()
	return c == ',' || c == '{' || c == '(' || c == '['
}

// caller reads the name right before a bracket: a call's, a type's. That of a mere
// container is its variable's, and what opens a block has none.
func (b *backward) caller(open byte, adjacent bool) (name string, more bool) {
	if b.at() == '>' || b.at() == ')' {
		return "", false
	}
	name = b.name()
	switch {
	case keywords[name] || name == "":
		return "", false
	case containers[name]:
		for c := b.at(); c == ']' || c == '[' || wordByte(c) || c == '*' || c == '.'; c = b.at() { // map[string]string{
			b.p--
		}
		if b.sign() {
			name = b.name()
			return name, name != "" && b.continues()
		}
		return "", false
	case open == '{' && !adjacent:
		b.blanks()
		if b.p < 3 || string(b.text[b.p-3:b.p]) != "new" {
			return "", false
		}
	}
	return name, false
}

// keywords may stand before a bracket and name nothing.
var keywords = map[string]bool{"if": true, "for": true, "while": true, "return": true, "and": true, "or": true, "not": true, "in": true, "switch": true, "else": true,
	"try": true, "do": true, "catch": true, "elif": true, "when": true, "match": true, "print": true, "assert": true, "function": true, "func": true, "def": true, "class": true}

// containers hold entries, and are named by the variable that they are assigned to.
var containers = map[string]bool{"array": true, "dict": true, "hash": true, "Hash": true, "map": true, "string": true, "interface": true, "any": true, "Map": true, "list": true, "List": true}
