package builtin_test

import (
	"regexp"
	"slices"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/rules/proof"
)

// allSummed are the parsers that check a sum over the whole value: whatever
// character is changed, they must refuse it. The others read a structure, and can't
// know another random part from the right one.
var allSummed = []string{"age", "base58check", "bech32", "bip39", "gitlab-routable", "nkey", "stellar-seed"}

// marked are the parsers of tokens whose one mark is in the pattern too: a change
// anywhere else can't be known, but a token cut short is.
var marked = []string{"anthropic", "openai", "telegram"}

// checkedRule is a rule with a proof, alone in a set, and the same without.
type checkedRule struct {
	rules.Rule
	with, bare *rules.Set
	groups     *regexp.Regexp
}

func newCheckedRule(t *testing.T, r rules.Rule) checkedRule {
	t.Helper()
	plain := r
	plain.Checksum, plain.Parse, plain.Proof, plain.Entropy = nil, "", leak.Pattern, 0
	with, err := rules.Compile([]rules.Rule{r})
	if err != nil {
		t.Fatal(err)
	}
	bare, err := rules.Compile([]rules.Rule{plain})
	if err != nil {
		t.Fatal(err)
	}
	return checkedRule{Rule: r, with: with, bare: bare, groups: regexp.MustCompile(r.Regex)}
}

// TestChecked: each rule that has a checksum or a parser is tried with right
// values, its examples, and with wrong ones: the same with one character changed
// to another one of the value's, so that the pattern still matches. A wrong sum is
// dropped, or one tier lower where the rule says so.
func TestChecked(t *testing.T) {
	all, err := builtin.Rules()
	if err != nil {
		t.Fatal(err)
	}
	sums, parsers, wrong := 0, 0, 0
	for _, r := range all {
		if r.Checksum == nil && r.Parse == "" || r.Extent != "" {
			continue // those with an extent are whole files: TestPEMChecked
		}
		c := newCheckedRule(t, r)
		right, caught, missed := 0, 0, 0
		for _, tmpl := range r.Want {
			for seed := range uint64(2) {
				got, a, b := c.try([]byte(leaktest.Must(seed, tmpl)))
				right, caught, missed = right+got, caught+a, missed+b
			}
		}
		switch {
		case right == 0:
			t.Errorf("%s: no example is of its tier, %v", r.ID, r.Proof)
		case caught == 0 && !(slices.Contains(marked, r.Parse) && c.knowsCut()):
			t.Errorf("%s: no wrong value was refused, of %d", r.ID, missed)
		case missed > 0 && (r.Checksum != nil || slices.Contains(allSummed, r.Parse)):
			t.Errorf("%s: %d of %d values with a wrong sum were taken", r.ID, missed, caught+missed)
		}
		wrong += caught
		if r.Checksum != nil {
			sums++
		} else {
			parsers++
		}
	}
	t.Logf("%d rules with a checksum, %d with a parser, %d wrong values", sums, parsers, wrong)
	if sums < 25 || parsers < 40 || wrong < 2000 {
		t.Errorf("only %d rules with a checksum, %d with a parser, %d wrong values", sums, parsers, wrong)
	}
}

// try gives 1 if the text's value is found at the rule's own tier, and how many of
// the values with one character changed were refused or lowered, and how many were
// not.
func (c checkedRule) try(text []byte) (right, caught, missed int) {
	found := c.with.Append(nil, text)
	if len(found) != 1 || found[0].Proof != c.Proof {
		return 0, 0, 0
	}
	value := found[0].Value
	for _, at := range c.summed(text, value) {
		spoilt := slices.Clone(text)
		if spoilt[at] = another(text[value[0]:value[1]], text[at]); spoilt[at] == text[at] {
			continue
		}
		if bare := c.bare.Append(nil, spoilt); len(bare) != 1 || bare[0].Value != value {
			continue // no match any more, with or without a sum
		}
		after := c.with.Append(nil, spoilt)
		if len(after) > 0 && after[0].Proof >= c.Proof && after[0].Severity >= found[0].Severity {
			missed++
		} else if c.Checksum != nil && c.Checksum.Mismatch == "drop" && len(after) > 0 {
			missed++
		} else {
			caught++
		}
	}
	return 1, caught, missed
}

// knowsCut tells whether the parser refuses, or is not sure of, each example's
// value without its last character.
func (c checkedRule) knowsCut() bool {
	for _, tmpl := range c.Want {
		text := []byte(leaktest.Must(1, tmpl))
		for _, m := range c.with.Append(nil, text) {
			if proof.Parse(c.Parse, text[m.Value[0]:m.Value[1]-1]).Verdict == proof.Holds {
				return false
			}
		}
	}
	return true
}

// summed are the places of the bytes that a sum is over, and of the sum: its
// groups, or the whole value.
func (c checkedRule) summed(text []byte, value [2]int) (places []int) {
	spans := [][2]int{value}
	if c.Checksum != nil && c.Checksum.Of != "" {
		spans = nil
		groups := c.groups.FindSubmatchIndex(text)
		for i, name := range c.groups.SubexpNames() {
			if (name == c.Checksum.Of || name == c.Checksum.Sum) && groups[2*i] >= 0 {
				spans = append(spans, [2]int{groups[2*i], groups[2*i+1]})
			}
		}
	}
	for _, s := range spans {
		for at, step := s[0], 1+(s[1]-s[0])/60; at < s[1]; at += step {
			places = append(places, at)
		}
	}
	return places
}

// another is a byte of the value that is of old's kind, and not old; old if there
// is none.
func another(value []byte, old byte) byte {
	for _, b := range value {
		if b != old && kind(b) == kind(old) {
			return b
		}
	}
	return old
}

// kind tells digits, hex letters, other small letters, and capitals apart.
func kind(b byte) int {
	switch {
	case '0' <= b && b <= '9':
		return 1
	case 'a' <= b && b <= 'f':
		return 2
	case 'g' <= b && b <= 'z':
		return 3
	case 'A' <= b && b <= 'F':
		return 4
	case 'G' <= b && b <= 'Z':
		return 5
	}
	return 0
}

// TestPEMChecked: private keys are parsed whole. One whose body lost a line, or
// has one character changed in its frame, is none, or is not proven.
func TestPEMChecked(t *testing.T) {
	all, err := builtin.Rules()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, r := range all {
		if r.Extent == "" || r.Parse == "" {
			continue
		}
		c := newCheckedRule(t, r)
		right := 0
		for _, tmpl := range r.Want {
			text := []byte(leaktest.Must(1, tmpl))
			found := c.with.Append(nil, text)
			if len(found) != 1 || found[0].Proof != r.Proof {
				continue
			}
			right++
			if after := c.with.Append(nil, shorter(text)); len(after) > 0 && after[0].Proof >= r.Proof {
				t.Errorf("%s: a key without its middle is %v", r.ID, after[0].Proof)
			}
		}
		if right == 0 {
			t.Errorf("%s: no example is of its tier, %v", r.ID, r.Proof)
		}
		seen++
	}
	if seen < 7 {
		t.Errorf("only %d rules of private keys", seen)
	}
}

// shorter is the text without 24 characters in its middle.
func shorter(text []byte) []byte {
	at := len(text) / 2
	return slices.Concat(text[:at-12], text[at+12:])
}
