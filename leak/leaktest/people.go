package leaktest

import (
	"strings"
	"text/template"
)

// words are common and harmless; none of them names a secret or a test.
var words = strings.Fields(`amber anchor apple arrow autumn basket beacon birch bottle bridge
candle canyon carbon castle cedar cherry cliff cloud cobalt copper coral cotton crane creek
daisy desert dolphin eagle ember falcon feather fern field flint forest garden ginger glacier
granite harbor hazel heron hollow island ivory jasmine kettle ladder lantern lemon linen lily
magnet maple marble meadow mirror mountain nectar needle ocean olive orchard otter paper pebble
pepper pine planet pocket prairie quartz raven ribbon river robin rocket saddle saffron salmon
sparrow spruce stone summer thistle thunder timber tulip tunnel valley velvet violet walnut willow
window winter`)

const symbols = "!@#%^*_=+?-"

func (d *dice) word() string { return words[d.IntN(len(words))] }

// people make what people make: words, and passwords that they can remember.
func people(d *dice) template.FuncMap {
	return template.FuncMap{
		"word": d.word,
		"words": func(n int) string {
			out := make([]string, max(n, 0))
			for i := range out {
				out[i] = d.word()
			}
			return strings.Join(out, " ")
		},
		"password":       d.password,
		"randomPassword": d.randomPassword,
	}
}

// password is two words and a number with a symbol: "Copper-Raven47!" is one.
func (d *dice) password() string {
	title := func(w string) string { return strings.ToUpper(w[:1]) + w[1:] }
	first, second := d.word(), d.word()
	for first == second {
		second = d.word()
	}
	return title(first) + string("-_."[d.IntN(3)]) + title(second) + d.must("2456789", 2) + string("!#%*"[d.IntN(4)])
}

// randomPassword is what a password manager makes: letters, digits and, from 4
// characters on, at least one symbol, never at either end or beside another. It
// has no quote, no space and nothing that a URL, a shell in quotes or XML needs escaped but %, # and ?.
func (d *dice) randomPassword(n int) (string, error) {
	s, err := d.draw(base62, n)
	if err != nil || n < 4 {
		return s, err
	}
	b := []byte(s)
	for at := 1 + d.IntN(3); at < n-1; at += 5 + d.IntN(4) {
		b[at] = symbols[d.IntN(len(symbols))]
	}
	if n >= 8 && !strings.ContainsAny(string(b), digits) {
		b[0] = digits[d.IntN(10)]
	}
	return string(b), nil
}
