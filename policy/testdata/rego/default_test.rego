# The built-in policy, case by case. TestDefaultPolicy runs these beside oakum's own
# modules and asserts how many there are.
package default_test

import data.oakum.builtin

base := {
	"version": 1,
	"context": {
		"event": "scan",
		"protected": false,
		"dry_run": false,
		"now": "2026-11-24T00:00:00Z",
		"settings": {"deny_generic": "medium", "require_complete": false, "trusted": true},
	},
	"finding": {
		"id": "v1.00",
		"rule": "github-pat",
		"severity": "high",
		"proof": "pattern",
		"known": false,
		"line": 1,
		"reach": "worktree",
		"seen": 1,
		"place": {"kind": "file", "path": "a", "text": "a"},
	},
}

found(finding) := object.union(base, {"finding": finding})

told(context, finding) := object.union(base, {"context": context, "finding": finding})

test_pattern_denies if {
	builtin.decision == {"verdict": "deny", "reason": "has its issuer's documented form, in the working tree"} with input as base
}

test_proven_denies if {
	builtin.decision == {"verdict": "deny", "reason": "proven by its checksum or by parsing it, in the history"} with input as found({"proof": "proven", "reach": "reachable"})
}

test_structural_denies if {
	builtin.decision.reason == "decodes to what its issuer puts there, staged" with input as found({"proof": "structural", "reach": "staged"})
}

test_generic_of_medium_severity_denies if {
	builtin.decision == {"verdict": "deny", "reason": "a value that looks random under a telling name, in the working tree"} with input as found({"proof": "generic", "severity": "medium"})
}

test_generic_of_low_severity_warns if {
	builtin.decision == {"verdict": "warn", "reason": "generic, of low severity, in the working tree"} with input as found({"proof": "generic", "severity": "low"})
}

test_deny_generic_never if {
	builtin.decision.verdict == "warn" with input as told({"settings": {"deny_generic": "never"}}, {"proof": "generic", "severity": "critical"})
}

test_deny_generic_low if {
	builtin.decision.verdict == "deny" with input as told({"settings": {"deny_generic": "low"}}, {"proof": "generic", "severity": "low"})
}

test_stash_warns if {
	builtin.decision == {"verdict": "warn", "reason": "only in a stash, so it is not pushed"} with input as found({"proof": "proven", "reach": "stash"})
}

test_reflog_warns if {
	builtin.decision.reason == "only a reflog leads to it, so it is not pushed" with input as found({"reach": "reflog"})
}

test_unreachable_warns if {
	builtin.decision.reason == "nothing in the repository leads to it, so it is not pushed" with input as found({"reach": "unreachable"})
}

test_in_an_image if {
	builtin.decision.reason == "has its issuer's documented form, in an image" with input as found({"place": {"kind": "image-file"}})
}

test_in_a_variable if {
	builtin.decision.reason == "has its issuer's documented form, in a variable" with input as found({"place": {"kind": "variable"}})
}

test_in_a_jobs_log if {
	builtin.decision.reason == "has its issuer's documented form, in a job's log" with input as found({"place": {"kind": "job-log"}})
}

test_a_value_that_was_named if {
	builtin.decision.reason == "the very value that you named, in the working tree" with input as found({"known": true, "proof": "proven"})
}

test_live_is_told if {
	builtin.decision.reason == "has its issuer's documented form, in the working tree, and live" with input as found({"live": {"state": "valid"}})
}

test_live_is_not_told_of_what_is_allowed if {
	builtin.decision == {"verdict": "allow", "reason": "suppressed by allow-file"} with input as found({"live": {"state": "valid"}, "suppressed": {"kind": "allow-file"}})
}

test_comment_of_an_owner_counts if {
	builtin.decision == {"verdict": "allow", "reason": "suppressed by inline"} with input as found({"proof": "proven", "suppressed": {"kind": "inline"}})
}

test_comment_of_a_stranger_beside_a_proven_value if {
	builtin.decision == {
		"verdict": "deny",
		"reason": "proven, and a comment cannot allow it where nobody has trusted the target",
	} with input as told({"settings": {"trusted": false}}, {"proof": "proven", "suppressed": {"kind": "inline"}})
}

test_comment_of_a_stranger_beside_a_likely_value if {
	builtin.decision.verdict == "allow" with input as told({"settings": {"trusted": false}}, {"suppressed": {"kind": "inline"}})
}

test_comment_in_a_gate if {
	every proof in ["pattern", "structural", "proven"] {
		builtin.decision == {
			"verdict": "deny",
			"reason": sprintf("%s, and a comment in the change itself cannot allow it", [proof]),
		} with input as told({"event": "gate"}, {"proof": proof, "suppressed": {"kind": "inline"}})
	}
}

test_comment_in_a_gate_beside_a_generic_value if {
	builtin.decision.verdict == "allow" with input as told({"event": "gate"}, {"proof": "generic", "suppressed": {"kind": "inline"}})
}

test_baseline_in_a_gate if {
	builtin.decision == {"verdict": "allow", "reason": "suppressed by baseline"} with input as told({"event": "gate"}, {"proof": "proven", "suppressed": {"kind": "baseline"}})
}

test_push_option_is_the_servers_to_allow if {
	builtin.decision.verdict == "deny" with input as told({"event": "gate", "options": {"push_option_skip": "urgent"}}, {})
}

test_push_option_warns if {
	builtin.decision == {
		"verdict": "warn",
		"reason": "has its issuer's documented form, in the working tree; let through by a push option: urgent",
	} with input as told({"event": "gate", "options": {"push_option_skip": "urgent", "allow_skip": "true"}}, {})
}

test_push_option_without_a_reason if {
	builtin.decision.verdict == "deny" with input as told({"event": "gate", "options": {"push_option_skip": "", "allow_skip": "true"}}, {})
}

# --- admission ----------------------------------------------------------------

arrives(finding) := told({"event": "admission"}, object.union(
	{"place": {"kind": "object-field", "object": "v1/Pod", "name": "p", "field": "spec.containers[0].env[0].value"}},
	finding,
))

secret := {"place": {"object": "v1/Secret", "field": "data.k"}}

test_static_aws_key_is_denied if {
	builtin.decision == {"verdict": "deny", "reason": "a static AWS key: a role needs none"} with input as arrives({"rule": "aws-secret-access-key"})
}

test_aws_id_under_a_name_is_denied if {
	builtin.decision.verdict == "deny" with input as arrives({"rule": "aws-access-key-id", "hint": "AKIA", "key": "AWS_ACCESS_KEY_ID"})
}

test_aws_id_with_its_secret_is_denied if {
	builtin.decision.verdict == "deny" with input as arrives({"rule": "aws-access-key-id", "hint": "AKIA", "parts": ["aws-secret-access-key"]})
}

test_lone_aws_id_is_warned_of if {
	builtin.decision.verdict == "warn" with input as arrives({"rule": "aws-access-key-id", "hint": "AKIA"})
}

test_lone_temporary_aws_id_is_warned_of if {
	builtin.decision.verdict == "warn" with input as arrives({"rule": "aws-access-key-id", "hint": "ASIA", "key": "AWS_ACCESS_KEY_ID"})
}

test_temporary_pair_is_denied_as_any_other if {
	builtin.decision.reason == "decodes to what its issuer puts there, in an object" with input as arrives({"rule": "aws-access-key-id", "hint": "ASIA", "proof": "structural", "parts": ["aws-secret-access-key"]})
}

test_static_aws_key_in_a_secret_is_warned_of if {
	builtin.decision.verdict == "warn" with input as arrives(object.union({"rule": "aws-secret-access-key"}, secret))
}

test_static_aws_key_in_a_secret_by_settings if {
	builtin.decision.verdict == "deny" with input as arrives(object.union({"rule": "aws-secret-access-key"}, secret)) with data.oakum.settings.admission as {"aws_in_secret": "deny"}
}

test_other_credentials_in_a_secret_are_where_they_belong if {
	builtin.decision.verdict == "allow" with input as arrives(secret)
}

test_other_credentials_are_denied if {
	builtin.decision == {"verdict": "deny", "reason": "has its issuer's documented form, in an object"} with input as arrives({})
}

test_generic_is_warned_of_at_admission if {
	builtin.decision.verdict == "warn" with input as arrives({"proof": "generic", "severity": "critical"})
}

test_what_an_image_carries_is_warned_of_at_admission if {
	builtin.decision.verdict == "warn" with input as arrives({"proof": "proven", "place": {"kind": "image-file", "object": "", "name": "", "field": ""}})
}

test_what_an_image_carries_by_settings if {
	builtin.decision.verdict == "deny" with input as arrives({"place": {"kind": "image-config", "object": "", "name": "", "field": ""}}) with data.oakum.settings.admission as {"image": "deny"}
}

test_static_aws_key_in_an_image_is_denied if {
	builtin.decision.verdict == "deny" with input as arrives({"rule": "aws-access-key-id", "hint": "AKIA", "key": "AWS_ACCESS_KEY_ID", "place": {"kind": "image-file", "object": "", "name": "", "field": ""}})
}

test_exempt_object_is_allowed if {
	builtin.decision == {"verdict": "allow", "reason": "suppressed by exemption"} with input as arrives({"rule": "aws-secret-access-key", "suppressed": {"kind": "exemption"}})
}

test_comment_of_a_stranger_in_a_manifest if {
	i := object.union(arrives({"proof": "proven", "suppressed": {"kind": "inline"}}), {"context": {"event": "audit", "settings": {"trusted": false}}})
	builtin.decision.verdict == "deny" with input as i
}

test_audit_decides_as_admission_does if {
	builtin.decision.reason == "a static AWS key: a role needs none" with input as object.union(arrives({"rule": "aws-secret-access-key"}), {"context": {"event": "audit"}})
}

# --- gaps -----------------------------------------------------------------------

gap(class, complete) := {"context": {"settings": {"require_complete": complete}}, "gap": {"class": class, "code": "x", "why": "y"}}

test_failure_is_incomplete if {
	builtin.gap_decision.verdict == "warn" with input as gap("failure", false)
}

test_boundary_is_told if {
	builtin.gap_decision.verdict == "allow" with input as gap("boundary", false)
}

test_boundary_where_all_is_required if {
	builtin.gap_decision.verdict == "warn" with input as gap("boundary", true)
}
