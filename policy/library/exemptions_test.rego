package exemptions_test

import data.oakum

entry := {"id": "v1.aa", "owner": "payments", "reason": "a key of the vendor's sandbox", "until": "2027-06-30"}

on(day) := {"context": {"now": sprintf("%sT00:00:00Z", [day])}, "finding": {"id": "v1.aa"}}

test_exempt_before_the_day if {
	oakum.allow == {"exempt until 2027-06-30: a key of the vendor's sandbox (payments)"} with input as on("2027-06-29") with data.oakum.exemptions as [entry]
	count(oakum.deny) == 0 with input as on("2027-06-29") with data.oakum.exemptions as [entry]
}

test_blocks_from_the_day_on if {
	oakum.deny == {"the exemption of payments ended on 2027-06-30"} with input as on("2027-06-30") with data.oakum.exemptions as [entry]
	count(oakum.allow) == 0 with input as on("2027-06-30") with data.oakum.exemptions as [entry]
}

test_without_an_owner_it_does_not_count if {
	count(oakum.allow) == 0 with input as on("2027-01-01") with data.oakum.exemptions as [object.union(entry, {"owner": ""})]
	count(oakum.allow) == 0 with input as on("2027-01-01") with data.oakum.exemptions as [object.remove(entry, ["reason"])]
}

test_other_findings_are_left_alone if {
	count(oakum.allow) == 0 with input as object.union(on("2027-01-01"), {"finding": {"id": "v1.bb"}}) with data.oakum.exemptions as [entry]
}
