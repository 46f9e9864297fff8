package identity

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/oakum-sec/oakum/remediate/act"
	"github.com/oakum-sec/oakum/remediate/internal/killtest"
)

// stop ends a run before a step, as a person would who looks on.
func (w *world) until(s *Settings, action string) *Plan {
	w.t.Helper()
	w.at = func(c Call) error {
		if c.Action == action && !c.Done {
			killtest.Die()
		}
		return nil
	}
	defer w.unwatched()
	tools := w.approved(s)
	p, err := tools.Plan(w.t.Context(), s)
	w.must(err)
	if _, lived := killtest.Alive(func() error { _, err := tools.Apply(w.t.Context(), s); return err }); lived {
		w.t.Fatalf("%s was never asked", action)
	}
	return p
}

// refused holds that a run says no, with these words and this error.
func (w *world) refused(s *Settings, as error, says string) {
	w.t.Helper()
	_, err := w.approved(s).Apply(w.t.Context(), s)
	if err == nil || as != nil && !errors.Is(err, as) || !strings.Contains(err.Error(), says) {
		w.t.Errorf("expected %v with %q: %v", as, says, err)
	}
	w.active("refused")
}

// TestForeign: what others made under our names stays as it is.
func TestForeign(t *testing.T) {
	w := newWorld(t)
	roles := iam.NewFromConfig(w.config(w.operator))
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

	s := w.settings("ecs")
	_, err := roles.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: &s.Role, AssumeRolePolicyDocument: &trust})
	w.must(err)
	w.refused(s, ErrForeign, "choose another name")
	if _, err := w.tools(s).Undo(t.Context(), s); err != nil {
		t.Errorf("undo: %v", err)
	}
	if r, err := roles.GetRole(t.Context(), &iam.GetRoleInput{RoleName: &s.Role}); err != nil || len(r.Role.Tags) != 0 {
		t.Errorf("the foreign role: %v", err)
	}

	s = w.settings("ec2")
	_, err = roles.CreateInstanceProfile(t.Context(), &iam.CreateInstanceProfileInput{InstanceProfileName: &s.Role})
	w.must(err)
	w.refused(s, ErrForeign, "instance profile")

	s = w.settings("ecs")
	w.until(s, "PutRolePolicy")
	_, err = roles.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: &s.Role, PolicyName: aws.String(policyName), PolicyDocument: aws.String(everything)})
	w.must(err)
	w.refused(s, ErrStale, "policy "+policyName)
	if _, err := w.tools(s).Undo(t.Context(), s); !errors.Is(err, ErrStale) {
		t.Errorf("undo takes a policy away that is not ours: %v", err)
	}

	s = w.settings("ecs")
	w.until(s, "PutRolePolicy")
	_, err = roles.UpdateAssumeRolePolicy(t.Context(), &iam.UpdateAssumeRolePolicyInput{RoleName: &s.Role, PolicyDocument: &trust})
	w.must(err)
	w.refused(s, ErrStale, "trust policy")
}

// TestMoved: what others did to the workload meanwhile stays, and is told.
func TestMoved(t *testing.T) {
	w := newWorld(t)
	t.Run("another revision", func(t *testing.T) {
		w.t = t
		s := w.settings("ecs")
		w.until(s, "RegisterTaskDefinition")
		client, at := ecs.NewFromConfig(w.config(w.operator)), s.Workload.ECS
		d, err := client.DescribeTaskDefinition(t.Context(), &ecs.DescribeTaskDefinitionInput{TaskDefinition: &at.Service})
		w.must(err)
		theirs, err := client.RegisterTaskDefinition(t.Context(), again(d))
		w.must(err)
		_, err = client.UpdateService(t.Context(), &ecs.UpdateServiceInput{Cluster: &at.Cluster, Service: &at.Service, TaskDefinition: theirs.TaskDefinition.TaskDefinitionArn})
		w.must(err)
		w.refused(s, ErrStale, at.Service+":2")
		w.revisions(at.Service, 2, "refused")
	})
	t.Run("another role", func(t *testing.T) {
		w.t = t
		s := w.settings("lambda")
		w.until(s, "UpdateFunctionConfiguration")
		_, err := lambda.NewFromConfig(w.config(w.operator)).UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{FunctionName: &s.Workload.Lambda.Function, Role: aws.String("arn:aws:iam::" + account + ":role/operator")})
		w.must(err)
		w.refused(s, ErrStale, "role/operator")
	})
	t.Run("at the same time", func(t *testing.T) {
		w.t = t
		s := w.settings("lambda")
		tools := w.approved(s)
		w.at = func(c Call) error {
			if c.Action == "UpdateFunctionConfiguration" && !c.Done {
				w.gate.lock.Lock()
				w.gate.revisions[s.Workload.Lambda.Function]++ // somebody was faster
				w.gate.lock.Unlock()
			}
			return nil
		}
		_, err := tools.Apply(t.Context(), s)
		w.unwatched()
		if !errors.Is(err, ErrStale) {
			t.Errorf("an update of a function that moved: %v", err)
		}
		if role, _, _ := w.has(s.Workload); !strings.HasSuffix(role, "basic-"+s.Workload.Lambda.Function) {
			t.Errorf("the function has the role %s", role)
		}
	})
	t.Run("a manifest", func(t *testing.T) {
		w.t = t
		s := w.settings("irsa")
		name := filepath.Join(w.dir, s.Workload.IRSA.Manifest)
		w.until(s, "PutRolePolicy")
		w.must(os.WriteFile(name, []byte(manifest(s.Workload.IRSA.Name)+"  finalizers: []\n"), 0o640))
		w.refused(s, ErrStale, s.Workload.IRSA.Manifest)
	})
}

// TestTwoMachines: one that is at it at the same time, with a state folder of its own,
// makes nothing that the other takes for a stranger's; undo takes all of it back.
func TestTwoMachines(t *testing.T) {
	w := newWorld(t)
	s := w.settings("ecs")
	here, other := w.approved(s), w.approved(s)
	other.State, other.Watch = t.TempDir(), nil
	w.at = func(c Call) error {
		if c.Action == "RegisterTaskDefinition" && !c.Done {
			w.unwatched()
			_, err := other.Apply(t.Context(), s)
			return err
		}
		return nil
	}
	p, err := here.Apply(t.Context(), s)
	if err != nil {
		t.Fatalf("apply: %v", err)
	}
	w.revisions(s.Workload.ECS.Service, 4, "by two machines") // one too many, known by its tag
	w.active("by two machines")
	if role, env, err := w.has(s.Workload); err != nil || lastPart(role) != s.Role || env["AWS_ACCESS_KEY_ID"] != "" {
		t.Errorf("the workload has the role %s, %v", role, err)
	}
	if _, err := here.Undo(t.Context(), s); err != nil {
		t.Fatalf("undo: %v", err)
	}
	w.gone(s, p, "by two machines")
}

// TestWhoAsks: no run begins with an identity, or about a key, with which it cannot end.
func TestWhoAsks(t *testing.T) {
	w := newWorld(t)
	s := w.settings("ecs")
	told := func(name string, change func(*Settings, *Tools), says string) {
		t.Helper()
		copied := *s
		tools := w.tools(&copied)
		change(&copied, tools)
		if _, err := tools.Plan(t.Context(), &copied); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: expected %q: %v", name, says, err)
		}
	}
	as := func(who aws.Credentials) func(*Settings, *Tools) {
		return func(_ *Settings, tools *Tools) {
			c := w.config(who)
			c.BaseEndpoint = &w.gate.url
			tools.Config = c
		}
	}
	wrong := w.operator
	wrong.SecretAccessKey = strings.ToUpper(wrong.SecretAccessKey)
	told("itself", as(w.leaked), "the very key that is to go")
	told("a wrong secret", as(wrong), "SignatureDoesNotMatch")
	authentication(w.gate.moto, false)
	nobody := w.user("nobody", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:*","Resource":"*"}}`)
	authentication(w.gate.moto, true)
	told("nobody", as(nobody), "iam:GetAccessKeyLastUsed")
	told("no such service", func(c *Settings, _ *Tools) { c.Workload = Workload{ECS: &ECS{"prod", "none"}} }, "no active service")
	told("its own role", func(c *Settings, _ *Tools) {
		c.Workload = Workload{Lambda: &Lambda{w.function(nil)}}
		c.Role = "basic-orders1"
	}, "already")
	told("another key", func(c *Settings, _ *Tools) {
		other := w.operator.AccessKeyID
		c.Workload, c.Variables = Workload{Lambda: &Lambda{w.fn("two", map[string]string{"ORDERS_KEY_ID": other})}}, []string{"ORDERS_KEY_ID"}
	}, "holds another key")
	told("a key elsewhere", func(c *Settings, _ *Tools) {
		c.Workload, c.Variables = Workload{Lambda: &Lambda{w.fn("three", map[string]string{"S3_KEY": w.leaked.AccessKeyID})}}, nil
	}, "S3_KEY holds the key")

	_, err := iam.NewFromConfig(w.config(w.operator)).UpdateAccessKey(t.Context(), &iam.UpdateAccessKeyInput{UserName: aws.String("orders"), AccessKeyId: &w.leaked.AccessKeyID, Status: "Inactive"})
	w.must(err)
	told("an inactive key", func(*Settings, *Tools) {}, "is Inactive")
}

// TestRetired: a key that was retired meanwhile is not undone into an outage.
func TestRetired(t *testing.T) {
	w := newWorld(t)
	s := w.settings("ecs")
	w.done(s)
	_, err := iam.NewFromConfig(w.config(w.operator)).UpdateAccessKey(t.Context(), &iam.UpdateAccessKeyInput{UserName: aws.String("orders"), AccessKeyId: &w.leaked.AccessKeyID, Status: "Inactive"})
	w.must(err)
	if _, err := w.tools(s).Undo(t.Context(), s); err == nil || !strings.Contains(err.Error(), "bring the key back first") {
		t.Errorf("undo: %v", err)
	}
	role, _, err := w.has(s.Workload)
	if err != nil || lastPart(role) != s.Role {
		t.Errorf("the workload has the role %s, %v", role, err)
	}
}

// TestApproval: no key is taken from a workload without a yes to that very plan, nor
// before the workload has shown who it is.
func TestApproval(t *testing.T) {
	w := newWorld(t)
	s := w.settings("ecs")
	s.Probe = Probe{}
	tools := w.tools(s)
	p, err := tools.Apply(t.Context(), s)
	if _, waits := errors.AsType[*act.Wait](err); !errors.Is(err, ErrAsk) || !waits || !strings.Contains(err.Error(), "env -u AWS_ACCESS_KEY_ID") {
		t.Fatalf("without a probe: %v", err)
	}
	hash, err := p.Hash()
	w.must(err)
	ours := "arn:aws:sts::" + account + ":assumed-role/" + s.Role + "/4242"
	for _, wrong := range []string{
		"arn:aws:iam::" + account + ":user/orders", "arn:aws:sts::" + account + ":assumed-role/" + s.Role + "-2/4242",
		"arn:aws:sts::999999999999:assumed-role/" + s.Role + "/4242", "arn:aws:sts::" + account + ":assumed-role/" + s.Role + "/", "yes",
	} {
		tools.Seen, tools.Approve = wrong, hash
		if _, err := tools.Apply(t.Context(), s); err == nil || errors.Is(err, ErrApprove) {
			t.Errorf("%s is taken for the role: %v", wrong, err)
		}
	}
	for _, approve := range []string{"", "yes", strings.Repeat("0", 64)} {
		tools.Seen, tools.Approve = ours, approve
		if _, err := tools.Apply(t.Context(), s); !errors.Is(err, ErrApprove) {
			t.Errorf("approved by %q: %v", approve, err)
		}
	}
	if _, env, _ := w.has(s.Workload); env["AWS_ACCESS_KEY_ID"] != w.leaked.AccessKeyID {
		t.Error("the key was taken away")
	}
	tools.Seen, tools.Approve = "", hash
	if _, err := tools.Apply(t.Context(), s); !errors.Is(err, ErrAsk) {
		t.Errorf("the second proof: %v", err)
	}
	tools.Seen = ours
	_, err = tools.Apply(t.Context(), s)
	w.must(err)
	w.holds(s, "by a person")

	s.Needs.Also = append(s.Needs.Also, p.Needs[0], p.Needs[1])
	s.Needs.Also[0].Resource += "2"
	if _, err := tools.Apply(t.Context(), s); err == nil || !strings.Contains(err.Error(), "were changed since") {
		t.Errorf("other needs in the middle of a run: %v", err)
	}
}

// TestStillTheKey: a workload that shows the user keeps its key, however often it is
// asked.
func TestStillTheKey(t *testing.T) {
	w := newWorld(t)
	s := w.settings("ecs")
	s.Probe.Before = []string{"plain"} // does not set the variables aside
	_, err := w.approved(s).Apply(t.Context(), s)
	if err == nil || !strings.Contains(err.Error(), "a static key wins over a role") {
		t.Errorf("apply: %v", err)
	}
	if _, env, _ := w.has(s.Workload); env["AWS_ACCESS_KEY_ID"] == "" {
		t.Error("the key was taken away")
	}
}

// TestProbes: a function is invoked, and a command runs as a process, without a shell.
func TestProbes(t *testing.T) {
	w := newWorld(t)
	s := w.settings("lambda")
	name := s.Workload.Lambda.Function
	s.Probe = Probe{Invoke: `{"oakum": "who"}`}
	w.gate.invoke = func(string) (string, string) {
		arn, err := w.whoami(Workload{Lambda: &Lambda{name}}, s.variables())
		w.must(err)
		return `{"caller": "` + arn + `"}`, ""
	}
	w.done(s)
	w.holds(s, "invoked")

	out, _, err := process(t.Context(), []string{"echo", "$HOME", "arn:aws:iam::" + account + ":user/orders"})
	if err != nil || !strings.HasPrefix(string(out), "$HOME arn") {
		t.Errorf("%q, %v", out, err)
	}
	if _, _, err := process(t.Context(), []string{"false"}); err == nil {
		t.Error("a probe that fails passes")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := process(ctx, []string{"sleep", "60"}); err == nil {
		t.Error("a probe outlives its run")
	}
}

// TestRegisterAgain: every field with which a task definition is registered is taken
// over. One that AWS adds is noticed here.
func TestRegisterAgain(t *testing.T) {
	full := &ecs.DescribeTaskDefinitionOutput{}
	text := `{"TaskDefinition": {"Family": "a", "Cpu": "1", "Memory": "1", "EnableFaultInjection": true, "EphemeralStorage": {}, "ExecutionRoleArn": "a", "IpcMode": "a", "NetworkMode": "a",
		"PidMode": "a", "PlacementConstraints": [{}], "ProxyConfiguration": {}, "RequiresCompatibilities": ["a"], "RuntimePlatform": {}, "TaskRoleArn": "a", "TrustedExecutionConfiguration": {}, "Volumes": [{}], "ContainerDefinitions": [{}]}, "Tags": [{"Key": "team"}, {"Key": "aws:x"}, {"Key": "oakum-op"}]}`
	if err := json.Unmarshal([]byte(text), full); err != nil {
		t.Fatal(err)
	}
	in := again(full)
	v, fields := reflect.ValueOf(in).Elem(), 0
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.IsExported() && f.Name != "InferenceAccelerators" { // which is no longer available
			if fields++; v.Field(i).IsZero() {
				t.Errorf("%s is not taken over", f.Name)
			}
		}
	}
	if fields < 17 || len(in.Tags) != 1 {
		t.Errorf("%d fields, %d tags", fields, len(in.Tags))
	}
}
