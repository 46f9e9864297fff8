package amazon

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
)

// definition is what the primary deployment's tasks are made of, with references to the
// new version where it names the old one; pinned tells whether it does.
func (s *service) definition(ctx context.Context, c *ecs.Client, v seen, u consumer.Update) (in *ecs.RegisterTaskDefinitionInput, pinned bool, err error) {
	arn := v.primary.TaskDefinition
	if arn == nil {
		arn = v.TaskDefinition
	}
	out, err := c.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: arn, Include: []types.TaskDefinitionField{types.TaskDefinitionFieldTags}})
	if err != nil {
		return nil, false, call("ecs:DescribeTaskDefinition", err)
	}
	if u.Before == "" {
		return nil, false, nil
	}
	in = again(*out.TaskDefinition, out.Tags)
	for i := range in.ContainerDefinitions {
		d := &in.ContainerDefinitions[i]
		d.Secrets = slices.Clone(d.Secrets)
		for j, r := range d.Secrets {
			if from, ok := repin(aws.ToString(r.ValueFrom), u.Before, u.Version); ok {
				if u.Version == "" {
					return nil, false, fmt.Errorf("%w: %s: its task definition names version %s of the secret (%s), and the new version's name is not known: leave the version out of valueFrom", consumer.ErrUnfit, s, u.Before, aws.ToString(r.Name))
				}
				d.Secrets[j].ValueFrom, pinned = &from, true
			}
		}
	}
	return in, pinned, nil
}

// repin gives a reference of ECS the new version where it names the old one: the last
// part of secret:NAME:json-key:version-stage:version-id
// (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html).
// The versions of several secrets are told one after the other, with commas.
func repin(from, before, version string) (string, bool) {
	if strings.Count(from, ":") < 9 {
		return from, false
	}
	olds, news := strings.Split(before, ","), strings.Split(version, ",")
	for i, old := range olds {
		if head, ok := strings.CutSuffix(from, ":"+old); ok {
			return head + ":" + news[min(i, len(news)-1)], true
		}
	}
	return from, false
}

// again is a revision as it would be registered anew. TestTaskDefinitionsAreCopiedWhole
// holds that no field is forgotten.
func again(d types.TaskDefinition, tags []types.Tag) *ecs.RegisterTaskDefinitionInput {
	//lint:file-ignore SA1019 a revision that has accelerators, which are no longer offered, is copied whole all the same
	return &ecs.RegisterTaskDefinitionInput{
		ContainerDefinitions: slices.Clone(d.ContainerDefinitions), Family: d.Family, Cpu: d.Cpu, EnableFaultInjection: d.EnableFaultInjection,
		EphemeralStorage: d.EphemeralStorage, ExecutionRoleArn: d.ExecutionRoleArn, InferenceAccelerators: d.InferenceAccelerators,
		IpcMode: d.IpcMode, Memory: d.Memory, NetworkMode: d.NetworkMode, PidMode: d.PidMode, PlacementConstraints: d.PlacementConstraints,
		ProxyConfiguration: d.ProxyConfiguration, RequiresCompatibilities: d.RequiresCompatibilities, RuntimePlatform: d.RuntimePlatform,
		Tags: tags, TaskRoleArn: d.TaskRoleArn, TrustedExecutionConfiguration: d.TrustedExecutionConfiguration, Volumes: d.Volumes,
	}
}

// newest is how many revisions are looked at for the one of this rotation: it was made
// in this very step, or in one that was cut off.
const newest = 5

// register gives the revision of this rotation: one that an earlier try made, else a new
// one.
func (s *service) register(ctx context.Context, c *ecs.Client, in *ecs.RegisterTaskDefinitionInput, id string) (*string, error) {
	list, err := c.ListTaskDefinitions(ctx, &ecs.ListTaskDefinitionsInput{FamilyPrefix: in.Family, Sort: types.SortOrderDesc, Status: types.TaskDefinitionStatusActive, MaxResults: aws.Int32(newest)})
	if err != nil {
		return nil, call("ecs:ListTaskDefinitions", err)
	}
	for _, arn := range list.TaskDefinitionArns[:min(newest, len(list.TaskDefinitionArns))] {
		out, err := c.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: &arn, Include: []types.TaskDefinitionField{types.TaskDefinitionFieldTags}})
		if err != nil {
			return nil, call("ecs:DescribeTaskDefinition", err)
		}
		for _, t := range out.Tags {
			if aws.ToString(t.Key) == tagOp && aws.ToString(t.Value) == id {
				return out.TaskDefinition.TaskDefinitionArn, nil
			}
		}
	}
	in.Tags = slices.DeleteFunc(slices.Clone(in.Tags), func(t types.Tag) bool {
		return aws.ToString(t.Key) == tagOp || strings.HasPrefix(aws.ToString(t.Key), "aws:")
	})
	in.Tags = append(in.Tags, types.Tag{Key: aws.String(tagOp), Value: &id})
	out, err := c.RegisterTaskDefinition(ctx, in)
	if err != nil {
		return nil, call("ecs:RegisterTaskDefinition", err)
	}
	return out.TaskDefinition.TaskDefinitionArn, nil
}
