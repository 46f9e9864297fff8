# What goes into the default branch or a protected one is judged as ever; on other
# branches findings are warned of. Where the branch is not known (a folder, a bare
# repository) nothing is relaxed.
package oakum

import data.oakum.lib

warn contains reason if {
	not input.finding.suppressed.kind
	input.context.branch
	input.context.default_branch
	not lib.on_default_branch
	reason := sprintf("on branch %s; it blocks on the way into %s", [input.context.branch, input.context.default_branch])
}
