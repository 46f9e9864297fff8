package awssource

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/oakum-sec/oakum/leak"
)

// ecs tells of task definitions, in all revisions that are active: a service or a
// scheduled task may run any of them.
func (w *walk) ecs(ctx context.Context, config aws.Config) {
	client := ecs.NewFromConfig(config)
	var families []string
	pages := ecs.NewListTaskDefinitionFamiliesPaginator(client, &ecs.ListTaskDefinitionFamiliesInput{Status: types.TaskDefinitionFamilyStatusActive})
	err := each(ctx, w, "ecs:ListTaskDefinitionFamilies", pages.HasMorePages, pages.NextPage, func(page *ecs.ListTaskDefinitionFamiliesOutput) {
		families = append(families, page.Families...)
	})
	if err != nil {
		w.refused(ctx, w.at, "list families of task definitions", "ecs:ListTaskDefinitionFamilies", err)
	}
	slices.Sort(families)
	r := refusals{scope: w.at, what: "list task definitions", action: "ecs:ListTaskDefinitions"}
	d := refusals{scope: w.at, what: "describe task definitions", action: "ecs:DescribeTaskDefinition"}
	for _, family := range families {
		arns, err := w.revisionsOf(ctx, client, family)
		if err != nil {
			r.add(ctx, w, family, err)
		}
		w.family(ctx, client, family, arns, &d)
	}
	r.tell(ctx, w)
	d.tell(ctx, w)
}

// revisionsOf lists a family's active revisions, the newest first.
func (w *walk) revisionsOf(ctx context.Context, client *ecs.Client, family string) (arns []string, err error) {
	pages := ecs.NewListTaskDefinitionsPaginator(client, &ecs.ListTaskDefinitionsInput{
		FamilyPrefix: &family, Status: types.TaskDefinitionStatusActive, Sort: types.SortOrderDesc,
	})
	err = each(ctx, w, "ecs:ListTaskDefinitions", pages.HasMorePages, pages.NextPage, func(page *ecs.ListTaskDefinitionsOutput) {
		arns = append(arns, page.TaskDefinitionArns...)
	})
	slices.SortStableFunc(arns, func(a, b string) int { return cmp.Compare(revision(b), revision(a)) }) // moto does not
	return arns, err
}

// revision is the number at the end of a task definition's name, FAMILY:REVISION.
func revision(arn string) int {
	n, _ := strconv.Atoi(arn[strings.LastIndexByte(arn, ':')+1:])
	return n
}

// family tells of one family in its revisions.
func (w *walk) family(ctx context.Context, client *ecs.Client, family string, arns []string, r *refusals) {
	scope := w.at + "/" + family
	if w.revisions > 0 && len(arns) > w.revisions {
		w.older(scope, len(arns)-w.revisions)
		arns = arns[:w.revisions]
	}
	var list []version
	files := map[string]bool{}
	for i, arn := range arns {
		if w.done {
			return
		}
		name := arn[strings.LastIndexByte(arn, '/')+1:]
		containers, err := w.containers(ctx, client, arn, r.action)
		if err != nil {
			r.add(ctx, w, name, err)
			continue
		}
		v := version{}
		if i > 0 {
			_, v.label, _ = strings.Cut(name, ":")
		}
		for _, c := range containers {
			v.variables = append(v.variables, ofContainer(c)...)
			w.files(scope, c, files)
		}
		list = append(list, v)
	}
	w.versions(scope, ecsHint, list)
}

func (w *walk) containers(ctx context.Context, client *ecs.Client, arn, action string) ([]types.ContainerDefinition, error) {
	out, err := ask(ctx, &w.asker, action, func() (*ecs.DescribeTaskDefinitionOutput, error) {
		return client.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: &arn})
	})
	switch {
	case err != nil:
		return nil, err
	case out.TaskDefinition == nil:
		return nil, errors.New("the answer holds none")
	}
	return out.TaskDefinition.ContainerDefinitions, nil
}

// ofContainer are a container's variables, and the words that it is started, tested,
// labelled and logged with.
func ofContainer(c types.ContainerDefinition) (list []variable) {
	in := aws.ToString(c.Name)
	for _, v := range c.Environment {
		list = append(list, variable{within: in, name: aws.ToString(v.Name), value: aws.ToString(v.Value)})
	}
	words := func(name string, args []string) {
		if len(args) > 0 {
			list = append(list, variable{within: in, name: name, value: strings.Join(args, " "), words: true})
		}
	}
	words("entryPoint", c.EntryPoint)
	words("command", c.Command)
	if c.HealthCheck != nil {
		words("healthCheck", c.HealthCheck.Command)
	}
	pairs := func(name string, m map[string]string) {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			list = append(list, variable{within: in + "/" + name, name: key, value: m[key]})
		}
	}
	pairs("dockerLabels", c.DockerLabels)
	if c.LogConfiguration != nil {
		pairs("logConfiguration", c.LogConfiguration.Options)
	}
	if c.FirelensConfiguration != nil {
		pairs("firelensConfiguration", c.FirelensConfiguration.Options)
	}
	return list
}

// files tells of files of variables, which lie in S3. One that several revisions name
// is told once.
func (w *walk) files(scope string, c types.ContainerDefinition, told map[string]bool) {
	for _, f := range c.EnvironmentFiles {
		name := aws.ToString(f.Value)
		if key := aws.ToString(c.Name) + " " + name; !told[key] {
			told[key] = true
			w.gap(leak.Variable{Scope: scope + "/" + aws.ToString(c.Name), Name: "environmentFiles"}, leak.Boundary, leak.GapElsewhere, fmt.Errorf("%s is in S3, which is not asked: copy it and scan that", name))
		}
	}
}

func ecsHint(name string) string {
	if ofAWS(name) {
		return "a task has a task role: let that have what the key may, and delete the key"
	}
	return "keep it in Secrets Manager or Parameter Store, and name it with valueFrom under secrets"
}
