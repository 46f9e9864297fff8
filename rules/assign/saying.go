package assign

import (
	"fmt"

	"github.com/oakum-sec/oakum/rules/assign/letters"
)

// Reason says an answer of Plausible, Fits or Account.Why in a sentence.
func Reason(why string) string {
	if s, ok := reasons[why]; ok {
		return s
	}
	return why
}

var reasons = map[string]string{
	"short":       "it has fewer than four characters",
	"name":        "the name is about a secret, or means something else: a type, a field, a public key",
	"weak name":   "the name says no more than key, and the value is not random",
	"attribute":   "it is an attribute of markup",
	"reference":   "it points at a secret that is kept elsewhere: a variable, a template, a path, a store",
	"placeholder": "it stands for a value to be filled in, or masks one",
	"constant":    "it is a word that languages and formats give a meaning to, or a constant's name",
	"pattern":     "it is a regular expression, a glob or a colour",
	"hash":        "it is a hash or a public key",
	"uuid":        "it is a UUID, and the name does not insist that it is secret",
	"expression":  "it is code: a call, a path of names, a variable",
	"prose":       "it is words for people",
	"name again":  "it is the name in another spelling",
	"file kind":   "nobody writes assignments into a file of this kind: lock files, bundles, translations, style sheets",
	"test vector": "it is a key of a test's table of ciphers",
	"weak":        "what speaks against it weighs more than what speaks for it",
}

// String says a fact for people, as it would follow "it weighs that".
func (f Fact) String() string {
	x := feature(f.Index)
	if x < fOp {
		return facts[x]
	}
	for i := len(groups) - 1; i >= 0; i-- {
		if g := groups[i]; x >= g.from {
			return g.say(int(x - g.from))
		}
	}
	return ""
}

// facts are the words of those that are there or not, in the order of feature.go.
var facts = [fOp]string{
	"candidates are what they are, before anything is known", "the secret is the name's last word", "the name is a single word", "the name is in capitals", "the name is a path",
	"the name speaks of a test", "the name speaks of a check, a change or an error", "the name is quoted", "it stands inside a longer string",
	"the line begins with it", "the line is a comment", "it is converted", "it has a type", "the name is a variable or an option", "words follow it",
	"the file is a test's or an example", "it is joined to something", "a method is called on it", "a comma follows", "a bracket closes behind it",
	"it is an argument, the first", "it is an argument, or one of several", "it is inside another assignment", "it has a word that examples have",
	"it has a word for a secret in it", "it is a part of its name", "it has a word of tests in it", "it has blanks", "it has escapes", "a program fills it in",
	"it has letters beyond ASCII", "it has no quotes", "it is in single quotes", "it begins like documentation's: my…, the…", "it says new, old, user, some and the like",
	"it is a word for a secret and a number", "the line asserts something", "the line searches for a pattern", "a user, a host or an address is near", "the line is a sentence",
	"it stands on the line twice", "the line is a command", "it is letters that run on without a joint",
}

// groups say the facts of which one each is there.
var groups = []struct {
	from feature
	say  func(i int) string
}{
	{fOp, func(i int) string { return "it is joined to its name by " + nth(opWords[:], i) }},
	{fLength, func(i int) string {
		return "it has " + lengthWords(i/2) + pick(i%2 == 1, ", unlike words", ", like words")
	}},
	{fOdd, func(i int) string { return "its letters follow each other " + nth(oddWords[:], i) }},
	{fKind, func(i int) string {
		return nth(kindWords[:], i/2) + pick(i%2 == 1, ", and it has no quotes", ", and it is quoted")
	}},
	{fMeans, func(i int) string {
		return nth(strengthWords[:], i/int(numShapes)) + ", and it is " + nth(shapeWords[:], i%int(numShapes))
	}},
	{fShape, func(i int) string {
		return nth(kindWords[:], i/int(numShapes)) + ", and it is " + nth(shapeWords[:], i%int(numShapes))
	}},
	{fMeansLen, func(i int) string {
		return nth(strengthWords[:], i/numLengths) + ", and it has " + lengthWords(i%numLengths)
	}},
	{fMeansOp, func(i int) string {
		return nth(strengthWords[:], i/numOps) + ", joined by " + nth(opWords[:], i%numOps)
	}},
	{fMeansKind, func(i int) string {
		return nth(strengthWords[:], i/int(numKinds)) + ", and " + nth(kindWords[:], i%int(numKinds))
	}},
	{fSort, func(i int) string {
		return nth(strengthWords[:], i/int(letters.Sorts)) + ", and it looks like " + letters.Sort(i%int(letters.Sorts)).String()
	}},
	{fKindSort, func(i int) string {
		return nth(kindWords[:], i/int(letters.Sorts)) + ", and it looks like " + letters.Sort(i%int(letters.Sorts)).String()
	}},
	{fChance, func(i int) string { return "a machine drew it: " + evidenceWords(i) }},
	{fChoice, func(i int) string { return "a person made it up as a password: " + evidenceWords(i) }},
	{fTestSort, func(i int) string {
		return "the file is a test's or an example, and it looks like " + letters.Sort(i).String()
	}},
	{fTestShape, func(i int) string { return "the file is a test's or an example, and it is " + nth(shapeWords[:], i) }},
}

func nth(words []string, i int) string {
	if i < len(words) {
		return words[i]
	}
	return "?"
}

// lengthWords says a lengthClass.
func lengthWords(class int) string {
	tops := [...]int{4, 5, 6, 7, 9, 12, 16, 24, 31, 40}
	if class >= len(tops) {
		return fmt.Sprintf("more than %d characters", tops[len(tops)-1])
	}
	return fmt.Sprintf("%d characters at most", tops[class])
}

// evidenceWords says a chanceClass, in bits.
func evidenceWords(class int) string {
	switch bits := 4 * (class - numChances/2); {
	case class == 0:
		return "20 bits of evidence and more against it"
	case class == numChances-1:
		return "20 bits of evidence and more for it"
	case bits < 0:
		return fmt.Sprintf("about %d bits of evidence against it", -bits)
	default:
		return fmt.Sprintf("%d to %d bits of evidence for it", bits, bits+4)
	}
}

var (
	opWords       = [...]string{"=", ":", "an arrow", "a comparison", "a call", "a comma", "a blank", "a blank behind an option", "an element of markup", "fields of a pair", "a fallback"}
	oddWords      = [...]string{"as in words", "nearly as in words", "about as in words", "a little unlike words", "unlike words", "very unlike words", "as if at random", "quite at random"}
	kindWords     = [...]string{"the file's kind is not known", "the file is a configuration", "the file is a shell script", "the file is JSON", "the file is markup", "the file is documentation", "the file is a program", "the file is SQL", "the file is a log", "the file is generated"}
	strengthWords = [...]string{"the name means something else", "the name says key", "the name says token or credential", "the name says API key or the like", "the name says secret", "the name says password", "the name says nothing known"}
	shapeWords    = [...]string{"on everybody's list of guesses", "a number", "a word", "lower-case letters at random", "words in camel case", "letters in both cases at random", "a constant's name", "words with joints", "words and digits", "short and random",
		"long and random", "long hex", "long base64", "marked like a password", "punctuated like a path", "punctuated at random"}
)
