// Package e2e runs oakum's admission against a real control plane: the kube-apiserver,
// etcd and kube-controller-manager that clusters run, started here on loopback from the
// parts that internal/realtest brings.
//
// What is held there: the fixture tree gets the same verdicts from a real API server as
// from the handler, by the webhook over TLS and, as far as it goes, by the in-process
// tier; updates, scaling, deletions and finalizers of what was there before go on; and
// under load, with replicas killed, certificates rotated and bodies malformed, nothing is
// wrongly denied, nothing wrongly admitted where the webhook fails closed, and every
// review that was admitted unseen is counted by the API server.
//
// A test without the parts skips with the reason; OAKUM_PARTS_REQUIRED=1 makes that a
// failure. It is a module of its own: what users install needs none of it.
package e2e
