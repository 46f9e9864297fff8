// Package vap writes the tier that runs inside the API server: ValidatingAdmissionPolicies
// in CEL for what CEL can hold of our rules, and the guard of our namespace labels.
//
// CEL runs in the API server's own process, so this tier can fail closed: there is no
// call that can fail, no pod that can be down. The price is that it holds less. It knows
// tokens by their prefix, alphabet, length and entropy, and AWS secret keys by the name
// that they stand under, in the environments, commands and arguments of containers, in
// annotations and in ConfigMaps. The webhook knows all rules, checksums, parsers, what is
// packed in a field, and every kind of object.
//
// What it promises:
//
//   - The patterns are the built-in rules' own, taken from package builtin each time, so
//     they cannot drift apart; a test holds each rule's examples against the expressions,
//     in the API server's own CEL environment.
//   - Only what is new denies: a value that the old object holds, in whatever field, is no
//     news. What is being deleted, what did not change, and what a controller copied from
//     a template is not looked at, so nothing that runs stops.
//   - The largest object that etcd takes (1.5 MB) stays within the API server's budgets
//     of cost: text is searched for prefixes, and only what stands around those is matched.
//   - Messages name the field and what to do, never the value.
//
// Its limits: checksums are not computed, so a made-up token of exactly a GitHub token's
// shape is denied here and not by the webhook. An object with tens of thousands of
// prefixes and no token runs over the budget, and is then denied when it is new. It needs
// Kubernetes 1.34 (lists.flatten, lists.distinct).
//
// docs/design/012-in-process-tier.md has the reasons.
package vap
