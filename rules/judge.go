package rules

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules/assign"
	"github.com/oakum-sec/oakum/rules/internal/documented"
	"github.com/oakum-sec/oakum/rules/proof"
)

// Why Judge takes a match out. The assignment rule adds the words of
// assign.Assignment.Fits, which that package lists.
const (
	WhyPath      = "path"      // the rule is for other paths
	WhyAllowlist = "allowlist" // an allowlist of the configuration
	WhyWords     = "words"     // the rule's values are random, and this one is a name: PagerDutyBackend(BaseEmailBackend
	WhyExample   = "example"   // a value out of documentation, or one that counts (1234567890)
)

// judges holds what Judge needs of each rule, made when a rule's first match
// comes: most rules of a set never have one. The zero value is ready.
type judges struct {
	made      sync.Map // *Rule → *judge
	fileOnce  sync.Once
	fileRules []*Rule // those that look at paths only
}

type judge struct {
	once  sync.Once
	path  *regexp.Regexp
	allow []allowance
}

func (js *judges) of(r *Rule) *judge {
	held, ok := js.made.Load(r)
	if !ok {
		held, _ = js.made.LoadOrStore(r, &judge{})
	}
	j := held.(*judge)
	j.once.Do(func() { j.prepare(r) })
	return j
}

func (j *judge) prepare(r *Rule) {
	if r.Path != "" {
		j.path = anyOf([]string{r.Path})
	}
	for _, a := range r.Allowlists {
		j.allow = append(j.allow, newAllowance(a))
	}
}

// Judge is the second stage: path conditions, allowlists, what the value's
// neighbourhood and file kind tell, of in's whole text. It sets m's Confidence
// and may set its Proof, Severity and Notes. why names what took the match out, one of the Why… words
// or of assign's; "" keeps it. It may be called from many goroutines.
func (s *Set) Judge(m *Match, in Subject) (why string) { return s.judges.judge(m, in) }

func (js *judges) judge(m *Match, in Subject) (why string) {
	j := js.of(m.Rule)
	value := m.Of(in.Text)
	switch {
	case !j.rightPath(in.Paths):
		return WhyPath
	case isExample(value), isPublished(m.Notes):
		m.Notes = append(m.Notes, "documentation example")
		return WhyExample
	case m.Proof == leak.Pattern && m.Rule.Ours() && assign.Counting(value):
		return WhyExample
	case m.Proof == leak.Pattern && m.Rule.Ours() && m.Rule.Bits > 0 && assign.Wordy(value):
		return WhyWords
	case len(j.allow) > 0 && allowed(j.allow, m, &in):
		return WhyAllowlist
	}
	m.Confidence = confidence(m.Proof)
	if m.Rule.Matcher == "assignment" {
		if why := misfit(m, in); why != "" {
			return why
		}
	}
	expire(m, in.Now)
	return ""
}

// rightPath: one path that the rule is for is enough. A text without a path is
// right where the pattern matches the empty one.
func (j *judge) rightPath(paths []string) bool {
	if j.path == nil {
		return true
	}
	for _, p := range paths {
		if j.path.MatchString(p) {
			return true
		}
	}
	return len(paths) == 0 && j.path.MatchString("")
}

// isExample knows the values of AWS's documentation, which all have the word in
// it (docs.aws.amazon.com, "Access keys"; ten random base64 or base32 bytes hold
// it once in 10^10 values), and those of other pages by their hash.
func isExample(value []byte) bool {
	return bytes.Contains(value, []byte("EXAMPLE")) || documented.Page(value) != ""
}

// isPublished knows the test keys of standards and tools by what their parser
// noted: the value is their text, which quotes and line breaks change.
func isPublished(notes []string) bool {
	return slices.ContainsFunc(notes, func(n string) bool { return strings.HasPrefix(n, proof.Published) })
}

// misfit reads the assignment anew, so that no more than offsets has to be
// carried from the first stage, and asks whether it fits the file. What fits and
// is worth little is lowered: it gets a remark, not a stop.
func misfit(m *Match, in Subject) string {
	a, ok := assign.Parse(in.Text, m.Word[0], m.Word[1])
	if !ok || a.Value != m.Value {
		return ""
	}
	text, a := a.Plainly(in.Text)
	if why := a.Fits(text, in.Paths); why != "" {
		return why
	}
	m.Confidence = a.Confidence(text, in.Paths)
	if note, ok := weaknesses[a.Weak(text, in.Paths)]; ok {
		m.Severity = leak.Low
		m.Notes = append(m.Notes, note)
	}
	return ""
}

// weaknesses are what assign.Assignment.Weak says, for people.
var weaknesses = map[string]string{
	"well-known":    "a value on everybody's list of guesses",
	"test":          "in a test or an example",
	"documentation": "made up for documentation, by its looks",
}

// expire lowers what has ended by itself: nobody can use it any more.
func expire(m *Match, now time.Time) {
	if m.Expires.IsZero() || now.IsZero() || !m.Expires.Before(now) {
		return
	}
	m.Severity = leak.Low
	m.Notes = append(m.Notes, fmt.Sprintf("expired %s", m.Expires.UTC().Format(time.DateOnly)))
}

// Files gives a match for each path-only rule (a path and no regex, as in
// gitleaks: the file itself is the finding) whose path in is known under. The
// match is empty (Start, End and Value are 0) and needs no Judge any more.
func (s *Set) Files(in Subject) []Match {
	s.judges.fileOnce.Do(func() {
		for i := range s.entries {
			if s.entries[i].lane == absent {
				s.judges.fileRules = append(s.judges.fileRules, s.entries[i].rule())
			}
		}
	})
	return s.judges.files(in)
}

func (js *judges) files(in Subject) []Match {
	var found []Match
	in.Text = nil
	for _, r := range js.fileRules {
		if len(in.Paths) == 0 {
			break
		}
		m := Match{Rule: r, Proof: r.Proof, Severity: r.Severity}
		if js.judge(&m, in) == "" {
			found = append(found, m)
		}
	}
	return found
}
