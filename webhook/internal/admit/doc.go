// Package admit answers one admission review: it takes the bytes that an API server
// sent and gives the bytes to send back. No network, no Kubernetes client, no state
// but what its Options hand in.
//
// What it promises:
//
//   - The answer carries the review's UID, whatever the body, wherever one can be
//     read; input never panics it, and it returns when its context ends.
//   - Only what is new denies. An object is compared with the one that it replaces, by
//     value and not by place: a key that moved is no news, a second key is. What is on
//     its way out (deletions, objects being deleted) and what carries no text of a
//     user's (status, scale, a kubelet's mirror pods, updates that change no field that
//     is looked at) passes unseen, before anything is parsed.
//   - The decision is the policy's (package policy); a namespace's labels say which of
//     its findings deny, warn or are written to the audit log (see [Level]).
//   - No value is told: messages, warnings and annotations name field, rule and
//     fingerprint, and are searched for the values themselves before they leave.
//   - A dry run gets the same answer; nothing here has a side effect.
//
// What it does not do: it does not look into status (what a controller says, not what
// a user asks for), nor follow references further than to the ConfigMaps and Secrets
// that a pod's template names. Its own faults (a broken policy, a panic, a deadline, a
// part of the object that could not be looked at) are an error in the [Answer]: whether
// that admits or refuses is the server's failure mode.
package admit

// Domain is what our labels, annotations and webhooks are called after. A prefix of
// Kubernetes' is to be a DNS name of one's own (https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/):
// this is the one that comes with the organisation of the module's path; oakum.io and
// oakum.dev are not the project's.
const Domain = "oakum-sec.github.io"
