package leak

import "fmt"

// Proof tells how a finding is known to be one, from offline evidence alone.
// A gate can demand a tier (--min-proof).
type Proof uint8

const (
	Generic    Proof = iota // a name such as "password" beside a value that looks like one
	Pattern                 // the vendor's documented shape: prefix, length, alphabet
	Structural              // more than shape: a part of it decodes to what the vendor puts there
	Proven                  // a checksum, signature or complete parse holds
)

// Severity is what a holder could do with the credential, if it is live.
type Severity uint8

const (
	Low      Severity = iota // little by itself: an identifier, an expired or encrypted one
	Medium                   // one service, limited
	High                     // a whole account of a service, or other people's data
	Critical                 // an organization, its infrastructure or its money
)

// Verdict is what the policy says of a finding.
type Verdict uint8

const (
	Allow Verdict = iota // listed where asked for, does not count
	Warn                 // listed, does not change the exit code
	Deny                 // exit code 1; a commit, a build or a workload is refused
)

// Decision is a verdict and the sentence that explains it to whom it stops.
type Decision struct {
	Verdict Verdict `json:"verdict"`
	Reason  string  `json:"reason"`
}

// GapClass tells whether a Gap makes a scan incomplete.
type GapClass uint8

const (
	// Boundary: by design outside what was asked for, or unreadable to anyone
	// (a submodule, an LFS pointer, a shallow horizon, an encrypted archive).
	Boundary GapClass = iota
	// Failure: should have been looked at and was not (unreadable, corrupt,
	// truncated, a limit reached). Exit code 3.
	Failure
)

// Reach tells how a place in a repository is reached, from the most to the
// least exposed. A place outside git is in the Worktree.
type Reach uint8

const (
	Worktree    Reach = iota // a file as it lies on disk
	Staged                   // in the index, not yet in a commit
	Reachable                // in the history of a branch, a tag or another ref
	Stash                    // refs/stash and its log
	Reflog                   // only a reflog leads there
	Unreachable              // in the object store, nothing leads there
)

// Liveness is what an issuer says of a credential.
type Liveness uint8

const (
	Unknown Liveness = iota // it could not be asked, or its answer tells nothing
	Invalid                 // it does not accept it (any more)
	Valid                   // it accepts it
)

var (
	livenessWords = []string{"unknown", "invalid", "valid"}
	proofWords    = []string{"generic", "pattern", "structural", "proven"}
	severityWords = []string{"low", "medium", "high", "critical"}
	verdictWords  = []string{"allow", "warn", "deny"}
	classWords    = []string{"boundary", "failure"}
	reachWords    = []string{"worktree", "staged", "reachable", "stash", "reflog", "unreachable"}
)

func (p Proof) String() string    { return proofWords[p] }
func (s Severity) String() string { return severityWords[s] }
func (v Verdict) String() string  { return verdictWords[v] }
func (c GapClass) String() string { return classWords[c] }
func (r Reach) String() string    { return reachWords[r] }
func (l Liveness) String() string { return livenessWords[l] }

func (p Proof) MarshalText() ([]byte, error)    { return []byte(p.String()), nil }
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
func (v Verdict) MarshalText() ([]byte, error)  { return []byte(v.String()), nil }
func (c GapClass) MarshalText() ([]byte, error) { return []byte(c.String()), nil }
func (r Reach) MarshalText() ([]byte, error)    { return []byte(r.String()), nil }
func (l Liveness) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

func (p *Proof) UnmarshalText(b []byte) error    { return fromWord(p, b, proofWords, "proof") }
func (s *Severity) UnmarshalText(b []byte) error { return fromWord(s, b, severityWords, "severity") }
func (v *Verdict) UnmarshalText(b []byte) error  { return fromWord(v, b, verdictWords, "verdict") }
func (c *GapClass) UnmarshalText(b []byte) error { return fromWord(c, b, classWords, "gap class") }
func (r *Reach) UnmarshalText(b []byte) error    { return fromWord(r, b, reachWords, "reach") }
func (l *Liveness) UnmarshalText(b []byte) error { return fromWord(l, b, livenessWords, "liveness") }

func fromWord[T ~uint8](to *T, word []byte, words []string, what string) error {
	for i, w := range words {
		if w == string(word) {
			*to = T(i)
			return nil
		}
	}
	return fmt.Errorf("unknown %s %q (one of %v)", what, word, words)
}
