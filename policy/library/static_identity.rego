# A pipeline that deploys to production must not hold a cloud's long-lived keys:
# it has OIDC, and a role takes their place. They block there even if an entry of
# an allow file or a comment lets them through. Change the environments.
package oakum

import data.oakum.lib

production := {"production", "prod"}

deny contains reason if {
	lib.static_identity
	to_production
	reason := sprintf("%s: a static identity in a production pipeline; let the pipeline assume a role (OIDC)", [input.finding.rule])
}

to_production if lower(input.context.environment) in production

# A CI system's variables say whose they are: github:org/repo/environment/prod.
to_production if {
	some part in split(lower(input.finding.place.scope), "/")
	part in production
}

# A job's name, or the environment's that it is called after: deploy-prod.
to_production if regex.match(`(^|[^a-z])prod(uction)?([^a-z]|$)`, lower(input.finding.step.job))
