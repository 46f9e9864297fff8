package assign

// threshold is the least score that counts, in hundredths of a natural logit.
const threshold = 100

// statement is added where the language itself says that a password follows
// (ConvertTo-SecureString "x", IDENTIFIED BY 'x'): there are too few of them to
// learn it from.
const statement = 150

// score adds up what speaks for a, in hundredths of a logit: 0 is as likely as
// not, 100 about 3 to 1, in texts such as the weights were learnt from.
func (a *Assignment) score(text []byte, k kind, test bool) int {
	f, s := a.describe(text)
	g := a.place(s, f.means, k, test)
	return f.sum() + g.sum() + a.bonus(text)
}

// most is the score in the kind of file that suits a best.
func (a *Assignment) most(text []byte) int {
	f, s := a.describe(text)
	best := -1 << 15
	for k := range numKinds {
		if a.misfit(text, k, false) == "" {
			g := a.place(s, f.means, k, false)
			best = max(best, g.sum())
		}
	}
	return f.sum() + best + a.bonus(text)
}

func (a *Assignment) bonus(text []byte) int {
	if stated(text[a.Key[0]:a.Key[1]]) {
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
