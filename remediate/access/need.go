package access

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Need is what a program asks AWS for, or AWS for it: one action on one thing.
type Need struct {
	Action   string            `json:"action" yaml:"action"`                       // s3:GetObject
	Resource string            `json:"resource" yaml:"resource"`                   // its ARN; "*" of actions that IAM takes no ARN for
	Context  map[string]string `json:"context,omitempty" yaml:"context,omitempty"` // of the request
}

const (
	viaService        = "kms:ViaService"
	encryptionContext = "kms:EncryptionContext:"
)

var actionShape = regexp.MustCompile(`^[a-z0-9-]+:[A-Za-z0-9]+$`)

// whole are the actions that IAM takes no ARN for, of those that programs have in
// common; "…:Describe" stands for all that begin so (Service Authorization Reference,
// "Actions defined by", the column of resource types).
var whole = []string{
	"s3:ListAllMyBuckets", "sns:ListTopics", "sqs:ListQueues", "dynamodb:ListTables", "kms:ListKeys", "kms:ListAliases", "kms:GenerateRandom",
	"secretsmanager:ListSecrets", "secretsmanager:GetRandomPassword", "ssm:DescribeParameters", "ecr:GetAuthorizationToken", "logs:DescribeLogGroups",
	"cloudwatch:PutMetricData", "cloudwatch:GetMetricData", "cloudwatch:ListMetrics", "xray:PutTraceSegments", "xray:PutTelemetryRecords",
	"lambda:ListFunctions", "ec2:Describe", "autoscaling:Describe", "elasticloadbalancing:Describe",
}

// Whole tells whether IAM takes no ARN for an action.
func Whole(action string) bool {
	return slices.ContainsFunc(whole, func(w string) bool {
		return w == action || strings.HasSuffix(w, ":Describe") && strings.HasPrefix(action, w)
	})
}

// Valid refuses what is not exact.
func (n Need) Valid() error {
	if !actionShape.MatchString(n.Action) {
		return fmt.Errorf("action %q: write one as s3:GetObject, without wildcards", n.Action)
	}
	switch {
	case n.Resource == "*" && !Whole(n.Action):
		return fmt.Errorf("%s on *: say which ARN it is asked of", n.Action)
	case n.Resource == "*":
	case !strings.HasPrefix(n.Resource, "arn:"):
		return fmt.Errorf("%s: resource %q is no ARN", n.Action, n.Resource)
	default:
		if err := exact("resource", n.Resource); err != nil {
			return fmt.Errorf("%s: %w", n.Action, err)
		}
	}
	for k, v := range n.Context {
		if strings.ContainsAny(k+v, "*?$") {
			return fmt.Errorf("%s: %s=%q is not exact", n.Action, k, v)
		}
	}
	return nil
}

// Needs are a reader's.
func (d *Description) Needs(reader string) ([]Need, error) {
	r, ok := d.Readers[reader]
	switch {
	case !ok:
		return nil, fmt.Errorf("readers has no %s", reader)
	case !r.As.aws():
		return nil, fmt.Errorf("readers.%s: it is no role of AWS", reader)
	}
	if needs := d.needs(r); len(needs) > 0 {
		return needs, nil
	}
	return nil, fmt.Errorf("readers.%s: it reads nothing of AWS", reader)
}

// Allow is the policy for needs: exact names, one statement an action, and keys only
// in the context in which they are asked for.
func Allow(needs []Need) Policy {
	byKey := map[string]*Statement{}
	p := Policy{Version: policyVersion}
	var order []string
	for _, n := range needs {
		key := n.group()
		st := byKey[key]
		if st == nil {
			st = &Statement{Effect: "Allow", Action: []string{n.Action}}
			byKey[key], order = st, append(order, key)
		}
		if !slices.Contains(st.Resource, n.Resource) {
			st.Resource = append(st.Resource, n.Resource)
		}
		for k, v := range n.Context {
			if st.Condition == nil {
				st.Condition = map[string]Condition{"StringEquals": {}}
			}
			if !slices.Contains(st.Condition["StringEquals"][k], v) {
				st.Condition["StringEquals"][k] = append(st.Condition["StringEquals"][k], v)
			}
		}
	}
	for _, key := range order {
		st := byKey[key]
		slices.Sort(st.Resource)
		for _, values := range st.Condition["StringEquals"] {
			slices.Sort(values)
		}
		p.Statement = append(p.Statement, *st)
	}
	return p
}

// group is what needs have in common that one statement allows: several values of one
// key of a context may stand in it, since no request mixes them; of two keys all
// mixtures would be allowed.
func (n Need) group() string {
	key, free := n.Action, 0
	if n.Context != nil {
		key += " " + n.Resource
	}
	for _, k := range slices.Sorted(maps.Keys(n.Context)) {
		if key += " " + k; k == viaService {
			key += "=" + n.Context[k]
		} else {
			free++
		}
	}
	if free > 1 {
		for _, k := range slices.Sorted(maps.Keys(n.Context)) {
			key += " " + n.Context[k]
		}
	}
	return key
}

// Trust is the policy that lets an identity, and nobody else, take a role.
func (a Account) Trust(as Identity) (Policy, error) {
	d, err := a.with(as)
	if err != nil {
		return Policy{}, err
	}
	return d.trust(Reader{As: as}), nil
}

func (a Account) with(as Identity) (*Description, error) {
	if a.Partition == "" {
		a.Partition = "aws"
	}
	kinds := as.kinds()
	if len(kinds) != 1 || !as.aws() {
		return nil, fmt.Errorf("say exactly one identity that is a role of AWS; there are %v", kinds)
	}
	if err := as.valid(); err != nil {
		return nil, fmt.Errorf("%s: %w", kinds[0], err)
	}
	return &Description{AWS: a}, a.valid()
}

// Prove asks a policy, and the trust policy of its role, whether they allow needs to
// an identity, and nothing else; and whether something can be left out.
func (a Account) Prove(as Identity, needs []Need, permissions, trust Policy) (proof Proof, err error) {
	d, err := a.with(as)
	if err != nil {
		return proof, err
	}
	proof.one("permissions", permissions, permissionSpace(needs))
	proof.one("trust", trust, d.trustSpace(Reader{As: as}))
	return proof, nil
}

// verbs begin the actions that are near one that begins with another of them.
var verbs = []string{"Get", "Put", "List", "Describe", "Delete", "Create", "Update", "Batch", "Send", "Receive", "Query", "Scan", "Publish", "Encrypt", "Decrypt"}

// actionsNear are those of the catalog, those needed, and what the same services have,
// or could have, beside them.
func actionsNear(needs []Need) []string {
	all := slices.Clone(storeActions)
	for _, n := range needs {
		all = append(all, n.Action, n.Action+"s", n.Action+"Version")
		service, name, _ := strings.Cut(n.Action, ":")
		for _, verb := range verbs {
			if rest, ok := strings.CutPrefix(name, verb); ok {
				for _, other := range verbs {
					all = append(all, service+":"+other+rest)
				}
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// permissionSpace is every action on every resource that is near, in every
// context that is near.
func permissionSpace(needs []Need) (space []asked) {
	resources, contexts := map[string]bool{"*": true}, []map[string]string{{}}
	for _, n := range needs {
		for _, near := range neighbours(n.Resource) {
			resources[near] = true
		}
		if n.Context != nil {
			contexts = append(contexts, near(n.Context)...)
		}
	}
	for _, action := range actionsNear(needs) {
		for _, resource := range slices.Sorted(maps.Keys(resources)) {
			for k, context := range contexts {
				if k > 1 && !strings.HasPrefix(action, "kms:") {
					break // the other contexts are of requests to KMS
				}
				fits := func(n Need) bool {
					return n.Action == action && (n.Resource == resource || n.Resource == "*") && within(n.Context, context)
				}
				space = append(space, asked{Request{Action: action, Resource: resource, Context: context}, slices.ContainsFunc(needs, fits)})
			}
		}
	}
	return space
}
