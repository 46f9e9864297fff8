package proven_only_test

import data.oakum

test_pattern_is_warned_of if {
	count(oakum.warn) == 1 with input as {"finding": {"proof": "pattern"}}
}

test_proven_is_left_to_the_built_in_policy if {
	count(oakum.warn) == 0 with input as {"finding": {"proof": "proven"}}
}

test_suppressed_stays_suppressed if {
	count(oakum.warn) == 0 with input as {"finding": {"proof": "generic", "suppressed": {"kind": "inline"}}}
}
