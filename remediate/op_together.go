package remediate

import (
	"context"

	"github.com/oakum-sec/oakum/remediate/act"
	"github.com/oakum-sec/oakum/remediate/store"
)

// maxTogether is how many values are stored in one write. A repository has a few; what
// hangs on one write of many more is not worth the milliseconds.
const maxTogether = 100

// together is how many of the first steps are done in one write: those that make entries
// of one target in a store that can take them so. Where that is one, or another kind of
// step comes first, it is 1.
func (r *run) together(ctx context.Context, steps []Step) (n int) {
	first := steps[0]
	for n < min(len(steps), maxTogether) && r.alike(first, steps[n]) {
		n++
	}
	if n < 2 {
		return 1
	}
	st, _, err := (&putOp{r, first}).open(ctx)
	if err != nil || !st.CanCreateAll() { // the step alone says what is wrong
		return 1
	}
	return n
}

// alike tells whether two steps make new entries of one target in one store.
func (r *run) alike(a, b Step) bool {
	for _, s := range []Step{a, b} {
		if s.Do != DoPut || len(s.Adds) > 0 {
			return false
		}
	}
	return a.Target == b.Target && r.plan.Secrets[a.Secrets[0]].Store == r.plan.Secrets[b.Secrets[0]].Store
}

// putAll takes such steps.
func (r *run) putAll(ctx context.Context, steps []Step) error {
	var tasks []act.Task
	for _, s := range steps {
		tasks = append(tasks, act.Task{Step: r.told(s), Op: &putOp{r, s}})
	}
	return r.log().DoAll(ctx, tasks, func(ctx context.Context, ops []act.Op) error {
		var puts []store.Put
		var st *store.Store
		for _, op := range ops {
			o := op.(*putOp)
			s, first, err := o.open(ctx)
			if err != nil {
				return err
			}
			put, _, err := o.put(first)
			if err != nil {
				return err
			}
			st, puts = s, append(puts, put)
		}
		return st.CreateAll(ctx, puts)
	})
}
