package access

import (
	"fmt"
	"strings"
	"testing"
)

// seen are needs as they are observed: several services, actions without a resource,
// and a key in two contexts of two values each, which must not be mixed.
var seen = []Need{
	{Action: "s3:GetObject", Resource: "arn:aws:s3:::orders/in.csv"},
	{Action: "s3:GetObject", Resource: "arn:aws:s3:::orders/out.csv"},
	{Action: "s3:ListBucket", Resource: "arn:aws:s3:::orders"},
	{Action: "dynamodb:Query", Resource: "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"},
	{Action: "sqs:SendMessage", Resource: "arn:aws:sqs:eu-west-1:123456789012:orders"},
	{Action: "s3:ListAllMyBuckets", Resource: "*"},
	{"kms:Decrypt", "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab", map[string]string{"kms:EncryptionContext:app": "orders", "kms:EncryptionContext:env": "prod"}},
	{"kms:Decrypt", "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab", map[string]string{"kms:EncryptionContext:app": "bills", "kms:EncryptionContext:env": "test"}},
}

var where = Account{Account: "123456789012", Region: "eu-west-1"}

// everyKind is each identity that is a role of AWS.
var everyKind = map[string]Identity{
	"ecs": {ECS: &ECS{}}, "ec2": {EC2: &struct{}{}}, "lambda": {Lambda: &struct{}{}},
	"irsa":         {IRSA: &IRSA{"oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE", ServiceAccount{"shop", "orders"}}},
	"pod_identity": {PodIdentity: &PodIdentity{"prod", ServiceAccount{"shop", "orders"}}},
	"github":       {GitHub: &GitHub{Repository: "acme/shop", Ref: "refs/heads/main"}},
	"gitlab":       {GitLab: &GitLab{Project: "acme/shop", Branch: "main"}},
}

// TestAllow proves what is written for needs, for each kind of workload.
func TestAllow(t *testing.T) {
	p := Allow(seen)
	if len(p.Statement) != 7 {
		t.Errorf("%d statements", len(p.Statement))
	}
	for kind, as := range everyKind {
		trust, err := where.Trust(as)
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		proof, err := where.Prove(as, seen, p, trust)
		if err != nil || len(proof.Problems) > 0 || proof.Policies != 2 || proof.Requests < 5000 || proof.Variants < 14 {
			t.Errorf("%s: %d policies, %d requests, %d variants, %v, %v", kind, proof.Policies, proof.Requests, proof.Variants, proof.Problems, err)
		}
	}
	mixed := Request{Action: "kms:Decrypt", Resource: seen[6].Resource, Context: map[string]string{"kms:EncryptionContext:app": "orders", "kms:EncryptionContext:env": "test"}}
	if p.allows(mixed) {
		t.Error("a mixture of two contexts is allowed")
	}
}

// TestProveFindsOut: a policy that is wider or narrower than the needs is told.
func TestProveFindsOut(t *testing.T) {
	as := everyKind["ecs"]
	trust, err := where.Trust(as)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*Policy)
		says   string
	}{
		"wider action":   {func(p *Policy) { p.Statement[0].Action = list{"s3:*"} }, "not least: it allows s3:"},
		"wider resource": {func(p *Policy) { p.Statement[0].Resource = list{"arn:aws:s3:::orders/*"} }, "not least: it allows s3:GetObject on arn:aws:s3:::orders/"},
		"narrower":       {func(p *Policy) { p.Statement = p.Statement[1:] }, "not sufficient: it denies s3:GetObject"},
		"no context":     {func(p *Policy) { p.Statement[6].Condition = nil }, "not least: it allows kms:Decrypt"},
		"everything": {func(p *Policy) {
			p.Statement = append(p.Statement, Statement{Effect: "Allow", Action: list{"*"}, Resource: list{"*"}})
		}, "not least"},
		"for nothing": {func(p *Policy) {
			p.Statement = append(p.Statement, p.Statement[0])
		}, "nothing changes without"},
	} {
		p := Allow(seen)
		c.change(&p)
		proof, err := where.Prove(as, seen, p, trust)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, problem := range proof.Problems {
			found = found || strings.Contains(problem.String(), c.says)
		}
		if !found {
			t.Errorf("%s: nothing says %q among %d problems", name, c.says, len(proof.Problems))
		}
	}
	other, err := where.Trust(everyKind["ec2"])
	if err != nil {
		t.Fatal(err)
	}
	if proof, err := where.Prove(as, seen, Allow(seen), other); err != nil || len(proof.Problems) == 0 {
		t.Errorf("the trust of another service passes: %v", err)
	}
}

// TestNeedIsExact: what a platform would read as a pattern is refused.
func TestNeedIsExact(t *testing.T) {
	for _, n := range seen {
		if err := n.Valid(); err != nil {
			t.Errorf("%v: %v", n, err)
		}
	}
	for _, n := range []Need{
		{Action: "s3:Get*", Resource: "arn:aws:s3:::a/b"}, {Action: "s3:GetObject", Resource: "*"}, {Action: "s3:GetObject", Resource: "arn:aws:s3:::a/*"},
		{Action: "s3:GetObject", Resource: "a/b"}, {Action: "GetObject", Resource: "arn:aws:s3:::a/b"}, {Action: "s3:GetObject", Resource: ""},
		{Action: "s3:GetObject", Resource: "arn:aws:s3:::a/${aws:username}"}, {Action: "*", Resource: "*"}, {"kms:Decrypt", "arn:aws:kms:eu-west-1:123456789012:key/a", map[string]string{"kms:EncryptionContext:a": "*"}},
	} {
		if n.Valid() == nil {
			t.Errorf("%v is taken", n)
		}
	}
	if _, err := where.Trust(Identity{GitHub: &GitHub{Repository: "acme/*", Ref: "refs/heads/main"}}); err == nil {
		t.Error("a pattern of repositories may take the role")
	}
	if _, err := where.Trust(Identity{GitHub: &GitHub{Repository: "acme/shop"}}); err == nil {
		t.Error("every branch may take the role")
	}
}

// TestManyNeeds: a program that was seen doing a hundred things is proven in seconds.
func TestManyNeeds(t *testing.T) {
	var needs []Need
	for i := range 100 {
		action := []string{"s3:GetObject", "dynamodb:Query", "sqs:SendMessage", "sns:Publish", "ssm:GetParameter"}[i%5]
		service, _, _ := strings.Cut(action, ":")
		needs = append(needs, Need{Action: action, Resource: fmt.Sprintf("arn:aws:%s:eu-west-1:123456789012:thing/%d", service, i)})
	}
	trust, err := where.Trust(everyKind["ecs"])
	if err != nil {
		t.Fatal(err)
	}
	proof, err := where.Prove(everyKind["ecs"], needs, Allow(needs), trust)
	if err != nil || len(proof.Problems) > 0 || proof.Requests < 50_000 {
		t.Errorf("%d requests, %v, %v", proof.Requests, proof.Problems, err)
	}
}
