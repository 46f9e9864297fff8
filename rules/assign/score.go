package assign

import "math"

// Least is the least probability of what Plausible and Fits let stand. It is below
// what is reported by default, so that who wants more can have it.
const Least = 0.35

// statement is added where the language itself says that a password follows
// (ConvertTo-SecureString "x", IDENTIFIED BY 'x'): there are too few of them to
// learn it from.
const statement = 150

// score adds up what speaks for a, in hundredths of a logit; probability says what
// such a sum has come to mean.
func (a *Assignment) score(text []byte, k kind, test bool) int {
	f, s := a.describe(text)
	g := a.place(s, f.means, f.sort, k, test)
	return f.sum() + g.sum() + a.bonus(text)
}

// most is the score in the kind of file that suits a best.
func (a *Assignment) most(text []byte) int {
	f, s := a.describe(text)
	best := -1 << 15
	for k := range numKinds {
		if a.misfit(text, k, false) == "" {
			g := a.place(s, f.means, f.sort, k, false)
			best = max(best, g.sum())
		}
	}
	return f.sum() + best + a.bonus(text)
}

func (a *Assignment) bonus(text []byte) int {
	if a.Op == Args || stated(text[a.Key[0]:a.Key[1]]) {
		return statement
	}
	return 0
}

func (f *features) sum() (n int) {
	for _, x := range f.on[:f.n] {
		n += int(weights[x])
	}
	return n
}

// probability is that of a score, by the curve that was fitted to repositories
// which the weights were not learnt from, in hundredths. No such sum is sure.
func probability(score int) float64 {
	p := 1 / (1 + math.Exp(-float64(slope*score+shift)/10_000))
	return min(math.Round(p*100)/100, 0.99)
}

// Confidence is how probable it is that a, which Fits, is a credential in a file of
// these paths; the path that suits it best counts. From 0 to 1, in hundredths.
func (a Assignment) Confidence(text []byte, paths []string) float64 {
	if len(paths) == 0 {
		return probability(a.score(text, unknown, false))
	}
	best := 0.0
	for _, p := range paths {
		k, test := a.kindIn(kindOfPath(p), p), testPath(p)
		if a.fits(text, k, test) == "" {
			best = max(best, probability(a.score(text, k, test)))
		}
	}
	return best
}
