package amazon_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/oakum-sec/oakum/remediate/internal/awstest"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer/amazon"
)

const arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:orders-AbCdEf"

// service makes one with a task that reads a secret by that reference.
func (w *world) service(name, from string, controller types.DeploymentControllerType) *ecs.Client {
	c := ecs.NewFromConfig(w.config)
	_, err := c.CreateCluster(w.Context(), &ecs.CreateClusterInput{ClusterName: aws.String("prod")})
	w.must(err)
	_, err = c.RegisterTaskDefinition(w.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: &name, NetworkMode: types.NetworkModeAwsvpc, Cpu: aws.String("256"), Memory: aws.String("512"), Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("shop")}},
		ContainerDefinitions: []types.ContainerDefinition{{Name: aws.String("app"), Image: aws.String("app:1"), Memory: aws.Int32(128), Essential: aws.Bool(true),
			Environment: []types.KeyValuePair{{Name: aws.String("LOG"), Value: aws.String("info")}},
			Secrets:     []types.Secret{{Name: aws.String("DB_PASSWORD"), ValueFrom: &from}, {Name: aws.String("OTHER"), ValueFrom: aws.String(arn + ":other::")}}}},
	})
	w.must(err)
	_, err = c.CreateService(w.Context(), &ecs.CreateServiceInput{Cluster: aws.String("prod"), ServiceName: &name, TaskDefinition: &name, DesiredCount: aws.Int32(1),
		DeploymentController: &types.DeploymentController{Type: controller}})
	w.must(err)
	// moto leaves the first deployment's task definition on the service's deployment.
	w.Change("DescribeServices", func(text []byte) []byte { return edit(text, func(map[string]any) {}) })
	return c
}

// edit changes the primary deployment of an answer about services, which gets the
// service's task definition, as ECS has it.
func edit(text []byte, by func(primary map[string]any)) []byte {
	var m map[string]any
	if json.Unmarshal(text, &m) != nil {
		return text
	}
	services, _ := m["services"].([]any)
	for _, s := range services {
		s := s.(map[string]any)
		for _, d := range s["deployments"].([]any) {
			d := d.(map[string]any)
			d["taskDefinition"] = s["taskDefinition"]
			by(d)
		}
	}
	out, err := json.Marshal(m)
	if err != nil {
		return text
	}
	return out
}

func TestECSIsDeployedOnce(t *testing.T) {
	w := newWorld(t, "MOTO_ECS_SERVICE_RUNNING=1")
	w.service("orders", arn+":password::", types.DeploymentControllerTypeEcs)
	text := "kind: ecs-service\ncluster: prod\nservice: orders\nregion: eu-west-1"
	c, u := w.parse(amazon.ParseECS, text), update(t, 1)
	if notes, err := c.(consumer.Checker).Check(t.Context(), u); err != nil || len(notes) != 0 {
		t.Errorf("%v, %v", notes, err)
	}
	w.done(c, u, false)
	w.Fail(bad("TagResource", "UpdateService")...)
	w.must(c.Do(t.Context(), u))
	w.must(w.parse(amazon.ParseECS, text).Do(t.Context(), u))
	w.done(c, u, true)
	if got := w.Calls("UpdateService"); got != 3 || w.Left() != 0 { // two were refused, and the third's answer lost
		t.Errorf("%d deployments were asked for, %d faults are left", got, w.Left())
	}
	// While a rotation is under way the deployment goes on for some looks.
	n, other := 0, update(t, 2)
	w.Change("DescribeServices", func(text []byte) []byte {
		return edit(text, func(d map[string]any) {
			if n++; n > 1 && n < 6 {
				d["rolloutState"], d["failedTasks"] = "IN_PROGRESS", 1
			}
		})
	})
	w.must(c.Do(t.Context(), other))
	w.done(c, other, true)
	w.done(c, u, true)
	if n < 6 {
		t.Errorf("it was looked at %d times", n)
	}
	w.must(c.Undo(t.Context(), u))
	w.done(c, u, false)
	if got := w.Calls("UpdateService"); got != 5 {
		t.Errorf("%d deployments were asked for", got)
	}
}

// A task definition that names the old version gets a revision that names the new one,
// and nothing else of it changes.
func TestECSVersionsAreNamedAnew(t *testing.T) {
	w, u := newWorld(t, "MOTO_ECS_SERVICE_RUNNING=1"), update(t, 3)
	client := w.service("pinned", arn+":password::"+u.Before, types.DeploymentControllerTypeEcs)
	c := w.parse(amazon.ParseECS, "kind: ecs-service\ncluster: prod\nservice: pinned\nregion: eu-west-1")
	nameless := u
	nameless.Version = ""
	if notes, err := c.(consumer.Checker).Check(t.Context(), nameless); err != nil || len(notes) != 1 || !strings.Contains(notes[0], "a new revision") {
		t.Errorf("before the version is known: %v, %v", notes, err)
	}
	if err := c.Do(t.Context(), nameless); !errors.Is(err, consumer.ErrUnfit) || !strings.Contains(err.Error(), "leave the version out of valueFrom") {
		t.Error(err)
	}
	w.Fail(bad("RegisterTaskDefinition", "UpdateService")...)
	w.must(c.Do(t.Context(), u))
	w.must(c.Do(t.Context(), u))
	w.done(c, u, true)
	texts := map[int]string{}
	revision := func(n int) string {
		out, err := client.DescribeTaskDefinition(t.Context(), &ecs.DescribeTaskDefinitionInput{TaskDefinition: aws.String(fmt.Sprintf("pinned:%d", n)), Include: []types.TaskDefinitionField{types.TaskDefinitionFieldTags}})
		w.must(err)
		d := out.TaskDefinition
		d.Revision, d.TaskDefinitionArn = 0, nil
		b, err := json.Marshal(d)
		w.must(err)
		texts[n] = fmt.Sprint(tags(out.Tags))
		return string(b)
	}
	if got := strings.ReplaceAll(revision(2), u.Version, u.Before); got != revision(1) || !strings.Contains(revision(2), u.Version) {
		t.Errorf("the new revision is\n%s\nthe old one was\n%s", revision(2), revision(1))
	}
	if !strings.Contains(texts[2], "team=shop") || !strings.Contains(texts[2], "oakum-op="+u.Op) {
		t.Error(texts[2])
	}
	list, err := client.ListTaskDefinitions(t.Context(), &ecs.ListTaskDefinitionsInput{FamilyPrefix: aws.String("pinned")})
	if w.must(err); len(list.TaskDefinitionArns) != 2 {
		t.Errorf("%v were registered", list.TaskDefinitionArns)
	}
	w.must(c.Undo(t.Context(), u))
	if revision(3) != revision(1) {
		t.Errorf("it goes back to\n%s", revision(3))
	}
}

func tags(all []types.Tag) (out []string) {
	for _, t := range all {
		out = append(out, aws.ToString(t.Key)+"="+aws.ToString(t.Value))
	}
	return out
}

func TestECSRefusals(t *testing.T) {
	w, u := newWorld(t, "MOTO_ECS_SERVICE_RUNNING=1"), update(t, 4)
	w.service("code", arn+":password::", types.DeploymentControllerTypeCodeDeploy)
	text := "kind: ecs-service\ncluster: prod\nregion: eu-west-1\nservice: "
	w.refused(w.parse(amazon.ParseECS, text+"code"), u, consumer.ErrUnfit, "CODE_DEPLOY")
	w.refused(w.parse(amazon.ParseECS, text+"nobody"), u, consumer.ErrUnfit, "no active ecs service prod/nobody")
	w.service("failing", arn+":password::", types.DeploymentControllerTypeEcs)
	c := w.parse(amazon.ParseECS, text+"failing")
	w.Change("DescribeServices", func(text []byte) []byte {
		return bytes.ReplaceAll(text, []byte(`"COMPLETED"`), []byte(`"FAILED"`))
	})
	if err := c.Do(t.Context(), u); err == nil || !strings.Contains(err.Error(), "the deployment failed") {
		t.Error(err)
	}
	w.done(c, u, false)
	w.Change("DescribeServices", func(text []byte) []byte {
		return bytes.ReplaceAll(text, []byte(`"COMPLETED"`), []byte(`"IN_PROGRESS"`))
	})
	c = w.parse(amazon.ParseECS, text+"failing\nwithin: 9s")
	if err := c.Do(t.Context(), u); err == nil || !strings.Contains(err.Error(), "after 9s") {
		t.Error(err)
	}
	w.Change("DescribeServices", nil)
	for range 8 { // which is how often a step is made
		w.Fail(awstest.Fault{Action: "DescribeServices", Status: 500})
	}
	if _, err := c.Done(t.Context(), u); err == nil || !strings.Contains(err.Error(), "InternalServiceError") {
		t.Error(err)
	}
	w.as(w.Nobody)
	w.refused(w.parse(amazon.ParseECS, text+"failing"), u, nil, "a policy has to allow ecs:DescribeServices")
}
