package platform

import (
	"github.com/oakum-sec/oakum/remediate/ref"
	"github.com/oakum-sec/oakum/remediate/rewrite/change"
)

// editServerless (www.serverless.com/framework/docs/providers/aws/guide/variables): the
// framework puts the value in when it deploys, from Parameter Store, from a secret of
// Secrets Manager as a whole, or from the environment that it is started in.
func editServerless(s *spot, _ Options) (change.Change, *change.Refusal) {
	text, need := fromServerless(s.edit)
	c, no := s.put(text)
	if no != nil {
		return c, no
	}
	if matches(s.keys(), "provider environment *") || matches(s.keys(), "functions * environment *") {
		c.Notes = []string{"the function's configuration shows the value to who may read it: fetching it at start keeps it out of there"}
	}
	c.Needs = []change.Need{need}
	return c, nil
}

func fromServerless(e change.Edit) (text string, need change.Need) {
	r, region := e.Ref, ""
	if name := e.Ref.Params["region"]; name != "" {
		region = "(" + name + ")"
	}
	access := change.Need{Kind: change.NeedAccess, Name: e.Name, Ref: r}
	switch {
	case r.Backend == ref.AWSParams:
		return "${ssm" + region + ":/" + trimSlash(r.Path) + "}", access
	case r.Backend == ref.AWSSecrets && r.Key == "":
		return "${ssm" + region + ":/aws/reference/secretsmanager/" + trimSlash(r.Path) + "}", access
	}
	return "${env:" + e.Name + "}", change.Need{Kind: change.NeedEnvironment, Name: e.Name, Ref: r}
}
