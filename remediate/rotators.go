package remediate

import (
	"maps"
	"slices"

	"github.com/oakum-sec/oakum/remediate/rotate"
)

// Rotated is how what a rule finds is rotated: by a rotator's kind, to which it is a part
// of a credential.
type Rotated struct{ Kind, Part string }

// generic is the kind for what no other rotator knows: a command of the user's own tells
// whether a value is accepted.
var generic = Rotated{"generic", rotate.Token}

// awsKind is the only one whose parts may be moved apart.
const awsKind = "aws-iam-key"

// rotators are the rules that a rotator's kind is known for. A rule that tells nothing of
// the issuer (a password in an assignment, a private key in PEM) has none.
var rotators = map[string]Rotated{
	"aws-access-key-id":          {awsKind, rotate.AccessKeyID},
	"aws-secret-access-key":      {awsKind, rotate.SecretAccessKey},
	"postgres-url-password":      {"postgres", rotate.Password},
	"pgpass-password":            {"postgres", rotate.Password},
	"mysql-url-password":         {"mysql", rotate.Password},
	"mysql-go-dsn":               {"mysql", rotate.Password},
	"mysql-command-password":     {"mysql", rotate.Password},
	"gcp-service-account-key":    {"gcp-service-account-key", rotate.KeyFile},
	"entra-client-secret":        {"azure-client-secret", rotate.Token},
	"private-key-openssh":        {"ssh-key", rotate.PrivateKey},
	"gitlab-pat":                 {"gitlab-token", rotate.Token},
	"gitlab-routable-token":      {"gitlab-token", rotate.Token},
	"github-pat":                 {"github-token", rotate.Token},
	"github-fine-grained-pat":    {"github-token", rotate.Token},
	"github-token-legacy":        {"github-token", rotate.Token},
	"slack-bot-token":            {"slack-token", rotate.Token},
	"slack-user-token":           {"slack-token", rotate.Token},
	"npm-token":                  {"npm-token", rotate.Token},
	"stripe-live-secret-key":     {"stripe-key", rotate.Token},
	"stripe-live-restricted-key": {"stripe-key", rotate.Token},
	"stripe-test-secret-key":     {"stripe-key", rotate.Token},
	"stripe-test-restricted-key": {"stripe-key", rotate.Token},
}

// RotatedBy is how what a rule finds is rotated.
func RotatedBy(rule string) Rotated {
	if r, ok := rotators[rule]; ok {
		return r
	}
	return generic
}

// RotatedRules are the rules that a kind is known for.
func RotatedRules() []string { return slices.Sorted(maps.Keys(rotators)) }
