# In folders of tests findings are warned of, but for what is proven or live:
# that a value stands in a test does not make it a made-up one. Change the names.
package oakum

import data.oakum.lib

folders_of_tests := {"test", "tests", "testdata", "__tests__", "spec", "fixtures"}

warn contains sprintf("in a folder of tests: %s", [concat(", ", sort(inside))]) if {
	not input.finding.suppressed.kind
	not lib.proof_at_least("proven")
	not lib.is_live
	inside := {name | some name in folders_of_tests; lib.in_folder(name)}
	count(inside) > 0
}
