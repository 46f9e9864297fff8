package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/leak"
)

// pageStep is one thing to do.
type pageStep struct{ What, Why, How, URL, Command string }

// stepsOf is what a person who knows none of this should do, in this order:
// what was public is rotated first, for taking it out of the files undoes nothing.
func stepsOf(d *Document) []pageStep {
	var open []*leak.Finding
	for _, f := range d.Findings {
		if !silenced(f) {
			open = append(open, f)
		}
	}
	if len(open) == 0 {
		return nil
	}
	steps := rotations(d, open)
	steps = append(steps,
		pageStep{What: "Take the values out of the files", How: "Read them at runtime from a secret store or the environment, or use a role in place of a key. Deleting a line leaves the value in the history: rotate it first."},
		pageStep{What: "Keep new ones out", How: "The hook looks at what each commit adds.", Command: "oakum hook install"},
		pageStep{What: "Let pass what is no secret", How: "With a reason, one by one; or take a baseline of what is there today, so that only new findings count.",
			Command: "oakum allow add ID --reason \"…\"\noakum baseline"},
	)
	return steps
}

// rotations is a step for each rule that denies, the severest first.
func rotations(d *Document, open []*leak.Finding) []pageStep {
	n := map[string]int{}
	var ids []string
	for _, f := range open {
		if verdict(f) != leak.Deny {
			continue
		}
		if n[f.Rule]++; n[f.Rule] == 1 {
			ids = append(ids, f.Rule)
		}
	}
	slices.SortStableFunc(ids, func(a, b string) int {
		return cmp.Or(cmp.Compare(d.Rule(b).Severity, d.Rule(a).Severity), cmp.Compare(n[b], n[a]), cmp.Compare(a, b))
	})
	var steps []pageStep
	for _, id := range ids {
		r := d.Rule(id)
		steps = append(steps, pageStep{What: "Rotate: " + Escape(r.Description), Why: fmt.Sprintf("%s, %s", r.Severity, count(int64(n[id]), "finding")),
			How: firstOf(Escape(r.Rotate), "Revoke it where it was issued, and issue a new one."), URL: httpsOnly(r.RotateURL)})
	}
	return steps
}

// httpsOnly is a rule's link, or nothing: a rule may be anybody's.
func httpsOnly(url string) string {
	if strings.HasPrefix(url, "https://") {
		return url
	}
	return ""
}
