package default_branch_test

import data.oakum

on(context) := {"context": context, "finding": {"proof": "proven"}}

test_branch_warns if {
	oakum.warn == {"on branch topic; it blocks on the way into main"} with input as on({"branch": "topic", "default_branch": "main", "protected": false})
}

test_default_branch_is_judged if {
	count(oakum.warn) == 0 with input as on({"branch": "main", "default_branch": "main", "protected": false})
}

test_way_into_default_branch_is_judged if {
	count(oakum.warn) == 0 with input as on({"branch": "topic", "target_branch": "main", "default_branch": "main", "protected": false})
}

test_protected_branch_is_judged if {
	count(oakum.warn) == 0 with input as on({"branch": "release", "default_branch": "main", "protected": true})
}

test_unknown_branch_is_judged if {
	count(oakum.warn) == 0 with input as on({"protected": false})
}
