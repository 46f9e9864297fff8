package platform

import (
	"strings"

	"github.com/oakum-sec/oakum/remediate/ref"
	"github.com/oakum-sec/oakum/remediate/rewrite/change"
	"go.yaml.in/yaml/v3"
)

// editKubernetes has a container's variable come from a Secret (or, with Vault's
// agent, from a file), which an operator fills from the store.
func editKubernetes(s *spot, o Options) (change.Change, *change.Refusal) {
	keys := s.keys()
	if !matches(keys, "** containers [] env [] value") && !matches(keys, "** initContainers [] env [] value") {
		return s.elsewhere(keys)
	}
	if no := suits(s.edit.Ref, o.Kubernetes); no != nil {
		return change.Change{}, no
	}
	n := len(s.levels) - 1
	item := s.levels[n]
	if o.Kubernetes.Via == ViaVaultAgent {
		if !s.whole() {
			return change.Change{}, change.Refuse(change.SuggestOnly, "Vault's agent writes a file: make %s of it when the program starts", s.leaf.Path.Show())
		}
		return s.remove(n - 1)
	}
	name, key := s.target(o)
	from := []string{"valueFrom:", "  secretKeyRef:", "    name: " + name, "    key: " + key}
	if s.whole() {
		return s.valueFrom(item, from, name, key)
	}
	// A part of a value: the variable comes first, and is expanded by $(NAME).
	if s.isFlow(item.node) || s.isFlow(s.levels[n-1].node) {
		return change.Change{}, change.Refuse(change.SuggestOnly, "%s stands in one line: add the variable %s before it by hand", s.leaf.Path.Show(), s.edit.Name)
	}
	c, no := s.put("$(" + s.edit.Name + ")")
	if no != nil {
		return c, no
	}
	at := s.start(item.node)
	dash := strings.LastIndexByte(string(s.src[:at]), '-')
	indent := strings.Repeat(" ", dash-lineStart(s.src, dash))
	lines := append([]string{"- name: " + s.edit.Name}, indented(from)...)
	c.Splices = append(c.Splices, change.Splice{Start: lineStart(s.src, dash), End: lineStart(s.src, dash), Text: s.lines(indent, lines...) + s.eol()})
	c.Touched = append(c.Touched, change.Touch{Path: s.levels[n-1].path.Named(s.edit.Name).String(), Prefix: true})
	return c, nil
}

// valueFrom replaces "value: …" of an element of env.
func (s *spot) valueFrom(item level, from []string, name, key string) (change.Change, *change.Refusal) {
	start, end := s.start(item.node.Content[item.at-1]), s.end(s.node)
	indent := s.indent(item.node.Content[item.at-1])
	text := strings.TrimPrefix(s.lines(indent, from...), indent)
	if s.isFlow(item.node) {
		text = "valueFrom: {secretKeyRef: {name: " + name + ", key: " + key + "}}"
	}
	at := item.path.Child("valueFrom").Child("secretKeyRef")
	return change.Change{
		Splices: []change.Splice{{Start: start, End: end, Text: text}},
		Touched: []change.Touch{
			{Path: s.leaf.Path.String(), Gone: true},
			{Path: at.Child("name").String(), Added: true, Holds: name},
			{Path: at.Child("key").String(), Added: true, Holds: key},
		},
	}, nil
}

// elsewhere is for values that are in no container's env.
func (s *spot) elsewhere(keys []string) (change.Change, *change.Refusal) {
	switch {
	case matches(keys, "** command []") || matches(keys, "** args []"):
		no := change.Refuse(change.SuggestOnly, "an argument is shown by every listing of processes: add the variable %s to env, and name it here", s.edit.Name)
		no.Suggest = "$(" + s.edit.Name + ")"
		return change.Change{}, no
	case matches(keys, "data *") || matches(keys, "stringData *"):
		return change.Change{}, change.Refuse(change.SuggestOnly, "a Secret or ConfigMap in the repository is the leak itself: delete it, and have the operator's object make a Secret of that name")
	}
	return change.Change{}, change.Refuse(change.NoPlace, "Kubernetes takes nothing from a Secret at %s", s.leaf.Path.Show())
}

// suits tells whether the operator reads the store.
func suits(r ref.Ref, k Kubernetes) *change.Refusal {
	vault := k.Via == ViaVaultSecret || k.Via == ViaVaultAgent
	switch {
	case k.Via == ViaSecretKeyRef:
		return nil
	case r.Backend == ref.Age:
		return change.Refuse(change.NoPlace, "no operator in a cluster reads an age file: choose a store that the cluster reaches, or make the Secret yourself (secret-key-ref)")
	case vault && r.Backend != ref.Vault:
		return change.Refuse(change.NoPlace, "%s reads Vault alone, not %s", k.Via, r.Backend)
	case vault && r.Key == "", k.Via == ViaCSI && r.Backend == ref.Vault && r.Key == "":
		return change.Refuse(change.NoPlace, "a secret of Vault is a document: the reference needs a key")
	}
	return nil
}

// target is the Secret and its key that the variable comes from.
func (s *spot) target(o Options) (name, key string) {
	name = s.workload() + "-secrets"
	if o.Kubernetes.Via == ViaVaultSecret { // one a path, with Vault's own keys
		return s.workload() + "-" + slug(s.edit.Ref.Path), s.edit.Ref.Key
	}
	return name, s.edit.Name
}

// document is the object that the value is in.
func (s *spot) document() *yaml.Node { return s.levels[0].node }

func (s *spot) workload() string {
	meta := sub(s.document(), "metadata")
	for _, key := range []string{"name", "generateName"} {
		if name := slug(scalar(meta, key)); name != "" {
			return name
		}
	}
	return "app"
}

// slug is text as a Kubernetes object's name (RFC 1123).
func slug(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, text)
	return strings.Trim(text[:min(len(text), 50)], "-")
}

// podSpec is the level of the pod's spec that the container is in.
func (s *spot) podSpec() level {
	for _, l := range s.levels {
		if l.node.Kind == yaml.MappingNode {
			if key := l.node.Content[l.at-1].Value; key == "containers" || key == "initContainers" {
				return l
			}
		}
	}
	return s.levels[0]
}

// container is the level of the container itself.
func (s *spot) container() level { return s.levels[len(s.levels)-3] }

// template is the level above the pod's spec, which has its metadata.
func (s *spot) template() level {
	spec := s.podSpec()
	for i, l := range s.levels {
		if l.node == spec.node && i > 0 {
			return s.levels[i-1]
		}
	}
	return s.levels[0]
}
