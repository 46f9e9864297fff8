package namespaces_test

import data.oakum

into(context) := {"context": object.union({"event": "admission"}, context), "finding": {"rule": "github-pat"}}

test_relaxed_namespace_warns if {
	oakum.warn == {"namespace sandbox warns only"} with input as into({"namespace": "sandbox"})
}

test_label_of_the_namespace_counts if {
	count(oakum.warn) == 1 with input as into({"namespace": "team", "namespace_labels": {"stage": "development"}})
}

test_label_of_the_object_does_not if {
	count(oakum.warn) == 0 with input as into({"namespace": "team", "labels": {"stage": "development"}})
}

test_other_namespaces_are_judged if {
	count(oakum.warn) == 0 with input as into({"namespace": "shop"})
}

test_scans_are_left_alone if {
	count(oakum.warn) == 0 with input as into({"event": "scan", "namespace": "sandbox"})
}
