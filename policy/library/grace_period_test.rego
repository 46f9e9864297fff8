package grace_period_test

import data.oakum

on(day, proof) := {"context": {"now": sprintf("%sT00:00:00Z", [day])}, "finding": {"proof": proof}}

test_before_it_warns if {
	oakum.warn == {"blocks from 2027-03-01 on"} with input as on("2027-02-28", "structural")
}

test_from_the_day_on_it_is_judged if {
	count(oakum.warn) == 0 with input as on("2027-03-01", "structural")
}

test_proven_is_judged_at_once if {
	count(oakum.warn) == 0 with input as on("2027-01-01", "proven")
}

test_live_is_judged_at_once if {
	i := object.union(on("2027-01-01", "pattern"), {"finding": {"live": {"state": "valid"}}})
	count(oakum.warn) == 0 with input as i
}
