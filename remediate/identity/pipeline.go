package identity

import (
	"context"

	"github.com/oakum-sec/oakum/remediate/act"
)

// pipeline is a workflow of GitHub or a pipeline of GitLab, which takes the role by the
// token of its job. Its file and its variables are its owner's.
type pipeline struct {
	*cloud
	p *Plan
}

func (l *pipeline) look(context.Context) error { return nil }
func (l *pipeline) attach() act.Op             { return nil }
func (l *pipeline) strip(*run) act.Op          { return nil }

func (l *pipeline) words() words {
	w := words{probe: "a job that prints `aws sts get-caller-identity` after it took the role", after: "the same job, once the secrets are deleted"}
	if g := l.p.Workload.GitHub; g != nil {
		w.attach = "the workflow is yours, or `oakum remediate plan`'s: permissions: {id-token: write, contents: read}, and aws-actions/configure-aws-credentials with role-to-assume: " + l.p.roleARN() + ", aws-region: " + l.p.Account.Region + ", and without aws-access-key-id, which would win"
		w.strip = "the secrets are yours to delete, once every workflow that names them is changed: `gh secret delete AWS_ACCESS_KEY_ID --repo " + g.Repository + "`, and AWS_SECRET_ACCESS_KEY"
		return w
	}
	_, audience := l.p.issuer()
	w.attach = "the pipeline is yours, or `oakum remediate plan`'s: id_tokens: {AWS_TOKEN: {aud: " + audience + "}}, the token in a file whose path is in AWS_WEB_IDENTITY_TOKEN_FILE, and AWS_ROLE_ARN: " + l.p.roleARN()
	w.strip = "the CI variables are yours to delete, once every job that needs them is changed: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, in the project, its groups and the instance"
	return w
}
