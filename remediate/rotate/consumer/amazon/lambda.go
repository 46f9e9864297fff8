package amazon

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"go.yaml.in/yaml/v3"

	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
)

// function is a Lambda function.
type function struct {
	*account
	name      string
	alias     string
	variables map[string]consumer.Shape
}

// mark is the variable that a function without one of ours gets: a change of its
// environment is what ends its warm instances, which hold what they once read.
const mark = "OAKUM_OP"

// ParseLambda reads
//
//	kind: lambda
//	function: orders          # or its ARN
//	region: eu-west-1
//	alias: live               # optional: a version is published, and the alias led to it
//	variables:                # none: the function is only started anew
//	  DB_PASSWORD: password
func ParseLambda(n *yaml.Node, o consumer.Options) (consumer.Consumer, error) {
	var s struct {
		Where     `yaml:",inline"`
		Function  string                    `yaml:"function"`
		Alias     string                    `yaml:"alias"`
		Variables map[string]consumer.Shape `yaml:"variables"`
	}
	if err := consumer.Decode(n, &s); err != nil {
		return nil, err
	}
	if s.Function == "" {
		return nil, errors.New("function: name it")
	}
	return &function{&account{where: s.Where, o: o}, s.Function, s.Alias, s.Variables}, nil
}

func (f *function) String() string {
	s := "lambda function " + f.name
	if f.alias != "" {
		s += ":" + f.alias
	}
	return s
}

func (f *function) Risk() string {
	s := "its instances are started anew, so the next calls are slower. "
	if f.alias == "" {
		return s + "Versions that were published before, and aliases that lead to them, keep the old value. Taken back by writing the old value."
	}
	return s + "A version is published and the alias led to it; versions before keep the old value until they are deleted. Taken back by another version with the old value."
}

// client and who it is asked for.
func (f *function) client(ctx context.Context) (*lambda.Client, error) {
	c, err := f.open(ctx)
	if err != nil {
		return nil, err
	}
	return lambda.NewFromConfig(c, func(o *lambda.Options) { o.RetryMaxAttempts = 1 }), nil
}

func (f *function) read(ctx context.Context, c *lambda.Client, version *string) (*lambda.GetFunctionConfigurationOutput, error) {
	out, err := c.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &f.name, Qualifier: version})
	if err != nil {
		return nil, call("lambda:GetFunctionConfiguration", err)
	}
	if e := out.Environment; e != nil && e.Error != nil {
		return nil, fmt.Errorf("%w: %s: AWS cannot decrypt its variables for these credentials (%s), and all of them would be lost: a policy, and the key, have to allow kms:Decrypt", consumer.ErrUnfit, f, aws.ToString(e.Error.ErrorCode))
	}
	return out, nil
}

func variablesOf(e *types.EnvironmentResponse) map[string]string {
	if e == nil {
		return nil
	}
	return e.Variables
}

// running tells whether a configuration is in force and holds what it should.
func (f *function) running(out *lambda.GetFunctionConfigurationOutput, u consumer.Update, id string) (bool, error) {
	has := variablesOf(out.Environment)
	ok, err := hold(has, f.variables, u.New)
	if len(f.variables) == 0 {
		ok = marks.Has(has[mark], id)
	}
	return ok && out.LastUpdateStatus != types.LastUpdateStatusInProgress && out.LastUpdateStatus != types.LastUpdateStatusFailed, err
}

var marks = consumer.Ops{Separator: ",", Max: 8}

func (f *function) Check(ctx context.Context, u consumer.Update) (notes []string, err error) {
	err = f.settle(ctx, f.String(), all(u, f.variables), func() error {
		c, err := f.client(ctx)
		if err != nil {
			return err
		}
		out, err := f.read(ctx, c, nil)
		if err != nil {
			return err
		}
		if _, err := changes(f.String(), variablesOf(out.Environment), f.variables, u); err != nil {
			return err
		}
		return f.mayRelease(ctx, c, out)
	})
	return notes, err
}

func (f *function) Done(ctx context.Context, u consumer.Update) (done bool, err error) {
	err = f.settle(ctx, f.String(), all(u, f.variables), func() error {
		c, err := f.client(ctx)
		if err != nil {
			return err
		}
		done, err = f.done(ctx, c, u, u.Op)
		return err
	})
	return done, err
}

func (f *function) done(ctx context.Context, c *lambda.Client, u consumer.Update, id string) (bool, error) {
	out, err := f.read(ctx, c, nil)
	if err != nil {
		return false, err
	}
	if ok, err := f.running(out, u, id); !ok || err != nil || f.alias == "" {
		return ok, err
	}
	a, err := f.leads(ctx, c)
	if err != nil {
		return false, err
	}
	if out, err = f.read(ctx, c, a.FunctionVersion); err != nil {
		return false, err
	}
	return f.running(out, u, id)
}

func (f *function) Do(ctx context.Context, u consumer.Update) error {
	if err := u.Validate(); err != nil {
		return err
	}
	return f.change(ctx, u, u.Op, consumer.UndoOp(u.Op))
}

func (f *function) Undo(ctx context.Context, u consumer.Update) error {
	id := consumer.UndoOp(u.Op)
	back, err := u.Back()
	if err != nil && len(f.variables) > 0 {
		return fmt.Errorf("%s: %w", f, err)
	}
	return f.change(ctx, back, id, u.Op)
}

// change brings the function to where u.New is what it holds, in steps that each look
// first: variables, then a version, then the alias.
func (f *function) change(ctx context.Context, u consumer.Update, id, counterpart string) error {
	hide := all(u, f.variables)
	c, err := f.client(ctx)
	if err != nil {
		return err
	}
	if err := f.settle(ctx, f.String(), hide, func() error { return f.write(ctx, c, u, id, counterpart) }); err != nil {
		return err
	}
	if err := f.await(ctx, c, nil); err != nil || f.alias == "" {
		return err
	}
	var version *string
	err = f.settle(ctx, f.String(), hide, func() error {
		var err error
		version, err = f.publish(ctx, c, u, id)
		return err
	})
	if err != nil {
		return err
	}
	if err := f.await(ctx, c, version); err != nil {
		return err
	}
	return f.settle(ctx, f.String(), hide, func() error {
		a, err := f.leads(ctx, c)
		if err != nil || aws.ToString(a.FunctionVersion) == aws.ToString(version) {
			return err
		}
		_, err = c.UpdateAlias(ctx, &lambda.UpdateAliasInput{FunctionName: &f.name, Name: &f.alias, FunctionVersion: version, RevisionId: a.RevisionId})
		return raced(call("lambda:UpdateAlias", err))
	})
}

// write changes the variables of the function as it stands, once.
func (f *function) write(ctx context.Context, c *lambda.Client, u consumer.Update, id, counterpart string) error {
	out, err := f.read(ctx, c, nil)
	if err != nil {
		return err
	}
	has := variablesOf(out.Environment)
	set, err := changes(f.String(), has, f.variables, u)
	if err != nil {
		return err
	}
	if len(f.variables) == 0 && !marks.Has(has[mark], id) {
		set[mark] = marks.Add(has[mark], id, counterpart)
	}
	if len(set) == 0 {
		return nil
	}
	if err := f.mayRelease(ctx, c, out); err != nil {
		return err
	}
	merged := maps.Clone(has)
	if merged == nil {
		merged = map[string]string{}
	}
	maps.Copy(merged, set)
	_, err = c.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{
		FunctionName: &f.name, RevisionId: out.RevisionId, Environment: &types.Environment{Variables: merged},
	})
	return raced(call("lambda:UpdateFunctionConfiguration", err))
}

// raced is errAgain where somebody else changed the function, or is about to.
func raced(err error) error {
	switch code(err) {
	case "PreconditionFailedException", "ResourceConflictException":
		return errAgain
	}
	return err
}

// await waits until the function, or a version of it, is in force.
func (f *function) await(ctx context.Context, c *lambda.Client, version *string) error {
	return f.o.Until(ctx, f.where.Within.Or(5*time.Minute), 500*time.Millisecond, func() (bool, string, error) {
		var out *lambda.GetFunctionConfigurationOutput
		err := f.settle(ctx, f.String(), nil, func() (err error) {
			out, err = f.read(ctx, c, version)
			return err
		})
		switch {
		case err != nil:
			return false, "", err
		case out.LastUpdateStatus == types.LastUpdateStatusFailed:
			return false, "", fmt.Errorf("%s: AWS could not put the new variables in force: %s", f, aws.ToString(out.LastUpdateStatusReason))
		case out.State == types.StateFailed:
			return false, "", fmt.Errorf("%s does not start: %s", f, aws.ToString(out.StateReason))
		}
		ready := out.LastUpdateStatus != types.LastUpdateStatusInProgress && out.State != types.StatePending
		return ready, f.String() + ": its update is in progress", nil
	})
}
