package assign

import "bytes"

// surroundings lists what the line that a stands on, and the lines beside it, say.
func (f *features) surroundings(a *Assignment, text []byte) {
	from, to := a.lineBounds(text)
	line := text[from:to]
	lead := text[from:a.Key[0]]
	f.when(claims.in(lead), fAsserted)
	f.when(bytes.Contains(lead, []byte("~r")) || bytes.Contains(lead, []byte("grep")) || bytes.Contains(lead, []byte("sed ")) || contains(lead, "regex") || contains(lead, "match"), fMatched)
	f.when(a.companion(text), fCompanion)
	f.when(prosaic(line), fSentence)
	f.when(a.doubled(text, line, from), fDoubled)
	f.when(commands.starts(bytes.TrimLeft(line, " \t$>#-*`'\"")), fShell)
}

// window gives the bounds of what may be looked at round a.
func (a *Assignment) window(text []byte) (low, high int) {
	return max(0, a.at-Reach), min(len(text), a.end+Reach)
}

// lineBounds gives the bounds of the line that the name stands on, within the window.
func (a *Assignment) lineBounds(text []byte) (from, to int) {
	low, high := a.window(text)
	from, to = low, high
	if i := bytes.LastIndexByte(text[low:a.Key[0]], '\n'); i >= 0 {
		from = low + i + 1
	}
	if i := bytes.IndexByte(text[a.Key[0]:high], '\n'); i >= 0 {
		to = a.Key[0] + i
	}
	return from, to
}

var (
	claims   = vocabularyOf("assert", "expect", "should", "refute", "raise", "throw", "equal", "validate")
	commands = vocabularyOf("curl ", "docker ", "mysql ", "psql ", "export ", "kubectl ", "helm ", "heroku ", "sudo ", "ssh", "wget ", "aws ", "az ", "gcloud ", "echo ", "set ", "java ", "python ", "node ", "npm ", "git ", "run ", "./", "sh ", "bash ")
	fellows  = vocabularyOf("user", "login", "host", "server", "email", "mail", "client_id", "clientid", "access_key_id", "database", "account", "port", "domain", "endpoint", "url")
)

// companion tells whether what belongs to a credential stands beside it, within
// 120 bytes: a user, a host, an address.
func (a *Assignment) companion(text []byte) bool {
	const near = 120
	low, high := a.window(text)
	return fellows.in(text[max(low, a.Key[0]-near):a.Key[0]]) || fellows.in(text[a.Value[1]:max(a.Value[1], min(high, a.Value[1]+near))])
}

// prosaic tells whether a line reads as a sentence: at least six words of letters
// with blanks between them, for most of its length.
func prosaic(line []byte) bool {
	words, length := 0, 0
	for word := range bytes.FieldsSeq(line) {
		word = bytes.TrimRight(word, ".,;:")
		t := count(word)
		if t.lower+t.upper == len(word) && len(word) > 0 {
			words++
			length += len(word) + 1
		}
	}
	return words >= 6 && length*2 > len(line)
}

// doubled tells whether the value stands on its line once more.
func (a *Assignment) doubled(text, line []byte, from int) bool {
	v := text[a.Value[0]:a.Value[1]]
	at, end := a.Value[0]-from, a.Value[1]-from
	if at < 0 || end > len(line) {
		return false
	}
	return bytes.Contains(line[:at], v) || bytes.Contains(line[end:], v)
}
