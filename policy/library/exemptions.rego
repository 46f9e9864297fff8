# Findings that somebody answers for, until a day. An entry is
#
#   {"id": "v1.…", "owner": "who answers", "reason": "why", "until": "2027-06-30"}
#
# in data.json, under oakum.exemptions; one without an owner, a reason or a day
# does not count. From the day on it blocks again.
package oakum

import data.oakum.lib

allow contains reason if {
	some e in data.oakum.exemptions
	e.id == input.finding.id
	e.owner != ""
	e.reason != ""
	lib.before(e.until)
	reason := sprintf("exempt until %s: %s (%s)", [e.until, e.reason, e.owner])
}

deny contains reason if {
	some e in data.oakum.exemptions
	e.id == input.finding.id
	not lib.before(e.until)
	reason := sprintf("the exemption of %s ended on %s", [e.owner, e.until])
}
