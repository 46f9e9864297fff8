package remediate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/oakum-sec/oakum/remediate/journal"
	"github.com/oakum-sec/oakum/remediate/store"
)

// What a plan stores is tagged with the head that its journal had then. Whoever applies
// the same plan elsewhere, at the same time or later, finds a head there that his journal
// does not know of, and stops; so does a run whose journal was put back to an older one.
// The store's create-if-absent says who was first.
const (
	tagPlan    = "oakum-plan"
	tagBy      = "oakum-by"      // user and host, for people
	tagJournal = "oakum-journal" // MAC of the journal's last record
)

// ErrElsewhere is in the error about a plan that somebody else is applying.
var ErrElsewhere = errors.New("the plan was begun elsewhere")

// unfitTag is what AWS takes in no tag
// (https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html).
var unfitTag = regexp.MustCompile(`[^\p{L}\p{Z}\p{N}_.:/=+@-]`)

// tags are those that a step puts on what it stores.
func (r *run) tags() map[string]string {
	return map[string]string{tagPlan: r.plan.ID, tagBy: unfitTag.ReplaceAllString(r.Who, "-"), tagJournal: r.Journal.Head()}
}

// begunHere is an error where another run of the same plan has stored something: it is
// that one's to take back, files and all.
func (r *run) begunHere(ctx context.Context) error {
	for _, s := range r.plan.Steps {
		if s.Do != DoPut {
			continue
		}
		st, first, err := (&putOp{r, s}).open(ctx)
		if err != nil {
			return err
		}
		e, err := st.Stat(ctx, first.Name)
		if err == nil && e.State == store.Live {
			err = r.ours(e, s)
		}
		if err != nil && store.CodeOf(err) != store.NotFound {
			return err
		}
	}
	return nil
}

// ours is an error about an entry that a step stored in another run of the same plan, with
// who did. TakeOver goes on with it.
func (r *run) ours(e store.Entry, s Step) error {
	head := e.Tags[tagJournal]
	if e.Tags[store.TagOp] != s.Op || head == "" || r.TakeOver {
		return nil
	}
	if slices.ContainsFunc(r.Journal.Records(), func(rec journal.Record) bool { return rec.MAC == head }) {
		return nil
	}
	return fmt.Errorf("%w: %s was stored by %s, and the journal here does not know of it; go on there, or say --take-over once nobody will", ErrElsewhere, e.Name, cmp.Or(e.Tags[tagBy], "somebody"))
}
