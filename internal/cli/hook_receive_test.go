package cli

import (
	"testing"

	"github.com/oakum-sec/oakum/internal/hook"
)

// A policy that is laxer on branches must not be had by a second ref in the push.
func TestPushedTo(t *testing.T) {
	const old, gone = "1", ""
	push := func(refs ...string) (all []hook.Update) {
		for _, ref := range refs {
			all = append(all, hook.Update{Ref: ref, New: old})
		}
		return all
	}
	for name, c := range map[string]struct {
		updates     []hook.Update
		branch, tag string
	}{
		"nothing":             {nil, "", ""},
		"a branch":            {push("refs/heads/topic"), "topic", ""},
		"the default too":     {push("refs/heads/a", "refs/heads/main", "refs/heads/z"), "main", ""},
		"a tag":               {push("refs/tags/v1", "refs/tags/v2"), "", "v1"},
		"a branch and a tag":  {push("refs/heads/topic", "refs/tags/v1"), "", ""},
		"another kind of ref": {push("refs/heads/topic", "refs/meta/config"), "", ""},
		"a deletion beside":   {append(push("refs/heads/topic"), hook.Update{Ref: "refs/heads/main", Old: old, New: gone}), "topic", ""},
	} {
		if branch, tag := pushedTo(c.updates, "main"); branch != c.branch || tag != c.tag {
			t.Errorf("%s: branch %q, tag %q", name, branch, tag)
		}
	}
}
