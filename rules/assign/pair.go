package assign

import "bytes"

// pairedName tells whether the name is itself a value: name: X, "Key": "X", key="X".
func (r *reader) pairedName() bool {
	i := r.a.Key[0] - 1
	for i >= 0 && (isQuote(r.b[i]) || isSpace(r.b[i]) || r.b[i] == '\\') {
		i--
	}
	return i >= 0 && (r.b[i] == ':' || r.b[i] == '=')
}

// valueFields are what the field beside a name's is called, longer ones before their
// beginnings.
var valueFields = []string{"valueto", "value", "parametervalue", "defaultvalue"}

// pair reads the value that stands in a field of its own, beside the name's:
//
//	name: DB_PASSWORD        {"Name": "DB_PASSWORD",        <add key="DbPassword"
//	value: x                  "Value": "x"}                     value="x"/>
//
// or before it.
func (r *reader) pair() bool {
	if !r.pairedName() {
		return false
	}
	start := r.p
	r.space(1)
	if r.at(0) == ',' {
		r.p++
	}
	r.space(1)
	for r.at(0) == '\\' || isQuote(r.at(0)) {
		r.p++
	}
	for _, field := range valueFields {
		if r.has(field) {
			return r.field(len(field))
		}
	}
	r.p = start
	return r.pairBefore()
}

// field reads what is assigned to a field whose name has n bytes and begins here.
func (r *reader) field(n int) bool {
	r.p += n
	for r.at(0) == '\\' || isQuote(r.at(0)) {
		r.p++
	}
	r.blanks()
	if c := r.at(0); c != ':' && c != '=' {
		return false
	}
	r.p++
	return r.fieldValue()
}

// maxPairGap is how many bytes may stand between a value and the name behind it,
// labels, quotes and indentation included.
const maxPairGap = 48

// pairBefore reads the value that stands before its name: - value: x, name: DB_PASSWORD.
func (r *reader) pairBefore() bool {
	lead := r.b[:r.a.Key[0]]
	from := max(0, len(lead)-MaxValue-2*maxPairGap)
	at := bytes.LastIndex(lead[from:], []byte("alue"))
	if at < 1 || lower(lead[from+at-1]) != 'v' {
		return false
	}
	key, traits := r.a.Key, r.a.Traits
	r.p = from + at - 1
	if r.p > 0 && isWord(r.b[r.p-1]) || !r.field(len("value")) || r.a.Value[1] >= key[0] {
		return false
	}
	between := r.b[r.a.Value[1]:key[0]]
	lines := bytes.Count(between, []byte("\n"))
	if len(between) > maxPairGap || lines > 1 || bytes.ContainsAny(between, "{}<>[]") || !labelled(between) {
		return false
	}
	r.a.Key, r.a.Traits = key, traits|r.a.Traits
	return true
}

// labelled tells whether what stands between a value and the name behind it is no
// more than the label of that: ", "name": ".
func labelled(between []byte) bool {
	label := bytes.Trim(between, " \t\r\n,\"'\\")
	label = bytes.TrimRight(label, ":= \t\"'\\")
	return hasFold(label, "name") && len(label) == 4 || hasFold(label, "key") && len(label) == 3
}

// fieldValue reads a pair's value. It stands on a line that the name is not on,
// so what is known of the name's line says nothing of it.
func (r *reader) fieldValue() bool {
	r.blanks()
	r.a.Op = Pair
	n := 0
	for r.at(n) == '\\' {
		n++
	}
	if q := r.at(n); isQuote(q) {
		return r.fieldLiteral(n, q)
	}
	r.a.Traits |= LineStart
	first := r.p
	last := r.bareEnd(first, 0)
	if r.has("{{") {
		last = r.until("}}")
	}
	if last <= first || last-first > MaxValue || bytes.IndexByte([]byte("([|&;,)}]=>"), r.b[first]) >= 0 {
		return false
	}
	r.a.Value = [2]int{first, last}
	r.tail(last)
	return true
}

// fieldLiteral reads a pair's value in quotes, which may have n backslashes before them.
func (r *reader) fieldLiteral(n int, q byte) bool {
	if n > 0 {
		return r.escaped(r.p+n+1, q) && r.a.Value[1] > r.a.Value[0]
	}
	return r.prefixed() && r.a.Value[1] > r.a.Value[0]
}

// indexFold is where word, in lower case, stands in b in any case; -1 for nowhere.
func indexFold(b []byte, word string) int {
	for i := 0; i+len(word) <= len(b); i++ {
		if hasFold(b[i:], word) {
			return i
		}
	}
	return -1
}

// defaults are the fields of a block that hold its name's value.
var defaults = []string{"default", "defaultvalue", "value", "plaintext"}

// nested reads "x": {"value": "y"}.
func (r *reader) nested() bool {
	start := r.p
	r.blanks()
	if r.a.Is(KeyQuoted) && r.at(0) == '{' && r.defaultOf() {
		return true
	}
	r.p = start
	return false
}

// defaultOf reads the value in a block that is opened behind its name, as a Terraform
// variable's default or a template's parameter: variable "x" { default = "y" }, "x": {"value": "y"}.
// The block's other lines are at most 256 bytes.
func (r *reader) defaultOf() bool {
	r.p++
	start := r.p
	block := r.b[r.p:min(len(r.b), r.p+256)]
	if i := bytes.IndexAny(block, "{}["); i >= 0 {
		block = block[:i]
	}
	for _, field := range defaults {
		for at := 0; ; at++ {
			i := indexFold(block[at:], field)
			if i < 0 {
				break
			}
			at += i
			if at == 0 || !isSpace(block[at-1]) && !isQuote(block[at-1]) {
				continue
			}
			if r.p = start + at; r.field(len(field)) && r.a.Quote != 0 {
				return true
			}
		}
	}
	r.p = start
	return false
}
