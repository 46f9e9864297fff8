# Only what is proven blocks: its checksum holds, or it parses as what it claims
# to be. All else is warned of. For a team that starts, and wants no build to fail
# by mistake.
package oakum

import data.oakum.lib

warn contains "not proven; only proven secrets block here" if {
	not input.finding.suppressed.kind
	not lib.proof_at_least("proven")
}
