package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/oakum-sec/oakum/remediate/act"
)

// function is a Lambda function. It has a role always, which writes its logs; the new
// one takes that over. Lambda sets AWS_ACCESS_KEY_ID itself, from the role, and lets
// nobody set it: a key stands under a name of the function's own.
type function struct {
	*cloud
	p *Plan
}

func (f *function) get(ctx context.Context) (*lambda.GetFunctionConfigurationOutput, error) {
	out, err := ask(ctx, f.Tools, func() (*lambda.GetFunctionConfigurationOutput, error) {
		return f.lambda.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &f.p.Workload.Lambda.Function})
	})
	if err != nil {
		return nil, fmt.Errorf("look at the function (lambda:GetFunctionConfiguration): %w", err)
	}
	if e := out.Environment; e != nil && e.Error != nil {
		return nil, fmt.Errorf("its variables cannot be read: AWS answers %s: a policy has to allow kms:Decrypt with the function's key", aws.ToString(e.Error.ErrorCode))
	}
	return out, nil
}

func variables(have *lambda.GetFunctionConfigurationOutput) map[string]string {
	if have.Environment == nil {
		return nil
	}
	return have.Environment.Variables
}

func (f *function) look(ctx context.Context) error {
	have, err := f.get(ctx)
	if err != nil {
		return err
	}
	f.p.Before.Role = aws.ToString(have.Role)
	held := variables(have)
	for _, name := range slices.Sorted(maps.Keys(held)) {
		if err := f.p.holds("", name, held[name]); err != nil {
			return err
		}
	}
	f.p.unheld()
	aliases, err := ask(ctx, f.Tools, func() (*lambda.ListAliasesOutput, error) {
		return f.lambda.ListAliases(ctx, &lambda.ListAliasesInput{FunctionName: &f.p.Workload.Lambda.Function})
	})
	if err != nil {
		f.p.Warnings = append(f.p.Warnings, "whether aliases lead to published versions was not seen (lambda:ListAliases): those keep their role and the key")
		return nil
	}
	for _, a := range aliases.Aliases {
		if v := aws.ToString(a.FunctionVersion); v != "$LATEST" {
			f.p.Warnings = append(f.p.Warnings, "the alias "+aws.ToString(a.Name)+" leads to version "+v+", which keeps its role and the key: publish a version and move the alias afterwards")
		}
	}
	return nil
}

// awaitUpdate waits until an update is through, and gives what is then.
func (f *function) awaitUpdate(ctx context.Context) (*lambda.GetFunctionConfigurationOutput, error) {
	for waited := time.Duration(0); waited < maxDeploy; waited += betweenLooks {
		have, err := f.get(ctx)
		if err != nil {
			return nil, err
		}
		switch have.LastUpdateStatus {
		case types.LastUpdateStatusFailed:
			return nil, fmt.Errorf("the function's last update failed: %s", aws.ToString(have.LastUpdateStatusReason))
		case types.LastUpdateStatusInProgress:
		default:
			return have, nil
		}
		if err := f.wait(ctx, betweenLooks, "Lambda updates the function"); err != nil {
			return nil, err
		}
	}
	return nil, errors.New("the function's update is not through: go on with apply later")
}

// update changes the function that was looked at, and no other: its RevisionId says
// which (Lambda API Reference, "UpdateFunctionConfiguration").
func (f *function) update(ctx context.Context, have *lambda.GetFunctionConfigurationOutput, in *lambda.UpdateFunctionConfigurationInput) error {
	in.FunctionName, in.RevisionId = &f.p.Workload.Lambda.Function, have.RevisionId
	_, err := ask(ctx, f.Tools, func() (*lambda.UpdateFunctionConfigurationOutput, error) {
		return f.lambda.UpdateFunctionConfiguration(ctx, in)
	})
	if is(err, "PreconditionFailedException") { // by an earlier try whose reply was lost, or by others: the next look tells
		return nil
	}
	if err != nil {
		return fmt.Errorf("update the function (lambda:UpdateFunctionConfiguration, and iam:PassRole for the role): %w", err)
	}
	return nil
}

func (f *function) attach() act.Op      { return &functionRoleOp{f} }
func (f *function) strip(r *run) act.Op { return &functionKeyOp{f, r} }

func (f *function) words() words {
	ask := "aws lambda invoke --function-name " + f.p.Workload.Lambda.Function + " --payload EVENT /dev/stdout    # with an event that has it print sts:GetCallerIdentity's ARN"
	w := words{
		attach: "give the function the role, in the place of " + lastPart(f.p.Before.Role), attachUndo: "give it " + lastPart(f.p.Before.Role) + " again",
		strip: "take " + list(f.p.Before.Holds) + " out of the function's variables", stripUndo: "put them back, from what your key sealed in the state folder",
		probe: ask + ", by the SDK's own credentials", after: ask,
		todo: []string{"versions that were published hold the key in plain text: delete them when it is retired"},
	}
	if len(f.p.Before.Holds) == 0 {
		w.strip = "take the key out of the function's variables, in which it does not stand"
	}
	return w
}

// functionRoleOp has the function have the role.
type functionRoleOp struct{ *function }

func (o *functionRoleOp) Done(ctx context.Context) (bool, error) {
	have, err := o.get(ctx)
	if err != nil {
		return false, err
	}
	switch aws.ToString(have.Role) {
	case o.p.roleARN():
		return have.LastUpdateStatus != types.LastUpdateStatusInProgress, nil
	case o.p.Before.Role:
		return false, nil
	}
	return false, fmt.Errorf("the function has the role %s: %w", aws.ToString(have.Role), ErrStale)
}

func (o *functionRoleOp) Do(ctx context.Context) error {
	return o.turn(ctx, o.p.Before.Role, o.p.roleARN())
}

func (o *functionRoleOp) Undo(ctx context.Context) error {
	return o.turn(ctx, o.p.roleARN(), o.p.Before.Role)
}

func (o *functionRoleOp) turn(ctx context.Context, from, to string) error {
	have, err := o.awaitUpdate(ctx)
	if err != nil {
		return err
	}
	switch aws.ToString(have.Role) {
	case to:
		return nil
	case from:
	default:
		return fmt.Errorf("the function has the role %s: %w", aws.ToString(have.Role), ErrStale)
	}
	if err := o.update(ctx, have, &lambda.UpdateFunctionConfigurationInput{Role: &to}); err != nil {
		return err
	}
	have, err = o.awaitUpdate(ctx)
	if err == nil && aws.ToString(have.Role) != to {
		err = fmt.Errorf("the function was updated by somebody at the same time: %w", ErrStale)
	}
	return err
}

// functionKeyOp has the function's variables be without the key. Their values are kept
// for undo in the run's folder, sealed with the user's key, before they go.
type functionKeyOp struct {
	*function
	r *run
}

const keptName = "kept-variables"

func (o *functionKeyOp) about() string { return "variables of " + o.p.Run }

func (o *functionKeyOp) Done(ctx context.Context) (bool, error) {
	have, err := o.get(ctx)
	if err != nil {
		return false, err
	}
	for name := range variables(have) {
		if slices.Contains(o.p.Variables, name) {
			return false, nil
		}
	}
	return have.LastUpdateStatus != types.LastUpdateStatusInProgress, nil
}

func (o *functionKeyOp) Do(ctx context.Context) error {
	have, err := o.awaitUpdate(ctx)
	if err != nil {
		return err
	}
	if aws.ToString(have.Role) != o.p.roleARN() {
		return fmt.Errorf("the function has the role %s: %w", aws.ToString(have.Role), ErrStale)
	}
	gone, stay := map[string]string{}, map[string]string{}
	for name, value := range variables(have) {
		if !slices.Contains(o.p.Variables, name) {
			stay[name] = value
		} else if keyShape.MatchString(value) && value != o.p.Key {
			return fmt.Errorf("%s holds another key (%s): %w", name, shown(value), ErrStale)
		} else {
			gone[name] = value
		}
	}
	if len(gone) == 0 {
		return nil
	}
	if err := o.keep(gone); err != nil {
		return fmt.Errorf("keep the variables for undo: %w", err)
	}
	if err := o.update(ctx, have, &lambda.UpdateFunctionConfigurationInput{Environment: &types.Environment{Variables: stay}}); err != nil {
		return err
	}
	_, err = o.awaitUpdate(ctx)
	return err
}

func (o *functionKeyOp) Undo(ctx context.Context) error {
	kept, err := o.kept()
	if kept == nil || err != nil {
		return err
	}
	have, err := o.awaitUpdate(ctx)
	if err != nil {
		return err
	}
	all, changed := maps.Clone(variables(have)), false
	if all == nil {
		all = map[string]string{}
	}
	for name, value := range kept {
		switch there, is := all[name]; {
		case !is:
			all[name], changed = value, true
		case there != value:
			return fmt.Errorf("the function has a variable %s again, with another value: %w", name, ErrStale)
		}
	}
	if changed {
		if err := o.update(ctx, have, &lambda.UpdateFunctionConfigurationInput{Environment: &types.Environment{Variables: all}}); err != nil {
			return err
		}
		if have, err = o.awaitUpdate(ctx); err != nil {
			return err
		}
		for name, value := range kept {
			if variables(have)[name] != value {
				return fmt.Errorf("the function was updated by somebody at the same time: %w", ErrStale)
			}
		}
	}
	return o.Disk.Remove(o.r.folder.Root, keptName)
}

// keep seals variables, beside those that were taken away before.
func (o *functionKeyOp) keep(gone map[string]string) error {
	all, err := o.kept()
	if err != nil {
		return err
	}
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, gone)
	text, err := json.Marshal(all)
	if err != nil {
		return err
	}
	defer clear(text)
	return o.Disk.Replace(o.r.folder.Root, keptName, o.Key.Seal(text, o.about()), 0o600)
}

// kept are the variables that were taken away, nil where none were.
func (o *functionKeyOp) kept() (kept map[string]string, err error) {
	sealed, err := o.r.folder.Root.ReadFile(keptName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	text, err := o.Key.Unseal(sealed, o.about())
	if err != nil {
		return nil, fmt.Errorf("read the variables that were kept: %w", err)
	}
	defer clear(text)
	return kept, json.Unmarshal(text, &kept)
}
