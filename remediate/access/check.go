package access

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Problem is where a policy and the description differ.
type Problem struct {
	Document string
	What     string
}

func (p Problem) String() string { return p.Document + ": " + p.What }

// Proof is what a check looked at.
type Proof struct {
	Policies int // that were checked
	Requests int // that were asked of them
	Variants int // policies with one thing less, each of which must fail
	Problems []Problem
}

// The actions that are asked for, beside those that are needed: what the
// services can do to a secret, a parameter or a key (Service Authorization
// Reference), and to a role.
var (
	storeActions = []string{
		"secretsmanager:GetSecretValue", "secretsmanager:BatchGetSecretValue", "secretsmanager:DescribeSecret", "secretsmanager:ListSecrets", "secretsmanager:ListSecretVersionIds",
		"secretsmanager:GetResourcePolicy", "secretsmanager:PutSecretValue", "secretsmanager:UpdateSecret", "secretsmanager:UpdateSecretVersionStage", "secretsmanager:RotateSecret",
		"secretsmanager:DeleteSecret", "secretsmanager:RestoreSecret", "secretsmanager:CreateSecret", "secretsmanager:PutResourcePolicy", "secretsmanager:DeleteResourcePolicy",
		"secretsmanager:ReplicateSecretToRegions", "secretsmanager:TagResource", "secretsmanager:UntagResource",
		"ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath", "ssm:GetParameterHistory", "ssm:DescribeParameters", "ssm:PutParameter", "ssm:DeleteParameter", "ssm:LabelParameterVersion",
		"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:CreateGrant", "kms:PutKeyPolicy", "kms:DescribeKey", "kms:ScheduleKeyDeletion",
		"iam:PassRole", "iam:CreateAccessKey", "sts:AssumeRole",
	}
	roleActions = []string{"sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML", "sts:TagSession", "sts:SetSourceIdentity"}
)

// Check proves a reader's policies, those compiled or those that find gives for
// a document's name in their place.
func (d *Description) Check(find func(name string) (Policy, bool, error)) (proof Proof, err error) {
	for _, name := range slices.Sorted(maps.Keys(d.Readers)) {
		r := d.Readers[name]
		if !r.As.aws() || len(d.needs(r)) == 0 {
			continue
		}
		for _, one := range []struct {
			document string
			compiled Policy
			space    []asked
		}{
			{name + ".iam-policy.json", d.permissions(r), permissionSpace(d.needs(r))},
			{name + ".trust-policy.json", d.trust(r), d.trustSpace(r)},
		} {
			p, ok := one.compiled, false
			if find != nil {
				if p, ok, err = find(one.document); err != nil {
					return proof, fmt.Errorf("%s: %w", one.document, err)
				} else if !ok {
					proof.Problems = append(proof.Problems, Problem{one.document, "it is missing"})
					continue
				}
			}
			proof.one(one.document, p, one.space)
		}
	}
	return proof, nil
}

// asked is a request, and whether it has to be allowed.
type asked struct {
	Request
	needed bool
}

func (a asked) String() string {
	text := a.Action
	if a.Resource != "" {
		text += " on " + a.Resource
	}
	for _, kind := range slices.Sorted(maps.Keys(a.Principal)) {
		text += " by " + a.Principal[kind]
	}
	for _, k := range slices.Sorted(maps.Keys(a.Context)) {
		text += " with " + k + "=" + a.Context[k]
	}
	return text
}

// one asks all requests of a policy, and of all that have one thing less.
func (proof *Proof) one(document string, p Policy, space []asked) {
	proof.Policies++
	tell := func(format string, args ...any) {
		proof.Problems = append(proof.Problems, Problem{document, fmt.Sprintf(format, args...)})
	}
	for _, a := range space {
		proof.Requests++
		switch allowed := p.allows(a.Request); {
		case a.needed && !allowed:
			tell("not sufficient: it denies %s", a)
		case !a.needed && allowed:
			tell("not least: it allows %s", a)
		}
	}
	// What is needed shows first what a variant lacks.
	space = slices.SortedStableFunc(slices.Values(space), func(a, b asked) int { return bit(b.needed) - bit(a.needed) })
	for _, v := range variants(p) {
		proof.Variants++
		same := func(a asked) bool { return v.policy.allows(a.Request) == p.allows(a.Request) }
		if !slices.ContainsFunc(space, func(a asked) bool { return !same(a) }) {
			tell("not least: nothing changes without %s", v.without)
		}
	}
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// variant is a policy without something.
type variant struct {
	policy  Policy
	without string
}

// variants take each statement, action, resource, condition and value out.
func variants(p Policy) (all []variant) {
	for i, s := range p.Statement {
		name := fmt.Sprintf("statement %d", i)
		all = append(all, variant{Policy{p.Version, slices.Delete(slices.Clone(p.Statement), i, i+1)}, name})
		add := func(without string, change func(*Statement)) {
			changed := s
			change(&changed)
			list := slices.Clone(p.Statement)
			list[i] = changed
			all = append(all, variant{Policy{p.Version, list}, name + "'s " + without})
		}
		for k := range s.Action {
			if len(s.Action) > 1 {
				add("action "+s.Action[k], func(c *Statement) { c.Action = slices.Delete(slices.Clone(s.Action), k, k+1) })
			}
		}
		for k := range s.Resource {
			if len(s.Resource) > 1 {
				add("resource "+s.Resource[k], func(c *Statement) { c.Resource = slices.Delete(slices.Clone(s.Resource), k, k+1) })
			}
		}
		for operator, keys := range s.Condition {
			for key, values := range keys {
				set := func(left list) func(*Statement) {
					return func(c *Statement) {
						c.Condition = maps.Clone(s.Condition)
						c.Condition[operator] = maps.Clone(keys)
						if c.Condition[operator][key] = left; left == nil {
							delete(c.Condition[operator], key)
						}
					}
				}
				add("condition on "+key, set(nil))
				for k := range values {
					if len(values) > 1 {
						add("value "+values[k]+" of "+key, set(slices.Delete(slices.Clone(values), k, k+1)))
					}
				}
			}
		}
	}
	return all
}

// within tells whether context has all that is wanted.
func within(want, context map[string]string) bool {
	for k, v := range want {
		if context[k] != v {
			return false
		}
	}
	return true
}

// neighbours are an ARN and those that a careless pattern would take in: names
// that go on, other suffixes, other regions and accounts, the level above.
func neighbours(arn string) []string {
	if arn == "*" {
		return nil
	}
	last := arn[strings.LastIndexAny(arn, "/:")+1:]
	parts := strings.Split(arn, ":")
	other := func(i int, text string) string {
		changed := slices.Clone(parts)
		changed[i] = text
		return strings.Join(changed, ":")
	}
	return []string{
		arn, arn + "x", arn + "-AbCdEf", arn + "/sub", strings.TrimSuffix(arn, last) + "other", strings.TrimSuffix(arn, last) + "*",
		arn[:len(arn)-1], arn[:len(arn)-6] + "ZZZZZZ", arn[:len(arn)-6] + "??????", strings.ToUpper(arn), other(3, "xx-none-1"), other(4, "999999999999"),
	}
}

// near are a context and those with one key changed or missing.
func near(context map[string]string) []map[string]string {
	all := []map[string]string{context}
	for k, v := range context {
		missing, changed, longer := maps.Clone(context), maps.Clone(context), maps.Clone(context)
		delete(missing, k)
		changed[k], longer[k] = "other", v+"x"
		all = append(all, missing, changed, longer)
	}
	return all
}
