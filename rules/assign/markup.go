package assign

import "bytes"

// tagged tells whether the name is an XML element's: <password>, <ns:password>.
func (r *reader) tagged() bool {
	i := r.a.Key[0] - 1
	if i > 0 && r.b[i] == ':' {
		for i--; i > 0 && isWord(r.b[i]); i-- {
		}
	}
	return i >= 0 && r.b[i] == '<'
}

// attributes steps over an element's attributes to the end of its tag.
func (r *reader) attributes() bool {
	line := r.line(160)
	i := bytes.IndexByte(line, '>')
	if i < 1 || line[i-1] == '/' {
		return false
	}
	r.p += i
	return true
}

// nameAttribute tells whether the quoted name is the value of an attribute that
// names its element: name="password", key="password". type="password" does not.
func (r *reader) nameAttribute() bool {
	i := r.a.Key[0] - 1
	if i < 0 || !isQuote(r.b[i]) {
		return false
	}
	lead := r.b[max(0, i-6):i]
	return bytes.HasSuffix(lead, []byte("name=")) || bytes.HasSuffix(lead, []byte("key="))
}

// element reads the text of the element whose tag ends here, or of the <value> that
// is all that stands in it.
func (r *reader) element() bool {
	r.p++
	r.space(1)
	if r.has("<value>") {
		r.p += len("<value>")
		r.space(1)
	}
	if r.has("<![cdata[") {
		r.p += len("<![cdata[")
	}
	first := r.p
	i := first
	for i < min(len(r.b), first+MaxValue+1) && r.b[i] != '<' && r.b[i] != '\n' && r.b[i] != ']' {
		if r.b[i] == '&' {
			r.a.Traits |= Spelt
		}
		i++
	}
	if i == len(r.b) || r.b[i] == '<' && (i+1 == len(r.b) || r.b[i+1] != '/') {
		return false // ends nowhere, or other elements follow
	}
	for i > first && isSpace(r.b[i-1]) {
		i--
	}
	r.a.Op, r.a.Value = Element, [2]int{first, i}
	return i-first <= MaxValue
}

// plist reads <key>Password</key> <string>x</string>.
func (r *reader) plist() bool {
	if !r.has("</key>") {
		return false
	}
	r.p += len("</key>")
	r.space(1)
	if !r.has("<string>") {
		return false
	}
	r.p += len("<string>") - 1
	return r.element()
}
