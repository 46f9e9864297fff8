package beside

import "bytes"

// subjects are the words of SQL that a user's name follows, in the order in which
// they are looked for.
var subjects = [][]byte{[]byte("mapping for "), []byte("user "), []byte("role "), []byte("login "), []byte("password for "), []byte(" to ")}

// statement reads the user of an SQL statement that sets the password: what CREATE
// USER, ALTER ROLE, GRANT … TO and their like name before it.
func (v *view) statement(f *Facts) {
	lead := lowered(v.text[:v.key[0]])
	if i := bytes.LastIndexByte(lead, ';'); i >= 0 {
		lead = lead[i+1:]
	}
	from := -1
	for _, verb := range [][]byte{[]byte("create "), []byte("alter "), []byte("grant "), []byte("set ")} {
		from = max(from, bytes.LastIndex(lead, verb))
	}
	if from < 0 {
		return
	}
	offset := v.key[0] - len(lead)
	// "set password for x": the name itself is a part of it
	end := v.value[0]
	stretch := lowered(v.text[offset+from : end])
	for _, s := range subjects {
		i := bytes.Index(stretch, s)
		if i < 0 {
			continue
		}
		rest := v.text[offset+from+i+len(s) : end]
		rest = bytes.TrimLeft(rest, " \t'\"`[")
		if bytes.HasPrefix(lowered(rest), []byte("if not exists ")) {
			rest = bytes.TrimLeft(rest[len("if not exists "):], " \t'\"`[")
		}
		n := bytes.IndexAny(rest, " \t\r\n'\"`]@;,(")
		if n > 0 && !bytes.HasPrefix(lowered(rest), []byte("mapping")) {
			f.Put(User, rest[:n], v.secret)
			return
		}
	}
}

// options reads a command's options on the value's line: -u app, -h host. They
// count only where the value is an option's too, or stands in the command's environment.
func (v *view) options(f *Facts) {
	if v.key[0] > 0 && v.text[v.key[0]-1] != '-' && !bytes.HasSuffix(bytes.ToUpper(v.text[v.key[0]:v.key[1]]), []byte("PASSWORD")) {
		return
	}
	from := bytes.LastIndexByte(v.text[:v.key[0]], '\n') + 1
	to := len(v.text)
	if i := bytes.IndexByte(v.text[v.key[1]:], '\n'); i >= 0 {
		to = v.key[1] + i
	}
	fields := bytes.Fields(v.text[from:to])
	for i, o := range fields {
		if i+1 == len(fields) {
			break
		}
		next := bytes.Trim(fields[i+1], "\"'")
		switch string(o) {
		case "-u", "-U":
			f.Put(User, next, v.secret)
		case "-h", "-H", "-S":
			f.Put(Host, next, v.secret)
		}
	}
}

// arguments reads what is handed over before the value: login("app", "x").
func (v *view) arguments(f *Facts) {
	lead := bytes.TrimLeft(v.text[v.key[1]:v.value[0]], " =:")
	if len(lead) == 0 || lead[0] != '(' || bytes.IndexByte(lead, ',') < 0 {
		return
	}
	var before [][]byte
	for part := range bytes.SplitSeq(lead[1:], []byte(",")) {
		before = append(before, bytes.TrimSpace(part))
	}
	at := len(before) - 2 // the last one is the value's own quote
	if at >= 0 && quoted(before[at]) {
		f.Put(User, bytes.Trim(before[at], "\"'`"), v.secret)
	}
	if at == 1 && quoted(before[0]) && bytes.HasPrefix(v.text[v.key[0]:v.key[1]], []byte("mysqli")) {
		f.Put(Host, bytes.Trim(before[0], "\"'`"), v.secret)
	}
}

func quoted(b []byte) bool {
	return len(b) > 1 && (b[0] == '"' || b[0] == '\'') && b[len(b)-1] == b[0]
}
