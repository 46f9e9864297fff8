// Package assign finds the generic credential: a name that says it is a secret,
// beside a value that looks like one.
//
//	DB_PASSWORD=…          password: "…"          setApiKey("…")          <password>…</password>
//
// No pattern fits all the ways in which people write that, and one that tried
// would be slow and wrong. So there is a hand-written reader instead, in three
// steps, each stricter and dearer than the one before. A prefilter finds one of
// [Keywords]; [Parse] looks at the bytes around it for a name, an operator and a
// value; [Assignment.Plausible] takes out what cannot be a credential by its
// bytes alone; [Assignment.Fits], which knows the file's path, weighs the rest.
//
// The answers of the last two, by which a summary counts what was taken out:
//
//	short        fewer than four bytes                    hash         a password's or file's hash, a public key
//	name         the name means something else            uuid         an identifier
//	weak name    a mere "key", and no random value         expression   code: a call, a path of names, a bare word in a program
//	reference    points at a secret kept elsewhere         prose        several words
//	placeholder  a mask, a form to fill in                 name again   the value is the name in another spelling
//	constant     a word of a language or format            file kind    lock files, bundles, style sheets
//	pattern      a regular expression, a glob, a colour    test vector  a table of a cipher's keys in a test
//	weak         the weights say no          attribute    of an element of markup
//
// The weights are a logistic regression over facts that can be named (feature.go):
// what the name says, what the value looks like (package letters, random.go), how the
// two are joined, what stands around them, what kind of file it is. A curve makes a
// probability of their sum, and a finding's confidence is that. tools/learn/assignment
// learns both; [Accounts] is its door, and that of `oakum explain`.
//
// Measured by tools/learn/labelled, that is by the scanner with all rules at its
// defaults, on labelled lines of repositories that nothing was learnt from: precision
// 0.90 and recall 0.73 on all rows of the generic categories, 0.93 and 0.84 without
// those on which people disagree (docs/quality.md says which). What is left among the
// wrong ones are mostly "password" and its like: a default in one repository,
// documentation in the next.
//
// It promises that Parse and Plausible depend on nothing but the keyword and
// [Reach] bytes to either side of it, so that a text read in windows gives what
// the whole text gives; that none of the three allocates (Plainly does, for a value that is Spelt); and that nothing in
// here, messages included, repeats a value.
//
// A value may stand in several pieces ("ab" + "cd"), on the lines that follow, and
// with escapes in it ([Assignment.Plain]); the weights are asked about what the
// program makes of it ([Assignment.Plainly]).
//
// Its limits: a value has no line ends, is at most [MaxValue] bytes long, and is made
// of literals: what a program computes is not seen. It reads no file's syntax, only
// what stands near the name.
package assign

import "github.com/oakum-sec/oakum/rules/assign/literal"

// Reach is how many bytes to either side of a keyword are looked at.
const Reach = 512

// MaxValue is the longest value in bytes. Longer ones are keys and tokens with
// a format of their own, or data.
const MaxValue = 384

// maxName is how far a name reaches to either side of its keyword.
const maxName = 64

// Assignment is a name and the value that stands beside it, as offsets into the
// text that was parsed. Key is the whole name, dotted path and all, without
// quotes; Value is without quotes too.
type Assignment struct {
	Key, Value [2]int
	Quote      byte // round the value: " ' or `; 0 where it is bare
	Op         Op
	Traits     Traits
	Before     byte // the byte before the name and its quote, spaces skipped; 0 where the line starts
	Next       byte // the byte after the value and its quote, spaces skipped; 0 where the line ends
	at, end    int  // the keyword
	style      literal.Style
}

// Op is how name and value are joined.
type Op byte

const (
	Assign   Op = '=' // = := ?= ||= and their like
	Colon    Op = ':' // : of YAML, JSON, object literals
	Arrow    Op = '>' // => -> <-
	Compare  Op = '~' // == === != and their like: the value is known to the code all the same
	Call     Op = '(' // setPassword("x")
	Comma    Op = ',' // put("password", "x")
	Space    Op = ' ' // ENV X y, PASSWORD 'x'
	Flag     Op = '-' // --password x
	Element  Op = '<' // <password>x</password>
	Pair     Op = 'v' // name: X, value: y
	Fallback Op = '|' // getenv("X") || "x"
	Args     Op = 'a' // login("user", "x"), auth=("user", "x")
)

// Traits are further facts about how an assignment is written.
type Traits uint16

const (
	KeyQuoted Traits = 1 << iota // the name stands in quotes of its own
	InString                     // the name stands inside a longer string: a connection string, a query, embedded JSON
	LineStart                    // nothing but indentation, a list or comment mark, or export stands before the name
	Comment                      // the line is a comment
	Wrapped                      // the value is the argument of a conversion: []byte("x")
	Typed                        // a type stands between name and value
	Dollar                       // the name is a variable: $name, or an option: --name
	Tail                         // further words follow a bare value on its line
	Spelt                        // the value is not text[Value] as it stands: escapes, several pieces; see Plain
)

// Is tells whether a has trait t.
func (a *Assignment) Is(t Traits) bool { return a.Traits&t != 0 }
