package platform

import (
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/remediate/rewrite/change"
	"github.com/oakum-sec/oakum/remediate/rewrite/leaf"
	"go.yaml.in/yaml/v3"
)

// notJobs are keys of a pipeline's file that are no jobs (docs.gitlab.com/ci/yaml, "Global
// keywords" and what the keyword secrets is not for).
var notJobs = []string{"default", "variables", "workflow", "include", "stages", "spec", "image", "services", "cache", "before_script", "after_script"}

// gitLabVault has the job fetch the secret from Vault (docs.gitlab.com/ci/yaml, "secrets:vault"
// and "id_tokens"): the runner logs in with a token that GitLab signs for the job, and
// sets the variable. ok is false for what is not in a job, or not where its variables are
// read: that goes the way of the project's variables.
func (s *spot) gitLabVault() (change.Change, bool) {
	keys := s.keys()
	if len(keys) < 2 || slices.Contains(notJobs, keys[0]) || strings.HasPrefix(keys[0], ".") {
		return change.Change{}, false
	}
	name := s.edit.Name
	var c change.Change
	var no *change.Refusal
	switch {
	case isScript(keys, "script", "before_script", "after_script"):
		c, no = s.inShell()
	case matches(keys, "* variables *") && s.whole():
		name = s.key()
		c, no = s.drop()
	default:
		return change.Change{}, false
	}
	job := s.levels[0].node.Content[s.levels[0].at]
	at := level{job, leaf.Path{}.Child(keys[0]), 0}
	more, fits := s.jobSecret(at, name)
	if no != nil || !fits {
		return change.Change{}, false
	}
	c.Add(more)
	c.Needs = append(c.Needs, change.Need{Kind: change.NeedAccess, Name: name, Ref: s.edit.Ref})
	c.Notes = append(c.Notes, "GitLab (Premium) logs in to Vault by the variables VAULT_SERVER_URL and VAULT_AUTH_ROLE of the project; Vault's role must be bound to this project's tokens (oakum remediate access)")
	return c, true
}

// jobSecret adds NAME to a job's secrets, and the token that it is fetched with.
func (s *spot) jobSecret(job level, name string) (all change.Change, ok bool) {
	r := s.edit.Ref
	mount, path, _ := strings.Cut(r.Path, "/")
	entry := []string{name + ":", "  vault: " + plain(path+"/"+r.Key+"@"+mount), "  file: false", "  token: $VAULT_ID_TOKEN"}
	before := firstStaying(job.node)
	if before == "" {
		return all, false
	}
	audience := r.Params["address"]
	if audience == "" {
		audience = "$VAULT_SERVER_URL"
	}
	for _, add := range []struct {
		key   string
		name  string
		lines []string
	}{{"id_tokens", "VAULT_ID_TOKEN", []string{"VAULT_ID_TOKEN:", "  aud: " + audience}}, {"secrets", name, entry}} {
		have := sub(job.node, add.key)
		if sub(have, add.name) != nil {
			if add.key == "secrets" {
				return all, false // somebody has one of that name
			}
			continue
		}
		var c change.Change
		var no *change.Refusal
		if have != nil {
			c, no = s.addKey(have, job.path.Child(add.key), "", add.name, add.lines...)
		} else {
			c, no = s.addKey(job.node, job.path, before, add.key, append([]string{add.key + ":"}, indented(add.lines)...)...)
			if no == nil {
				shareHead(&c.Splices[0], add.key, s.eol(), s.indent(job.node.Content[0]))
			}
		}
		if no != nil {
			return all, false
		}
		all.Add(c)
	}
	return all, true
}

// firstStaying is the first key of a job that no edit takes out.
func firstStaying(job *yaml.Node) string {
	if job.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(job.Content); i += 2 {
			if key := job.Content[i].Value; key != "variables" {
				return key
			}
		}
	}
	return ""
}

// plain is a text as YAML takes it without quotes, or with.
func plain(text string) string {
	out, err := yaml.Marshal(text)
	if err != nil {
		return quoteJSON(text)
	}
	return strings.TrimSpace(string(out))
}
