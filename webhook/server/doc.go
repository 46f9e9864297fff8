// Package server is the admission webhook as it runs in a cluster: package admit's
// decision behind TLS, with what it needs to know of the cluster in memory.
//
// An API server asks it about objects on three paths, of which each is a hook of its own
// in the ValidatingWebhookConfiguration, so that each can have its own failure policy:
//
//	/pods       pods and their ephemeral containers
//	/workloads  what has a pod template: Deployments, Jobs, …, and the custom resources that are listed
//	/data       ConfigMaps and Secrets
//
// What it promises:
//
//   - The bytes that came go to package admit as they are; nothing is decoded on the way.
//   - It answers before the API server's patience ends: the deadline is the request's
//     ?timeout= less a fifth. Over it, and for every fault of its own, the failure mode
//     holds: "open" admits with a warning, an audit annotation and a metric; "closed" is an
//     HTTP 500, so that the failurePolicy of the webhook's configuration decides.
//   - Memory is bounded: by how many reviews are taken at once (further ones get a 503 at
//     once), by how many bytes of bodies lie in memory (further ones wait, unread), and by
//     7 MiB a body, the limit that controller-runtime has.
//   - No request of a user's makes a request of ours: namespaces' labels, and what was found
//     in ConfigMaps, come from informers, which keep verdicts and no contents.
//   - It is ready when rules and policy are compiled, a certificate is there and holds, and
//     the informers have listed everything; and no longer when it is told to end. Until it
//     is ready, a review is answered by the failure mode.
//   - Logs and metrics hold no value, and nothing of an object but its kind and namespace.
//
// What it may read: namespaces; ConfigMaps if references.configMaps is on (the default);
// Secrets of the cluster only if references.secrets is on. The built-in rotation of
// certificates reads and writes one Secret of its own namespace, and the
// ValidatingWebhookConfiguration.
//
// # Configuration
//
// A YAML file (--config), of which every field may be left out; an unknown one is an error.
// It is read again when it changes, and so are policy and rules, without a restart; a new one that
// cannot be used is told (log, oakum_webhook_config_reload_successful 0) and the last one
// holds. What is about informers and hooks (references, hooks) takes a restart, and so
// does what new rules find in ConfigMaps that were looked at before.
//
//	failureMode: open            # open | closed: what becomes of a review that could not be decided
//	defaults:                    # of namespaces without our labels
//	  enforce: {level: high}     # off | aws-static | high | all; version: pins the rules ("rules-2026.11")
//	  warn: {level: all}
//	  audit: {level: all}
//	exemptions:                  # an owner and an end each, and at least one condition
//	- namespaces: [legacy]       # further ones: users, groups, fingerprints
//	  owner: team-payments
//	  reason: moves to the secret store with release 12
//	  expires: 2027-03-01T00:00:00Z
//	controllers:                 # users whose objects copy a template, beside kube-system's own
//	- system:serviceaccount:argo-rollouts:argo-rollouts
//	controlled: warn             # warn | deny: what becomes of such copies; the default is deny where failureMode is closed
//	eks: false                   # the cluster runs on EKS: name its roles without further hints
//	policy: /etc/oakum/policy    # a folder, bundle or .rego file, asked before the built-in policy
//	rules: /etc/oakum/rules.toml # in gitleaks' form; with extend.useDefault beside the built-in rules, else in their place
//	references:
//	  configMaps: true           # follow them from pods
//	  secrets: false             # the account must be allowed to list Secrets
//	hooks:
//	  workloads:                 # custom resources, as kubectl names them, beside the built-in ones
//	  - rollouts.argoproj.io
//	images:
//	  unknown: allow             # allow | deny: pods whose image was not scanned yet, where an image worker runs
//	known:                       # values that leaked and were retired: refused wherever they stand
//	  index: /etc/oakum-known/known.index
//	  key: /etc/oakum-known/known.key
package server
