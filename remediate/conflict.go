package remediate

import (
	"cmp"
	"context"
	"fmt"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/store"
)

// standing is what stands under a name in a store while a plan is made.
type standing struct {
	code   store.Code // of the look: OK, NotFound, GoneName or PermissionDenied
	entry  store.Entry
	value  leak.Secret
	fields map[string]leak.Secret // of a document that has texts alone; nil for any other value
}

// stands looks once at a name. What can be gone on with is no error: a name that is
// free, one that a deleted secret holds, one that may not be read.
func (p *planner) stands(ctx context.Context, s Secret) (*standing, error) {
	id := fmt.Sprintf("%d\x00%s", s.Store, s.Name)
	if at := p.seen[id]; at != nil {
		return at, nil
	}
	st, at := p.stores[s.Store], &standing{}
	e, err := st.Stat(ctx, s.Name)
	if at.entry = e; err == nil && e.State == store.Deleted {
		at.code = store.GoneName
	} else if err == nil {
		at.entry, at.value, err = st.Read(ctx, s.Name, "")
		at.entry.Full = cmp.Or(at.entry.Full, e.Full)
		if store.CodeOf(err) == store.PermissionDenied {
			at.entry = e
		}
	}
	switch code := store.CodeOf(err); code {
	case store.OK:
		at.fields, _ = store.Texts(at.value)
	case store.NotFound, store.GoneName, store.PermissionDenied:
		at.code = code
	default:
		return nil, err
	}
	p.seen[id] = at
	return at, nil
}

// settle leaves those secrets alone whose names the store has for something else: said
// now, and not in the middle of an apply, and the others go on.
func (p *planner) settle(ctx context.Context, begin int, groups []*group) (kept []*group, err error) {
	secrets := p.plan.Secrets[begin:]
	p.plan.Secrets = p.plan.Secrets[:begin:begin]
	for i, s := range secrets {
		at, err := p.stands(ctx, s)
		if err != nil {
			return nil, err
		}
		if why := p.conflict(s, at); why != "" {
			p.leave(groups[i].values[0], why)
			continue
		}
		if at.code == store.OK {
			s.ARN = cmp.Or(s.ARN, at.entry.Full)
		}
		p.plan.Secrets, kept = append(p.plan.Secrets, s), append(kept, groups[i])
	}
	return kept, nil
}

// another is what to do about a name that is taken.
const another = "give it another name with --map or --store-prefix"

// conflict is why a secret cannot go under its name, "" where it can: the name is free,
// or holds an equal value, or a document of ours that lacks the field.
func (p *planner) conflict(s Secret, at *standing) string {
	kind := p.plan.Stores[s.Store].Kind
	switch at.code {
	case store.GoneName:
		return fmt.Sprintf("%s belongs to a deleted secret in %s: restore that, or %s", s.Name, kind, another)
	case store.OK:
	default:
		return ""
	}
	if s.Field == "" {
		if p.Key.Tag(at.value) == s.Tag {
			return ""
		}
		return fmt.Sprintf("%s in %s holds another value (version %s): %s, or remove what is there", s.Name, kind, at.entry.Version, another)
	}
	if at.fields == nil {
		all, ok := store.Fields(at.value)
		if f, has := all[s.Field]; ok && has && p.Key.Tag(f) == s.Tag {
			return ""
		}
		return fmt.Sprintf("%s in %s is no document of texts (version %s), so it takes no field %s: %s", s.Name, kind, at.entry.Version, s.Field, another)
	}
	f, has := at.fields[s.Field]
	switch {
	case has && p.Key.Tag(f) == s.Tag:
		return ""
	case has:
		return fmt.Sprintf("the field %s of %s in %s holds another value (version %s): %s, or take that field out", s.Field, s.Name, kind, at.entry.Version, another)
	case at.entry.Tags[store.TagManaged] == "":
		return fmt.Sprintf("%s in %s was not made by oakum (version %s): add the field %s to it yourself, or %s", s.Name, kind, at.entry.Version, s.Field, another)
	}
	return ""
}

// adds are the fields that a document in the store lacks of those that a step stores.
func (p *planner) adds(s Step, at *standing) (fields []string) {
	for _, field := range p.plan.fields(s) {
		if _, has := at.fields[field]; !has && at.fields != nil {
			fields = append(fields, field)
		}
	}
	return fields
}
