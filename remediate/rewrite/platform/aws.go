package platform

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/remediate/ref"
	"github.com/oakum-sec/oakum/remediate/rewrite/change"
	"github.com/oakum-sec/oakum/remediate/rewrite/leaf"
	"go.yaml.in/yaml/v3"
)

type leafNode = *yaml.Node

// editECS (docs.aws.amazon.com/AmazonECS, "Pass sensitive data to an Amazon ECS
// container"): the variable moves from environment to secrets, by the ARN.
func editECS(s *spot, o Options) (change.Change, *change.Refusal) {
	if !matches(s.keys(), "containerDefinitions [] environment [] value") {
		return change.Change{}, change.Refuse(change.NoPlace, "ECS takes secrets as variables of containers alone, not at %s", s.leaf.Path.Show())
	}
	if !s.whole() {
		return change.Change{}, change.Refuse(change.SuggestOnly, "ECS puts whole values in: keep the whole of %s in the store", s.leaf.Path.Show())
	}
	from, no := valueFrom(s.edit.Ref, o)
	if no != nil {
		return change.Change{}, no
	}
	n := len(s.levels) - 1
	item, container := s.levels[n].node, s.levels[n-2]
	name := scalar(item, "name")
	all, no := s.remove(n - 1)
	if no != nil {
		return all, no
	}
	if s.isFlow(s.levels[n-1].node) {
		all.Splices = nil // see afterECS
	}
	more, no := s.addSecret(container, name, from)
	all.Add(more)
	all.Notes = append(all.Notes, "ECS reads a secret when a task starts: after a rotation, force a new deployment")
	return needing(all, no, change.Need{Kind: change.NeedAccess, Name: name, Ref: s.edit.Ref})
}

// afterECS takes the elements out of lists in one line, or in JSON: which comma
// goes with an element depends on what else goes.
func afterECS(spots []*spot, _ Options) (c change.Change, _ *change.Refusal) {
	gone := map[leafNode][]int{}
	for _, s := range spots {
		list := s.levels[len(s.levels)-2]
		if !s.isFlow(list.node) {
			continue
		}
		if gone[list.node] = append(gone[list.node], list.at); len(gone[list.node]) == len(list.node.Content) {
			c.Touched = append(c.Touched, change.Touch{Path: list.path.String(), Prefix: true}) // it is left empty
		}
	}
	for list, which := range gone {
		slices.Sort(which)
		for len(which) > 0 {
			run := 1
			for run < len(which) && which[run] == which[0]+run {
				run++
			}
			c.Splices = append(c.Splices, spots[0].cutFlow(list, which[0], which[run-1]))
			which = which[run:]
		}
	}
	return c, nil
}

// valueFrom is how ECS names a secret: arn:…:secret:NAME-SUFFIX:KEY:STAGE:VERSION.
func valueFrom(r ref.Ref, o Options) (string, *change.Refusal) {
	arn := ""
	if o.ARN != nil {
		arn = o.ARN(r)
	}
	switch {
	case r.Backend == ref.AWSParams && arn == "":
		return "/" + trimSlash(r.Path), nil // in the task's own region
	case r.Backend != ref.AWSParams && r.Backend != ref.AWSSecrets:
		return "", change.Refuse(change.NoPlace, "ECS reads Secrets Manager and Parameter Store alone, not %s", r.Backend)
	case arn == "":
		return "", change.Refuse(change.NotYet, "ECS names a secret by its ARN, which AWS gives when the secret is stored: apply this plan, then plan again")
	case r.Key != "" && r.Backend == ref.AWSSecrets:
		arn += ":" + r.Key + "::"
	}
	return arn, nil
}

// addSecret adds an element to a container's secrets, JSON or YAML in one line,
// or block YAML.
func (s *spot) addSecret(container level, name, from string) (change.Change, *change.Refusal) {
	path := container.node.Content[container.at-1].Value // environment
	at := container.path
	if !s.isFlow(container.node) {
		return s.addItem(container.node, at, path, "secrets", "name: "+name, "valueFrom: "+quoteJSON(from))
	}
	item := `{"name": ` + quoteJSON(name) + `, "valueFrom": ` + quoteJSON(from) + `}`
	c := change.Change{Touched: []change.Touch{{Path: at.Child("secrets").String(), Prefix: true}}}
	list := sub(container.node, "secrets")
	switch {
	case list == nil:
		end := s.end(container.node.Content[container.at])
		c.Splices = []change.Splice{{Start: end, End: end, Head: "," + s.gap(container.node) + `"secrets": [`, Text: item, Sep: ", ", Tail: "]"}}
	case len(list.Content) == 0:
		end := s.end(list) - 1
		c.Splices = []change.Splice{{Start: end, End: end, Head: " ", Text: item, Sep: ", "}}
	default:
		last := list.Content[len(list.Content)-1]
		end := s.end(last)
		c.Splices = []change.Splice{{Start: end, End: end, Head: ",", Text: s.gap(list) + item, Sep: ","}}
	}
	return c, nil
}

// gap is the white space before a flow collection's second child, or its first.
func (s *spot) gap(n *yaml.Node) string {
	first := s.start(n.Content[0])
	at := first
	for at > 0 && strings.IndexByte(" \t\r\n", s.src[at-1]) >= 0 {
		at--
	}
	if gap := string(s.src[at:first]); gap != "" {
		return gap
	}
	return " "
}

func quoteJSON(text string) string {
	coded, _ := json.Marshal(text) // a string always encodes
	return string(coded)
}

// editCloudFormation (docs.aws.amazon.com/AWSCloudFormation, "Dynamic
// references"): CloudFormation puts the value in when it deploys.
func editCloudFormation(s *spot, _ Options) (change.Change, *change.Refusal) {
	r := s.edit.Ref
	switch r.Backend {
	case ref.AWSSecrets:
	case ref.AWSParams:
		no := change.Refuse(change.SuggestOnly, "CloudFormation resolves a SecureString in a few properties alone (list: \"Resources that support dynamic parameter patterns for secure strings\")")
		no.Suggest = "{{resolve:ssm-secure:/" + trimSlash(r.Path) + "}}"
		return change.Change{}, no
	default:
		return change.Change{}, change.Refuse(change.NoPlace, "CloudFormation reads Secrets Manager alone, not %s", r.Backend)
	}
	text := "{{resolve:secretsmanager:" + r.Path
	if r.Key != "" {
		text += ":SecretString:" + r.Key
	}
	c, no := s.put(text + "}}")
	if no != nil {
		return c, no
	}
	if matches(s.keys(), "Resources * Properties Environment Variables *") || matches(s.keys(), "Globals Function Environment Variables *") {
		c.Notes = []string{"the function's configuration shows the value to who may read it: fetching it at start keeps it out of there"}
	}
	c.Needs = []change.Need{{Kind: change.NeedAccess, Name: strings.Trim(leaf.Path(s.leaf.Path).Show(), "."), Ref: r}}
	return c, nil
}
