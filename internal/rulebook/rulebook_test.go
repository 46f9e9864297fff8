package rulebook_test

import (
	"os"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/internal/rulebook"
	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/rules/builtin"
)

// ours are the built-in rules.
func ours(t *testing.T) []*rules.Rule {
	t.Helper()
	all, err := builtin.Rules()
	if err != nil {
		t.Fatal(err)
	}
	var list []*rules.Rule
	for i := range all {
		list = append(list, &all[i])
	}
	return list
}

// TestPageIsFresh: docs/rules.md is what the rules say now.
func TestPageIsFresh(t *testing.T) {
	have, err := os.ReadFile("../../docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	if rulebook.Page(ours(t)) != strings.ReplaceAll(string(have), "\r\n", "\n") {
		t.Error("docs/rules.md is stale: run go generate ./rules/builtin")
	}
}

func TestCounts(t *testing.T) {
	all := ours(t)
	c := rulebook.Count(all)
	tiers, severities := 0, 0
	for _, n := range c.Proof {
		tiers += n
	}
	for _, n := range c.Severity {
		severities += n
	}
	if c.Rules != len(all) || tiers != len(all) || severities != len(all) {
		t.Errorf("%d rules, %d by tier, %d by severity: they differ", len(all), tiers, severities)
	}
	if c.Rules < 400 || c.Providers < 200 || c.Checked < 40 {
		t.Errorf("too few to be all: %+v", c)
	}
}

// TestCards: each rule's card has what people ask for, and most have their format
// in words.
func TestCards(t *testing.T) {
	told := 0
	for _, r := range ours(t) {
		card, err := rulebook.Card(r, "fast")
		if err != nil {
			t.Fatal(err)
		}
		has := map[string]string{}
		for _, l := range card {
			has[l.Name] = l.Text
		}
		for _, name := range []string{"finds", "a holder could", "severity", "how sure", "made-up example", "rotate", "source", "pattern"} {
			if has[name] == "" {
				t.Errorf("%s: the card has no %q", r.ID, name)
			}
		}
		if has["format"] != "" {
			told++
		}
	}
	if told < 350 {
		t.Errorf("only %d rules tell their format in words", told)
	}
}

func TestFormat(t *testing.T) {
	for regex, want := range map[string]string{
		`\b(?P<value>ghp_(?P<body>[0-9A-Za-z]{30})(?P<sum>[0-9A-Za-z]{6}))\b`:             `"ghp_", 30 letters or digits, 6 letters or digits (checksum)`,
		`\b(?P<value>pit-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b`: `"pit-", a UUID`,
		`(?P<key>acme)=(?P<value>[0-9a-f]{32})\b`:                                         `32 hexadecimal digits, beside a name that tells what it is`,
		`(?P<value>k_[A-Z2-7]{8,16}={0,2})`:                                               `"k_", 8 to 16 characters of base32, up to 2 "="`,
		`(?P<value>a(?:bc|de)[xyz]{2})`:                                                   `"a", "bc" or "de", 2 [x-z]`,
		`no group [0-9]{3}`:                                                               ``,
		`(?P<value>[^\s]{3,9})`:                                                           ``,
		`(?P<value>x(?:[0-9]{4}-){3})`:                                                    `"x", 3 times (4 digits, "-")`,
	} {
		r := rules.Rule{Regex: regex, Checksum: &rules.Checksum{Sum: "sum"}}
		if got := rulebook.Format(&r); got != want {
			t.Errorf("%s:\n have %s\n want %s", regex, got, want)
		}
	}
}
