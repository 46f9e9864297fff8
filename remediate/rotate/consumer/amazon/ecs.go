package amazon

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"go.yaml.in/yaml/v3"

	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
)

// service is an ECS service, whose tasks read their secrets when they start.
type service struct {
	*account
	cluster, name string
}

// ParseECS reads
//
//	kind: ecs-service
//	cluster: prod
//	service: orders
//	region: eu-west-1
func ParseECS(n *yaml.Node, o consumer.Options) (consumer.Consumer, error) {
	var s struct {
		Where   `yaml:",inline"`
		Cluster string `yaml:"cluster"`
		Service string `yaml:"service"`
	}
	if err := consumer.Decode(n, &s); err != nil {
		return nil, err
	}
	if s.Service == "" {
		return nil, errors.New("service: name it, and its cluster unless that is called default")
	}
	if s.Cluster == "" {
		s.Cluster = "default"
	}
	return &service{&account{where: s.Where, o: o}, s.Cluster, s.Service}, nil
}

func (s *service) String() string { return "ecs service " + s.cluster + "/" + s.name }

func (s *service) Risk() string {
	return "its tasks are replaced by a new deployment; where new tasks do not come up, ECS goes on with the old ones, or goes back, as the service is set up. Where its task definition names a version of the secret, a new revision is registered, and the old one keeps the old version's name. Taken back by another deployment, once the store holds the old value again."
}

// The tags of a service on which a rotation leaves what it has begun. A tag's value takes
// no comma (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Tag.html), and
// 256 characters.
const (
	tagOp     = "oakum-op"
	tagBefore = "oakum-deployment-before"
)

var deployed = consumer.Ops{Separator: " ", Max: 6}

// seen is a service as it was found.
type seen struct {
	types.Service
	ops, before string
	primary     types.Deployment
}

func (s *service) client(ctx context.Context) (*ecs.Client, error) {
	c, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	return ecs.NewFromConfig(c, func(o *ecs.Options) { o.RetryMaxAttempts = 1 }), nil
}

func (s *service) read(ctx context.Context, c *ecs.Client) (v seen, err error) {
	out, err := c.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &s.cluster, Services: []string{s.name}, Include: []types.ServiceField{types.ServiceFieldTags}})
	if err != nil {
		return v, call("ecs:DescribeServices", err)
	}
	if len(out.Services) != 1 || aws.ToString(out.Services[0].Status) != "ACTIVE" {
		return v, fmt.Errorf("%w: there is no active %s in this region", consumer.ErrUnfit, s)
	}
	v.Service = out.Services[0]
	for _, t := range v.Tags {
		switch aws.ToString(t.Key) {
		case tagOp:
			v.ops = aws.ToString(t.Value)
		case tagBefore:
			v.before = aws.ToString(t.Value)
		}
	}
	for _, d := range v.Deployments {
		if aws.ToString(d.Status) == "PRIMARY" {
			v.primary = d
		}
	}
	return v, s.fit(v)
}

func (s *service) fit(v seen) error {
	if d := v.DeploymentController; d != nil && d.Type != types.DeploymentControllerTypeEcs {
		return fmt.Errorf("%w: %s is deployed by %s: start its deployment by a command", consumer.ErrUnfit, s, d.Type)
	}
	if strings.Count(aws.ToString(v.ServiceArn), "/") < 2 {
		return fmt.Errorf("%w: %s has an ARN of the old format, which takes no tags: AWS's page \"Amazon Resource Names (ARNs) and IDs\" of ECS says how it gets a new one, or restart it by a command", consumer.ErrUnfit, s)
	}
	return nil
}

func (s *service) Check(ctx context.Context, u consumer.Update) (notes []string, err error) {
	err = s.settle(ctx, s.String(), u.Secrets(), func() error {
		c, err := s.client(ctx)
		if err != nil {
			return err
		}
		v, err := s.read(ctx, c)
		if err != nil {
			return err
		}
		notes = nil
		if v.DesiredCount == 0 {
			notes = append(notes, s.String()+" has no task that runs")
		}
		ahead := u
		if ahead.Version == "" { // nobody knows it before the store has the new value
			ahead.Version = "the new one"
		}
		_, pinned, err := s.definition(ctx, c, v, ahead)
		if pinned {
			notes = append(notes, s.String()+": its task definition names the secret's version, so a new revision will be registered")
		}
		return err
	})
	return notes, err
}

func (s *service) Done(ctx context.Context, u consumer.Update) (done bool, err error) {
	err = s.settle(ctx, s.String(), u.Secrets(), func() error {
		c, err := s.client(ctx)
		if err != nil {
			return err
		}
		v, err := s.read(ctx, c)
		if err != nil {
			return err
		}
		_, pinned, err := s.definition(ctx, c, v, u)
		if err != nil {
			return err
		}
		waiting, _ := s.waiting(v)
		done = deployed.Has(v.ops, u.Op) && aws.ToString(v.primary.Id) != v.before && !pinned && waiting == ""
		return nil
	})
	return done, err
}

// waiting is what a deployment still waits for, "" where it is over.
func (s *service) waiting(v seen) (what string, failed bool) {
	d := v.primary
	switch {
	case d.RolloutState == types.DeploymentRolloutStateFailed:
		return "the deployment failed: " + aws.ToString(d.RolloutStateReason), true
	case d.RolloutState != types.DeploymentRolloutStateCompleted:
		return fmt.Sprintf("the deployment is in progress: %d of %d tasks run, %d failed", d.RunningCount, d.DesiredCount, d.FailedTasks), false
	case len(v.Deployments) > 1:
		return "tasks of the deployment before still run", false
	}
	return "", false
}

func (s *service) Do(ctx context.Context, u consumer.Update) error {
	if err := u.Validate(); err != nil {
		return err
	}
	return s.deploy(ctx, u, u.Op, consumer.UndoOp(u.Op))
}

// Undo deploys once more. The store has been put back before, by whoever calls.
func (s *service) Undo(ctx context.Context, u consumer.Update) error {
	back := u
	back.New, back.Old, back.Version, back.Before = u.Old, u.New, u.Before, u.Version
	return s.deploy(ctx, back, consumer.UndoOp(u.Op), u.Op)
}

// deploy makes one deployment for an id. What was the primary one before is written on
// the service first: whoever comes by later knows by it whether there was another since.
func (s *service) deploy(ctx context.Context, u consumer.Update, id, counterpart string) error {
	c, err := s.client(ctx)
	if err != nil {
		return err
	}
	err = s.settle(ctx, s.String(), u.Secrets(), func() error {
		v, err := s.read(ctx, c)
		if err != nil {
			return err
		}
		if !deployed.Has(v.ops, id) {
			v.before = aws.ToString(v.primary.Id)
			_, err := c.TagResource(ctx, &ecs.TagResourceInput{ResourceArn: v.ServiceArn, Tags: []types.Tag{
				{Key: aws.String(tagOp), Value: aws.String(deployed.Add(v.ops, id, counterpart))},
				{Key: aws.String(tagBefore), Value: &v.before},
			}})
			if err != nil {
				return call("ecs:TagResource", err)
			}
		}
		return s.update(ctx, c, v, u, id)
	})
	if err != nil {
		return err
	}
	return s.o.Until(ctx, s.where.Within.Or(20*time.Minute), time.Second, func() (bool, string, error) {
		var v seen
		err := s.settle(ctx, s.String(), nil, func() (err error) {
			v, err = s.read(ctx, c)
			return err
		})
		if err != nil {
			return false, "", err
		}
		waiting, failed := s.waiting(v)
		if failed {
			return false, "", fmt.Errorf("%s: %s; see the service's events, mend it, then resume, or roll back", s, waiting)
		}
		return waiting == "", s.String() + ": " + waiting, nil
	})
}

// update starts the deployment, if there was none since.
func (s *service) update(ctx context.Context, c *ecs.Client, v seen, u consumer.Update, id string) error {
	definition, pinned, err := s.definition(ctx, c, v, u)
	if err != nil {
		return err
	}
	if !pinned && aws.ToString(v.primary.Id) != v.before {
		return nil
	}
	in := &ecs.UpdateServiceInput{Cluster: &s.cluster, Service: &s.name, ForceNewDeployment: true}
	if pinned {
		if in.TaskDefinition, err = s.register(ctx, c, definition, id); err != nil {
			return err
		}
	}
	_, err = c.UpdateService(ctx, in)
	return call("ecs:UpdateService", err)
}
