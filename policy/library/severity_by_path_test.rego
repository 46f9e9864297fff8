package severity_by_path_test

import data.oakum

at(path, severity) := {"finding": {"severity": severity, "place": {"path": path}}}

test_below_the_threshold_warns if {
	oakum.warn == {"below examples/** only critical findings and worse block"} with input as at("examples/a/b.py", "high")
}

test_at_the_threshold_is_judged if {
	count(oakum.warn) == 0 with input as at("scripts/deploy.sh", "high")
}

test_other_paths_are_judged if {
	count(oakum.warn) == 0 with input as at("src/examples.py", "low")
}
