package gitdir

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/gitsource/odb"
)

// refRules are the places where git looks a short name up, in its order. See gitrevisions(7).
var refRules = []string{"%s", "refs/%s", "refs/tags/%s", "refs/heads/%s", "refs/remotes/%s", "refs/remotes/%s/HEAD"}

// minAbbrev is the shortest abbreviated id that git takes.
const minAbbrev = 4

// ResolveAll finds the objects that revisions name; an id of zeros is none.
func (d *Dir) ResolveAll(db *odb.DB, revs []string) (ids []odb.ID, err error) {
	for _, rev := range revs {
		if none, err := object.Parse(rev); err == nil && none.IsZero() {
			continue
		}
		h, err := d.Resolve(db, rev)
		if err != nil {
			return nil, err
		}
		ids = append(ids, h)
	}
	return ids, nil
}

// Resolve finds the object that rev names: a ref, an id or its beginning, with
// any of git's suffixes ~N and ^N.
func (d *Dir) Resolve(db *odb.DB, rev string) (odb.ID, error) {
	end := strings.IndexAny(rev, "~^")
	if end < 0 {
		end = len(rev)
	}
	h, err := d.resolveName(db, rev[:end])
	if err != nil {
		return odb.ID{}, fmt.Errorf("find revision %q: %w", rev, err)
	}
	if end == len(rev) {
		return h, nil
	}
	if h, err = follow(db, h, rev[end:]); err != nil {
		return odb.ID{}, fmt.Errorf("find revision %q: %w", rev, err)
	}
	return h, nil
}

var errUnknownRev = errors.New("no ref or object of that name here: in a shallow clone, fetch it first")

func (d *Dir) resolveName(db *odb.DB, name string) (odb.ID, error) {
	if name == "@" || name == "" {
		name = "HEAD"
	}
	if strings.ContainsAny(name, ":{\\ ") || strings.Contains(name, "..") {
		return odb.ID{}, errors.New("not understood: name a ref or an id, with ~N or ^N")
	}
	if h, ok := d.Format.Parse(name); ok {
		if !db.Has(h) {
			return odb.ID{}, errUnknownRev
		}
		return h, nil
	}
	for _, rule := range refRules {
		if h, ok := d.Lookup(fmt.Sprintf(rule, name)); ok {
			return h, nil
		}
	}
	return resolveAbbrev(db, strings.ToLower(name))
}

func resolveAbbrev(db *odb.DB, prefix string) (odb.ID, error) {
	if len(prefix) < minAbbrev || strings.Trim(prefix, "0123456789abcdef") != "" {
		return odb.ID{}, errUnknownRev
	}
	matches := db.WithPrefix(prefix)
	switch len(matches) {
	case 0:
		return odb.ID{}, errUnknownRev
	case 1:
		return matches[0], nil
	}
	var commits []odb.ID
	for _, h := range matches {
		if _, err := db.ReadCommit(h); err == nil {
			commits = append(commits, h)
		}
	}
	if len(commits) != 1 {
		return odb.ID{}, fmt.Errorf("%d objects begin so: write more of the id", len(matches))
	}
	return commits[0], nil
}

// follow applies suffixes: ~N is the N-th first parent, ^N the N-th parent.
func follow(db *odb.DB, h odb.ID, suffix string) (odb.ID, error) {
	for suffix != "" {
		op := suffix[0]
		digits := strings.TrimLeft(suffix[1:], "0123456789")
		number := suffix[1 : len(suffix)-len(digits)]
		suffix = digits
		n := 1
		if number != "" {
			var err error
			if n, err = strconv.Atoi(number); err != nil || n > 1<<20 {
				return odb.ID{}, errUnknownRev
			}
		}
		if suffix != "" && suffix[0] != '~' && suffix[0] != '^' {
			return odb.ID{}, errors.New("not understood: only ~N and ^N may follow a name")
		}
		parent, times := n, 1
		if op == '~' {
			parent, times = 1, n
		}
		for range times {
			var err error
			if h, err = parentOf(db, h, parent); err != nil {
				return odb.ID{}, err
			}
		}
	}
	return h, nil
}

// parentOf is the n-th parent of the commit that h leads to; the 0th is itself.
func parentOf(db *odb.DB, h odb.ID, n int) (odb.ID, error) {
	h, err := db.Peel(h)
	if err != nil || n == 0 {
		return h, err
	}
	c, err := db.ReadCommit(h)
	if err != nil {
		return odb.ID{}, err
	}
	if n > len(c.Parents) {
		return odb.ID{}, fmt.Errorf("commit %s has %d parents only", h.String()[:10], len(c.Parents))
	}
	if p := c.Parents[n-1]; db.Has(p) {
		return p, nil
	}
	return odb.ID{}, errUnknownRev
}
