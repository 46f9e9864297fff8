package tree

import (
	"context"
	"strings"
)

// branch is where a branch is; its commit is "" where there is none of that name.
type branch struct {
	commit, tree string
	parents      []string
}

func (g git) branch(ctx context.Context, name string) (b branch, err error) {
	ref := "refs/heads/" + name
	out, err := g.run(ctx, nil, "for-each-ref", "--format=%(refname) %(objectname) %(tree) %(parent)", ref)
	if err != nil {
		return b, err
	}
	for line := range strings.Lines(string(out)) {
		// A name that is none has others below it: "refs/heads/name/…".
		if words := strings.Fields(line); len(words) >= 3 && words[0] == ref {
			b = branch{words[1], words[2], words[3:]}
		}
	}
	return b, nil
}
