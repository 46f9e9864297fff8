# What is new blocks, what was there before is warned of. What is older than a
# number of days counts as old where nobody compared. For a repository with a past:
# a baseline file does the same, entry by entry.
package oakum

old_from_days := 90

warn contains "it was there before" if {
	not input.finding.suppressed.kind
	input.finding.new == false
}

warn contains sprintf("committed %d days ago", [input.finding.age_days]) if {
	not input.finding.suppressed.kind
	not compared
	input.finding.age_days >= old_from_days
}

compared if input.finding.new in {true, false}
