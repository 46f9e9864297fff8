# Only what its issuer accepts blocks: run oakum with --verify. What nobody could
# be asked about (unknown) is judged as ever, for it may be live.
package oakum

warn contains sprintf("its issuer does not accept it: %s", [object.get(input.finding.live, "reason", "invalid")]) if {
	not input.finding.suppressed.kind
	input.finding.live.state == "invalid"
}
