package admit

import (
	"strings"

	"github.com/oakum-sec/oakum/leak"
)

// lastApplied is in the path of whatever stands in the annotation in which kubectl keeps
// an object as it was applied.
const lastApplied = `["kubectl.kubernetes.io/last-applied-configuration"]`

// before is what an object held until now: by value, so that it does not matter where.
type before struct {
	tags    map[string]bool // of values; true: it stood in a field, and not only in last-applied
	fingers map[string]bool // of findings, and of what references lead to
}

// remember takes up what was found in the old object.
func (a *Admitter) remember(findings []*leak.Finding) *before {
	b := &before{tags: map[string]bool{}, fingers: map[string]bool{}}
	for _, f := range findings {
		field := !applied(f.Place)
		b.fingers[f.ID] = true
		for _, tag := range a.tags(f) {
			b.tags[tag] = b.tags[tag] || field
		}
	}
	return b
}

// tags are the values that a finding is made of: an access key's id, and its secret.
// One that a reference leads to has none here.
func (a *Admitter) tags(f *leak.Finding) []string {
	if f.Secret.IsZero() {
		return nil
	}
	tags := []string{f.Secret.Tag(a.key)}
	for _, p := range f.Parts {
		tags = append(tags, p.Secret.Tag(a.key))
	}
	return tags
}

// holds tells whether a finding is none of what is new. A value that only last-applied
// kept, after somebody took it out of its field, is new when it comes back.
func (b *before) holds(f *leak.Finding, tags []string) bool {
	if b == nil {
		return false
	}
	if len(tags) == 0 {
		return b.fingers[f.ID]
	}
	for _, tag := range tags {
		field, there := b.tags[tag]
		if !there || !field && !applied(f.Place) {
			return false
		}
	}
	return true
}

func applied(p leak.Place) bool {
	field, ok := p.(leak.ObjectField)
	return ok && strings.Contains(field.Field, lastApplied)
}
