# What oakum decides where nobody has said otherwise. A policy of your own is
# asked first; what it leaves open is decided here.
#
# Settings are read from data.oakum.settings: see docs/policy.md.
package oakum.builtin

import data.oakum.lib

# In admission an object is judged before it runs; elsewhere, a text in which
# something stands. oakum asks for one or the other; your policy may ask for both
# in one word.
decision := object_decision if {
	input.context.event in {"admission", "audit"}
} else := text_decision

# --- texts ------------------------------------------------------------------

text_decision := {"verdict": verdict.verdict, "reason": concat("", [verdict.reason, live])}

verdict := {"verdict": "allow", "reason": concat(" ", ["suppressed by", input.finding.suppressed.kind])} if {
	input.finding.suppressed.kind
	not overruled
} else := {"verdict": skipped, "reason": concat("", [overruled, "; let through by a push option: ", input.context.options.push_option_skip])} if {
	overruled
} else := {"verdict": "deny", "reason": overruled} if {
	overruled
} else := {"verdict": "warn", "reason": concat("", [where, ", so it is not pushed"])} if {
	input.finding.reach in {"stash", "reflog", "unreachable"}
} else := {"verdict": "warn", "reason": "a static key in use; the value is not here, and a role needs none"} if {
	input.finding.identity
} else := {"verdict": "warn", "reason": sprintf("generic, of %s severity, %s", [input.finding.severity, where])} if {
	input.finding.proof == "generic"
	not deny_generic
} else := {"verdict": skipped, "reason": concat("", [known, ", ", where, "; let through by a push option: ", input.context.options.push_option_skip])} if {
	true
} else := {"verdict": "deny", "reason": concat(", ", [known, where])}

# A comment beside a value counts for nothing where it may be a stranger's: in a
# gate, where it comes with the change and the value is more than a name's word
# for it; and beside a proven value in a target that nobody has trusted.
overruled := sprintf("%s, and a comment in the change itself cannot allow it", [input.finding.proof]) if {
	commented
	input.context.event == "gate"
	input.finding.proof != "generic"
} else := "proven, and a comment cannot allow it where nobody has trusted the target" if {
	commented
	input.context.settings.trusted == false
	input.finding.proof == "proven"
}

commented if input.finding.suppressed.kind == "inline"

# Of a generic finding nothing is known but a telling name: it denies from the
# severity of --deny-generic on.
deny_generic if lib.severity_at_least(input.context.settings.deny_generic)

# A server may let its users push what it denies: they say why, and are warned.
skipped := "warn" if {
	input.context.options.allow_skip == "true"
	input.context.options.push_option_skip != ""
}

live := ", and live" if {
	input.finding.live.state == "valid"
	verdict.verdict != "allow"
} else := ""

known := "the very value that you named" if {
	input.finding.known
} else := {
	"proven": "proven by its checksum or by parsing it",
	"structural": "decodes to what its issuer puts there",
	"pattern": "has its issuer's documented form",
	"generic": "a value that looks random under a telling name",
}[input.finding.proof]

where := {
	"image-file": "in an image",
	"image-config": "in an image",
	"variable": "in a variable",
	"job-log": "in a job's log",
	"object-field": "in an object",
}[input.finding.place.kind] if {
	true
} else := {
	"worktree": "in the working tree",
	"staged": "staged",
	"reachable": "in the history",
	"stash": "only in a stash",
	"reflog": "only a reflog leads to it",
	"unreachable": "nothing in the repository leads to it",
}[input.finding.reach]

# --- objects that ask to be admitted ------------------------------------------

default settings := {}

settings := data.oakum.settings.admission

object_decision := {"verdict": "allow", "reason": concat(" ", ["suppressed by", input.finding.suppressed.kind])} if {
	input.finding.suppressed.kind
	not overruled
} else := {"verdict": "deny", "reason": overruled} if {
	overruled
} else := {"verdict": "warn", "reason": "an access key's id alone; without its secret key it opens nothing"} if {
	lone_id
} else := {"verdict": object.get(settings, "aws_in_secret", "warn"), "reason": "a static AWS key in a Secret: a role needs none"} if {
	lib.static_aws
	in_secret
} else := {"verdict": object.get(settings, "aws", "deny"), "reason": "a static AWS key: a role needs none"} if {
	lib.static_aws
} else := {"verdict": object.get(settings, "image", "warn"), "reason": concat("", [known, ", in an image that whoever can pull it can read"])} if {
	input.finding.place.kind in {"image-file", "image-config"}
} else := {"verdict": object.get(settings, "in_secret", "allow"), "reason": "in a Secret, where credentials belong"} if {
	in_secret
} else := {"verdict": object.get(settings, "generic", "warn"), "reason": sprintf("generic, of %s severity, %s", [input.finding.severity, where])} if {
	input.finding.proof == "generic"
} else := {"verdict": object.get(settings, "known", "deny"), "reason": concat("", [known, ", ", where, admitted_live])}

# An id of temporary credentials, or one that stands under no name: examples and
# logs are full of them, and it takes the secret key beside it to be a credential.
lone_id if {
	input.finding.rule == "aws-access-key-id"
	not input.finding.parts
	id_tells_little
}

id_tells_little if input.finding.hint == "ASIA"

id_tells_little if not input.finding.key

in_secret if {
	input.finding.place.kind == "object-field"
	input.finding.place.object == "v1/Secret"
}

admitted_live := ", and live" if {
	input.finding.live.state == "valid"
} else := ""

# --- what was not looked at ----------------------------------------------------

# warn makes the scan incomplete (exit 3), allow is told and counted, deny is
# exit 1.
default gap_decision := {"verdict": "warn", "reason": "not looked at"}

gap_decision := {"verdict": "allow", "reason": "outside of what was asked for, or unreadable to anyone"} if {
	input.gap.class == "boundary"
	not input.context.settings.require_complete
}
