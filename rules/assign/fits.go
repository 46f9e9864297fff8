package assign

import (
	"bytes"
	"strings"

	"github.com/oakum-sec/oakum/rules/assign/letters"
)

// Fits tells why a is no credential in a file of these paths, "" where it may be.
// One path under which it may is enough; none at all is as good as an unknown one.
func (a Assignment) Fits(text []byte, paths []string) string {
	if len(paths) == 0 {
		return a.fits(text, unknown, false)
	}
	why := ""
	for _, p := range paths {
		if why = a.fits(text, a.kindIn(kindOfPath(p), p), testPath(p)); why == "" {
			return ""
		}
	}
	return why
}

func (a *Assignment) fits(text []byte, k kind, test bool) string {
	if why := a.misfit(text, k, test); why != "" {
		return why
	}
	if a.score(text, k, test) < floor {
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
	case bytes.HasSuffix(text[:a.Key[0]], []byte("checksum/")):
		return "hash" // Helm's way of having pods restart: checksum/secret, of a template
	case k == code && a.named(text):
		return "name again"
	case k == code && a.endless(text):
		return "expression"
	case k == code && a.Quote == 0 && !a.Is(InString) && !a.Is(Comment) && a.Op != Flag && a.Op != Element:
		return "expression"
	}
	return ""
}

// named tells whether a program gives a name its own self: a table from names to
// names, or a member of an enumeration. {"password": "password"}, PASSWORD = "password".
func (a *Assignment) named(text []byte) bool {
	name, v := text[a.Key[0]:a.Key[1]], text[a.Value[0]:a.Value[1]]
	capitals := a.Op == Assign && count(name).lower == 0 && count(v).upper == 0
	return a.Quote != 0 && bytes.EqualFold(name, v) && (capitals || a.Is(KeyQuoted) && a.Op == Colon)
}

// endless tells whether a stands on a line that has no end in sight, as those of
// bundles, and its value is none that a machine drew: strings and what stands between
// two of them are not told apart there.
func (a *Assignment) endless(text []byte) bool {
	low, high := a.window(text)
	from, to := a.lineBounds(text)
	look := letters.Of(text[a.Value[0]:a.Value[1]])
	return from == low && to == high && high-low > Reach && look.Chance() <= 0
}

// vector tells whether a is a line of a test's table of keys: those of a cipher's
// test vectors are in hex, and say no more than key.
func (a *Assignment) vector(text []byte) bool {
	strength, _ := a.means(text)
	v := text[a.Value[0]:a.Value[1]]
	return strength == aKey && count(v).hex == len(v)
}

// Weak tells why a, though it may well be a credential, deserves a remark rather
// than a stop: "well-known", the value is on everybody's list of guesses (it
// protects nothing, with or without the file), "test", all its paths are those of
// tests and examples, or "documentation", it is made up and all its paths are those
// of documentation. "" says neither.
func (a Assignment) Weak(text []byte, paths []string) string {
	v := text[a.Value[0]:a.Value[1]]
	if is(v, guesses) || is(v, constants) || Counting(v) {
		return "well-known"
	}
	if len(paths) == 0 {
		return ""
	}
	tests, docs := 0, 0
	for _, p := range paths {
		tests += b2i(testPath(p))
		docs += b2i(a.documented(p, v))
	}
	switch len(paths) {
	case tests:
		return "test"
	case docs:
		return "documentation"
	}
	return ""
}

// documented tells whether a value of a documentation looks made up for it: it
// tells how a password looks, and is none that a machine drew.
func (a *Assignment) documented(path string, v []byte) bool {
	look := letters.Of(v)
	return a.kindIn(kindOfPath(path), path) == docs && look.Sort() <= letters.Password
}

// kindIn is the kind of text that a stands in, in a file of kind k: a line of YAML in
// a Python file is a docstring's example, as modules of Ansible have them.
func (a *Assignment) kindIn(k kind, path string) kind {
	if k == code && strings.HasSuffix(path, ".py") && a.Op == Colon && a.Quote != 0 && a.Is(LineStart) && !a.Is(KeyQuoted) && a.Next == 0 {
		return docs
	}
	return k
}
