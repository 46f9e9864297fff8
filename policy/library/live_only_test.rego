package live_only_test

import data.oakum

test_revoked_is_warned_of if {
	oakum.warn == {"its issuer does not accept it: revoked"} with input as {"finding": {"live": {"state": "invalid", "reason": "revoked"}}}
}

test_valid_is_judged if {
	count(oakum.warn) == 0 with input as {"finding": {"live": {"state": "valid"}}}
}

test_unknown_is_judged if {
	count(oakum.warn) == 0 with input as {"finding": {"live": {"state": "unknown"}}}
	count(oakum.warn) == 0 with input as {"finding": {"rule": "github-pat"}}
}
