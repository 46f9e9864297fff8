package awssource_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	cbtypes "github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/oakum-sec/oakum/internal/realtest"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/remediate/awssource"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/sourcetest"
)

// account is one of moto's, with a server of its own.
type account struct {
	t      *testing.T
	config aws.Config
	role   string
}

func newAccount(t *testing.T) *account {
	a := &account{t: t, config: aws.Config{
		Region: "eu-central-1", BaseEndpoint: aws.String(realtest.StartMoto(t)),
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	}}
	out, err := iam.NewFromConfig(a.config).CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("runner"), AssumeRolePolicyDocument: aws.String("{}")})
	a.must(err)
	a.role = *out.Role.Arn
	return a
}

func (a *account) must(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
}

func (a *account) source(o awssource.Options) scanner.Source {
	a.t.Helper()
	src, err := awssource.New(a.config, o)
	a.must(err)
	return src
}

// function makes a function, or gives one other variables and publishes what it was.
func (a *account) function(name string, versions ...map[string]string) {
	client := lambda.NewFromConfig(a.config)
	_, err := client.CreateFunction(a.t.Context(), &lambda.CreateFunctionInput{
		FunctionName: &name, Role: &a.role, Runtime: lambdatypes.RuntimePython313, Handler: aws.String("a.b"),
		Code:        &lambdatypes.FunctionCode{ZipFile: []byte(zipped)},
		Environment: &lambdatypes.Environment{Variables: versions[0]},
	})
	a.must(err)
	for _, v := range versions[1:] {
		_, err := client.PublishVersion(a.t.Context(), &lambda.PublishVersionInput{FunctionName: &name})
		a.must(err)
		_, err = client.UpdateFunctionConfiguration(a.t.Context(), &lambda.UpdateFunctionConfigurationInput{FunctionName: &name, Environment: &lambdatypes.Environment{Variables: v}})
		a.must(err)
	}
}

// zipped is the empty zip file.
const zipped = "PK\x05\x06\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

func (a *account) project(name, buildspec string, variables ...cbtypes.EnvironmentVariable) {
	_, err := codebuild.NewFromConfig(a.config).CreateProject(a.t.Context(), &codebuild.CreateProjectInput{
		Name: &name, ServiceRole: &a.role, Artifacts: &cbtypes.ProjectArtifacts{Type: cbtypes.ArtifactsTypeNoArtifacts},
		Source: &cbtypes.ProjectSource{Type: cbtypes.SourceTypeGithub, Location: aws.String("https://github.com/acme/shop"), Buildspec: &buildspec},
		Environment: &cbtypes.ProjectEnvironment{
			Type: cbtypes.EnvironmentTypeLinuxContainer, Image: aws.String("debian"), ComputeType: cbtypes.ComputeTypeBuildGeneral1Small,
			EnvironmentVariables: variables,
		},
	})
	a.must(err)
}

func (a *account) task(family string, container ecstypes.ContainerDefinition) {
	container.Name, container.Image, container.Memory = aws.String("web"), aws.String("nginx"), aws.Int32(64)
	_, err := ecs.NewFromConfig(a.config).RegisterTaskDefinition(a.t.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: &family, ContainerDefinitions: []ecstypes.ContainerDefinition{container},
	})
	a.must(err)
}

func env(pairs ...string) (list []ecstypes.KeyValuePair) {
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, ecstypes.KeyValuePair{Name: &pairs[i], Value: &pairs[i+1]})
	}
	return list
}

// template makes a launch template of several versions.
func (a *account) template(name string, texts ...string) {
	client := ec2.NewFromConfig(a.config)
	for i, text := range texts {
		data := &ec2types.RequestLaunchTemplateData{UserData: aws.String(base64.StdEncoding.EncodeToString([]byte(text)))}
		var err error
		if i == 0 {
			_, err = client.CreateLaunchTemplate(a.t.Context(), &ec2.CreateLaunchTemplateInput{LaunchTemplateName: &name, LaunchTemplateData: data})
		} else {
			_, err = client.CreateLaunchTemplateVersion(a.t.Context(), &ec2.CreateLaunchTemplateVersionInput{LaunchTemplateName: &name, LaunchTemplateData: data})
		}
		a.must(err)
	}
}

// instances starts n machines with one user data.
func (a *account) instances(n int32, text string) (ids []string) {
	client := ec2.NewFromConfig(a.config)
	images, err := client.DescribeImages(a.t.Context(), &ec2.DescribeImagesInput{})
	a.must(err)
	out, err := client.RunInstances(a.t.Context(), &ec2.RunInstancesInput{
		ImageId: images.Images[0].ImageId, MinCount: &n, MaxCount: &n, UserData: aws.String(base64.StdEncoding.EncodeToString([]byte(text))),
	})
	a.must(err)
	for _, i := range out.Instances {
		ids = append(ids, *i.InstanceId)
	}
	return ids
}

func github(seed uint64) string { return leaktest.Must(seed, `{{github "ghp_"}}`) }

func awsPair(seed uint64) (id, secret string) {
	return leaktest.Must(seed, `{{awsID "AKIA"}}`), leaktest.Must(seed+1, `{{awsSecret}}`)
}

// In each service, in the newest and in older versions, what is plain text is found,
// and what is a reference is not.
func TestAWS(t *testing.T) {
	a := newAccount(t)
	id, secret := awsPair(1)
	a.project("build-shop", "version: 0.2\nphases:\n  build:\n    commands:\n      - export GH_TOKEN="+github(10)+"\n",
		cbtypes.EnvironmentVariable{Name: aws.String("AWS_ACCESS_KEY_ID"), Value: &id},
		cbtypes.EnvironmentVariable{Name: aws.String("AWS_SECRET_ACCESS_KEY"), Value: &secret, Type: cbtypes.EnvironmentVariableTypePlaintext},
		cbtypes.EnvironmentVariable{Name: aws.String("DB_PASSWORD"), Value: aws.String("/shop/db/password"), Type: cbtypes.EnvironmentVariableTypeParameterStore},
		cbtypes.EnvironmentVariable{Name: aws.String("NPM_TOKEN"), Value: aws.String("shop/npm:token"), Type: cbtypes.EnvironmentVariableTypeSecretsManager})
	password := leaktest.Must(20, `{{randomPassword 20}}`)
	a.function("mail",
		map[string]string{"DB_PASSWORD": password, "TOKEN": github(21)},
		map[string]string{"DB_PASSWORD": password, "TOKEN": github(22)},
		map[string]string{"DB_PASSWORD": password, "TOKEN": "read at start", "LEVEL": "debug"})
	a.task("web", ecstypes.ContainerDefinition{Environment: env("TOKEN", github(30)), EnvironmentFiles: []ecstypes.EnvironmentFile{{Type: ecstypes.EnvironmentFileTypeS3, Value: aws.String("arn:aws:s3:::shop/web.env")}}})
	a.task("web", ecstypes.ContainerDefinition{Environment: env("TOKEN", github(30), "TAG", "v2")})
	a.task("web", ecstypes.ContainerDefinition{
		Environment: env("TAG", "v3"), Secrets: []ecstypes.Secret{{Name: aws.String("TOKEN"), ValueFrom: aws.String("arn:aws:secretsmanager:eu-central-1:123456789012:secret:web-AbCdEf")}},
		Command: []string{"sh", "-c", "exec web --token " + github(31)}, DockerLabels: map[string]string{"deploy": github(32)},
	})
	a.template("workers", "#!/bin/sh\nexport TOKEN="+github(40)+"\n", "#!/bin/sh\nexport TOKEN="+github(41)+"\n")
	same := a.instances(2, "#!/bin/sh\nexport TOKEN="+github(41)+"\n")
	own := a.instances(1, packedConfig(t, github(42), github(43)))

	got := scan(t, a.source(awssource.Options{}))
	const at = "aws:123456789012/eu-central-1/"
	equal(t, "findings", got.findings, []string{
		"aws-access-key-id " + at + "codebuild/build-shop variable AWS_ACCESS_KEY_ID",
		"github-pat " + at + "codebuild/build-shop variable buildspec",
		"github-pat " + at + "ec2/workers variable user-data",
		"github-pat " + at + "ec2/workers:1 variable user-data",
		"github-pat " + at + "ec2/" + own[0] + " variable user-data!/init.cfg",
		"github-pat " + at + "ec2/" + own[0] + " variable user-data!/init.cfg!//etc/app.env",
		"github-pat " + at + "ecs/web/web variable command",
		"github-pat " + at + "ecs/web/web/dockerLabels variable deploy",
		"github-pat " + at + "ecs/web:2/web variable TOKEN",
		"generic-secret " + at + "lambda/mail variable DB_PASSWORD",
		"github-pat " + at + "lambda/mail:2 variable TOKEN",
		"github-pat " + at + "lambda/mail:1 variable TOKEN",
	})
	equal(t, "gaps", got.gaps, []string{
		"boundary elsewhere " + at + "ecs/web/web variable environmentFiles: arn:aws:s3:::shop/web.env is in S3, which is not asked: copy it and scan that",
	})
	if pair := got.findings[0]; got.parts[pair] != 1 || !got.says(pair, "service role") {
		t.Errorf("the pair has %d parts and says %q", got.parts[pair], got.notes[pair])
	}
	for finding, words := range map[int]string{
		2: "the same user data: " + strings.Join(sorted(same), ", "), 3: "profile", 6: "valueFrom", 8: "kept in 2, 1", 9: "Secrets Manager", 10: "not in the newest version; kept in 2",
	} {
		if !got.says(got.findings[finding], words) {
			t.Errorf("%s does not say %q: %q", got.findings[finding], words, got.notes[got.findings[finding]])
		}
	}
}

// packedConfig is user data as tools for cloud-init make it: a gzip'd message of parts,
// of which one is in base64 and writes a packed file.
func packedConfig(t *testing.T, token, inner string) string {
	config := "#cloud-config\nruncmd:\n  - export TOKEN=" + token + "\nwrite_files:\n  - path: /etc/app.env\n    encoding: gz+b64\n    content: " +
		base64.StdEncoding.EncodeToString(packed(t, "TOKEN="+inner+"\n")) + "\n"
	return string(packed(t, "Content-Type: multipart/mixed; boundary=\"==1==\"\nMIME-Version: 1.0\n\n"+
		"--==1==\nContent-Type: text/x-shellscript\n\n#!/bin/sh\ntrue\n"+
		"--==1==\nContent-Type: text/cloud-config\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=\"init.cfg\"\n\n"+
		wrapped(base64.StdEncoding.EncodeToString([]byte(config)))+"\n--==1==--\n"))
}

func packed(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func wrapped(text string) string {
	var b strings.Builder
	for ; len(text) > 76; text = text[76:] {
		b.WriteString(text[:76] + "\n")
	}
	return b.String() + text
}

// Lists over several pages, several regions, and one service of them.
func TestRegionsAndPages(t *testing.T) {
	a := newAccount(t)
	for i := range 3 {
		a.function(fmt.Sprintf("f%03d", i), map[string]string{"TOKEN": github(uint64(100 + i))})
	}
	for i := range 120 { // moto, as ECS, lists a hundred on a page
		a.task(fmt.Sprintf("family%03d", i), ecstypes.ContainerDefinition{Environment: env("LEVEL", "debug")})
	}
	a.task("family119", ecstypes.ContainerDefinition{Environment: env("TOKEN", github(200))})
	a.config.Region = "us-east-1"
	a.function("other", map[string]string{"TOKEN": github(201)})
	for _, c := range []struct {
		options awssource.Options
		want    int
	}{
		{awssource.Options{}, 1},
		{awssource.Options{Regions: []string{"eu-central-1", "us-east-1", "eu-central-1"}}, 5},
		{awssource.Options{Regions: []string{"eu-central-1"}, Services: []string{"ecs"}}, 1},
		{awssource.Options{AllRegions: true, Services: []string{"lambda"}}, 4},
	} {
		got := scan(t, a.source(c.options))
		if len(got.findings) != c.want || len(got.gaps) > 0 {
			t.Errorf("%+v: findings %q, gaps %q", c.options, got.findings, got.gaps)
		}
	}
}

// Old revisions beyond the limit are a gap of class boundary.
func TestRevisions(t *testing.T) {
	a := newAccount(t)
	for i := range 4 {
		a.task("web", ecstypes.ContainerDefinition{Environment: env("TOKEN", github(uint64(300+i)))})
	}
	a.template("workers", "export TOKEN="+github(310), "export TOKEN="+github(311), "x")
	got := scan(t, a.source(awssource.Options{Revisions: 2}))
	const at = "aws:123456789012/eu-central-1/"
	equal(t, "findings", got.findings, []string{
		"github-pat " + at + "ec2/workers:2 variable user-data",
		"github-pat " + at + "ecs/web/web variable TOKEN",
		"github-pat " + at + "ecs/web:3/web variable TOKEN",
	})
	equal(t, "gaps", got.gaps, []string{
		"boundary limit " + at + "ec2/workers variable *: 1 older versions were not looked at: --revisions 0 looks at all; delete or deregister what nobody uses",
		"boundary limit " + at + "ecs/web variable *: 2 older versions were not looked at: --revisions 0 looks at all; delete or deregister what nobody uses",
	})
}

func TestConformance(t *testing.T) {
	a := newAccount(t)
	a.function("mail", map[string]string{"TOKEN": github(400)}, map[string]string{"TOKEN": github(401)})
	a.task("web", ecstypes.ContainerDefinition{Environment: env("TOKEN", github(402)), EnvironmentFiles: []ecstypes.EnvironmentFile{{Type: ecstypes.EnvironmentFileTypeS3, Value: aws.String("arn:aws:s3:::shop/web.env")}}})
	a.template("workers", packedConfig(t, github(403), github(404)))
	// Two versions of a function, a container and its file, two parts and a file.
	sourcetest.Run(t, builtin.Set(), 7, func(*testing.T) scanner.Source { return a.source(awssource.Options{}) })
}
