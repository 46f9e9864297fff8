// Package proof tells, without a network, whether a value is what it looks like.
//
// Many credentials carry a proof of themselves: a checksum, a signature with a
// fixed frame, a key that parses, a payload that decodes to what the vendor puts
// there. A rule names its [Sum] or its parser; what holds is proven, what fails
// is a look-alike and is dropped, and between them stands what can't be told.
//
// Promises: nothing here panics or keeps state, whatever the input; a call takes
// time in proportion to the value, but for the arithmetic of a key of at most
// maxKeyBits bits; no note holds any part of a value that is secret.
//
// Limits: that a checksum holds does not say that the credential is live. Values
// over maxValue bytes are [Unsure]. Passphrases are never tried.
package proof

import (
	"maps"
	"slices"
	"time"

	"github.com/oakum-sec/oakum/leak"
)

// maxValue is the largest value looked at, in bytes: a PEM block of the largest
// [Extent], and more than any token.
const maxValue = 64 << 10

// Verdict is the outcome of a proof.
type Verdict uint8

const (
	Fails  Verdict = iota // it is not one: drop it
	Unsure                // nothing speaks against it, and nothing proves it
	Holds                 // the checksum holds, or all of it parses
)

var verdictWords = []string{"fails", "unsure", "holds"}

func (v Verdict) String() string {
	if int(v) >= len(verdictWords) {
		return "unknown"
	}
	return verdictWords[v]
}

// Result is what a parser found.
type Result struct {
	Verdict  Verdict
	Notes    []string       // what the structure tells, for the report: "account 123456789012", "encrypted"
	Severity *leak.Severity // nil: the rule's
	Expires  time.Time      // zero: it does not say
}

func fails(why ...string) Result  { return Result{Verdict: Fails, Notes: why} }
func unsure(why ...string) Result { return Result{Verdict: Unsure, Notes: why} }
func holds(notes ...string) Result {
	return Result{Verdict: Holds, Notes: notes}
}

// low is r with a note and the lowest severity: an encrypted key, an unsigned token.
func (r Result) low(note string) Result {
	severity := leak.Low
	r.Severity = &severity
	r.Notes = append(r.Notes, note)
	return r
}

// A parser sees at most maxValue bytes and must not keep or change them.
var parsers = map[string]func(value []byte) Result{
	"age":                 parseAge,
	"anthropic":           parseAnthropic,
	"aws-key-id":          parseAWSKeyID,
	"azure-cask":          parseCASK,
	"azure-his":           parseHIS,
	"base64-json":         parseBase64JSON,
	"base58check":         parseBase58Check,
	"basic-auth":          parseBasicAuth,
	"bech32":              parseBech32,
	"bip39":               parseMnemonic,
	"discord":             parseDiscord,
	"fly-macaroon":        parseFlyMacaroon,
	"gcp-service-account": parseServiceAccount,
	"gitlab-routable":     parseGitLabRoutable,
	"jfrog-reference":     parseJFrog,
	"jwt":                 parseJWT,
	"nkey":                parseNKey,
	"openai":              parseOpenAI,
	"pem":                 parsePEM,
	"putty":               parsePuTTY,
	"pypi-macaroon":       parseMacaroon,
	"stellar-seed":        parseStellarSeed,
	"telegram":            parseTelegram,
	"vault-service-token": parseVault,
}

// Parsers lists the names that Parse knows, sorted.
func Parsers() []string { return slices.Sorted(maps.Keys(parsers)) }

// Parse judges value with the parser of that name. An unknown name is Unsure: a
// loader that checks against [Parsers] never comes here with one.
func Parse(name string, value []byte) Result {
	parse, ok := parsers[name]
	if !ok {
		return unsure("no parser " + name)
	}
	if len(value) > maxValue {
		return unsure("too large to be parsed")
	}
	return parse(value)
}

// shown is text from within a value that is safe to print in a note: short and
// of the characters that names, addresses and URLs are made of. Else it is "".
func shown(s string) string {
	if len(s) > 100 {
		return ""
	}
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7f || c == '"' || c == '\'' || c == '<' || c == '>' || c == '`' {
			return ""
		}
	}
	return s
}
