# Below some paths only findings from a severity on block. The first line whose
# pattern fits counts; ** stands for any folders. Change the lines.
package oakum

import data.oakum.lib

thresholds := [
	{"path": "examples/**", "blocks_from": "critical"},
	{"path": "scripts/**", "blocks_from": "high"},
]

warn contains sprintf("below %s only %s findings and worse block", [threshold.path, threshold.blocks_from]) if {
	not input.finding.suppressed.kind
	not lib.severity_at_least(threshold.blocks_from)
}

threshold := [t | some t in thresholds; glob.match(t.path, ["/"], input.finding.place.path)][0]
