package pipeline

import (
	"bytes"
	"strings"
)

// Cloud is where a static key logs in.
type Cloud string

const (
	AWS    Cloud = "aws"
	AzureC Cloud = "azure"
	Google Cloud = "google"
)

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
	Unit   string // job and step, which name it in its file
	Advice string // what to do in its place
}

// Static tells whether what stands at column of a line, a key's name and a reference
// to its value, makes a step log in with a key that never changes. What is commented
// out does not; nor does a credential that comes with a session's token, or that is
// for a storage of another vendor who only speaks S3.
func (f *File) Static(cloud Cloud, line, column int, name, value string) (Identity, bool) {
	todo := advice[f.System][cloud]
	if todo == "" {
		return Identity{}, false
	}
	weak := f.weak(name, value)
	if f.layout == nil {
		return Identity{Unit: name, Advice: todo}, !weak
	}
	s := f.layout.at(line, column, name)
	switch {
	case f.comment(line):
	case weak && !strings.HasPrefix(strings.ToLower(s.uses), uses[f.System]+string(cloud)):
	case cloud == AWS && f.elsewhere(s.first, s.last):
	default:
		return Identity{Unit: s.Job + "\x00" + s.Step, Advice: todo}, true
	}
	return Identity{}, false
}

// weak tells what says nothing but beside what the step runs: creds of azure/login, and
// the bare name of a variable, which only orbs and images of CircleCI take for one.
func (f *File) weak(name, value string) bool {
	return name == "creds" || value != "" && strings.Trim(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == "" && f.System != CircleCI && f.System != Jenkins
}

// uses is how the step's action begins that takes what is weak.
var uses = map[System]string{GitHub: ""}

func (f *File) comment(line int) bool {
	text := bytes.TrimSpace(f.line(line))
	return bytes.HasPrefix(text, []byte{'#'}) && f.System != Jenkins || bytes.HasPrefix(text, []byte("//")) && f.System == Jenkins
}

// others are words of a step that has its key from elsewhere: from a session, which
// ends, or for one of the stores that speak S3 and know no role; and CircleCI's orbs,
// which take a role where they are given both.
var others = []string{
	"session-token", "session_token", "assume-role-with-web-identity",
	"endpoint", "minio", "r2.", "_r2", "r2_", "cloudflare", "wasabi", "backblaze", "b2_", "digitalocean", "scaleway", "localstack",
}

func (f *File) elsewhere(first, last int) bool {
	text := bytes.ToLower(f.between(first, last))
	for _, word := range others {
		if bytes.Contains(text, []byte(word)) {
			return true
		}
	}
	return f.System == CircleCI && (bytes.Contains(text, []byte("role_arn")) || bytes.Contains(text, []byte("role-arn")))
}
