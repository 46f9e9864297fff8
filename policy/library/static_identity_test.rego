package static_identity_test

import data.oakum

deploys(environment, finding) := {"context": {"environment": environment}, "finding": finding}

test_key_blocks if {
	count(oakum.deny) == 1 with input as deploys("Production", {"rule": "aws-access-key-id", "hint": "AKIA"})
}

test_allow_entry_does_not_help if {
	count(oakum.deny) == 1 with input as deploys("prod", {"rule": "aws-secret-access-key", "suppressed": {"kind": "allow-file"}})
}

test_temporary_key_is_another_matter if {
	count(oakum.deny) == 0 with input as deploys("production", {"rule": "aws-access-key-id", "hint": "ASIA"})
}

test_other_environments_are_left_alone if {
	count(oakum.deny) == 0 with input as deploys("staging", {"rule": "aws-access-key-id", "hint": "AKIA"})
}

test_variable_of_production_blocks if {
	count(oakum.deny) == 1 with input as {
		"context": {},
		"finding": {"rule": "gcp-service-account-key", "place": {"scope": "github:org/repo/environment/prod"}},
	}
}

test_job_of_production_blocks if {
	use := {"rule": "static-identity", "identity": true, "step": {"system": "github-actions", "job": "deploy-prod"}}
	count(oakum.deny) == 1 with input as deploys("", use)
	count(oakum.deny) == 0 with input as deploys("", object.union(use, {"step": {"system": "github-actions", "job": "product"}}))
}
