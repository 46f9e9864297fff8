package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/oakum-sec/oakum/remediate/act"
)

// service is an ECS service. What runs is a revision of a task definition; both steps
// make one more, so that the way back is to the one before.
type service struct {
	*cloud
	p *Plan
}

const (
	// maxDeploy bounds how long a deployment is waited for: ECS itself gives up after
	// hours, and a person should look before.
	maxDeploy    = 30 * time.Minute
	betweenLooks = 10 * time.Second
)

func (s *service) at() *ECS { return s.p.Workload.ECS }

func (s *service) get(ctx context.Context) (types.Service, error) {
	out, err := ask(ctx, s.Tools, func() (*ecs.DescribeServicesOutput, error) {
		return s.ecs.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &s.at().Cluster, Services: []string{s.at().Service}})
	})
	if err != nil {
		return types.Service{}, fmt.Errorf("describe the service (ecs:DescribeServices): %w", err)
	}
	if len(out.Services) != 1 || aws.ToString(out.Services[0].Status) != "ACTIVE" {
		return types.Service{}, fmt.Errorf("there is no active service %s in the cluster %s", s.at().Service, s.at().Cluster)
	}
	return out.Services[0], nil
}

func (s *service) definition(ctx context.Context, arn string) (*ecs.DescribeTaskDefinitionOutput, error) {
	out, err := ask(ctx, s.Tools, func() (*ecs.DescribeTaskDefinitionOutput, error) {
		return s.ecs.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: &arn, Include: []types.TaskDefinitionField{types.TaskDefinitionFieldTags}})
	})
	if err == nil && out.TaskDefinition == nil {
		err = errors.New("the answer holds none")
	}
	if err != nil {
		return nil, fmt.Errorf("describe the task definition %s (ecs:DescribeTaskDefinition): %w", lastPart(arn), err)
	}
	return out, nil
}

func (s *service) look(ctx context.Context) error {
	have, err := s.get(ctx)
	if err != nil {
		return err
	}
	if c := have.DeploymentController; c != nil && c.Type != types.DeploymentControllerTypeEcs {
		return fmt.Errorf("it is deployed by %s, and not by ECS: give its task definition taskRoleArn there", c.Type)
	}
	s.p.Before.TaskDefinition = aws.ToString(have.TaskDefinition)
	d, err := s.definition(ctx, s.p.Before.TaskDefinition)
	if err != nil {
		return err
	}
	s.p.Before.Role = aws.ToString(d.TaskDefinition.TaskRoleArn)
	for _, c := range d.TaskDefinition.ContainerDefinitions {
		name := aws.ToString(c.Name)
		for _, v := range c.Environment {
			if err := s.p.holds(name+"/", aws.ToString(v.Name), aws.ToString(v.Value)); err != nil {
				return err
			}
		}
		for _, v := range c.Secrets {
			if slices.Contains(s.p.Variables, aws.ToString(v.Name)) {
				s.p.Before.Holds = append(s.p.Before.Holds, name+"/"+aws.ToString(v.Name))
			}
		}
		if len(c.EnvironmentFiles) > 0 {
			s.p.Warnings = append(s.p.Warnings, "the container "+name+" takes files of variables from S3, which are not looked at: a key in there wins over the role")
		}
	}
	s.p.unheld()
	return nil
}

// holds notes a variable that goes. A key that is not the plan's is not for us to take.
func (p *Plan) holds(in, name, value string) error {
	if keyShape.MatchString(value) && value != p.Key && slices.Contains(p.Variables, name) {
		return fmt.Errorf("%s%s holds another key (%s): it would lose that too", in, name, shown(value))
	}
	if value == p.Key && !slices.Contains(p.Variables, name) {
		return fmt.Errorf("%s%s holds the key: write it, and the variable of the secret that belongs to it, under variables", in, name)
	}
	if slices.Contains(p.Variables, name) {
		p.Before.Holds = append(p.Before.Holds, in+name)
	}
	return nil
}

func (p *Plan) unheld() {
	if len(p.Before.Holds) == 0 {
		p.Warnings = append(p.Warnings, "no variable of the workload holds the key: it may stand in its code, its image or a file, where `oakum scan` finds it")
	}
}

func (s *service) attach() act.Op {
	return &revisionOp{service: s, stage: 1, change: func(in *ecs.RegisterTaskDefinitionInput) { in.TaskRoleArn = aws.String(s.p.roleARN()) }}
}

func (s *service) strip(*run) act.Op {
	if len(s.p.Before.Holds) == 0 {
		return nil
	}
	return &revisionOp{service: s, stage: 2, change: func(in *ecs.RegisterTaskDefinitionInput) {
		in.TaskRoleArn = aws.String(s.p.roleARN())
		for i, c := range in.ContainerDefinitions {
			c.Environment = slices.DeleteFunc(slices.Clone(c.Environment), func(v types.KeyValuePair) bool { return slices.Contains(s.p.Variables, aws.ToString(v.Name)) })
			c.Secrets = slices.DeleteFunc(slices.Clone(c.Secrets), func(v types.Secret) bool { return slices.Contains(s.p.Variables, aws.ToString(v.Name)) })
			in.ContainerDefinitions[i] = c
		}
	}}
}

func (s *service) words() words {
	at := s.at()
	line := "aws ecs execute-command --cluster " + at.Cluster + " --task TASK --container CONTAINER --interactive --command '"
	w := words{
		attach: "have the service run a new revision of " + lastPart(s.p.Before.TaskDefinition) + " with the role", attachUndo: "have it run " + lastPart(s.p.Before.TaskDefinition) + " again, and deregister the new one",
		strip:     "have it run one without " + list(s.p.Before.Holds),
		stripUndo: "have it run the revision with the role and the key again",
		probe:     line + unset(s.p.Variables) + "aws sts get-caller-identity'", after: line + "aws sts get-caller-identity'",
		todo: []string{"revisions up to " + lastPart(s.p.Before.TaskDefinition) + " and the one after it hold the key in plain text: deregister and delete them when it is retired"},
	}
	if len(s.p.Before.Holds) == 0 {
		w.strip = "no variable of the service holds the key: there is nothing to take away here"
	}
	return w
}

// unset begins a line that sets variables aside.
func unset(variables []string) string { return "env -u " + strings.Join(variables, " -u ") + " " }

func list(names []string) string { return strings.Join(names, ", ") }

func lastPart(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// revisionOp has the service run a revision that this step registers.
type revisionOp struct {
	*service
	stage  int // 1 attaches, 2 strips
	change func(*ecs.RegisterTaskDefinitionInput)
}

// revisions are those of the plan by stage, the oldest first: what was there before,
// and what each step registered. There are several of a stage where two machines were
// at it at once.
type revisions [3][]string

func (r revisions) first(stage int) string {
	if len(r[stage]) == 0 {
		return ""
	}
	return r[stage][0]
}

func (o *revisionOp) ours(ctx context.Context) (all revisions, err error) {
	all[0] = []string{o.p.Before.TaskDefinition}
	family, base := split(o.p.Before.TaskDefinition)
	pages := ecs.NewListTaskDefinitionsPaginator(o.ecs, &ecs.ListTaskDefinitionsInput{FamilyPrefix: &family, Sort: types.SortOrderDesc, Status: types.TaskDefinitionStatusActive})
	for pages.HasMorePages() {
		page, err := ask(ctx, o.Tools, func() (*ecs.ListTaskDefinitionsOutput, error) { return pages.NextPage(ctx) })
		if err != nil {
			return all, fmt.Errorf("list revisions (ecs:ListTaskDefinitions): %w", err)
		}
		newer := 0
		for _, arn := range page.TaskDefinitionArns {
			if _, n := split(arn); n <= base {
				continue
			}
			newer++
			stage, err := o.stageOf(ctx, arn)
			if err != nil {
				return all, err
			}
			if stage > 0 {
				all[stage] = append(all[stage], arn)
			}
		}
		if newer < len(page.TaskDefinitionArns) {
			break
		}
	}
	for _, list := range all {
		slices.SortFunc(list, func(a, b string) int {
			_, m := split(a)
			_, n := split(b)
			return m - n
		})
	}
	return all, nil
}

// stageOf is the stage whose step registered a revision, 0 for those of others.
func (o *revisionOp) stageOf(ctx context.Context, arn string) (int, error) {
	d, err := o.definition(ctx, arn)
	if err != nil {
		return 0, err
	}
	for _, t := range d.Tags {
		for stage := 1; stage <= 2; stage++ {
			if aws.ToString(t.Key) == tagOp && aws.ToString(t.Value) == o.op(stage) {
				return stage, nil
			}
		}
	}
	return 0, nil
}

func (o *revisionOp) op(stage int) string { return o.p.op("revision-" + strconv.Itoa(stage)) }

// split parts a revision's ARN into its family and number.
func split(arn string) (family string, n int) {
	name := lastPart(arn)
	i := strings.LastIndexByte(name, ':')
	n, _ = strconv.Atoi(name[i+1:])
	return name[:max(i, 0)], n
}

// stands is the stage that the service is at, and whether it has come there.
func (o *revisionOp) stands(ctx context.Context) (stages revisions, at int, settled bool, err error) {
	if stages, err = o.ours(ctx); err != nil {
		return stages, 0, false, err
	}
	have, err := o.get(ctx)
	if err != nil {
		return stages, 0, false, err
	}
	runs := aws.ToString(have.TaskDefinition)
	if at = slices.IndexFunc(stages[:], func(list []string) bool { return slices.Contains(list, runs) }); at < 0 {
		return stages, 0, false, fmt.Errorf("the service runs %s, which is neither %s nor of this run: %w", lastPart(runs), lastPart(stages.first(0)), ErrStale)
	}
	settled, err = deployed(have)
	return stages, at, settled, err
}

// deployed tells whether a service runs nothing but its task definition (ECS API
// Reference, "Deployment": rolloutState).
func deployed(s types.Service) (bool, error) {
	for _, d := range s.Deployments {
		if aws.ToString(d.Status) == "PRIMARY" && d.RolloutState == types.DeploymentRolloutStateFailed {
			return false, fmt.Errorf("the deployment failed: %s", aws.ToString(d.RolloutStateReason))
		}
		if d.RolloutState != types.DeploymentRolloutStateCompleted {
			return false, nil
		}
	}
	return len(s.Deployments) <= 1, nil
}

func (o *revisionOp) Done(ctx context.Context) (bool, error) {
	_, at, settled, err := o.stands(ctx)
	return at > o.stage || at == o.stage && settled, err
}

func (o *revisionOp) Do(ctx context.Context) error {
	stages, at, _, err := o.stands(ctx)
	if err != nil {
		return err
	}
	if at < o.stage-1 {
		return fmt.Errorf("the service runs %s again: %w", lastPart(stages.first(at)), ErrStale)
	}
	next := stages.first(o.stage)
	if next == "" {
		if next, err = o.register(ctx, stages.first(o.stage-1)); err != nil {
			return err
		}
	}
	if at < o.stage {
		if err := o.have(ctx, next); err != nil {
			return err
		}
	}
	return o.await(ctx)
}

// register makes the next revision of one. A reply that is lost leaves a revision,
// which is looked for before another is made.
func (o *revisionOp) register(ctx context.Context, from string) (string, error) {
	d, err := o.definition(ctx, from)
	if err != nil {
		return "", err
	}
	in := again(d)
	in.Tags = append(in.Tags, types.Tag{Key: aws.String(tagOp), Value: aws.String(o.op(o.stage))}, types.Tag{Key: aws.String(tagRun), Value: &o.p.Run})
	o.change(in)
	out, err := ask(ctx, o.Tools, func() (string, error) {
		if stages, err := o.ours(ctx); err != nil || stages.first(o.stage) != "" {
			return stages.first(o.stage), err
		}
		out, err := o.ecs.RegisterTaskDefinition(ctx, in)
		if err != nil {
			return "", err
		}
		return aws.ToString(out.TaskDefinition.TaskDefinitionArn), nil
	})
	if err != nil {
		return "", fmt.Errorf("register a revision (ecs:RegisterTaskDefinition, and iam:PassRole for the role): %w", err)
	}
	return out, nil
}

// again is what registers a task definition as it is. Tags of AWS' own cannot be given.
func again(d *ecs.DescribeTaskDefinitionOutput) *ecs.RegisterTaskDefinitionInput {
	t := d.TaskDefinition
	in := &ecs.RegisterTaskDefinitionInput{
		Family: t.Family, ContainerDefinitions: slices.Clone(t.ContainerDefinitions), Cpu: t.Cpu, Memory: t.Memory, EnableFaultInjection: t.EnableFaultInjection,
		EphemeralStorage: t.EphemeralStorage, ExecutionRoleArn: t.ExecutionRoleArn, IpcMode: t.IpcMode, NetworkMode: t.NetworkMode,
		PidMode: t.PidMode, PlacementConstraints: t.PlacementConstraints, ProxyConfiguration: t.ProxyConfiguration, RequiresCompatibilities: t.RequiresCompatibilities,
		RuntimePlatform: t.RuntimePlatform, TaskRoleArn: t.TaskRoleArn, TrustedExecutionConfiguration: t.TrustedExecutionConfiguration, Volumes: t.Volumes,
	}
	for _, tag := range d.Tags {
		if k := aws.ToString(tag.Key); !strings.HasPrefix(k, "aws:") && k != tagOp && k != tagRun {
			in.Tags = append(in.Tags, tag)
		}
	}
	return in
}

// have has the service run a revision; twice is once.
func (o *revisionOp) have(ctx context.Context, arn string) error {
	_, err := ask(ctx, o.Tools, func() (*ecs.UpdateServiceOutput, error) {
		return o.ecs.UpdateService(ctx, &ecs.UpdateServiceInput{Cluster: &o.at().Cluster, Service: &o.at().Service, TaskDefinition: &arn})
	})
	if err != nil {
		return fmt.Errorf("update the service (ecs:UpdateService): %w", err)
	}
	return nil
}

// await waits until the service has come to where it goes.
func (o *revisionOp) await(ctx context.Context) error {
	for waited := time.Duration(0); ; waited += betweenLooks {
		have, err := o.get(ctx)
		if err != nil {
			return err
		}
		if is, err := deployed(have); is || err != nil {
			return err
		}
		if waited >= maxDeploy {
			return fmt.Errorf("the deployment is not complete after %s: look at the service's events, then go on with apply", maxDeploy)
		}
		if err := o.wait(ctx, betweenLooks, "ECS deploys "+lastPart(aws.ToString(have.TaskDefinition))); err != nil {
			return err
		}
	}
}

// Undo has the service run the stage before, and gives up the revision of this one.
func (o *revisionOp) Undo(ctx context.Context) error {
	stages, at, _, err := o.stands(ctx)
	if err != nil {
		return err
	}
	if at > o.stage {
		return fmt.Errorf("the service runs %s, which is a later step's: %w", lastPart(stages.first(at)), ErrStale)
	}
	if at == o.stage {
		if err := o.have(ctx, stages.first(o.stage-1)); err != nil {
			return err
		}
		if err := o.await(ctx); err != nil {
			return err
		}
	}
	for _, arn := range stages[o.stage] {
		_, err = ask(ctx, o.Tools, func() (*ecs.DeregisterTaskDefinitionOutput, error) {
			return o.ecs.DeregisterTaskDefinition(ctx, &ecs.DeregisterTaskDefinitionInput{TaskDefinition: &arn})
		})
		if err != nil {
			return fmt.Errorf("deregister %s (ecs:DeregisterTaskDefinition): %w", lastPart(arn), err)
		}
	}
	return nil
}
