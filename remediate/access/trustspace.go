package access

import (
	"maps"
	"strings"
)

// trustSpace is every way to take a role by every principal that is near, in
// every context that is near.
func (d *Description) trustSpace(r Reader) (space []asked) {
	actions, principal, context := d.comes(r)
	principals := []map[string]string{
		principal, {"Service": "ecs-tasks.amazonaws.com"}, {"Service": "ec2.amazonaws.com"}, {"Service": "lambda.amazonaws.com"}, {"Service": "pods.eks.amazonaws.com"},
		{"AWS": "arn:" + d.AWS.Partition + ":iam::" + d.AWS.Account + ":root"}, {"Federated": "arn:" + d.AWS.Partition + ":iam::" + d.AWS.Account + ":oidc-provider/other.example.com"},
	}
	contexts := append(near(context), map[string]string{})
	for _, more := range r.As.strangers() {
		changed := maps.Clone(context)
		maps.Copy(changed, more)
		contexts = append(contexts, changed)
	}
	for _, action := range roleActions {
		for i, p := range principals {
			if i > 0 && maps.Equal(p, principal) {
				continue
			}
			for _, c := range contexts {
				needed := i == 0 && r.As.fits(context, c)
				if _, is := actions[action]; !is {
					needed = false
				}
				space = append(space, asked{Request{Principal: p, Action: action, Context: c}, needed})
			}
		}
	}
	return space
}

// fits tells whether context is one that the reader's platform comes with. Of
// ECS no cluster can be asked for, so that any ARN of the account's is one.
func (i Identity) fits(want, context map[string]string) bool {
	if i.ECS != nil {
		arn := want["aws:SourceArn"]
		return context["aws:SourceAccount"] == want["aws:SourceAccount"] && strings.HasPrefix(context["aws:SourceArn"], strings.TrimSuffix(arn, "cluster/any"))
	}
	return within(want, context)
}

// comes is how a reader's platform asks for the role: what it does, as whom,
// and with which context.
func (d *Description) comes(r Reader) (actions map[string]bool, principal, context map[string]string) {
	service := func(name string) map[string]string { return map[string]string{"Service": name + ".amazonaws.com"} }
	actions = map[string]bool{"sts:AssumeRole": true}
	account, region, partition := d.AWS.Account, d.AWS.Region, d.AWS.Partition
	switch as := r.As; {
	case as.ECS != nil:
		return actions, service("ecs-tasks"), map[string]string{"aws:SourceAccount": account, "aws:SourceArn": "arn:" + partition + ":ecs:" + region + ":" + account + ":cluster/any"}
	case as.EC2 != nil:
		return actions, service("ec2"), map[string]string{}
	case as.Lambda != nil:
		return actions, service("lambda"), map[string]string{}
	case as.PodIdentity != nil:
		actions["sts:TagSession"] = true
		return actions, service("pods.eks"), map[string]string{
			"aws:SourceAccount": account, "aws:SourceArn": "arn:" + partition + ":eks:" + region + ":" + account + ":cluster/" + as.PodIdentity.Cluster,
			"aws:RequestTag/kubernetes-namespace": as.PodIdentity.Namespace, "aws:RequestTag/kubernetes-service-account": as.PodIdentity.Name,
		}
	}
	provider, audience, subject := r.As.Web()
	return map[string]bool{"sts:AssumeRoleWithWebIdentity": true},
		map[string]string{"Federated": "arn:" + partition + ":iam::" + account + ":oidc-provider/" + provider},
		map[string]string{provider + ":aud": audience, provider + ":sub": subject}
}

// strangers are subjects that must not be let in: other branches, other
// repositories of the organization, pull requests, other accounts of a cluster.
func (i Identity) strangers() (all []map[string]string) {
	provider, _, subject := i.Web()
	if provider == "" {
		return nil
	}
	for _, sub := range []string{
		subject + "-2", "repo:org/other:ref:refs/heads/main", "repo:org/repo:pull_request", "system:serviceaccount:default:default",
		"project_path:group/other:ref_type:branch:ref:main", "*",
	} {
		if sub != subject {
			all = append(all, map[string]string{provider + ":sub": sub})
		}
	}
	return all
}
