package assign

// Fits tells why a is no credential in a file of these paths, "" where it may be.
// One path under which it may is enough; none at all is as good as an unknown one.
func (a Assignment) Fits(text []byte, paths []string) string {
	if len(paths) == 0 {
		return a.fits(text, unknown, false)
	}
	why := ""
	for _, p := range paths {
		if why = a.fits(text, kindOfPath(p), testPath(p)); why == "" {
			return ""
		}
	}
	return why
}

func (a *Assignment) fits(text []byte, k kind, test bool) string {
	if why := a.misfit(text, k, test); why != "" {
		return why
	}
	if a.score(text, k, test) < threshold {
		return "weak"
	}
	return ""
}

// misfit tells what the file's kind alone takes out: in a program a bare word is
// an expression, unless it stands in a string or a comment.
func (a *Assignment) misfit(text []byte, k kind, test bool) string {
	switch {
	case k == off:
		return "file kind"
	case test && a.vector(text):
		return "test vector"
	case test && hasFold(text[a.Value[0]:a.Value[1]], "change"):
		return "placeholder" // changeme, in an example or a test
	case k == code && a.Quote == 0 && !a.Is(InString) && !a.Is(Comment) && a.Op != Flag && a.Op != Element:
		return "expression"
	}
	return ""
}

// vector tells whether a is a line of a test's table of keys: those of a cipher's
// test vectors are in hex, and say no more than key.
func (a *Assignment) vector(text []byte) bool {
	strength, _ := meaning(text[a.Key[0]:a.Key[1]])
	v := text[a.Value[0]:a.Value[1]]
	return strength == aKey && count(v).hex == len(v)
}

// Weak tells why a, though it may well be a credential, deserves a remark rather
// than a stop: "well-known", the value is on everybody's list of guesses (it
// protects nothing, with or without the file), or "test", all its paths are those
// of tests and examples. "" says neither.
func (a Assignment) Weak(text []byte, paths []string) string {
	v := text[a.Value[0]:a.Value[1]]
	if is(v, guesses) || is(v, constants) || Counting(v) {
		return "well-known"
	}
	for _, p := range paths {
		if !testPath(p) {
			return ""
		}
	}
	if len(paths) == 0 {
		return ""
	}
	return "test"
}
