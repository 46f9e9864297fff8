package cisource

import (
	"context"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
)

// Environment is a job's variables, by name.
type Environment struct{ Variables map[string]string }

var _ scanner.Source = Environment{}

// platform is a CI system: the variable by which its jobs know it, and those that
// it sets to a value that ends with the job.
type platform struct {
	name, mark string
	short      []string
}

// platforms, each from its documentation of a job's variables.
var platforms = []platform{
	// https://docs.github.com/actions/reference/workflows-and-actions/variables; Gitea and Forgejo set the same.
	{"GitHub Actions", "GITHUB_ACTIONS", []string{"GITHUB_TOKEN", "ACTIONS_RUNTIME_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_CACHE_URL", "ACTIONS_RESULTS_URL", "ACTIONS_RUNTIME_URL"}},
	// https://docs.gitlab.com/ci/variables/predefined_variables/
	{"GitLab CI", "GITLAB_CI", []string{"CI_JOB_TOKEN", "CI_JOB_JWT", "CI_JOB_JWT_V1", "CI_JOB_JWT_V2", "CI_REGISTRY_PASSWORD", "CI_DEPENDENCY_PROXY_PASSWORD", "CI_REPOSITORY_URL", "CI_BUILD_TOKEN"}},
	// https://learn.microsoft.com/azure/devops/pipelines/build/variables
	{"Azure Pipelines", "TF_BUILD", []string{"SYSTEM_ACCESSTOKEN", "SYSTEM_OIDCREQUESTURI"}},
	// https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/
	{"Bitbucket Pipelines", "BITBUCKET_BUILD_NUMBER", []string{"BITBUCKET_STEP_OIDC_TOKEN"}},
	// https://circleci.com/docs/reference/variables/
	{"CircleCI", "CIRCLECI", []string{"CIRCLE_OIDC_TOKEN", "CIRCLE_OIDC_TOKEN_V2"}},
	// https://buildkite.com/docs/pipelines/configure/environment-variables
	{"Buildkite", "BUILDKITE", []string{"BUILDKITE_AGENT_ACCESS_TOKEN", "BUILDKITE_AGENT_JOB_API_TOKEN"}},
	// https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html
	{"AWS CodeBuild", "CODEBUILD_BUILD_ID", []string{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN"}},
}

// Platform is the CI system whose job this is, "" where it is none that is known.
func (e Environment) Platform() string {
	if p := e.platform(); p != nil {
		return p.name
	}
	return ""
}

func (e Environment) platform() *platform {
	for i := range platforms {
		if e.Variables[platforms[i].mark] != "" {
			return &platforms[i]
		}
	}
	return nil
}

// passing tells whether a variable is one that ends with the job: the platform's own,
// or one of the three of a temporary AWS credential.
func (e Environment) passing(name string, p *platform) bool {
	if p != nil && slices.Contains(p.short, name) {
		return true
	}
	// Temporary credentials come with a token, and their ids begin so
	// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html).
	temporary := strings.HasPrefix(e.Variables["AWS_ACCESS_KEY_ID"], "ASIA") && e.Variables["AWS_SESSION_TOKEN"] != ""
	return temporary && slices.Contains([]string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}, name)
}

// Blobs yields one text: the variables by name, one beside the other, so that a
// key's id is seen with its secret.
func (e Environment) Blobs(context.Context) iter.Seq2[scanner.Blob, error] {
	return func(yield func(scanner.Blob, error) bool) {
		var all []held
		own := e.platform()
		for _, name := range slices.Sorted(maps.Keys(e.Variables)) {
			if !e.passing(name, own) {
				all = append(all, held{at: leak.Variable{Scope: "env", Name: name}, value: e.Variables[name]})
			}
		}
		if len(all) > 0 {
			yield(blob("env", all), nil)
		}
	}
}
