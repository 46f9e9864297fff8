package platform

import (
	"github.com/oakum-sec/oakum/remediate/ref"
	"github.com/oakum-sec/oakum/remediate/rewrite/change"
	"github.com/oakum-sec/oakum/remediate/rewrite/leaf"
)

// editGitLab (docs.gitlab.com/ci/variables): the project's variables are in the
// environment of every job. One that the file sets by the same name would be
// itself, so that it goes; another can be made of it.
func editGitLab(s *spot, o Options) (change.Change, *change.Refusal) {
	keys, name := s.keys(), s.edit.Name
	if o.GitLab.Vault && s.edit.Ref.Backend == ref.Vault && s.edit.Ref.Key != "" {
		if c, ok := s.gitLabVault(); ok {
			return c, nil
		}
	}
	switch {
	case isScript(keys, "script", "before_script", "after_script"):
		c, no := s.inShell()
		return needing(c, no, s.secretOf(name))
	case matches(keys, "** variables *") || matches(keys, "** variables * value"):
		own := s.key()
		if own == "value" && len(keys) > 1 {
			own = keys[len(keys)-2]
		}
		if own != name {
			break
		}
		if !s.whole() || own != s.key() {
			return change.Change{}, change.Refuse(change.SuggestOnly, "a variable cannot be made of itself: give the secret another name than %s", own)
		}
		c, no := s.drop()
		return needing(c, no, s.secretOf(name))
	}
	c, no := s.put("${" + name + "}")
	return needing(c, no, s.secretOf(name))
}

// editCircle (circleci.com/docs/env-vars): nothing in "environment" is expanded,
// and it wins over contexts and the project's variables: so the entry goes.
func editCircle(s *spot, _ Options) (change.Change, *change.Refusal) {
	keys := s.keys()
	if isScript(keys, "run", "command") {
		c, no := s.inShell()
		return needing(c, no, s.secretOf(s.edit.Name))
	}
	if matches(keys, "** environment *") && s.whole() {
		c, no := s.drop()
		return needing(c, no, s.secretOf(s.key()))
	}
	if matches(keys, "** auth *") { // docker's: the one place where a variable is named
		c, no := s.put("$" + s.edit.Name)
		return needing(c, no, s.secretOf(s.edit.Name))
	}
	no := change.Refuse(change.SuggestOnly, "CircleCI expands no variable at %s: set it in a step by a script", s.leaf.Path.Show())
	no.Suggest = `echo 'export ` + s.key() + `="…${` + s.edit.Name + `}…"' >> "$BASH_ENV"`
	return change.Change{}, no
}

// editAzure (learn.microsoft.com, "Set secret variables"): a secret variable is
// no environment variable until a step maps it; $(NAME) is put in by the agent.
func editAzure(s *spot, _ Options) (change.Change, *change.Refusal) {
	keys, name := s.keys(), s.edit.Name
	own := s.key()
	if matches(keys, "** variables [] value") {
		own = scalar(s.levels[len(s.levels)-1].node, "name")
	}
	if own == name && (matches(keys, "** variables *") || matches(keys, "** variables [] value")) {
		if !s.whole() {
			return change.Change{}, change.Refuse(change.SuggestOnly, "a variable cannot be made of itself: give the secret another name than %s", own)
		}
		n := len(s.levels) - 1
		if own != s.key() {
			n-- // the element of the list
		}
		c, no := s.remove(n)
		if no == nil {
			c.Notes = append(c.Notes, "a secret variable is in no step's environment by itself: steps that read it there need env: {"+name+": $("+name+")}")
		}
		return needing(c, no, s.secretOf(name))
	}
	c, no := s.put("$(" + name + ")")
	return needing(c, no, s.secretOf(name))
}

// editBitbucket (support.atlassian.com, "Variables and secrets"): secured
// variables are read as $NAME, in scripts, services and pipes.
func editBitbucket(s *spot, _ Options) (change.Change, *change.Refusal) {
	keys := s.keys()
	if isScript(keys, "script", "after-script") && s.key() == "" {
		c, no := s.inShell()
		return needing(c, no, s.secretOf(s.edit.Name))
	}
	text := "$" + s.edit.Name
	if !s.whole() {
		text = "${" + s.edit.Name + "}"
	}
	c, no := s.put(text)
	return needing(c, no, s.secretOf(s.edit.Name))
}

// editBuildspec (docs.aws.amazon.com/codebuild, "Build spec reference", env):
// the variable moves to where CodeBuild takes it from the store itself.
func editBuildspec(s *spot, _ Options) (change.Change, *change.Refusal) {
	keys := s.keys()
	section, value := "secrets-manager", s.edit.Ref.Path
	switch s.edit.Ref.Backend {
	case ref.AWSSecrets:
		if s.edit.Ref.Key != "" {
			value += ":" + s.edit.Ref.Key
		}
	case ref.AWSParams:
		section, value = "parameter-store", "/"+trimSlash(s.edit.Ref.Path)
	default:
		return change.Change{}, change.Refuse(change.NoPlace, "CodeBuild reads Secrets Manager and Parameter Store alone, not %s", s.edit.Ref.Backend)
	}
	env := level{s.docs.Nodes[0], nil, 0}
	for _, l := range s.levels {
		if l.node == s.docs.Nodes[0] && l.node.Content[l.at-1].Value == "env" {
			env = level{l.node.Content[l.at], l.path.Child("env"), 0}
		}
	}
	name := s.key()
	var c change.Change
	var no *change.Refusal
	switch {
	case matches(keys, "env variables *") && s.whole():
		c, no = s.drop()
	case isScript(keys, "commands"):
		name = s.edit.Name
		if c, no = s.inShell(); no == nil && sub(env.node, "env") != nil {
			env = level{sub(env.node, "env"), leaf.Path{"env"}, 0}
		}
	default:
		return change.Change{}, change.Refuse(change.SuggestOnly, "CodeBuild expands nothing at %s: keep the whole value in the store", s.leaf.Path.Show())
	}
	if no != nil {
		return c, no
	}
	more, no := s.addVariable(env, section, name, value)
	c.Add(more)
	return needing(c, no, change.Need{Kind: change.NeedAccess, Name: name, Ref: s.edit.Ref})
}

// addVariable adds NAME: value to a section of env, or the section, or env.
func (s *spot) addVariable(env level, section, name, value string) (change.Change, *change.Refusal) {
	line := name + ": " + value
	if have := sub(env.node, section); have != nil {
		return s.addKey(have, env.path.Child(section), "", name, line)
	}
	if env.path == nil { // there is no env: it comes first but for the version
		before := ""
		if sub(env.node, "phases") != nil {
			before = "phases"
		}
		c, no := s.addKey(env.node, nil, before, "env", "env:", "  "+section+":", "    "+line)
		if no == nil {
			shareHead(&c.Splices[0], "env:"+s.eol()+"  "+section, s.eol(), "")
		}
		return c, no
	}
	c, no := s.addKey(env.node, env.path, "variables", section, section+":", "  "+line)
	if no == nil {
		shareHead(&c.Splices[0], section, s.eol(), s.indent(env.node.Content[0]))
	}
	return c, no
}

func trimSlash(path string) string {
	for len(path) > 0 && path[0] == '/' {
		path = path[1:]
	}
	return path
}
