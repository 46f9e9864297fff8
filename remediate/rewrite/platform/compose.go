package platform

import (
	"path"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/remediate/rewrite/change"
	"github.com/oakum-sec/oakum/remediate/rewrite/leaf"
)

// byFile are variables of official images that can be read from a file of the
// name that NAME_FILE holds (their pages on hub.docker.com, "Docker Secrets").
var byFile = map[string][]string{
	"postgres": {"POSTGRES_PASSWORD", "POSTGRES_USER"},
	"mysql":    {"MYSQL_ROOT_PASSWORD", "MYSQL_PASSWORD", "MYSQL_USER"},
	"mariadb":  {"MARIADB_ROOT_PASSWORD", "MARIADB_PASSWORD", "MARIADB_USER", "MYSQL_ROOT_PASSWORD", "MYSQL_PASSWORD", "MYSQL_USER"},
	"mongo":    {"MONGO_INITDB_ROOT_USERNAME", "MONGO_INITDB_ROOT_PASSWORD"},
}

// editCompose has compose put the variable in, and stop where it is not set
// (docs.docker.com/reference/compose-file/interpolation). An image that reads its
// password from a file gets it as a secret, which no `docker inspect` shows.
func editCompose(s *spot, _ Options) (change.Change, *change.Refusal) {
	keys := s.keys()
	need := change.Need{Kind: change.NeedEnvironment, Name: s.edit.Name, Ref: s.edit.Ref}
	if matches(keys, "services * build args *") || matches(keys, "services * build args []") {
		return change.Change{}, change.Refuse(change.SuggestOnly, "a build argument stays in the image: make it a secret of the build (services.*.build.secrets)")
	}
	if matches(keys, "services * environment *") && s.whole() && s.leaf.Quote != leaf.Block {
		service := s.levels[1].node.Content[s.levels[1].at]
		image, _, _ := strings.Cut(path.Base(scalar(service, "image")), ":")
		if slices.Contains(byFile[image], s.key()) && !s.isFlow(s.levels[3].node) && !s.isFlow(service) {
			c, no := s.secretFile(service)
			return needing(c, no, need)
		}
	}
	c, no := s.put("${" + s.edit.Name + ":?}")
	return needing(c, no, need)
}

// secretFile turns KEY: value into KEY_FILE: /run/secrets/NAME.
func (s *spot) secretFile(service leafNode) (change.Change, *change.Refusal) {
	env, name := s.levels[len(s.levels)-1], s.edit.Name
	key := env.node.Content[env.at-1]
	file := "/run/secrets/" + name
	all := change.Change{
		Splices: []change.Splice{{Start: s.start(key), End: s.end(s.node), Text: key.Value + "_FILE: " + file}},
		Touched: []change.Touch{
			{Path: s.leaf.Path.String(), Gone: true},
			{Path: env.path.Child(key.Value + "_FILE").String(), Added: true, Holds: file},
		},
	}
	c, no := s.addItem(service, s.levels[2].path, "environment", "secrets", name)
	if no != nil {
		return c, no
	}
	all.Add(c)
	root := s.docs.Nodes[0]
	lines := []string{name + ":", "  environment: " + name}
	switch have := sub(root, "secrets"); {
	case have == nil:
		c, no = s.addKey(root, nil, "", "secrets", append([]string{"secrets:"}, indented(lines)...)...)
		if no == nil {
			shareHead(&c.Splices[0], "secrets", s.eol(), "")
		}
	case sub(have, name) == nil:
		c, no = s.addKey(have, leaf.Path{"secrets"}, "", name, lines...)
	default:
		c = change.Change{}
	}
	all.Add(c)
	return all, no
}
