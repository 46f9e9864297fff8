package rulebook

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/rules"
)

// Page is docs/rules.md: totals, then a table of all rules by provider.
func Page(all []*rules.Rule) string {
	var b strings.Builder
	c := Count(all)
	fmt.Fprintf(&b, `# What oakum finds

<!-- Written by go generate ./rules/builtin; a test compares. -->

%d rules of %d providers and formats. `+"`oakum rules show ID`"+` tells all about one of them: what a holder could do, the format, how to
rotate it and where that is documented. Each is described, with examples and its vendor's page, in a file of rules/builtin named for the provider.

%s
`, c.Rules, c.Providers, totals(c))
	b.WriteString("\n| provider | rule | finds | proof | severity | check | live |\n|---|---|---|---|---|---|---|\n")
	last := ""
	for _, r := range byProvider(all) {
		provider := r.Provider()
		if provider == last {
			provider = "" // once, at its first rule
		}
		last = r.Provider()
		fmt.Fprintf(&b, "| %s | `%s` | %s | %s | %s | %s | %s |\n", provider, r.ID, cell(r.Description), r.Proof, r.Severity, check(r), live(r))
	}
	return b.String()
}

// totals is the table at the top.
func totals(c Counts) string {
	var b strings.Builder
	b.WriteString("| | rules | |\n|---|---|---|\n")
	says := []string{
		"a checksum, a signature or a complete parse holds",
		"a part of it decodes to what the vendor puts there",
		"the vendor's documented shape: prefix, length, alphabet",
		"a name such as \"password\" beside a value that looks like one",
	}
	for i, p := range Tiers {
		fmt.Fprintf(&b, "| %s | %d | %s |\n", p, c.Proof[p.String()], says[i])
	}
	fmt.Fprintf(&b, "| with a checksum or a parser | %d | what fails it is dropped, or one tier lower (column check) |\n", c.Checked)
	fmt.Fprintf(&b, "| with a live check | %d | asked by `oakum verify` only (column live) |\n", c.Verified)
	opens := []string{"an organization, its infrastructure or its money", "a whole account of a service, or other people's data", "one service, limited", "little by itself"}
	for i, s := range Severities {
		fmt.Fprintf(&b, "| %s | %d | opens %s |\n", s, c.Severity[s.String()], opens[i])
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// byProvider sorts by provider, then by id.
func byProvider(all []*rules.Rule) []*rules.Rule {
	return slices.SortedFunc(slices.Values(all), func(a, b *rules.Rule) int {
		return cmp.Or(cmp.Compare(a.Provider(), b.Provider()), cmp.Compare(a.ID, b.ID))
	})
}

// check names what holds a value to more than its shape.
func check(r *rules.Rule) string {
	switch {
	case r.Checksum != nil:
		return r.Checksum.Algo
	case r.Parse != "":
		return "parsed"
	}
	return ""
}

func live(r *rules.Rule) string {
	if r.Verify == nil {
		return ""
	}
	return r.Verify.Host()
}

// cell keeps a text within its column.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
