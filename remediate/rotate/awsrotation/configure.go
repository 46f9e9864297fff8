package awsrotation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/oakum-sec/oakum/remediate/rotate"
)

// Schedule is what Secrets Manager is told.
type Schedule struct {
	Secret   string // name or ARN
	Function string // the ARN of the Lambda function
	Every    string // "rate(30 days)", "rate(12 hours)" or "cron(0 8 1 * ? *)"
	Window   string // how long a rotation may begin after its time: "3h"; "" is the rest of the day
	Now      bool   // rotate at once, too
	Op       string // a UUID, the same each time it is tried
}

var (
	everyDays = regexp.MustCompile(`^rate\(([0-9]+) days?\)$`)
	everyElse = regexp.MustCompile(`^(rate\([0-9]+ hours?\)|cron\([^()]+\))$`)
	windows   = regexp.MustCompile(`^[1-9][0-9]?h$`)
)

// rules are a schedule as the API has it. Whole days are said as such: the API takes one
// of the two ways.
func (s Schedule) rules() (*types.RotationRulesType, error) {
	r := &types.RotationRulesType{}
	if s.Window != "" {
		if !windows.MatchString(s.Window) {
			return nil, fmt.Errorf("a window is whole hours, as 3h, not %q", s.Window)
		}
		r.Duration = &s.Window
	}
	if m := everyDays.FindStringSubmatch(s.Every); m != nil {
		n, err := strconv.ParseInt(m[1], 10, 32)
		if err != nil || n < 1 || n > 1000 {
			return nil, fmt.Errorf("a schedule is of 1 to 1000 days, not %s", m[1])
		}
		r.AutomaticallyAfterDays = &n
		return r, nil
	}
	if !everyElse.MatchString(s.Every) {
		return nil, fmt.Errorf("a schedule is rate(30 days), rate(12 hours) or cron(0 8 1 * ? *), not %q", s.Every)
	}
	r.ScheduleExpression = &s.Every
	return r, nil
}

// Configure has Secrets Manager rotate a secret on a schedule. Where it does already, by
// the same function, only the schedule is changed. What somebody else rotates, or what is
// being rotated now, is a *rotate.Refusal.
func Configure(ctx context.Context, cfg aws.Config, s Schedule) error {
	rules, err := s.rules()
	if err != nil {
		return err
	}
	if !strings.HasPrefix(s.Function, "arn:") || s.Op == "" {
		return errors.New("name the function by its ARN, and the operation by a UUID")
	}
	client := secretsmanager.NewFromConfig(cfg)
	is, err := client.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &s.Secret})
	if err != nil {
		return fmt.Errorf("look at the secret %s: %w", s.Secret, err)
	}
	if s.configured(is, rules) {
		return nil
	}
	if err := s.free(is); err != nil {
		return err
	}
	_, err = client.RotateSecret(ctx, &secretsmanager.RotateSecretInput{SecretId: &s.Secret, RotationLambdaARN: &s.Function, RotationRules: rules, RotateImmediately: &s.Now, ClientRequestToken: &s.Op})
	if err != nil {
		return fmt.Errorf("have %s rotated every %s: %w", s.Secret, s.Every, err)
	}
	if is, err = client.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &s.Secret}); err != nil {
		return fmt.Errorf("look at the secret %s: %w", s.Secret, err)
	}
	if !aws.ToBool(is.RotationEnabled) || aws.ToString(is.RotationLambdaARN) != s.Function {
		return fmt.Errorf("the schedule of %s was taken by Secrets Manager, which does not have it: look at it in the console", s.Secret)
	}
	return nil
}

// configured tells whether the secret has the schedule already. What was asked to begin
// at once is asked again: its ClientRequestToken makes it once.
func (s Schedule) configured(is *secretsmanager.DescribeSecretOutput, rules *types.RotationRulesType) bool {
	has := is.RotationRules
	if s.Now && !slices.Contains(slices.Collect(maps.Keys(is.VersionIdsToStages)), s.Op) {
		return false
	}
	return aws.ToBool(is.RotationEnabled) && aws.ToString(is.RotationLambdaARN) == s.Function && has != nil &&
		aws.ToInt64(has.AutomaticallyAfterDays) == aws.ToInt64(rules.AutomaticallyAfterDays) && aws.ToString(has.ScheduleExpression) == aws.ToString(rules.ScheduleExpression) &&
		aws.ToString(has.Duration) == aws.ToString(rules.Duration)
}

// free refuses a secret that is somebody else's to rotate.
func (s Schedule) free(is *secretsmanager.DescribeSecretOutput) error {
	if by := aws.ToString(is.OwningService); by != "" {
		return rotate.Refuse("change its schedule there", "the secret %s belongs to %s, which rotates it", s.Secret, by)
	}
	if f := aws.ToString(is.RotationLambdaARN); aws.ToBool(is.RotationEnabled) && f != s.Function {
		return rotate.Refuse("cancel that first: aws secretsmanager cancel-rotate-secret", "the secret %s is rotated by %s", s.Secret, f)
	}
	for version, stages := range is.VersionIdsToStages {
		if slices.Contains(stages, "AWSPENDING") && !slices.Contains(stages, "AWSCURRENT") && version != s.Op {
			return rotate.Refuse("let it end, or take the label away if it never will", "the secret %s is being rotated: its version %s waits", s.Secret, version)
		}
	}
	return nil
}
