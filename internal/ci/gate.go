package ci

import (
	"fmt"
	"strings"
)

// History is what is asked of the clone's history. Revisions are as git names them.
type History interface {
	ID(rev string) string // of the object, in hex; "" where it is not here
	Shallow() bool        // it is cut off somewhere
	RemoteHead() string   // the remote's default branch, as the clone noted it; or ""

	// Fork tells where head leaves what not leads to ("" where they have nothing in
	// common), and whether a shallow clone cuts off what head has of its own.
	Fork(not []string, head string) (base string, cut bool, err error)
}

// Gate is a change as it is to be judged, in revisions of the clone.
type Gate struct {
	Change
	Head string   // what is judged
	Not  []string // what was there before; none: all that Head leads to is judged
	Base string   // the commit at which the change leaves what was there; "": none
	Word string   // the commit whose files say how it is judged; "": nobody's do
	Own  bool     // nothing was there before, or nothing has changed: Word is Head's own
}

// Resolve finds a change in the clone's history. base is what the user says was there
// before, "" where he says nothing.
func Resolve(c Change, h History, base string) (Gate, error) {
	r := resolving{History: h, Gate: Gate{Change: c}}
	if r.DefaultBranch == "" {
		r.DefaultBranch = r.guess()
	}
	err := r.head()
	if err == nil {
		err = r.before(base)
	}
	if err == nil {
		err = r.word()
	}
	return r.Gate, err
}

// resolving is a Gate under way.
type resolving struct {
	History
	Gate
}

// guess is the default branch where the platform names none: as the clone noted it,
// else git's own two.
func (r *resolving) guess() string {
	if b := r.RemoteHead(); b != "" {
		return b
	}
	for _, b := range []string{"main", "master"} {
		if r.Branch == b || r.branch(b) != "" {
			return b
		}
	}
	return ""
}

// branch is the revision of a branch, "" where it is not in the clone. Full names are
// asked for: a tag can be called origin/main.
func (r *resolving) branch(name string) string {
	for _, ref := range []string{"refs/remotes/origin/" + name, "refs/heads/" + name} {
		if name != "" && r.ID(ref) != "" {
			return ref
		}
	}
	return ""
}

// here are the ids that are in the clone. A branch can be called as an id begins, and
// is none.
func (r *resolving) here(ids []string) (list []string) {
	for _, id := range ids {
		if full := r.ID(id); full != "" && (id == "HEAD" || strings.HasPrefix(full, id)) {
			list = append(list, id)
		}
	}
	return list
}

// merged is the target's tip that a platform has made a merge with, as a list.
func (r *resolving) merged() []string {
	if zeros(r.Merge) || r.ID(r.Merge+"^2") == "" || r.ID(r.Merge+"^2") != r.ID(r.Head) {
		return nil
	}
	return []string{r.ID(r.Merge + "^1")}
}

// head finds what is judged. A tag has a message of its own, so it is judged by name.
func (r *resolving) head() error {
	if tag := "refs/tags/" + r.Tag; r.Tag != "" && r.ID(tag) != "" {
		r.Head = tag
		return nil
	}
	heads := r.Heads
	if len(heads) == 0 {
		heads = []string{"HEAD"}
	}
	found := r.here(heads)
	if len(found) == 0 {
		return r.missing("the commit that is judged", "", heads[0])
	}
	r.Head = found[0]
	return nil
}

// before finds what was there before the change.
func (r *resolving) before(base string) error {
	switch {
	case base != "" && base == r.Branch && r.Kind != Proposal: // it starts from nothing but itself
		r.DefaultBranch = base
		return r.start()
	case !zeros(base):
		rev := first(r.branch(base), base)
		if r.ID(rev) == "" {
			return r.missing("what --base names", "", base)
		}
		r.Not, r.Shared = []string{rev}, r.Kind == Push
	case len(r.merged()) > 0 || len(r.here(r.Before)) > 0:
		r.Not = append(r.merged(), r.here(r.Before)...)
	case r.Target != "":
		rev := first(r.branch(r.Target), r.last())
		if rev == "" {
			return r.missing("the branch that the change goes into", r.Target, "")
		}
		r.Not = []string{rev}
	case len(r.Before) > 0 && r.Shallow():
		return r.missing("the commit that was there before", "", r.Before[0])
	default:
		return r.start()
	}
	return r.fork()
}

// last is the commit that is taken where nothing surer is there.
func (r *resolving) last() string {
	if found := r.here(some(r.Last)); len(found) > 0 {
		return found[0]
	}
	return ""
}

// noDefault is about a branch of which nobody says whether it is the one that others
// start from: taken for that one it would be judged by its own word.
func (r *resolving) noDefault() error {
	if r.Shallow() {
		return r.missing("the branch that the change starts from", "", "")
	}
	return fmt.Errorf("neither %s nor the clone says which branch others start from: name it with --base BRANCH", r.Platform)
}

// start finds where a branch or a tag starts that nothing is known of from before.
func (r *resolving) start() error {
	if r.DefaultBranch == "" {
		return r.noDefault()
	}
	if r.Tag == "" && r.Branch == r.DefaultBranch {
		// After a force push that leaves nothing behind there is no word from before, and
		// the change's own is none.
		r.Own = len(r.Before) == 0
		if r.Shallow() {
			return r.missing("where the history begins", "", "")
		}
		return nil
	}
	rev := r.branch(r.DefaultBranch)
	if rev == "" {
		return r.missing("the branch that the change starts from", r.DefaultBranch, "")
	}
	r.Not = []string{rev}
	return r.fork()
}

func (r *resolving) fork() error {
	base, cut, err := r.Fork(r.Not, r.Head)
	if err != nil {
		return err
	}
	if cut {
		return r.missing("the place where the change leaves what was there", r.Target, "")
	}
	r.Base = base
	return nil
}

// word finds whose files say how the change is judged. What was pushed to the same
// branch before is no word of anybody else's: who pushes twice could allow in the first
// push what he brings in the second. So a branch is judged by the default branch's
// files, unless it is protected itself.
func (r *resolving) word() error {
	switch {
	case r.Own:
		r.Word = r.Head
		return nil
	case len(r.Not) == 0:
		return nil
	}
	r.Word = r.Not[0]
	if !r.Shared || r.Protected || r.Branch != "" && r.Branch == r.DefaultBranch {
		return nil
	}
	if r.DefaultBranch == "" {
		return r.noDefault()
	}
	if r.Word = r.branch(r.DefaultBranch); r.Word == "" {
		return r.missing("the branch whose files say how others are judged", r.DefaultBranch, "")
	}
	return nil
}
