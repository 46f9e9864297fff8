package assign

// maxWords is how many words of a name are looked at, from its end.
const maxWords = 8

// phrase is a name cut into words: at underscores, dashes, dots and where the
// case rises. words[0] is the last one. Words are compared in lower case.
type phrase struct {
	words [maxWords][]byte
	n     int
}

// split cuts a name, from its end.
func split(name []byte) (p phrase) {
	for to := len(name); to > 0 && p.n < maxWords; {
		if !isLetter(name[to-1]) {
			to--
			continue
		}
		from := to - 1
		for from > 0 && isLetter(name[from-1]) && !rises(name, from) {
			from--
		}
		p.words[p.n] = name[from:to]
		p.n++
		to = from
	}
	return p
}

// rises tells whether a new word begins at name[i], a letter behind a letter:
// dbPassword, HTTPToken.
func rises(name []byte, i int) bool {
	if !isUpper(name[i]) {
		return false
	}
	return !isUpper(name[i-1]) || i+1 < len(name) && isLetter(name[i+1]) && !isUpper(name[i+1]) && !(name[i+1] == 's' && i+2 == len(name))
}

// is tells whether a word, in lower case, is one of list, which holds words
// between blanks: " id name type ". A plural s is not told apart.
func is(word []byte, list map[string]struct{}) bool {
	var low [24]byte
	if len(word) > len(low) {
		return false
	}
	for i, c := range word {
		low[i] = lower(c)
	}
	w := low[:len(word)]
	if _, ok := list[string(w)]; ok {
		return true
	}
	if n := len(w); n > 3 && w[n-1] == 's' {
		_, ok := list[string(w[:n-1])]
		return ok
	}
	return false
}

// set makes a set of words.
func set(words ...string) map[string]struct{} {
	m := make(map[string]struct{}, len(words))
	for _, w := range words {
		m[w] = struct{}{}
	}
	return m
}

// contains tells whether word, in lower case, occurs in b in any case.
func contains(b []byte, word string) bool {
	for i := 0; i+len(word) <= len(b); i++ {
		if lower(b[i]) == word[0] && hasFold(b[i:], word) {
			return true
		}
	}
	return false
}

func hasFold(b []byte, prefix string) bool {
	if len(b) < len(prefix) {
		return false
	}
	for i := range len(prefix) {
		if lower(b[i]) != prefix[i] {
			return false
		}
	}
	return true
}

// vocabulary is a list of words by their first byte, so that one pass over a
// name or value looks for all of them.
type vocabulary [128][]string

func vocabularyOf(words ...string) *vocabulary {
	var v vocabulary
	for _, w := range words {
		v[w[0]] = append(v[w[0]], w)
	}
	return &v
}

// in tells whether one of the words occurs in b in any case.
func (v *vocabulary) in(b []byte) bool {
	for i := range b {
		if c := lower(b[i]); c < 128 && v[c] != nil && v.begins(b[i:], c) {
			return true
		}
	}
	return false
}

// starts tells whether b begins with one of the words.
func (v *vocabulary) starts(b []byte) bool {
	if len(b) == 0 {
		return false
	}
	c := lower(b[0])
	return c < 128 && v.begins(b, c)
}

func (v *vocabulary) begins(b []byte, c byte) bool {
	for _, w := range v[c] {
		if hasFold(b, w) {
			return true
		}
	}
	return false
}
