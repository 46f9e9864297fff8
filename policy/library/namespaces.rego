# In a cluster: in some namespaces findings are warned of in the place of denied.
# Change the names. Labels of the namespace can say so too, for the authors of its
# objects can't set them.
package oakum

relaxed_namespaces := {"sandbox", "dev"}

warn contains sprintf("namespace %s warns only", [input.context.namespace]) if {
	input.context.event in {"admission", "audit"}
	not input.finding.suppressed.kind
	relaxed
}

relaxed if input.context.namespace in relaxed_namespaces

relaxed if input.context.namespace_labels.stage == "development"
