// Package remediate is the repairing side of oakum: it will move credentials
// that were found into a secret store, rotate them, and journal every step.
//
// This module is a shell in this version, so that its place, its name and its
// import arrows are settled from the start: it may import leak and, to open a
// finding's place again, the scanner and its sources; never policy or webhook.
// The cloud SDKs live here, which keeps the commit hook's build (the root
// module) small.
package remediate
