# Until a date findings are warned of, from then on they block. What is proven, or
# live, blocks at once. Change the date.
package oakum

import data.oakum.lib

grace_ends := "2027-03-01"

warn contains sprintf("blocks from %s on", [grace_ends]) if {
	lib.before(grace_ends)
	not input.finding.suppressed.kind
	not lib.proof_at_least("proven")
	not lib.is_live
}
