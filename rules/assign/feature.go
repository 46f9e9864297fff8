package assign

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
	fOp                                                         // one for each Op, see opIndex
	fLength    = fOp + numOps                                   // one for each lengthClass, twice: words, odd
	fOdd       = fLength + 2*numLengths                         // one for each oddClass
	fKind      = fOdd + numOdds                                 // kind × bare
	fMeans     = fKind + 2*feature(numKinds)                    // strength × shape
	fShape     = fMeans + strengths*feature(numShapes)          // kind × shape
	fMeansLen  = fShape + feature(int(numKinds)*int(numShapes)) // strength × lengthClass
	fMeansOp   = fMeansLen + strengths*numLengths               // strength × Op
	fMeansKind = fMeansOp + strengths*numOps                    // strength × kind
	fCount     = fMeansKind + strengths*feature(numKinds)
	numOps     = 11
	numOdds    = 8
	numLengths = 11
)

// features is a list of those that are there; an assignment has about 25.
type features struct {
	on    [40]feature
	n     int
	means strength
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
	strength, last := meaning(name)
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
	return f, s
}

// place lists the features that the file of kind k gives to a value of shape s.
func (a *Assignment) place(s shape, m strength, k kind, test bool) (f features) {
	f.add(fMeansKind + feature(m)*feature(numKinds) + feature(k))
	f.add(fShape + feature(k)*feature(numShapes) + feature(s))
	f.add(fKind + 2*feature(k) + feature(b2i(a.Quote == 0)))
	f.when(test, fTestPath)
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
}

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
