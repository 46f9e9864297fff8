package letters

import "math"

// Counts learns a model: it counts how often each symbol follows which two, in
// values of each sort.
type Counts struct {
	form  [forms * forms * forms][Sorts]float64
	spell [spells * spells * spells][spellings]float64
}

// Add counts a value of a sort with a weight.
func (n *Counts) Add(s Sort, value []byte, weight float64) {
	value = value[:min(len(value), Most)]
	var form, spell walk
	for _, c := range value {
		n.form[form.step(formOf[c], forms)][s] += weight
		n.letter(s, spell.step(spellOf[c], spells), weight)
	}
	n.form[form.step(0, forms)][s] += weight
	n.letter(s, spell.step(0, spells), weight)
}

func (n *Counts) letter(s Sort, at int, weight float64) {
	switch s {
	case Words, Identifier:
		n.spell[at][0] += weight
	case Password:
		n.spell[at][1] += weight
	}
}

// What a chain expects of a symbol that it never saw behind the last two: what it
// expects of that symbol anywhere, as if it had seen so many of them.
const (
	formPrior  = 2
	spellPrior = 6
)

// Model is model.bin's content: for each three symbols the surprise of the third,
// in parts of a bit, first the forms, then the spellings.
func (n *Counts) Model() []byte {
	out := make([]byte, 0, size)
	form := make([]chain, Sorts)
	for s := range form {
		form[s] = newChain(forms, formPrior, func(at int) float64 { return n.form[at][s] })
	}
	for at := range forms * forms * forms {
		for s := range form {
			out = append(out, form[s].surprise(at))
		}
	}
	spell := make([]chain, spellings)
	for s := range spell {
		spell[s] = newChain(spells, spellPrior, func(at int) float64 { return n.spell[at][s] })
	}
	for at := range spells * spells * spells {
		for s := range spell {
			out = append(out, spell[s].letter(at))
		}
	}
	return out
}

// chain gives the probability of a symbol behind two others.
type chain struct {
	n     int
	prior float64
	count func(at int) float64
	two   []float64 // how often each pair was seen
	one   []float64 // each symbol
	pair  []float64 // each symbol behind one other
	all   float64
}

func newChain(n int, prior float64, count func(at int) float64) chain {
	c := chain{n: n, prior: prior, count: count, two: make([]float64, n*n), one: make([]float64, n), pair: make([]float64, n*n)}
	for at := range n * n * n {
		x := count(at)
		c.two[at/n] += x
		c.pair[at%(n*n)] += x
		c.one[at%n] += x
		c.all += x
	}
	return c
}

// chance is the probability of the last of three symbols behind the others, among
// all that follow. What was seen after one symbol stands in for what was not seen
// after two, and what was seen at all for that.
func (c *chain) chance(at int) float64 {
	n := c.n
	p1 := (c.one[at%n] + 0.5) / (c.all + 0.5*float64(n))
	var seen float64
	for i := range n {
		seen += c.pair[at/n%n*n+i]
	}
	p2 := (c.pair[at%(n*n)] + c.prior*p1) / (seen + c.prior)
	return (c.count(at) + c.prior*p2) / (c.two[at/n] + c.prior)
}

func (c *chain) surprise(at int) byte { return bits(c.chance(at)) }

// letter is the surprise of a letter among letters, since the form tells already
// whether one follows; of what is no letter, 0.
func (c *chain) letter(at int) byte {
	if symbol := at % c.n; symbol == 0 || symbol > 26 {
		return 0
	}
	var all float64
	for s := 1; s <= 26; s++ {
		all += c.chance(at - at%c.n + s)
	}
	return bits(c.chance(at) / all)
}

// bits is -log2(p) in parts of a bit.
func bits(p float64) byte { return byte(max(0, min(255, math.Round(-math.Log2(p)*Bit)))) }
