package new_only_test

import data.oakum

test_old_is_warned_of if {
	oakum.warn == {"it was there before"} with input as {"finding": {"new": false}}
}

test_new_is_judged_however_old_its_text if {
	count(oakum.warn) == 0 with input as {"finding": {"new": true, "age_days": 900}}
}

test_age_counts_where_nobody_compared if {
	oakum.warn == {"committed 90 days ago"} with input as {"finding": {"age_days": 90}}
	count(oakum.warn) == 0 with input as {"finding": {"age_days": 89}}
}

test_unknown_age_is_judged if {
	count(oakum.warn) == 0 with input as {"finding": {"rule": "github-pat"}}
}
