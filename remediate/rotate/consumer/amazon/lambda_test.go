package amazon_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer/amazon"
)

func (w *world) function(name string, variables map[string]string) *lambda.Client {
	role, err := iam.NewFromConfig(w.config).CreateRole(w.Context(), &iam.CreateRoleInput{RoleName: aws.String("r-" + name), AssumeRolePolicyDocument: aws.String("{}")})
	w.must(err)
	c := lambda.NewFromConfig(w.config)
	_, err = c.CreateFunction(w.Context(), &lambda.CreateFunctionInput{
		FunctionName: &name, Role: role.Role.Arn, Runtime: types.RuntimePython313, Handler: aws.String("a.b"),
		Code: &types.FunctionCode{ZipFile: []byte("PK\x05\x06" + strings.Repeat("\x00", 18))}, Environment: &types.Environment{Variables: variables},
	})
	w.must(err)
	return c
}

// set is what somebody else does.
func (w *world) set(c *lambda.Client, name string, variables map[string]string) {
	_, err := c.UpdateFunctionConfiguration(w.Context(), &lambda.UpdateFunctionConfigurationInput{FunctionName: &name, Environment: &types.Environment{Variables: variables}})
	w.must(err)
}

func (w *world) variables(c *lambda.Client, name, qualifier string) map[string]string {
	w.Helper()
	in := &lambda.GetFunctionConfigurationInput{FunctionName: &name}
	if qualifier != "" {
		in.Qualifier = &qualifier
	}
	out, err := c.GetFunctionConfiguration(w.Context(), in)
	w.must(err)
	return out.Environment.Variables
}

func TestLambdaVariables(t *testing.T) {
	w, u := newWorld(t), update(t, 1)
	client := w.function("orders", map[string]string{"DB_PASSWORD": old(u), "LOG": "info"})
	text := "kind: lambda\nfunction: orders\nregion: eu-west-1\nvariables: {DB_PASSWORD: password}"
	c := w.parse(amazon.ParseLambda, text)
	if _, err := c.(consumer.Checker).Check(t.Context(), u); err != nil {
		t.Error(err)
	}
	w.done(c, u, false)
	w.Fail(bad("UpdateFunctionConfiguration")...)
	w.must(c.Do(t.Context(), u))
	w.must(w.parse(amazon.ParseLambda, text).Do(t.Context(), u))
	w.done(c, u, true)
	if got := w.variables(client, "orders", ""); got["DB_PASSWORD"] != fresh(u) || got["LOG"] != "info" || len(got) != 2 {
		t.Errorf("%d variables", len(got))
	}
	if got := w.Calls("UpdateFunctionConfiguration"); got != 3 || w.Left() != 0 {
		t.Errorf("%d updates were asked for", got)
	}
	w.must(c.Undo(t.Context(), u))
	if got := w.variables(client, "orders", ""); got["DB_PASSWORD"] != old(u) {
		t.Error("it does not hold what it held")
	}
	unknown := u
	unknown.Old = nil
	if err := c.Undo(t.Context(), unknown); !errors.Is(err, consumer.ErrNoWayBack) {
		t.Error(err)
	}
}

// Somebody else changes the function between our look and our change: RevisionId tells,
// and both changes stay.
func TestLambdaIsNotOverwritten(t *testing.T) {
	w, u := newWorld(t), update(t, 2)
	client := w.function("orders", map[string]string{"DB_PASSWORD": old(u), "LOG": "info"})
	c := w.parse(amazon.ParseLambda, "kind: lambda\nfunction: orders\nregion: eu-west-1\nvariables: {DB_PASSWORD: password}")
	n := 0
	w.Change("GetFunctionConfiguration", func(text []byte) []byte {
		if n++; n <= 2 {
			w.set(client, "orders", map[string]string{"DB_PASSWORD": old(u), "LOG": fmt.Sprint(n)})
		}
		return text
	})
	w.must(c.Do(t.Context(), u))
	w.Change("GetFunctionConfiguration", nil)
	if got := w.variables(client, "orders", ""); got["DB_PASSWORD"] != fresh(u) || got["LOG"] != "2" {
		t.Errorf("LOG is %q", got["LOG"])
	}
	w.set(client, "orders", map[string]string{"DB_PASSWORD": "somebody's"})
	w.refused(c, u, consumer.ErrChanged, "DB_PASSWORD")
	w.set(client, "orders", map[string]string{"LOG": "info"})
	w.refused(c, u, consumer.ErrUnfit, "no variable DB_PASSWORD")
	if got := w.variables(client, "orders", ""); len(got) != 1 {
		t.Error("it was changed")
	}
}

// An alias leads to a version of its own; where everything is cut off it is resumed.
func TestLambdaAlias(t *testing.T) {
	w, u := newWorld(t), update(t, 3)
	client := w.function("live", map[string]string{"DB_PASSWORD": old(u)})
	_, err := client.PublishVersion(t.Context(), &lambda.PublishVersionInput{FunctionName: aws.String("live")})
	w.must(err)
	_, err = client.CreateAlias(t.Context(), &lambda.CreateAliasInput{FunctionName: aws.String("live"), Name: aws.String("live"), FunctionVersion: aws.String("1")})
	w.must(err)
	c := w.parse(amazon.ParseLambda, "kind: lambda\nfunction: live\nalias: live\nregion: eu-west-1\nvariables: {DB_PASSWORD: password}")
	w.Fail(bad("UpdateFunctionConfiguration", "PublishVersion", "UpdateAlias")...)
	w.must(c.Do(t.Context(), u))
	w.must(c.Do(t.Context(), u))
	w.done(c, u, true)
	alias := func() string {
		a, err := client.GetAlias(t.Context(), &lambda.GetAliasInput{FunctionName: aws.String("live"), Name: aws.String("live")})
		w.must(err)
		return aws.ToString(a.FunctionVersion)
	}
	if v := alias(); v != "2" || w.variables(client, "live", v)["DB_PASSWORD"] != fresh(u) {
		t.Errorf("the alias leads to version %s", v)
	}
	w.must(c.Undo(t.Context(), u))
	if v := alias(); v != "3" || w.variables(client, "live", v)["DB_PASSWORD"] != old(u) {
		t.Errorf("the alias leads back to version %s", v)
	}
	if w.Left() != 0 || w.Calls("GetAlias") == 0 {
		t.Errorf("%d faults are left", w.Left())
	}
	w.Change("GetAlias", func(text []byte) []byte {
		var m map[string]any
		w.must(json.Unmarshal(text, &m))
		m["RoutingConfig"] = map[string]any{"AdditionalVersionWeights": map[string]any{"1": 0.1}}
		out, err := json.Marshal(m)
		w.must(err)
		return out
	})
	if _, err := c.(consumer.Checker).Check(t.Context(), u); !errors.Is(err, consumer.ErrUnfit) || !strings.Contains(err.Error(), "two versions") {
		t.Error(err)
	}
}

// What nobody has released yet is not released by a rotation.
func TestLambdaUnreleased(t *testing.T) {
	w, u := newWorld(t), update(t, 6)
	client, name := w.function("ahead", map[string]string{"DB_PASSWORD": old(u), "LOG": "info"}), aws.String("ahead")
	_, err := client.PublishVersion(t.Context(), &lambda.PublishVersionInput{FunctionName: name})
	w.must(err)
	_, err = client.CreateAlias(t.Context(), &lambda.CreateAliasInput{FunctionName: name, Name: aws.String("live"), FunctionVersion: aws.String("1")})
	w.must(err)
	c := w.parse(amazon.ParseLambda, "kind: lambda\nfunction: ahead\nalias: live\nregion: eu-west-1\nvariables: {DB_PASSWORD: password}")
	held := func(says string) {
		t.Helper()
		if _, err := c.(consumer.Checker).Check(t.Context(), u); !errors.Is(err, consumer.ErrUnfit) || !strings.Contains(err.Error(), says) {
			t.Errorf("check: %v", err)
		}
		w.refused(c, u, consumer.ErrUnfit, says)
		if got := w.variables(client, "ahead", ""); got["DB_PASSWORD"] != old(u) {
			t.Error("it was changed")
		}
	}
	w.set(client, "ahead", map[string]string{"DB_PASSWORD": old(u), "LOG": "debug"})
	held("variables")
	w.set(client, "ahead", map[string]string{"DB_PASSWORD": old(u), "LOG": "info"})
	_, err = client.UpdateFunctionCode(t.Context(), &lambda.UpdateFunctionCodeInput{FunctionName: name, ZipFile: []byte("PK\x05\x06" + strings.Repeat("\x00", 16) + "\x01\x00x")})
	w.must(err)
	held("code")
}

// A function that reads a store itself is only started anew.
func TestLambdaIsStartedAnew(t *testing.T) {
	w, u := newWorld(t), update(t, 4)
	client := w.function("reads", map[string]string{"SECRET": "orders"})
	c := w.parse(amazon.ParseLambda, "kind: lambda\nfunction: reads\nregion: eu-west-1")
	w.must(c.Do(t.Context(), u))
	w.must(c.Do(t.Context(), u))
	w.done(c, u, true)
	if got := w.variables(client, "reads", ""); got["OAKUM_OP"] != u.Op || got["SECRET"] != "orders" || w.Calls("UpdateFunctionConfiguration") != 1 {
		t.Errorf("%v", got)
	}
	u.Old = nil
	w.must(c.Undo(t.Context(), u))
	w.done(c, u, false)
}

// What AWS says of an update that goes on, fails, or is of variables that nobody here
// can decrypt.
func TestLambdaStates(t *testing.T) {
	w, u := newWorld(t), update(t, 5)
	w.function("slow", map[string]string{"DB_PASSWORD": old(u)})
	c := w.parse(amazon.ParseLambda, "kind: lambda\nfunction: slow\nregion: eu-west-1\nvariables: {DB_PASSWORD: password}")
	says := func(by func(n int, m map[string]any)) {
		n := 0
		w.Change("GetFunctionConfiguration", func(text []byte) []byte {
			var m map[string]any
			w.must(json.Unmarshal(text, &m))
			n++
			by(n, m)
			out, err := json.Marshal(m)
			w.must(err)
			return out
		})
	}
	says(func(_ int, m map[string]any) {
		m["Environment"] = map[string]any{"Error": map[string]any{"ErrorCode": "AccessDeniedException"}}
	})
	w.refused(c, u, consumer.ErrUnfit, "kms:Decrypt")
	looks := 0
	says(func(n int, m map[string]any) {
		if looks = n; n > 1 && n < 5 {
			m["LastUpdateStatus"] = "InProgress"
		}
	})
	w.must(c.Do(t.Context(), u))
	if looks != 5 {
		t.Errorf("%d looks", looks)
	}
	says(func(_ int, m map[string]any) {
		m["LastUpdateStatus"], m["LastUpdateStatusReason"] = "Failed", "the subnet is gone"
	})
	if err := c.Do(t.Context(), u); err == nil || !strings.Contains(err.Error(), "the subnet is gone") {
		t.Error(err)
	}
	w.done(c, u, false)
}
