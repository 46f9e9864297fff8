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

// pair reads the value that stands in a field of its own, beside the name's:
//
//	name: DB_PASSWORD        {"Name": "DB_PASSWORD",        <add key="DbPassword"
//	value: x                  "Value": "x"}                     value="x"/>
func (r *reader) pair() bool {
	if !r.pairedName() {
		return false
	}
	r.space(1)
	if r.at(0) == ',' {
		r.p++
	}
	r.space(1)
	for r.at(0) == '\\' || isQuote(r.at(0)) {
		r.p++
	}
	for _, field := range []string{"value", "parametervalue", "defaultvalue"} {
		if !r.has(field) {
			continue
		}
		r.p += len(field)
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
	return false
}

// fieldValue reads a pair's value. It stands on a line that the name is not on,
// so what is known of the name's line says nothing of it.
func (r *reader) fieldValue() bool {
	r.blanks()
	n := 0
	for r.at(n) == '\\' {
		n++
	}
	r.a.Op = Pair
	if q := r.at(n); isQuote(q) {
		first := r.p + n + 1
		last := r.stringEnd(first, q, n > 0)
		r.a.Value, r.a.Quote = [2]int{first, last}, q
		return last > first
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

// defaultOf reads a Terraform variable's default: variable "x" { default = "y" }.
// The block's other lines are at most 256 bytes.
func (r *reader) defaultOf() bool {
	block := r.b[r.p:min(len(r.b), r.p+256)]
	if i := bytes.IndexByte(block, '}'); i >= 0 {
		block = block[:i]
	}
	i := bytes.Index(block, []byte("default"))
	if i < 0 || !isSpace(block[i-1]) {
		return false
	}
	r.p += i + len("default")
	r.blanks()
	if r.at(0) != '=' {
		return false
	}
	r.p++
	return r.fieldValue() && r.a.Quote != 0
}
