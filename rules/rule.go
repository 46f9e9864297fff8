package rules

import (
	"strings"

	"github.com/oakum-sec/oakum/leak"
)

// Rule says what one kind of credential looks like and what is known of it.
// It is a plain value: rules can be listed, documented, merged and tested. The
// TOML keys are gitleaks v8's where the field is (id, description, regex,
// secretGroup, entropy, keywords, path, tags, allowlists, required), and mean
// what they mean there; the others are ours.
type Rule struct {
	ID          string   // "github-pat"
	Description string   // one line, what was found: "GitHub personal access token (classic)"
	Doc         string   // a sentence or two: what it is, what a holder can do
	Source      string   // the page that documents the format
	Regex       string   // RE2; named groups: value (the secret), key (the name it stands under), and those that Checksum names
	SecretGroup int      // group of the value, for gitleaks' files; 0: the group named value, else group 1 if there is only one, else, in files that are not ours, the first that is not empty, else all
	Entropy     float64  // Shannon entropy of the value in bits a byte must be above this; 0: not asked
	Keywords    []string // gitleaks' prefilter words, one of which must be in the text; ours are implied by Regex, see Compile
	Path        string   // RE2 that the path must match
	Tags        []string
	Allowlists  []Allowlist
	Components  []Component
	SkipReport  bool // never reported by itself, only as another rule's component

	Matcher   string     // "" is Regex; "assignment" is the hand-written matcher of name = value (package assign), found by Keywords
	Extent    string     // "" is what Regex matched; "pem", "putty": Regex matches the head, the value runs to where such a file ends
	Proof     leak.Proof // tier of a match whose check holds, or that has none
	Checksum  *Checksum
	Parse     string  // a parser of package proof that must accept the value: "jwt", "pypi-macaroon", …
	Decodes   string  // for a structural rule without checksum or parser: which part of the value decodes to what
	Verify    *Verify // the live check, made only where the user asks for it; nil: there is none
	NotHollow bool    // people choose the value (a URL's password): placeholders, references and masks are none (assign.Hollow)
	Severity  leak.Severity
	Rotate    string   // how to rotate or revoke it, one line
	RotateURL string   // the vendor's page about that
	Bits      int      // randomness that the format guarantees; from 96 on a hash of the value may identify it
	Public    bool     // the value is an identifier, not a secret: it may be hashed whatever its size
	Show      int      // how many leading bytes of the value every instance shares and may be shown ("ghp_" is 4)
	Want      []string // templates (leaktest) of texts in which the rule must find exactly one value
	NotWant   []string // and of texts in which it must find none

	File string // where the rule was read, for messages: "builtin/github.toml", ".gitleaks.toml"
	Line int
}

// Ours tells whether r is one of oakum's own rules, which are held to more than
// a user's.
func (r *Rule) Ours() bool { return strings.HasPrefix(r.File, "builtin/") }

// Provider names whose credential a rule of ours finds, after the file that it
// stands in: "github" for builtin/github.toml, "azure" for builtin/azure_keys.toml;
// a format that nobody owns is its own: "jwt". It is "" for a user's rule.
func (r *Rule) Provider() string {
	name, ours := strings.CutPrefix(r.File, "builtin/")
	if !ours {
		return ""
	}
	name, _, _ = strings.Cut(strings.TrimSuffix(name, ".toml"), "_")
	return name
}

// Allowlist takes matches out again (gitleaks v8).
type Allowlist struct {
	Description string
	Condition   string // "OR" (default) or "AND", over the kinds of conditions below that are given
	RegexTarget string // "" (the value), "match" or "line"
	Regexes     []string
	Paths       []string
	Commits     []string
	StopWords   []string // in the value, case-insensitive
	TargetRules []string // for a global allowlist: only these rules
}

// SameLine is the value of Component.Lines for the match's own line.
const SameLine = -1

// Component is a further value that belongs to the match: gitleaks' required
// rule, or a pattern looked for near the match.
type Component struct {
	Rule     string  // id of the rule that finds it, or the name under which a Regex's value is reported
	Regex    string  // looked for within Lines of the match, in addition to what Rule found
	Lines    int     // at most so many lines away; SameLine: on the same one; 0: anywhere in the text, at most 8 KiB away where Regex is given
	Columns  int     // gitleaks' withinColumns; 0: not asked
	Entropy  float64 // of Regex's value: Shannon bits a byte it must have at least
	Optional bool    // without it the match still stands (gitleaks' required: it does not)
}

// Checksum is an offline proof that the format carries.
//
//	checksum = { algo = "crc32", of = "body", sum = "sum", encoding = "base62", mismatch = "drop" }
type Checksum struct {
	Algo     string // one of proof.Algos: "crc32" (IEEE), "marvin32"
	Seed     string // of marvin32, 8 characters
	Of       string // named group that the sum is over; "" is all of the value before the sum
	Sum      string // named group that holds the sum
	Encoding string // one of proof.Encodings: "base62", "hex", "base64-le", …
	Mismatch string // "drop": it is not one; "downgrade" (default): one tier lower, with a note
}
