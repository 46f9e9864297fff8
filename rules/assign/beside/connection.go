package beside

import "bytes"

// connection reads the string that the value is a part of: Server=x;User Id=y;Password=z,
// host=x user=y password=z, jdbc:…//host/db?user=y&password=z.
func (v *view) connection(f *Facts) {
	from, to := v.container()
	whole := v.text[from:to]
	if bytes.IndexByte(whole, '=') < 0 {
		return
	}
	sep := byte(';')
	switch {
	case bytes.IndexByte(whole, ';') >= 0:
	case bytes.IndexByte(whole, '&') >= 0 || bytes.IndexByte(whole, '?') >= 0:
		sep = '&'
	case bytes.IndexByte(whole, ' ') >= 0:
		sep = ' '
	default:
		return
	}
	v.url(whole, f)
	for part := range bytes.SplitSeq(whole, []byte{sep}) {
		name, fact, ok := bytes.Cut(part, []byte("="))
		if i := bytes.LastIndexByte(name, '?'); i >= 0 {
			name = name[i+1:]
		}
		if !ok {
			continue
		}
		if k, ok := names[plain(name)]; ok {
			f.Put(k, bytes.Trim(fact, " \t'\"{}"), v.secret)
		}
	}
}

// container is the string or the rest of the line that the key stands in. Blanks
// part it where it is a command line's.
func (v *view) container() (from, to int) {
	from, to = v.key[0], v.value[1]
	for from > 0 && bytes.IndexByte([]byte("\"\n`<>"), v.text[from-1]) < 0 && !(v.text[from-1] == '\'' && v.text[v.value[0]-1] != '\'') {
		from--
	}
	for to < len(v.text) && bytes.IndexByte([]byte("\"\n`<>"), v.text[to]) < 0 && !(v.text[to] == '\'' && v.text[v.value[0]-1] != '\'') {
		to++
	}
	// name = host=x user=y: what is assigned begins behind the first sign
	if i := bytes.Index(v.text[from:v.key[0]], []byte(" = ")); i >= 0 {
		from += i + len(" = ")
	}
	return from, to
}

// url reads host and database of a URL with parameters, or of JDBC's //host;…
func (v *view) url(whole []byte, f *Facts) {
	i := bytes.Index(whole, []byte("://"))
	if i < 0 {
		return
	}
	rest := whole[i+3:]
	if end := bytes.IndexAny(rest, "?; "); end >= 0 {
		rest = rest[:end]
	}
	host, path, _ := bytes.Cut(rest, []byte("/"))
	if at := bytes.LastIndexByte(host, '@'); at >= 0 {
		host = host[at+1:]
	}
	f.Put(Host, host, v.secret)
	if bytes.Contains(whole[:i], []byte("sql")) || bytes.Contains(whole[:i], []byte("jdbc")) {
		f.Put(Database, path, v.secret)
	}
}
