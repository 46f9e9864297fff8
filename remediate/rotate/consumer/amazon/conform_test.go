package amazon_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer/amazon"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer/consumertest"
)

// told is which of the update's values something holds.
func told(u consumer.Update, value string) (string, error) {
	switch value {
	case old(u):
		return "old", nil
	case fresh(u):
		return "new", nil
	}
	return "neither", nil
}

// since counts from the last Reset on.
func (w *world) since(action string) (reset func(), effects func() int) {
	before := 0
	return func() { before = w.Passed(action) }, func() int { return w.Passed(action) - before }
}

func TestConformanceOfECS(t *testing.T) {
	for _, pinned := range []bool{false, true} {
		t.Run(map[bool]string{false: "a deployment", true: "a version"}[pinned], func(t *testing.T) {
			w, u := newWorld(t, "MOTO_ECS_SERVICE_RUNNING=1"), update(t, 50)
			from, n, name := arn+":password::", 0, ""
			if pinned {
				from += u.Before
			}
			reset, effects := w.since("UpdateService")
			var client *ecs.Client
			consumertest.Run(t, &consumertest.Bench{Update: u, Rereads: true, Cut: w.Cut, Effects: effects,
				Open: func() consumer.Consumer {
					return w.parse(amazon.ParseECS, "kind: x\ncluster: prod\nregion: eu-west-1\nservice: "+name)
				},
				Reset: func() error {
					n++
					name = fmt.Sprintf("conform-%d", n)
					client = w.service(name, from, types.DeploymentControllerTypeEcs)
					reset()
					return nil
				},
				Holds: func() (string, error) { return w.deployed(client, name, pinned, u) },
			})
		})
	}
}

// deployed is what a service's tasks read: which rotation deployed it last, and, where its
// task definition names a version, which.
func (w *world) deployed(c *ecs.Client, name string, pinned bool, u consumer.Update) (string, error) {
	out, err := c.DescribeServices(w.Context(), &ecs.DescribeServicesInput{Cluster: aws.String("prod"), Services: []string{name}, Include: []types.ServiceField{types.ServiceFieldTags}})
	if err != nil {
		return "", err
	}
	s := out.Services[0]
	says := "old"
	for _, t := range tags(s.Tags) {
		if strings.HasPrefix(t, "oakum-op="+u.Op) {
			says = "new"
		}
	}
	if !pinned {
		return says, nil
	}
	d, err := c.DescribeTaskDefinition(w.Context(), &ecs.DescribeTaskDefinitionInput{TaskDefinition: s.TaskDefinition})
	if err != nil {
		return "", err
	}
	reads := map[string]string{arn + ":password::" + u.Version: "new", arn + ":password::" + u.Before: "old"}[aws.ToString(d.TaskDefinition.ContainerDefinitions[0].Secrets[0].ValueFrom)]
	if reads != says {
		return "deployed for the " + says + " one, reads the " + reads + " one", nil
	}
	return reads, nil
}

func TestConformanceOfLambda(t *testing.T) {
	for _, alias := range []string{"", "live"} {
		t.Run("alias "+alias, func(t *testing.T) {
			w, u := newWorld(t), update(t, 51)
			n, name := 0, ""
			reset, effects := w.since("UpdateFunctionConfiguration")
			var client *lambda.Client
			consumertest.Run(t, &consumertest.Bench{Update: u, Cut: w.Cut, Effects: effects,
				Open: func() consumer.Consumer {
					text := "kind: x\nregion: eu-west-1\nvariables: {DB_PASSWORD: password}\nfunction: " + name
					if alias != "" {
						text += "\nalias: " + alias
					}
					return w.parse(amazon.ParseLambda, text)
				},
				Reset: func() (err error) {
					n++
					name = fmt.Sprintf("conform-%d", n)
					client = w.function(name, map[string]string{"DB_PASSWORD": old(u), "LOG": "info"})
					if alias != "" {
						if _, err = client.PublishVersion(t.Context(), &lambda.PublishVersionInput{FunctionName: &name}); err == nil {
							_, err = client.CreateAlias(t.Context(), &lambda.CreateAliasInput{FunctionName: &name, Name: &alias, FunctionVersion: aws.String("1")})
						}
					}
					reset()
					return err
				},
				Holds: func() (string, error) {
					version := ""
					if alias != "" {
						a, err := client.GetAlias(t.Context(), &lambda.GetAliasInput{FunctionName: &name, Name: &alias})
						if err != nil {
							return "", err
						}
						version = aws.ToString(a.FunctionVersion)
					}
					v := w.variables(client, name, version)
					if v["LOG"] != "info" {
						return "another variable is lost", nil
					}
					return told(u, v["DB_PASSWORD"])
				},
			})
		})
	}
}

func TestConformanceOfCodeBuild(t *testing.T) {
	w, u := newWorld(t), update(t, 52)
	b := build{}
	b.answers(w)
	reset, effects := w.since("UpdateProject")
	consumertest.Run(t, &consumertest.Bench{Update: u, Cut: w.Cut, Effects: effects,
		Open: func() consumer.Consumer {
			return w.parse(amazon.ParseCodeBuild, "kind: x\nregion: eu-west-1\nproject: orders\nvariables: {DB_PASSWORD: password}")
		},
		Reset: func() error {
			b["orders"] = parsed(t, fmt.Sprintf(projectText, old(u)))
			reset()
			return nil
		},
		Holds: func() (string, error) {
			v := b["orders"]["environment"].(map[string]any)["environmentVariables"].([]any)[1].(map[string]any)
			return told(u, fmt.Sprint(v["value"]))
		},
	})
}
