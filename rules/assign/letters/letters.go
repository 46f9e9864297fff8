// Package letters tells what sort of value a run of characters is, by which
// characters follow each other in it: words, an identifier, a password that
// somebody made up, or characters at random, in hex, in base64.
//
// Shannon's entropy asks how often each character comes, not in what order, so
// that in a short value it can't tell "documentation" from a token. Here each sort
// has a Markov chain of its own. Two things are looked at: the form (lower case,
// upper case, digit, mark …: which follows which two) and the spelling (which
// letter, in either case, follows which two). What comes out is by how many bits a
// value surprises each sort; the one that it surprises least is what it looks like.
//
// The chains are counted by tools/learn from words and identifiers of public source
// and from values made from a seed; model.bin holds them (57 KB), see Counts.
//
// It promises to allocate nothing, to look at the first [Most] bytes alone, and to
// take less than a microsecond for those.
//
// Limits: ASCII letters; words of English and of programs. Random letters that
// happen to be pronounceable are words to it.
package letters

import _ "embed"

// Sort is a sort of value.
type Sort byte

const (
	Words      Sort = iota // one or several, as in prose
	Identifier             // words joined as programs join them: camelCase, snake_case, a-b, a.b
	Password               // words, names and years, altered as people do: Summer2024!
	Random                 // letters, digits and perhaps marks, each as likely as the other
	Hex                    // hex digits at random, in one case
	Base64                 // random bytes in base64, either alphabet
	Sorts                  // how many there are
)

var names = [Sorts]string{"words", "an identifier", "a password somebody made up", "random characters", "random hex", "random base64"}

// String is a noun for people: "random hex".
func (s Sort) String() string {
	if s < Sorts {
		return names[s]
	}
	return "nothing known"
}

// Most is how many bytes of a value are looked at.
const Most = 64

// Bit is one bit of surprise.
const Bit = 8

// Surprise is by how much a value surprises each sort, in parts (see Bit) of a bit.
type Surprise [Sorts]int32

// Sort is the sort that the value surprises least.
func (s *Surprise) Sort() Sort {
	best := Words
	for i := range Sorts {
		if s[i] < s[best] {
			best = i
		}
	}
	return best
}

// Chance is the evidence that a machine drew the value and nobody made it up, in
// parts of a bit: below 0 for words, identifiers and passwords.
func (s *Surprise) Chance() int {
	return int(min(s[Words], s[Identifier], s[Password]) - min(s[Random], s[Hex], s[Base64]))
}

// Choice is the evidence that a person made the value up as a password, against
// words and identifiers, in parts of a bit.
func (s *Surprise) Choice() int { return int(min(s[Words], s[Identifier]) - s[Password]) }

//go:embed model.bin
var model string

// The model's layout: forms³ × Sorts bytes, then spells³ × spellings bytes, each a
// surprise in parts of a bit.
const (
	forms      = 8
	spells     = 30
	spellings  = 2 // words and identifiers; passwords
	formSize   = forms * forms * forms * int(Sorts)
	spellSize  = spells * spells * spells * spellings
	size       = formSize + spellSize
	uniform    = 38 // log2(26) bits
	uniformHex = 21 // log2(6) bits
	never      = 160
)

// Of measures a value.
func Of(value []byte) (s Surprise) {
	if len(model) != size {
		return s // a model of another version: nothing is known of any value
	}
	value = value[:min(len(value), Most)]
	var form, spell walk
	for _, c := range value {
		s.form(form.step(formOf[c], forms))
		s.spell(spell.step(spellOf[c], spells), spellOf[c])
	}
	s.form(form.step(0, forms)) // the end
	s.spell(spell.step(0, spells), 0)
	return s
}

// walk is the last two symbols of a chain.
type walk struct{ a, b int }

// step gives the index of the next symbol behind the last two, n being how many
// symbols there are.
func (w *walk) step(next byte, n int) int {
	at := (w.a*n+w.b)*n + int(next)
	w.a, w.b = w.b, int(next)
	return at
}

func (s *Surprise) form(at int) {
	row := model[at*int(Sorts):][:Sorts]
	for i := range Sorts {
		s[i] += int32(row[i])
	}
}

// spell adds what a letter tells. To the random sorts each is as likely as the
// other, but for hex, which has six.
func (s *Surprise) spell(at int, letter byte) {
	row := model[formSize+at*spellings:][:spellings]
	s[Words] += int32(row[0])
	s[Identifier] += int32(row[0])
	s[Password] += int32(row[1])
	if letter == 0 || letter > 26 {
		return
	}
	s[Random] += uniform
	s[Base64] += uniform
	if letter <= 6 {
		s[Hex] += uniformHex
	} else {
		s[Hex] += never
	}
}
