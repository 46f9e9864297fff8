package amazon

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
)

// leads is where the alias leads. One that leads to two versions is somebody's
// deployment that goes on.
func (f *function) leads(ctx context.Context, c *lambda.Client) (*lambda.GetAliasOutput, error) {
	a, err := c.GetAlias(ctx, &lambda.GetAliasInput{FunctionName: &f.name, Name: &f.alias})
	if err != nil {
		return nil, call("lambda:GetAlias", err)
	}
	if a.RoutingConfig != nil && len(a.RoutingConfig.AdditionalVersionWeights) > 0 {
		return nil, fmt.Errorf("%w: %s leads to two versions: let that deployment end first", consumer.ErrUnfit, f)
	}
	return a, nil
}

// mayRelease looks, before anything is written, whether a version can be published.
func (f *function) mayRelease(ctx context.Context, c *lambda.Client, now *lambda.GetFunctionConfigurationOutput) error {
	if f.alias == "" {
		return nil
	}
	a, err := f.leads(ctx, c)
	if err != nil {
		return err
	}
	live, err := f.read(ctx, c, a.FunctionVersion)
	if err != nil {
		return err
	}
	return f.alike(now, live)
}

// alike is an error that says in what a function differs from the version that is live, what
// a rotation changes aside: a version that is published now would release that.
func (f *function) alike(now, live *lambda.GetFunctionConfigurationOutput) error {
	layers := func(out *lambda.GetFunctionConfigurationOutput) (arns []string) {
		for _, l := range out.Layers {
			arns = append(arns, aws.ToString(l.Arn))
		}
		return arns
	}
	what := ""
	switch {
	case aws.ToString(now.CodeSha256) != aws.ToString(live.CodeSha256), !slices.Equal(layers(now), layers(live)):
		what = "code"
	case !maps.Equal(f.others(now), f.others(live)):
		what = "variables"
	case now.Runtime != live.Runtime, aws.ToString(now.Handler) != aws.ToString(live.Handler), aws.ToString(now.Role) != aws.ToString(live.Role),
		aws.ToInt32(now.MemorySize) != aws.ToInt32(live.MemorySize), aws.ToInt32(now.Timeout) != aws.ToInt32(live.Timeout):
		what = "settings"
	default:
		return nil
	}
	return fmt.Errorf("%w: %s: the function has other %s by now than version %s, to which the alias leads, and a version with the new value would release them: publish a version and lead the alias to it first, or put the function back", consumer.ErrUnfit, f, what, aws.ToString(live.Version))
}

// others are the variables that a rotation does not change.
func (f *function) others(out *lambda.GetFunctionConfigurationOutput) map[string]string {
	rest := maps.Clone(variablesOf(out.Environment))
	delete(rest, mark)
	for name := range f.variables {
		delete(rest, name)
	}
	return rest
}

// publish gives the version that holds the new value: the alias's own, or a new one. AWS
// publishes none where nothing has changed since the last.
func (f *function) publish(ctx context.Context, c *lambda.Client, u consumer.Update, id string) (*string, error) {
	a, err := f.leads(ctx, c)
	if err != nil {
		return nil, err
	}
	live, err := f.read(ctx, c, a.FunctionVersion)
	if err != nil {
		return nil, err
	}
	if ok, err := f.running(live, u, id); ok || err != nil {
		return a.FunctionVersion, err
	}
	now, err := f.read(ctx, c, nil)
	if err != nil {
		return nil, err
	}
	if err := f.alike(now, live); err != nil {
		return nil, err
	}
	v, err := c.PublishVersion(ctx, &lambda.PublishVersionInput{FunctionName: &f.name, CodeSha256: now.CodeSha256, RevisionId: now.RevisionId, Description: aws.String("oakum " + id)})
	if err != nil {
		return nil, raced(call("lambda:PublishVersion", err))
	}
	return v.Version, nil
}
