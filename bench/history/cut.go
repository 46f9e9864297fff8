package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"
)

// parts are the shares of the commits that -growth cuts the history at: 1/8 and so on.
var parts = []int{8, 4, 2, 1}

// packing is how the objects of a copy are packed.
type packing struct {
	name          string
	fresh         bool // deltas are looked for anew; else those of the original are taken over, as a server does for a clone
	window, depth int  // of pack-objects, where fresh
	limit         time.Duration
}

// cut is a copy of the repository as if its history had ended earlier.
type cut struct {
	Part    string `json:"part"`
	Packing string `json:"packing"`
	Commits int    `json:"commits"`
	Facts   facts  `json:"repository"`
	NotMade string `json:"not_made,omitempty"` // why it could not be made

	tips []string // its commits that are no other's parents; all else follows from them
	how  packing
	repo *repository
}

// cuts gives the first eighth, quarter, half and all of the commits that refs
// lead to, by date, parents before children.
func (s *session) cuts(ctx context.Context) ([]*cut, error) {
	out, err := s.repo.git(ctx, "rev-list", "--date-order", "--reverse", "--parents", "--all", "HEAD")
	if err != nil {
		return nil, fmt.Errorf("list the commits: %w", err)
	}
	lines := strings.Split(out, "\n")
	fresh := s.pack
	fresh.name, fresh.fresh = "packed well", true
	var list []*cut
	for _, how := range []packing{{name: "as cloned"}, fresh} {
		for _, part := range parts {
			n := max(1, len(lines)/part)
			list = append(list, &cut{Part: fmt.Sprintf("1/%d", part), Packing: how.String(), Commits: n, tips: tips(lines[:n]), how: how})
		}
	}
	return list, nil
}

// tips are the commits that are nobody's parents, in their order. A line is a
// commit's id and those of its parents (git rev-list --parents).
func tips(lines []string) []string {
	parents := map[string]bool{}
	for _, line := range lines {
		for _, p := range strings.Fields(line)[1:] {
			parents[p] = true
		}
	}
	var list []string
	for _, line := range lines {
		if id, _, _ := strings.Cut(line, " "); !parents[id] {
			list = append(list, id)
		}
	}
	return list
}

func (p packing) String() string {
	if !p.fresh {
		return p.name
	}
	return fmt.Sprintf("%s, window %d, depth %d", p.name, p.window, p.depth)
}

// args are pack-objects' arguments. `git gc --aggressive` looks for deltas anew,
// too, with a window of 250 and chains of 50 (git-gc(1), gc.aggressiveWindow and
// gc.aggressiveDepth).
func (p packing) args(jobs int) []string {
	args := []string{"pack-objects", "-q", "--delta-base-offset", fmt.Sprintf("--threads=%d", jobs)}
	if p.fresh {
		args = append(args, "--no-reuse-delta", fmt.Sprintf("--window=%d", p.window), fmt.Sprintf("--depth=%d", p.depth))
	}
	return args
}

// packedRefs makes a branch of each tip, as the file packed-refs has them
// (git-pack-refs(1)): HEAD's is the newest.
func packedRefs(tips []string) (refs []byte, head string) {
	var b bytes.Buffer
	b.WriteString("# pack-refs with: peeled fully-peeled sorted \n")
	for i, tip := range tips {
		head = fmt.Sprintf("refs/heads/tip-%07d", i)
		fmt.Fprintf(&b, "%s %s\n", tip, head)
	}
	return b.Bytes(), "ref: " + head + "\n"
}
