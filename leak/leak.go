// Package leak is the vocabulary of oakum: what was found, where, how sure we
// are, what was not looked at, and what is to be done about it.
//
// The scanner speaks it, the policy judges it, the reports print it and the
// remediation acts on it; so everyone may import this package and it imports
// nobody but the standard library.
//
// Its one promise: a value that was found never leaves by accident. It lives
// in a [Secret] from the moment a rule matched, a type that no printer, encoder
// or template can look into; [Secret.Reveal] is the only way out. Everything
// else here may be logged, stored and published: see Identity in
// docs/design/001-identity.md for what a finding's ID tells about its value
// (12 bits at most where the value could be guessed).
package leak
