package awsrotation_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/awsrotation"
	"github.com/oakum-sec/oakum/remediate/rotate/dbuser"
)

// TestConfigure: what is somebody else's to rotate is refused, and what is asked is what
// the API takes.
func TestConfigure(t *testing.T) {
	a := newAccount(t)
	secret := a.secret(t, "prod/app", map[string]any{"username": "app_a"})
	good := awsrotation.Schedule{Secret: secret, Function: a.function, Every: "rate(30 days)", Op: uuid.NewString()}
	for every, want := range map[string]string{"30 days": "a schedule is", "rate(0 days)": "1 to 1000", "rate(2000 days)": "1 to 1000", "cron(": "a schedule is"} {
		s := good
		s.Every = every
		if err := awsrotation.Configure(t.Context(), a.cfg, s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", every, err)
		}
	}
	for name, change := range map[string]func(map[string]any){
		"belongs to rds": func(d map[string]any) { d["OwningService"] = "rds" },
		"is rotated by arn": func(d map[string]any) {
			d["RotationEnabled"], d["RotationLambdaARN"] = true, "arn:aws:lambda:eu-west-1:123456789012:function:other"
		},
		"is being rotated: it": func(d map[string]any) {
			d["VersionIdsToStages"] = map[string]any{uuid.NewString(): []string{"AWSPENDING"}}
		},
	} {
		a.gate.Change("DescribeSecret", func(answer []byte) []byte {
			var d map[string]any
			if err := json.Unmarshal(answer, &d); err != nil {
				t.Error(err)
			}
			change(d)
			b, _ := json.Marshal(d)
			return b
		})
		err := awsrotation.Configure(t.Context(), a.cfg, good)
		if _, ok := errors.AsType[*rotate.Refusal](err); !ok || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	a.gate.Change("DescribeSecret", nil)
	if n := a.gate.Passed("RotateSecret"); n != 0 {
		t.Errorf("it was configured %d times all the same", n)
	}
	var sent map[string]any
	a.gate.Answer("RotateSecret", func(body []byte) (int, []byte) {
		if err := json.Unmarshal(body, &sent); err != nil {
			t.Error(err)
		}
		return http.StatusBadRequest, []byte(`{"__type": "InvalidRequestException"}`)
	})
	hourly := good
	hourly.Every, hourly.Window, hourly.Now = "rate(12 hours)", "3h", true
	if err := awsrotation.Configure(t.Context(), a.cfg, hourly); err == nil {
		t.Error("a refusal is taken for a success")
	}
	rules, _ := sent["RotationRules"].(map[string]any)
	if rules["ScheduleExpression"] != "rate(12 hours)" || rules["Duration"] != "3h" || rules["AutomaticallyAfterDays"] != nil || sent["RotateImmediately"] != true || sent["ClientRequestToken"] != good.Op {
		t.Errorf("sent: %v", sent)
	}
}

func TestGenerate(t *testing.T) {
	good := awsrotation.Function{Kind: "postgres", Secret: "arn:a", Admin: "arn:b", Users: dbuser.Pair{"app_a", "app_b"}}
	for want, change := range map[string]func(*awsrotation.Function){
		"not for": func(f *awsrotation.Function) { f.Kind = "oracle" }, "two secrets": func(f *awsrotation.Function) { f.Admin = f.Secret },
		"users are": func(f *awsrotation.Function) { f.Users = nil }, "no comma": func(f *awsrotation.Function) { f.Users = dbuser.Pair{"a,b", "c"} },
	} {
		f := good
		change(&f)
		if _, err := awsrotation.Generate(f); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	files, err := awsrotation.Generate(good)
	if err != nil || len(files) != 5 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, f := range files {
		if f.Name == "deploy.sh" {
			cmd := exec.Command("sh", "-n")
			cmd.Stdin = strings.NewReader(f.Text)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("deploy.sh: %s", out)
			}
		}
	}
}
