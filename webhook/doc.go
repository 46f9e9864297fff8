// Package webhook is the admission side of oakum: it will refuse workloads that
// carry a literal credential before the cluster stores them.
//
// This module is a shell in this version, so that its place, its name and its
// import arrows are settled from the start: it may import the scanner, the
// policy and the reports of the root module, and never remediate. Everything
// that needs a Kubernetes client lives here, which keeps the commit hook's
// build (the root module) small.
package webhook
