# Words for policies: what input says, in the terms in which policies ask.
# Each reads only the fields that it names, so that decisions stay cheap.
package oakum.lib

# The words from the least to the most, so that they can be compared.
severities := {"low": 0, "medium": 1, "high": 2, "critical": 3}

proofs := {"generic": 0, "pattern": 1, "structural": 2, "proven": 3}

severity_at_least(word) if severities[input.finding.severity] >= severities[word]

proof_at_least(word) if proofs[input.finding.proof] >= proofs[word]

# Long-lived keys of AWS: an access key's id, its secret key, and the keys that
# services derive from an IAM user's (SES's SMTP password, Bedrock's API key).
# The id of a temporary key (STS gives these) is not one of them.
static_aws_rules := {
	"aws-access-key-id",
	"aws-secret-access-key",
	"aws-ses-smtp-password",
	"aws-bedrock-api-key",
}

static_aws if {
	input.finding.rule in static_aws_rules
	not temporary
}

temporary if startswith(input.finding.hint, "ASIA")

# Identities of clouds that do not expire by themselves. Where code runs in that
# cloud or in a pipeline that has OIDC, a role takes their place.
static_identity if static_aws

static_identity if input.finding.identity # in use, as a pipeline's file or a CI system's secret shows

static_identity if input.finding.rule in {
	"gcp-service-account-key",
	"gcs-hmac-key",
	"entra-client-secret",
	"azure-storage-key",
}

# in_folder tells whether the finding's file lies below a folder of that name,
# at any depth.
in_folder(name) if name in folders

folders := array.slice(parts, 0, count(parts) - 1) if parts := split(input.finding.place.path, "/")

# on_default_branch tells whether what is judged is, or goes into, the branch
# that all others start from, or one that is protected.
on_default_branch if input.context.branch == input.context.default_branch

on_default_branch if input.context.target_branch == input.context.default_branch

on_default_branch if input.context.protected

# before tells whether now is before a day, as "2027-01-31"; the day itself is
# not before it.
before(day) if time.parse_rfc3339_ns(input.context.now) < time.parse_ns("2006-01-02", day)

# is_live tells whether the issuer was asked, and accepts the value.
is_live if input.finding.live.state == "valid"
