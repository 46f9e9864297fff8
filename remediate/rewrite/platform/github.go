package platform

import (
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/remediate/rewrite/change"
	"github.com/oakum-sec/oakum/remediate/rewrite/leaf"
	"go.yaml.in/yaml/v3"
)

// editGitHub (docs.github.com, "Using secrets in GitHub Actions"): expressions
// are expanded in env and with. In a script they would be pasted into its text,
// so that a step's env takes the secret and the script reads it.
func editGitHub(s *spot, o Options) (change.Change, *change.Refusal) {
	keys, name := s.keys(), s.edit.Name
	if o.OIDC != nil && oidcInput(s) {
		return s.oidc(o.OIDC)
	}
	expr := "${{ secrets." + name + " }}"
	if keys[0] == "runs" {
		return change.Change{}, change.Refuse(change.SuggestOnly, "an action sees no secrets: make the value an input of it")
	}
	if keys[len(keys)-1] != "run" {
		c, no := s.put(expr)
		return needing(c, no, s.secretOf(name))
	}
	step := s.levels[len(s.levels)-1]
	if shell := scalar(step.node, "shell"); shell != "" && shell != "bash" && shell != "sh" {
		no := change.Refuse(change.SuggestOnly, "the script is not one of bash: read the variable there by hand")
		no.Suggest = "env: {" + name + ": " + expr + "}"
		return change.Change{}, no
	}
	c, no := s.inShell()
	if no != nil {
		return c, no
	}
	more, no := s.addVariable(level{step.node, step.path, 0}, "env", name, expr)
	c.Add(more)
	return needing(c, no, s.secretOf(name))
}

// oidcInputs are what aws-actions/configure-aws-credentials takes of a static
// key. Were one left, the action would go on as that user (its README, table of
// identities).
var oidcInputs = []string{"aws-access-key-id", "aws-secret-access-key", "aws-session-token"}

func oidcInput(s *spot) bool {
	if !matches(s.keys(), "jobs * steps [] with *") || !slices.Contains(oidcInputs, s.key()) || !s.whole() {
		return false
	}
	step := s.levels[len(s.levels)-2].node
	return strings.HasPrefix(scalar(step, "uses"), "aws-actions/configure-aws-credentials@")
}

// oidc has the step take a role: the three inputs of the key go, whether their
// values were found or not, and role-to-assume comes.
func (s *spot) oidc(o *OIDC) (change.Change, *change.Refusal) {
	with := s.levels[len(s.levels)-1]
	if s.isFlow(with.node) {
		return change.Change{}, change.Refuse(change.SuggestOnly, "the inputs stand in one line: write role-to-assume: %s in place of the key", o.Role)
	}
	lines := []string{"role-to-assume: " + o.Role}
	if o.Region != "" && sub(with.node, "aws-region") == nil {
		lines = append(lines, "aws-region: "+o.Region)
	}
	var c change.Change
	put := false
	for i := 0; i+1 < len(with.node.Content); i += 2 {
		key := with.node.Content[i]
		if !slices.Contains(oidcInputs, key.Value) {
			continue
		}
		start, end := s.start(key), s.end(with.node.Content[i+1])
		c.Touched = append(c.Touched, change.Touch{Path: with.path.Child(key.Value).String(), Gone: true})
		if !put {
			indent := s.indent(key)
			c.Splices = append(c.Splices, change.Splice{Start: start, End: end, Text: strings.TrimPrefix(s.lines(indent, lines...), indent)})
			put = true
			continue
		}
		splice, ok := s.cutBlock(with.node, i, i+1)
		if !ok {
			return change.Change{}, change.Refuse(change.SuggestOnly, "the inputs do not stand on lines of their own: write role-to-assume: %s in place of the key", o.Role)
		}
		c.Splices = append(c.Splices, splice)
	}
	for _, l := range lines {
		key, value, _ := strings.Cut(l, ": ")
		c.Touched = append(c.Touched, change.Touch{Path: with.path.Child(key).String(), Added: true, Holds: value})
	}
	c.Needs = []change.Need{{Kind: change.NeedAccess, Name: o.Role, Ref: s.edit.Ref}}
	return c, nil
}

// afterGitHub gives jobs that take a role the permission for it. A permissions
// block takes away what is not listed, so that what the job had by default is
// written down: contents: read, and a note to look at the rest.
func afterGitHub(spots []*spot, o Options) (change.Change, *change.Refusal) {
	var all change.Change
	var done []*yaml.Node
	for _, s := range spots {
		if o.OIDC == nil || !oidcInput(s) {
			continue
		}
		job := s.levels[1].node.Content[s.levels[1].at]
		if slices.Contains(done, job) {
			continue
		}
		done = append(done, job)
		c, no := s.permit(job, s.levels[2].path)
		if no != nil {
			return all, no
		}
		all.Add(c)
	}
	return all, nil
}

func (s *spot) permit(job *yaml.Node, path leaf.Path) (change.Change, *change.Refusal) {
	own := sub(job, "permissions")
	root := sub(s.docs.Nodes[0], "permissions")
	switch {
	case own != nil && own.Kind == yaml.MappingNode:
		if scalar(own, "id-token") == "write" {
			return change.Change{}, nil
		}
		return s.addKey(own, path.Child("permissions"), "", "id-token", "id-token: write")
	case own != nil && own.Value == "write-all" || own == nil && root != nil && root.Value == "write-all":
		return change.Change{}, nil // which id-token is among
	case own != nil:
		return change.Change{}, change.Refuse(change.SuggestOnly, "the job's permissions are %q: write id-token: write beside what it needs", own.Value)
	}
	lines := []string{"permissions:", "  id-token: write"}
	var notes []string
	if root != nil && root.Kind == yaml.MappingNode {
		if scalar(root, "id-token") == "write" {
			return change.Change{}, nil
		}
		for i := 0; i+1 < len(root.Content); i += 2 {
			if root.Content[i].Value != "id-token" {
				lines = append(lines, "  "+root.Content[i].Value+": "+root.Content[i+1].Value)
			}
		}
	} else {
		lines = append(lines, "  contents: read")
		notes = append(notes, "a permissions block takes away what it does not list: a job that writes to GitHub with GITHUB_TOKEN needs more than contents: read")
	}
	c, no := s.addKey(job, path, "steps", "permissions", lines...)
	c.Notes = notes
	return c, no
}
