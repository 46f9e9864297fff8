package assign

import (
	"bytes"
	"slices"
)

// Account is what became of a candidate and why, for people who ask and for the
// program that learns the weights.
type Account struct {
	Assignment
	Word  [2]int // the keyword by which it was found
	Why   string // what took it out, of the package's list; "" kept it
	Score int    // hundredths of a logit; 0 where it was taken out before it was weighed
	Facts []Fact // what was weighed
}

// Probability is what Score has come to mean, from 0 to 1.
func (a *Account) Probability() float64 { return probability(a.Score) }

// Fact is one fact about an assignment.
type Fact struct {
	Index  int // of its weight, below Facts
	Weight int // in hundredths of a logit: above 0 it speaks for a credential
}

// Facts is how many different facts there are.
const Facts = int(fCount)

// Accounts gives an account of every assignment whose name or value touches
// text[from:to], in the file of this path. It is as slow as it is thorough.
func Accounts(text []byte, from, to int, path string) []Account {
	var all []Account
	low := lowered(text)
	seen := map[[2]int]bool{}
	for _, word := range Keywords() {
		at := max(0, from-Reach)
		for {
			i := bytes.Index(low[at:min(len(low), to+Reach)], []byte(word))
			if i < 0 {
				break
			}
			at += i
			a, ok := Parse(text, at, at+len(word))
			if ok && min(a.Key[0], a.Value[0]) < to && max(a.Key[1], a.Value[1]) > from && !seen[a.Value] {
				seen[a.Value] = true
				all = append(all, a.account(text, [2]int{at, at + len(word)}, path))
			}
			at++
		}
	}
	slices.SortFunc(all, func(a, b Account) int { return a.Value[0] - b.Value[0] })
	return all
}

// lowered folds ASCII letters, so that offsets stay.
func lowered(text []byte) []byte {
	low := bytes.Clone(text)
	for i, c := range low {
		low[i] = lower(c)
	}
	return low
}

func (a Assignment) account(text []byte, word [2]int, path string) Account {
	k, test := unknown, false
	if path != "" {
		k, test = kindOfPath(path), testPath(path)
	}
	out := Account{Assignment: a, Word: word}
	text, a = a.Plainly(text)
	if out.Why = a.rejected(text); out.Why == "" {
		out.Why = a.elsewhere(text)
	}
	if out.Why == "" {
		out.Why = a.misfit(text, k, test)
	}
	if out.Why != "" {
		return out
	}
	k = a.kindIn(k, path)
	f, s := a.describe(text)
	g := a.place(s, f.means, f.sort, k, test)
	for _, x := range slices.Concat(f.on[:f.n], g.on[:g.n]) {
		out.Facts = append(out.Facts, Fact{Index: int(x), Weight: int(weights[x])})
	}
	if out.Score = f.sum() + g.sum() + a.bonus(text); out.Score < floor {
		out.Why = "weak"
	}
	return out
}
