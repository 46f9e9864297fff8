package assign

import "github.com/oakum-sec/oakum/rules/assign/letters"

// feature is a fact about an assignment that speaks for or against it. Each is
// there or not; the weights of those that are there are added up. Pairs of facts
// (a name's strength and a value's shape, say) have a weight for each combination,
// because that is where the evidence lies: a plain word is a likely password and
// an unlikely token.
type feature uint16

const (
	fBias       feature = iota // always there
	fNameLast                  // the word that says secret is the name's last
	fNameSingle                // the name is one run of letters: password, SECRET
	fNameUpper                 // NAME
	fNameDotted                // a.b.name
	fNameTest                  // a word such as test, expected, wrong in the name
	fNameAbout                 // a word such as reset, check, error in the name
	fKeyQuoted                 // see Traits, here and below
	fInString
	fLineStart
	fComment
	fWrapped
	fTyped
	fDollar
	fTail
	fTestPath // see testPath
	fNextPlus // the value goes on: "x" + y
	fNextDot  // "x".method()
	fNextComma
	fNextParen
	fBeforeParen     // f(password="x")
	fBeforeComma     // f(user="a", password="x")
	fBeforeEqual     // dsn = "password=x"
	fStandIn         // a word of doubts in the value
	fHoldsSecretWord // the value says password, key …: a name more often than a secret
	fHoldsName       // the value is a part of the name
	fTestWord        // a word such as test, dummy in the value
	fSpaces
	fEscapes // \n, \x00, \u00e9
	fFormat  // %s, {}
	fWide    // beyond ASCII
	fBare
	fSingleQuote
	fMine                                                       // my…, a word that documentation begins values with
	fStale                                                      // new, old, wrong, other …: one of several that a test or a form compares
	fNumbered                                                   // the name's own word and a number: password1, secret2
	fAsserted                                                   // assert, expect, should on the line
	fMatched                                                    // the line is a regular expression or searches for one
	fCompanion                                                  // a user, a host or the like is set beside it
	fSentence                                                   // words stand around it, as in prose
	fDoubled                                                    // the value stands on the line twice
	fShell                                                      // the line is a command
	fRunOn                                                      // letters of one case, 20 and more, without a joint: a passphrase run together
	fOp                                                         // one for each Op, see opIndex
	fLength    = fOp + numOps                                   // one for each lengthClass, twice: words, odd
	fOdd       = fLength + 2*numLengths                         // one for each oddClass
	fKind      = fOdd + numOdds                                 // kind × bare
	fMeans     = fKind + 2*feature(numKinds)                    // strength × shape
	fShape     = fMeans + strengths*feature(numShapes)          // kind × shape
	fMeansLen  = fShape + feature(int(numKinds)*int(numShapes)) // strength × lengthClass
	fMeansOp   = fMeansLen + strengths*numLengths               // strength × Op
	fMeansKind = fMeansOp + strengths*numOps                    // strength × kind
	fSort      = fMeansKind + strengths*feature(numKinds)       // strength × letters.Sort
	fKindSort  = fSort + strengths*feature(letters.Sorts)       // kind × letters.Sort
	fChance    = fKindSort + feature(numKinds)*feature(letters.Sorts)
	fChoice    = fChance + numChances               // see chanceClass
	fTestSort  = fChoice + numChances               // letters.Sort, in a test's path
	fTestShape = fTestSort + feature(letters.Sorts) // shape, in a test's path
	fCount     = fTestShape + feature(numShapes)
	numChances = 12
	numOps     = 11
	numOdds    = 8
	numLengths = 11
)

// features is a list of those that are there; an assignment has about 20.
type features struct {
	on    [56]feature
	n     int
	means strength
	sort  letters.Sort
}

func (f *features) add(x feature) {
	f.on[f.n] = x
	f.n++
}

func (f *features) when(there bool, x feature) {
	if there && f.n < len(f.on)-1 {
		f.add(x)
	}
}

// describe lists the features of a that its bytes give, and the shape of its value.
func (a *Assignment) describe(text []byte) (f features, s shape) {
	name, v := text[a.Key[0]:a.Key[1]], text[a.Value[0]:a.Value[1]]
	f.add(fBias)
	strength, last := a.means(text)
	t := count(v)
	s = shapeOf(v, &t)
	f.add(fMeans + feature(strength)*feature(numShapes) + feature(s))
	f.add(fMeansLen + feature(strength)*numLengths + lengthClass(len(v)))
	f.add(fMeansOp + feature(strength)*numOps + opIndex(a.Op))
	f.means = strength
	odd := oddity(v)
	f.add(fOdd + oddClass(odd, len(v)))
	f.add(fLength + 2*lengthClass(len(v)) + feature(b2i(odd > len(v)/2)))
	f.add(fOp + opIndex(a.Op))
	f.when(last, fNameLast)
	f.nameFacts(name)
	f.traits(a)
	f.valueFacts(name, v, &t)
	f.likeness(v)
	f.surroundings(a, text)
	return f, s
}

// likeness lists what the value's characters look like.
func (f *features) likeness(v []byte) {
	look := letters.Of(v)
	f.sort = look.Sort()
	f.add(fSort + feature(f.means)*feature(letters.Sorts) + feature(f.sort))
	f.add(fChance + chanceClass(look.Chance()))
	f.add(fChoice + chanceClass(look.Choice()))
}

// chanceClass cuts evidence into steps of 4 bits, from -20 bits to 20.
func chanceClass(parts int) feature {
	return feature(max(0, min(numChances-1, parts/(4*letters.Bit)+numChances/2)))
}

// place lists the features that the file of kind k gives to a value of shape s.
func (a *Assignment) place(s shape, m strength, sort letters.Sort, k kind, test bool) (f features) {
	f.add(fMeansKind + feature(m)*feature(numKinds) + feature(k))
	f.add(fShape + feature(k)*feature(numShapes) + feature(s))
	f.add(fKind + 2*feature(k) + feature(b2i(a.Quote == 0)))
	f.add(fKindSort + feature(k)*feature(letters.Sorts) + feature(sort))
	f.when(test, fTestPath)
	f.when(test, fTestSort+feature(sort))
	f.when(test, fTestShape+feature(s))
	return f
}

func (f *features) nameFacts(name []byte) {
	t := count(name)
	f.when(t.upper+t.lower+t.digit == len(name) && (t.upper == 0 || t.lower == 0), fNameSingle)
	f.when(t.lower == 0, fNameUpper)
	f.when(t.punct > 0, fNameDotted)
	f.when(testWords.in(name), fNameTest)
	f.when(about(name), fNameAbout)
}

func (f *features) traits(a *Assignment) {
	f.when(a.Is(KeyQuoted), fKeyQuoted)
	f.when(a.Is(InString), fInString)
	f.when(a.Is(LineStart), fLineStart)
	f.when(a.Is(Comment), fComment)
	f.when(a.Is(Wrapped), fWrapped)
	f.when(a.Is(Typed), fTyped)
	f.when(a.Is(Dollar), fDollar)
	f.when(a.Is(Tail), fTail)
	f.when(a.Quote == 0, fBare)
	f.when(a.Quote == '\'', fSingleQuote)
	f.when(a.Next == '+' || a.Next == '%', fNextPlus)
	f.when(a.Next == '.', fNextDot)
	f.when(a.Next == ',', fNextComma)
	f.when(a.Next == ')', fNextParen)
	f.when(a.Before == '(', fBeforeParen)
	f.when(a.Before == ',', fBeforeComma)
	f.when(a.Before == '=' || a.Before == ':', fBeforeEqual)
}

func (f *features) valueFacts(name, v []byte, t *tally) {
	f.when(doubts.in(v), fStandIn)
	f.when(secretWords.in(v), fHoldsSecretWord)
	f.when(holds(name, v), fHoldsName)
	f.when(testWords.in(v), fTestWord)
	f.when(t.space > 0, fSpaces)
	f.when(contains(v, `\n`) || contains(v, `\x`) || contains(v, `\u`), fEscapes)
	f.when(contains(v, "%s") || contains(v, "%d") || contains(v, "%v") || contains(v, "{}"), fFormat)
	f.when(t.wide > 0, fWide)
	f.when(hasFold(v, "my") || hasFold(v, "the"), fMine)
	f.when(stale.in(v), fStale)
	f.when(numbered(v), fNumbered)
	f.when(len(v) >= 20 && (t.lower == len(v) || t.upper == len(v)), fRunOn)
}

var stale = vocabularyOf("new", "old", "wrong", "other", "another", "different", "short", "ignored", "some", "random", "user", "name", "value", "string", "foo", "bar")

// numbered tells whether a value is a word for a secret and a digit or three: password1.
func numbered(v []byte) bool {
	n := len(v)
	for n > 0 && isDigit(v[n-1]) {
		n--
	}
	return n < len(v) && len(v)-n <= 3 && is(v[:n], secretNouns)
}

var secretNouns = set("password", "passwd", "pass", "pwd", "secret", "token", "key", "credential", "passphrase", "user", "test", "admin")

// holds tells whether name contains v in any case.
func holds(name, v []byte) bool {
	for i := 0; i+len(v) <= len(name); i++ {
		j := 0
		for j < len(v) && lower(name[i+j]) == lower(v[j]) {
			j++
		}
		if j == len(v) {
			return true
		}
	}
	return false
}

var (
	testWords   = vocabularyOf("test", "fake", "example", "dummy", "wrong", "invalid", "expected", "mock", "sample", "some", "foo", "bogus")
	secretWords = vocabularyOf("pass", "secret", "token", "key", "credential", "auth", "pwd")
)

func opIndex(op Op) feature {
	for i, o := range [numOps - 1]Op{Assign, Colon, Arrow, Compare, Call, Comma, Space, Flag, Element, Pair} {
		if o == op {
			return feature(i)
		}
	}
	return numOps - 1
}

func lengthClass(n int) feature {
	for i, top := range [numLengths - 1]int{4, 5, 6, 7, 9, 12, 16, 24, 31, 40} {
		if n <= top {
			return feature(i)
		}
	}
	return numLengths - 1
}

// oddClass cuts oddity a byte into steps of half a bit.
func oddClass(odd, n int) feature {
	return feature(max(0, min(numOdds-1, (odd+6*n)/(2*n))))
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
