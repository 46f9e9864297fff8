package lib_test

import data.oakum.lib

test_severity if {
	lib.severity_at_least("high") with input as {"finding": {"severity": "critical"}}
	lib.severity_at_least("high") with input as {"finding": {"severity": "high"}}
	not lib.severity_at_least("high") with input as {"finding": {"severity": "medium"}}
	not lib.severity_at_least("never") with input as {"finding": {"severity": "critical"}}
}

test_proof if {
	lib.proof_at_least("pattern") with input as {"finding": {"proof": "proven"}}
	not lib.proof_at_least("proven") with input as {"finding": {"proof": "structural"}}
}

test_in_folder if {
	lib.in_folder("b") with input as {"finding": {"place": {"path": "a/b/c"}}}
	not lib.in_folder("c") with input as {"finding": {"place": {"path": "a/b/c"}}}
	not lib.in_folder("a") with input as {"finding": {"place": {"path": ""}}}
}

test_before if {
	lib.before("2027-01-31") with input as {"context": {"now": "2027-01-30T23:59:59Z"}}
	not lib.before("2027-01-31") with input as {"context": {"now": "2027-01-31T00:00:00Z"}}
}

test_static_identity if {
	lib.static_identity with input as {"finding": {"rule": "gcp-service-account-key"}}
	not lib.static_identity with input as {"finding": {"rule": "github-pat"}}
}
