package pipeline

import (
	"bytes"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/leak"
)

// Cloud is where a static key logs in.
type Cloud string

const (
	AWS    Cloud = "aws"
	AzureC Cloud = "azure"
	Google Cloud = "google"
)

// login is what a step logs in with, by the name of what its key is given to.
type login struct {
	cloud Cloud
	uses  string // how what the step runs must begin for the name to mean that; "": it means nothing else
}

// logins are names as [fold] has them: inputs of actions, orbs and pipes, variables that
// the clouds' own tools and Terraform's providers read, and commands.
var logins = map[string]login{
	// https://docs.aws.amazon.com/sdkref/latest/guide/feature-static-credentials.html
	"aws_secret_access_key": {cloud: AWS},
	// https://plugins.jenkins.io/aws-credentials/, https://plugins.jenkins.io/pipeline-aws/
	"amazonwebservicescredentialsbinding": {cloud: AWS}, "withaws": {cloud: AWS},
	// https://github.com/CircleCI-Public/aws-cli-orb
	"aws_cli/setup": {cloud: AWS},
	// https://learn.microsoft.com/azure/developer/github/connect-from-azure-secret
	"creds": {AzureC, "azure/"}, "clientsecret": {AzureC, "azure/"},
	"azure_client_secret": {cloud: AzureC}, "arm_client_secret": {cloud: AzureC}, "az login __service_principal": {cloud: AzureC},
	// https://plugins.jenkins.io/azure-credentials/
	"azureserviceprincipal": {cloud: AzureC},
	// https://github.com/google-github-actions/auth, https://docs.cloud.google.com/sdk/gcloud/reference/auth/activate-service-account
	"credentials_json": {cloud: Google}, "service_account_key": {Google, "google-github-actions/"}, "google_credentials": {cloud: Google},
	"gcloud_service_key": {cloud: Google}, "gcloud auth activate_service_account": {cloud: Google},
}

// fold is a name in small letters, with underscores alone.
func fold(name string) string { return strings.ReplaceAll(strings.ToLower(name), "-", "_") }

// advice is what to do in the place of a static key, by system; a system that is not
// listed has no identity of its own to log in with. Each is from the vendor's page on
// OpenID Connect.
var advice = map[System]map[Cloud]string{
	// https://docs.github.com/actions/how-tos/secure-your-work/security-harden-deployments
	GitHub: {
		AWS:    "give aws-actions/configure-aws-credentials role-to-assume and take the key's inputs out (while they are there, they are used); " + githubPermissions,
		AzureC: "give azure/login client-id, tenant-id and subscription-id in the place of creds, with a federated credential; " + githubPermissions,
		Google: "give google-github-actions/auth workload_identity_provider and service_account in the place of credentials_json; " + githubPermissions,
	},
	// https://docs.gitlab.com/ci/cloud_services/
	GitLab: {
		AWS:    "ask for a token by id_tokens: and let the job assume a role with it (AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE)",
		AzureC: "ask for a token by id_tokens: and log in with it (az login --service-principal --federated-token)",
		Google: "ask for a token by id_tokens: and use workload identity federation",
	},
	// https://circleci.com/docs/guides/permissions-authentication/openid-connect-tokens/
	CircleCI: {
		AWS:    "give aws-cli/setup role_arn (in docker: aws_auth: oidc: role-arn) in the place of the keys: the job has CIRCLE_OIDC_TOKEN_V2",
		AzureC: "log in with CIRCLE_OIDC_TOKEN_V2 (az login --service-principal --federated-token)",
		Google: "use workload identity federation with CIRCLE_OIDC_TOKEN_V2",
	},
	// https://support.atlassian.com/bitbucket-cloud/docs/integrate-pipelines-with-resource-servers-using-oidc/
	Bitbucket: {
		AWS:    "set oidc: true in the step, and give the pipe AWS_OIDC_ROLE_ARN in the place of the keys",
		AzureC: "set oidc: true in the step, and log in with BITBUCKET_STEP_OIDC_TOKEN",
		Google: "set oidc: true in the step, and use workload identity federation with BITBUCKET_STEP_OIDC_TOKEN",
	},
	// https://learn.microsoft.com/azure/devops/pipelines/release/configure-workload-identity
	Azure: {
		AWS:    "use an AWS service connection with OpenID Connect, and AWSShellScript@1 or AWSCLI@1",
		AzureC: "use AzureCLI@2 with a service connection of workload identity federation",
		Google: "use workload identity federation with the token of a service connection",
	},
	// https://docs.aws.amazon.com/codebuild/latest/userguide/setting-up-service-role.html
	CodeBuild: {
		AWS: "give the project's service role the permission, and take the key out: the build has the role's credentials without asking",
	},
	// https://plugins.jenkins.io/oidc-provider/
	Jenkins: {
		AWS:    "let the agent have a role (an instance profile, a pod's identity), or assume one with a token of the OpenID Connect Provider plugin",
		AzureC: "let the agent have a managed identity, or log in with a token of the OpenID Connect Provider plugin",
		Google: "let the agent have a service account, or use workload identity federation with a token of the OpenID Connect Provider plugin",
	},
}

const githubPermissions = "the job needs permissions: id-token: write, and beside it all that it used before (contents: read at least), for a permissions block takes every other away"

// Logs tells whether files of that name are of a system whose jobs can log in to a
// cloud without a key. It costs no reading.
func Logs(name string) bool { return advice[Of(name)] != nil }

// Identity is a static key in use.
type Identity struct {
	Cloud  Cloud
	Unit   string // job and step, which name it in its file
	Advice string // what to do in its place
	Step   leak.Step
}

// Static tells whether what stands at column of a line, a key's name and a reference
// to its value, makes a step log in with a key that never changes. It may be a command
// by itself, or the name alone, and is value then; name is what it was found under.
// What is commented out does not; nor does a credential that comes with a session's
// token, or that is for a storage of another vendor who only speaks S3. In a file that
// does not parse nothing does.
func (f *File) Static(line, column int, name, value string) (Identity, bool) {
	known, ok := logins[fold(name)]
	if !ok {
		if known, ok = logins[fold(value)]; strings.Contains(fold(value), "secret") {
			name = value
		} else {
			name = ""
		}
		value = ""
	}
	todo := advice[f.System][known.cloud]
	if !ok || todo == "" || f.layout == nil || f.comment(line) {
		return Identity{}, false
	}
	s := f.layout.at(line, column, name)
	switch {
	case !strings.HasPrefix(strings.ToLower(s.uses), known.uses):
	case value != "" && !f.refers(&s, name, value):
	case f.elsewhere(known.cloud, s.first, s.last):
	default:
		if value == "" {
			s.Variable = name
		}
		return Identity{known.cloud, s.Job + "\x00" + s.Step, todo, f.step(s)}, true
	}
	return Identity{}, false
}

// Refers tells whether a value there is none, but says where one is kept.
func (f *File) Refers(line, column int) bool {
	return f.System == CodeBuild && f.layout != nil && f.layout.at(line, column, "").uses != ""
}

// refers tells whether value says where the system keeps a key, as it is written there.
func (f *File) refers(s *spot, name, value string) bool {
	switch expression := strings.HasPrefix(value, "${{"); {
	case f.System == GitHub: // a shell's own variable may have come from anywhere
		return expression
	case strings.HasPrefix(value, "$"):
		return !expression
	case f.System == Jenkins:
		return true
	case f.System == CodeBuild:
		return s.uses != ""
	case f.System == CircleCI: // orbs take the bare name of a variable; the environment would take it for the value
		return name != strings.ToUpper(name) && value == strings.ToUpper(value)
	}
	return false
}

func (f *File) comment(line int) bool {
	text := bytes.TrimSpace(f.line(line))
	return bytes.HasPrefix(text, []byte{'#'}) && f.System != Jenkins || bytes.HasPrefix(text, []byte("//")) && f.System == Jenkins
}

// roles are words of a step that logs in otherwise, or for something else, by cloud: by
// a session, which ends; by a federated token; at one of the stores that speak S3 and
// know no role; and CircleCI's orbs, which take a role where they are given both.
var roles = map[Cloud][]string{
	AWS: {
		"session-token", "session_token", "assume-role-with-web-identity",
		"endpoint", "minio", "r2.", "_r2", "r2_", "cloudflare", "wasabi", "backblaze", "b2_", "digitalocean", "scaleway", "localstack",
	},
	AzureC: {"federated-token", "federated_token"},
}

// stretch is some lines of a file, asked about a cloud.
type stretch struct {
	cloud       Cloud
	first, last int
}

// elsewhere tells whether a stretch has one of those words. It is asked again for each
// key in it.
func (f *File) elsewhere(cloud Cloud, first, last int) bool {
	of := stretch{cloud, first, last}
	answer, known := f.words[of]
	if !known {
		answer = f.hasRole(of)
		if f.words == nil {
			f.words = map[stretch]bool{}
		}
		f.words[of] = answer
	}
	return answer
}

func (f *File) hasRole(of stretch) bool {
	text := bytes.ToLower(f.between(of.first, of.last))
	words := roles[of.cloud]
	if f.System == CircleCI {
		words = append(words[:len(words):len(words)], "role_arn", "role-arn")
	}
	return slices.ContainsFunc(words, func(word string) bool { return bytes.Contains(text, []byte(word)) })
}
