package identity

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/oakum-sec/oakum/internal/realtest"
	"github.com/oakum-sec/oakum/remediate/disk"
	"github.com/oakum-sec/oakum/remediate/internal/awscall"
	"github.com/oakum-sec/oakum/remediate/key"
)

// world is an account of moto's with authentication on: an operator, and a user whose
// key a workload has.
type world struct {
	t        testing.TB
	gate     *gate
	operator aws.Credentials
	leaked   aws.Credentials
	n        int // of workloads
	state    string
	dir      string
	said     bytes.Buffer
	key      *key.Key

	waits    string // why it was waited
	image    string // that instances start from
	workflow string // the role that a workflow of GitHub asks for

	at   func(Call) error      // what happens at a call; nil: nothing
	disk func(disk.Step) error // what happens at a write
}

const account = "123456789012"

const everything = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, gate: newGate(t, realtest.StartMoto(t)), state: t.TempDir(), dir: t.TempDir()}
	var err error
	if w.key, err = key.New(bytes.Repeat([]byte{7}, 32)); err != nil {
		t.Fatal(err)
	}
	w.operator = w.user("operator", everything)
	w.leaked = w.user("orders", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::orders/*"}}`)
	w.gate.operator = w.operator.AccessKeyID
	authentication(w.gate.moto, true)
	w.gate.invoke = func(name string) (string, string) {
		arn, err := w.whoami(Workload{Lambda: &Lambda{Function: name}}, nil)
		w.must(err)
		return `{"caller": "` + arn + `"}`, ""
	}
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// direct keeps the connections to moto, which looks through all of them at each call.
var direct = awscall.Whole(nil)

// config reaches moto, past the gate, as somebody.
func (w *world) config(who aws.Credentials) aws.Config {
	return aws.Config{Region: "eu-west-1", BaseEndpoint: &w.gate.moto, Credentials: credentials.StaticCredentialsProvider{Value: who}, RetryMaxAttempts: 1, HTTPClient: direct}
}

func (w *world) user(name, policy string) aws.Credentials {
	w.t.Helper()
	client := iam.NewFromConfig(w.config(aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}))
	ctx := w.t.Context()
	_, err := client.CreateUser(ctx, &iam.CreateUserInput{UserName: &name})
	w.must(err)
	_, err = client.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: &name, PolicyName: aws.String("p"), PolicyDocument: &policy})
	w.must(err)
	k, err := client.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: &name})
	w.must(err)
	return aws.Credentials{AccessKeyID: *k.AccessKey.AccessKeyId, SecretAccessKey: *k.AccessKey.SecretAccessKey}
}

// whoami asks a workload who it is, as its SDK would: variables win over the role. Of
// unset the workload's variables are set aside.
func (w *world) whoami(at Workload, unset []string) (string, error) {
	role, env, err := w.has(at)
	if err != nil {
		return "", err
	}
	for _, name := range unset {
		delete(env, name)
	}
	who := aws.Credentials{AccessKeyID: env["AWS_ACCESS_KEY_ID"], SecretAccessKey: env["AWS_SECRET_ACCESS_KEY"]}
	if who.AccessKeyID == "" {
		who = aws.Credentials{AccessKeyID: env["ORDERS_KEY_ID"], SecretAccessKey: env["ORDERS_KEY"]}
	}
	if who.AccessKeyID == "" {
		if role == "" {
			return "", errors.New("no credentials")
		}
		if _, err := iam.NewFromConfig(w.config(w.operator)).GetRole(w.t.Context(), &iam.GetRoleInput{RoleName: aws.String(lastPart(role))}); err != nil {
			return "", err
		}
		// moto lets no service take a role: what ECS, EC2 and Lambda do is done without
		// authentication, and what comes of it is asked with it.
		authentication(w.gate.moto, false)
		out, err := sts.NewFromConfig(w.config(w.operator)).AssumeRole(w.t.Context(), &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("task-1")})
		authentication(w.gate.moto, true)
		if err != nil {
			return "", err
		}
		c := out.Credentials
		who = aws.Credentials{AccessKeyID: *c.AccessKeyId, SecretAccessKey: *c.SecretAccessKey, SessionToken: *c.SessionToken}
	}
	out, err := sts.NewFromConfig(w.config(who)).GetCallerIdentity(w.t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", err
	}
	return *out.Arn, nil
}

// has is a workload's role and variables, as AWS has them now.
func (w *world) has(at Workload) (role string, env map[string]string, err error) {
	ctx, c, env := w.t.Context(), w.config(w.operator), map[string]string{}
	switch {
	case at.ECS != nil:
		client := ecs.NewFromConfig(c)
		s, err := client.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &at.ECS.Cluster, Services: []string{at.ECS.Service}})
		if err != nil {
			return "", nil, err
		}
		d, err := client.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: s.Services[0].TaskDefinition})
		if err != nil {
			return "", nil, err
		}
		for _, v := range d.TaskDefinition.ContainerDefinitions[0].Environment {
			env[*v.Name] = *v.Value
		}
		return aws.ToString(d.TaskDefinition.TaskRoleArn), env, nil
	case at.Lambda != nil:
		authentication(w.gate.moto, false)
		f, err := lambda.NewFromConfig(c).GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &at.Lambda.Function})
		authentication(w.gate.moto, true)
		if err != nil {
			return "", nil, err
		}
		if f.Environment != nil {
			for k, v := range f.Environment.Variables {
				env[k] = v
			}
		}
		return aws.ToString(f.Role), env, nil
	case at.EC2 != nil:
		a, err := ec2.NewFromConfig(c).DescribeIamInstanceProfileAssociations(ctx, &ec2.DescribeIamInstanceProfileAssociationsInput{})
		if err != nil {
			return "", nil, err
		}
		for _, one := range a.IamInstanceProfileAssociations {
			if *one.InstanceId == at.EC2.Instance {
				p, err := iam.NewFromConfig(c).GetInstanceProfile(ctx, &iam.GetInstanceProfileInput{InstanceProfileName: aws.String(lastPart(*one.IamInstanceProfile.Arn))})
				if err != nil {
					return "", nil, err
				}
				return *p.InstanceProfile.Roles[0].Arn, env, nil
			}
		}
	case at.PodIdentity != nil:
		for _, p := range w.gate.pods {
			if p["namespace"] == at.PodIdentity.Namespace && p["serviceAccount"] == at.PodIdentity.Name {
				return p["roleArn"].(string), env, nil
			}
		}
	case at.IRSA != nil:
		text, err := os.ReadFile(filepath.Join(w.dir, at.IRSA.Manifest))
		if err != nil {
			return "", nil, err
		}
		_, role, _ := strings.Cut(string(text), annotation+": ")
		role, _, _ = strings.Cut(role, "\n")
		return role, env, nil
	case at.GitHub != nil || at.GitLab != nil:
		return w.workflow, env, nil
	}
	return "", env, nil
}

// tools are an operator's, without waiting, and with the simulated workload.
func (w *world) tools(s *Settings) *Tools {
	c := w.config(w.operator)
	c.BaseEndpoint = &w.gate.url
	return &Tools{
		Config: c, Key: w.key, State: w.state, Who: "ada@laptop", Dir: w.dir,
		Say:  func(format string, args ...any) { fmt.Fprintf(&w.said, format+"\n", args...) },
		Wait: func(ctx context.Context, d time.Duration, why string) error { w.waits += why + "\n"; return ctx.Err() },
		Watch: func(c Call) error {
			if w.at == nil {
				return nil
			}
			return w.at(c)
		},
		Run: func(_ context.Context, command []string) ([]byte, error) {
			var unset []string
			if command[0] == "aside" {
				unset = s.variables()
			}
			arn, err := w.whoami(s.Workload, unset)
			return []byte(`{"Account": "` + account + `", "Arn": "` + arn + `"}`), err
		},
		Disk: disk.Disk{Sync: func(*os.File) error { return nil }, Watch: w.disk},
	}
}

// done applies to the end, with the plan's hash.
func (w *world) done(s *Settings) *Plan {
	w.t.Helper()
	tools := w.tools(s)
	p, err := tools.Apply(w.t.Context(), s)
	if errors.Is(err, ErrApprove) {
		tools.Approve, err = p.Hash()
		w.must(err)
		p, err = tools.Apply(w.t.Context(), s)
	}
	if err != nil {
		w.t.Fatalf("apply: %v\n%s", err, w.said.String())
	}
	return p
}

// holds is what must be at the end, however often a run was ended before: one role of
// ours with one policy, the workload has it and no key, and the key is Active.
func (w *world) holds(s *Settings, when string) {
	w.t.Helper()
	ctx, roles := w.t.Context(), iam.NewFromConfig(w.config(w.operator))
	r, err := roles.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: &s.Role})
	w.must(err)
	if !slices.Contains(r.PolicyNames, policyName) {
		w.t.Errorf("%s: the role has the policies %v", when, r.PolicyNames)
	}
	role, env, err := w.has(s.Workload)
	w.must(err)
	if role != "arn:aws:iam::"+account+":role/"+s.Role {
		w.t.Errorf("%s: the workload has the role %s", when, role)
	}
	for _, name := range s.variables() {
		if _, is := env[name]; is {
			w.t.Errorf("%s: the workload has %s", when, name)
		}
	}
	w.active(when)
	if f := s.Workload.ECS; f != nil {
		w.revisions(f.Service, 3, when)
	}
	if n := w.associations(s); (s.Workload.EC2 != nil || s.Workload.PodIdentity != nil) && n != 1 {
		w.t.Errorf("%s: %d associations", when, n)
	}
	if s.Workload.Lambda != nil && env["LEVEL"] != "info" || s.Workload.ECS != nil && env["LEVEL"] != "info" {
		w.t.Errorf("%s: the workload's own variables are %v", when, len(env))
	}
}

func (w *world) active(when string) {
	w.t.Helper()
	keys, err := iam.NewFromConfig(w.config(w.operator)).ListAccessKeys(w.t.Context(), &iam.ListAccessKeysInput{UserName: aws.String("orders")})
	w.must(err)
	if len(keys.AccessKeyMetadata) != 1 || keys.AccessKeyMetadata[0].Status != "Active" {
		w.t.Errorf("%s: the keys are %v", when, keys.AccessKeyMetadata)
	}
}

// revisions counts a family's active ones: neither one too many nor too few.
func (w *world) revisions(family string, want int, when string) {
	w.t.Helper()
	out, err := ecs.NewFromConfig(w.config(w.operator)).ListTaskDefinitions(w.t.Context(), &ecs.ListTaskDefinitionsInput{FamilyPrefix: &family})
	w.must(err)
	if len(out.TaskDefinitionArns) != want {
		w.t.Errorf("%s: %d revisions are active, %v", when, len(out.TaskDefinitionArns), out.TaskDefinitionArns)
	}
}

// associations counts what binds the workload to a role.
func (w *world) associations(s *Settings) (n int) {
	w.t.Helper()
	if at := s.Workload.PodIdentity; at != nil {
		for _, p := range w.gate.pods {
			if p["serviceAccount"] == at.Name {
				n++
			}
		}
	}
	if at := s.Workload.EC2; at != nil {
		a, err := ec2.NewFromConfig(w.config(w.operator)).DescribeIamInstanceProfileAssociations(w.t.Context(), &ec2.DescribeIamInstanceProfileAssociationsInput{})
		w.must(err)
		for _, one := range a.IamInstanceProfileAssociations {
			if *one.InstanceId == at.Instance {
				n++
			}
		}
	}
	return n
}

// gone is what must be after a run was taken back: nothing of ours, and the workload as
// it was.
func (w *world) gone(s *Settings, p *Plan, when string) {
	w.t.Helper()
	roles, ctx := iam.NewFromConfig(w.config(w.operator)), w.t.Context()
	if _, err := roles.GetRole(ctx, &iam.GetRoleInput{RoleName: &s.Role}); !is(err, "NoSuchEntity") {
		w.t.Errorf("%s: the role is there: %v", when, err)
	}
	if _, err := roles.GetInstanceProfile(ctx, &iam.GetInstanceProfileInput{InstanceProfileName: &s.Role}); !is(err, "NoSuchEntity") {
		w.t.Errorf("%s: the instance profile is there: %v", when, err)
	}
	role, env, err := w.has(s.Workload)
	w.must(err)
	if s.Workload.GitHub == nil && s.Workload.GitLab == nil && role != p.Before.Role {
		w.t.Errorf("%s: the workload has the role %q, and had %q", when, role, p.Before.Role)
	}
	switch {
	case s.Workload.ECS != nil:
		w.revisions(s.Workload.ECS.Service, 1, when)
		if env["AWS_SECRET_ACCESS_KEY"] != w.leaked.SecretAccessKey {
			w.t.Errorf("%s: the workload has no key", when)
		}
	case s.Workload.Lambda != nil:
		if env["ORDERS_KEY"] != w.leaked.SecretAccessKey || env["ORDERS_KEY_ID"] != w.leaked.AccessKeyID || env["LEVEL"] != "info" {
			w.t.Errorf("%s: the function's variables are not what they were", when)
		}
	case s.Workload.IRSA != nil:
		text, err := os.ReadFile(filepath.Join(w.dir, s.Workload.IRSA.Manifest))
		w.must(err)
		if string(text) != manifest(s.Workload.IRSA.Name) {
			w.t.Errorf("%s: the manifest is\n%s", when, text)
		}
	}
	if n := w.associations(s); n != 0 {
		w.t.Errorf("%s: %d associations are left", when, n)
	}
	providers, err := roles.ListOpenIDConnectProviders(ctx, &iam.ListOpenIDConnectProvidersInput{})
	w.must(err)
	if len(providers.OpenIDConnectProviderList) != 0 {
		w.t.Errorf("%s: %d identity providers are left", when, len(providers.OpenIDConnectProviderList))
	}
	w.active(when)
}
