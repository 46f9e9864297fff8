package test_folders_test

import data.oakum

at(path, proof) := {"finding": {"proof": proof, "place": {"path": path}}}

test_in_a_folder_warns if {
	oakum.warn == {"in a folder of tests: testdata"} with input as at("a/testdata/key.pem", "pattern")
}

test_a_file_of_that_name_is_no_folder if {
	count(oakum.warn) == 0 with input as at("a/testdata", "pattern")
}

test_proven_is_judged if {
	count(oakum.warn) == 0 with input as at("tests/key.pem", "proven")
}

test_suppressed_stays_suppressed if {
	i := object.union(at("tests/a.py", "pattern"), {"finding": {"suppressed": {"kind": "baseline"}}})
	count(oakum.warn) == 0 with input as i
}
