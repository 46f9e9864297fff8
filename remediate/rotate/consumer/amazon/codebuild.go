package amazon

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"go.yaml.in/yaml/v3"

	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
)

// project is a CodeBuild project.
type project struct {
	*account
	name      string
	variables map[string]consumer.Shape
}

// ParseCodeBuild reads
//
//	kind: codebuild
//	project: orders
//	region: eu-west-1
//	variables:
//	  DB_PASSWORD: password
func ParseCodeBuild(n *yaml.Node, o consumer.Options) (consumer.Consumer, error) {
	var s struct {
		Where     `yaml:",inline"`
		Project   string                    `yaml:"project"`
		Variables map[string]consumer.Shape `yaml:"variables"`
	}
	if err := consumer.Decode(n, &s); err != nil {
		return nil, err
	}
	if s.Project == "" || len(s.Variables) == 0 {
		return nil, errors.New("project and variables: name the project, and its variables that hold the credential")
	}
	return &project{&account{where: s.Where, o: o}, s.Project, s.Variables}, nil
}

func (p *project) String() string { return "codebuild project " + p.name }

func (p *project) Risk() string {
	return "builds that run go on with the old value. AWS takes a project's environment as a whole and has no compare-and-set: what somebody else changes in the same second is lost. Taken back by writing the old value."
}

func (p *project) client(ctx context.Context) (*codebuild.Client, error) {
	c, err := p.open(ctx)
	if err != nil {
		return nil, err
	}
	return codebuild.NewFromConfig(c, func(o *codebuild.Options) { o.RetryMaxAttempts = 1 }), nil
}

// read is the project's environment.
func (p *project) read(ctx context.Context, c *codebuild.Client) (*types.ProjectEnvironment, error) {
	out, err := c.BatchGetProjects(ctx, &codebuild.BatchGetProjectsInput{Names: []string{p.name}})
	if err != nil {
		return nil, call("codebuild:BatchGetProjects", err)
	}
	if len(out.Projects) != 1 || out.Projects[0].Environment == nil {
		return nil, fmt.Errorf("%w: %s: AWS knows none of this name in this region", consumer.ErrUnfit, p)
	}
	return out.Projects[0].Environment, nil
}

// plainOf are the variables whose value stands in the project.
func (p *project) plainOf(e *types.ProjectEnvironment) (map[string]string, error) {
	has := map[string]string{}
	for _, v := range e.EnvironmentVariables {
		name := aws.ToString(v.Name)
		if v.Type == "" || v.Type == types.EnvironmentVariableTypePlaintext {
			has[name] = aws.ToString(v.Value)
		} else if _, ours := p.variables[name]; ours {
			return nil, fmt.Errorf("%w: %s: variable %s is a reference (%s), whose value the next build reads by itself: take it out of the configuration", consumer.ErrUnfit, p, name, v.Type)
		}
	}
	return has, nil
}

func (p *project) look(ctx context.Context, u consumer.Update, use func(*codebuild.Client, *types.ProjectEnvironment, map[string]string) error) error {
	return p.settle(ctx, p.String(), all(u, p.variables), func() error {
		c, err := p.client(ctx)
		if err != nil {
			return err
		}
		e, err := p.read(ctx, c)
		if err != nil {
			return err
		}
		has, err := p.plainOf(e)
		if err != nil {
			return err
		}
		return use(c, e, has)
	})
}

func (p *project) Check(ctx context.Context, u consumer.Update) (notes []string, err error) {
	return nil, p.look(ctx, u, func(_ *codebuild.Client, _ *types.ProjectEnvironment, has map[string]string) error {
		_, err := changes(p.String(), has, p.variables, u)
		return err
	})
}

func (p *project) Done(ctx context.Context, u consumer.Update) (done bool, err error) {
	err = p.look(ctx, u, func(_ *codebuild.Client, _ *types.ProjectEnvironment, has map[string]string) (err error) {
		done, err = hold(has, p.variables, u.New)
		return err
	})
	return done, err
}

// Do sends the environment back with our variables changed, and nothing else: image,
// size, other variables and references stay as they were read.
func (p *project) Do(ctx context.Context, u consumer.Update) error {
	if err := u.Validate(); err != nil {
		return err
	}
	return p.look(ctx, u, func(c *codebuild.Client, e *types.ProjectEnvironment, has map[string]string) error {
		set, err := changes(p.String(), has, p.variables, u)
		if err != nil || len(set) == 0 {
			return err
		}
		for i, v := range e.EnvironmentVariables {
			if value, ours := set[aws.ToString(v.Name)]; ours {
				e.EnvironmentVariables[i].Value = &value
			}
		}
		if _, err = c.UpdateProject(ctx, &codebuild.UpdateProjectInput{Name: &p.name, Environment: e}); err != nil {
			return call("codebuild:UpdateProject", err)
		}
		return nil
	})
}

func (p *project) Undo(ctx context.Context, u consumer.Update) error {
	back, err := u.Back()
	if err != nil {
		return fmt.Errorf("%s: %w", p, err)
	}
	return p.Do(ctx, back)
}
