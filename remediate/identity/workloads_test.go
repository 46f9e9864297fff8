package identity

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/oakum-sec/oakum/remediate/access"
)

// observed is a file of needs, which the settings name.
const observed = `- {action: "s3:GetObject", resource: "arn:aws:s3:::orders/in.csv"}
- {action: "dynamodb:Query", resource: "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"}
- {action: "s3:ListAllMyBuckets", resource: "*"}
`

// settings are those for a fresh workload of a kind.
func (w *world) settings(kind string) *Settings {
	w.t.Helper()
	w.n++
	w.must(os.WriteFile(filepath.Join(w.dir, "observed.yaml"), []byte(observed), 0o600))
	s := &Settings{
		Version: 1, Key: w.leaked.AccessKeyID, Role: fmt.Sprintf("orders-%s-%d", strings.ReplaceAll(kind, "_", "-"), w.n), Needs: Sources{Observed: "observed.yaml"},
		Variables: []string{"ORDERS_KEY_ID", "ORDERS_KEY"}, Probe: Probe{Before: []string{"aside"}, After: []string{"plain"}},
	}
	s.Workload = w.kinds()[kind]()
	w.workflow = "arn:aws:iam::" + account + ":role/" + s.Role
	w.must(s.valid())
	return s
}

func (w *world) kinds() map[string]func() Workload {
	return map[string]func() Workload{
		"ecs": func() Workload { return Workload{ECS: &ECS{Cluster: "prod", Service: w.service()}} },
		"ec2": func() Workload { return Workload{EC2: &EC2{Instance: w.instance()}} },
		"lambda": func() Workload {
			return Workload{Lambda: &Lambda{Function: w.function(map[string]string{"ORDERS_KEY_ID": w.leaked.AccessKeyID, "ORDERS_KEY": w.leaked.SecretAccessKey, "LEVEL": "info"})}}
		},
		"pod_identity": func() Workload {
			return Workload{PodIdentity: &access.PodIdentity{Cluster: "prod", ServiceAccount: access.ServiceAccount{Namespace: "shop", Name: fmt.Sprintf("orders%d", w.n)}}}
		},
		"irsa": func() Workload {
			name := fmt.Sprintf("orders%d", w.n)
			i := &IRSA{Manifest: name + ".yaml"}
			i.Provider, i.Namespace, i.Name = "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE"+name, "shop", name
			w.must(os.WriteFile(filepath.Join(w.dir, i.Manifest), []byte(manifest(name)), 0o640))
			return Workload{IRSA: i}
		},
		"gitlab": func() Workload {
			return Workload{GitLab: &access.GitLab{Project: fmt.Sprintf("acme/shop%d", w.n), Branch: "main"}}
		},
		"github": func() Workload {
			return Workload{GitHub: &access.GitHub{Repository: fmt.Sprintf("acme/shop%d", w.n), Ref: "refs/heads/main"}}
		},
	}
}

func manifest(name string) string {
	return "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n---\n# who the orders are\napiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: " + name + " # the service's\n  namespace: shop\n  labels: {app: orders}\n"
}

// service makes an ECS service whose task has the leaked key and a sidecar.
func (w *world) service() string {
	client, ctx, name := ecs.NewFromConfig(w.config(w.operator)), w.t.Context(), fmt.Sprintf("orders%d", w.n)
	_, err := client.CreateCluster(ctx, &ecs.CreateClusterInput{ClusterName: aws.String("prod")})
	w.must(err)
	d, err := client.RegisterTaskDefinition(ctx, &ecs.RegisterTaskDefinitionInput{
		Family: &name, Cpu: aws.String("256"), Memory: aws.String("512"), NetworkMode: ecstypes.NetworkModeAwsvpc,
		Tags: []ecstypes.Tag{{Key: aws.String("team"), Value: aws.String("shop")}},
		ContainerDefinitions: []ecstypes.ContainerDefinition{
			{Name: aws.String("web"), Image: aws.String("orders:1"), Memory: aws.Int32(256), Essential: aws.Bool(true), Environment: []ecstypes.KeyValuePair{
				{Name: aws.String("LEVEL"), Value: aws.String("info")}, {Name: aws.String("AWS_ACCESS_KEY_ID"), Value: &w.leaked.AccessKeyID}, {Name: aws.String("AWS_SECRET_ACCESS_KEY"), Value: &w.leaked.SecretAccessKey},
			}},
			{Name: aws.String("log"), Image: aws.String("log:1"), Memory: aws.Int32(64)},
		},
	})
	w.must(err)
	_, err = client.CreateService(ctx, &ecs.CreateServiceInput{Cluster: aws.String("prod"), ServiceName: &name, TaskDefinition: d.TaskDefinition.TaskDefinitionArn, DesiredCount: aws.Int32(1)})
	w.must(err)
	return name
}

func (w *world) instance() string {
	client := ec2.NewFromConfig(w.config(w.operator))
	if w.image == "" {
		images, err := client.DescribeImages(w.t.Context(), &ec2.DescribeImagesInput{})
		w.must(err)
		w.image = *images.Images[0].ImageId
	}
	out, err := client.RunInstances(w.t.Context(), &ec2.RunInstancesInput{ImageId: &w.image, MinCount: aws.Int32(1), MaxCount: aws.Int32(1)})
	w.must(err)
	return *out.Instances[0].InstanceId
}

// zipped is the empty zip file.
const zipped = "PK\x05\x06\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

func (w *world) function(env map[string]string) string {
	return w.fn(fmt.Sprintf("orders%d", w.n), env)
}

// fn makes a function with a role that may write its logs.
func (w *world) fn(name string, env map[string]string) string {
	ctx := w.t.Context()
	roles := iam.NewFromConfig(w.config(w.operator))
	r, err := roles.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("basic-" + name), AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)})
	w.must(err)
	p, err := roles.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: aws.String("logs-" + name), PolicyDocument: aws.String(everything)})
	w.must(err)
	_, err = roles.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: r.Role.RoleName, PolicyArn: p.Policy.Arn})
	w.must(err)
	_, err = roles.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: r.Role.RoleName, PolicyName: aws.String("queue"), PolicyDocument: aws.String(everything)})
	w.must(err)
	_, err = lambda.NewFromConfig(w.config(w.operator)).CreateFunction(ctx, &lambda.CreateFunctionInput{
		FunctionName: &name, Role: r.Role.Arn, Runtime: lambdatypes.RuntimePython313, Handler: aws.String("a.b"),
		Code: &lambdatypes.FunctionCode{ZipFile: []byte(zipped)}, Environment: &lambdatypes.Environment{Variables: env},
	})
	w.must(err)
	return name
}
