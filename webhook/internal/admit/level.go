package admit

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Level is how much of what is found counts in one of a namespace's modes. Levels are
// relative to the policy: it says what is denied and what is warned of, the level how far
// down that list a namespace goes.
type Level uint8

const (
	Off       Level = iota
	AWSStatic       // long-lived AWS keys that the policy denies
	High            // everything that the policy denies
	All             // also what it only warns of
)

var levelWords = []string{"off", "aws-static", "high", "all"}

func (l Level) String() string { return levelWords[l] }

// ParseLevel reads a level's word.
func ParseLevel(word string) (Level, error) {
	for i, w := range levelWords {
		if w == word {
			return Level(i), nil
		}
	}
	return Off, fmt.Errorf("no level %q: it is one of %s", word, strings.Join(levelWords, ", "))
}

func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalJSON reads a level's word. YAML 1.1, which Kubernetes' reader speaks, has "off"
// without quotes be false.
func (l *Level) UnmarshalJSON(b []byte) (err error) {
	word := string(b)
	if err := json.Unmarshal(b, &word); err != nil && word != "false" {
		return fmt.Errorf("a level is one of %s, and not %s", strings.Join(levelWords, ", "), b)
	}
	if word == "false" {
		word = Off.String()
	}
	*l, err = ParseLevel(word)
	return err
}

// Mode is what a namespace does with findings in one respect.
type Mode struct {
	Level   Level  `json:"level"`
	Version string `json:"version,omitempty"` // of the rules, see Pins; "": Latest
}

func (m Mode) String() string {
	if m.Version == "" {
		return m.Level.String() + ":" + Latest
	}
	return m.Level.String() + ":" + m.Version
}

// Modes are those of Pod Security Admission, with its names: what is refused, what its
// user is warned of, what is written to the audit log.
type Modes struct {
	Enforce Mode `json:"enforce"`
	Warn    Mode `json:"warn"`
	Audit   Mode `json:"audit"`
}

// DefaultModes is the default of the house: what the policy denies is denied, what it
// warns of is warned of, all is in the audit log.
var DefaultModes = Modes{Enforce: Mode{Level: High}, Warn: Mode{Level: All}, Audit: Mode{Level: All}}

// The labels of a namespace. Each has a level; with VersionSuffix, a version of the rules.
const (
	LabelEnforce  = Domain + "/enforce"
	LabelWarn     = Domain + "/warn"
	LabelAudit    = Domain + "/audit"
	VersionSuffix = "-version"
)

// Latest is the version of the rules that is built in.
const Latest = "latest"

// off tells whether nothing that is found leads to anything.
func (m Modes) off() bool { return max(m.Enforce.Level, m.Warn.Level, m.Audit.Level) == Off }

// Valid tells what is wrong with modes that somebody configured.
func (m Modes) Valid() error {
	p := readPins(sinceText)
	return m.valid(&p)
}

func (m Modes) valid(p *pins) error {
	for _, mode := range []Mode{m.Enforce, m.Warn, m.Audit} {
		if _, known := p.place(mode.Version); !known {
			return fmt.Errorf("no rules version %q: it is %s or one of %s", mode.Version, Latest, strings.Join(p.versions, ", "))
		}
	}
	return nil
}

// labelled is m as a namespace's labels change it, and a warning for each label that
// says nothing we know. Such a label leaves the default, which is nobody's loosening.
func (m Modes) labelled(labels map[string]string, p *pins) (out Modes, wrong []string) {
	out = m
	for _, l := range []struct {
		key  string
		mode *Mode
	}{{LabelEnforce, &out.Enforce}, {LabelWarn, &out.Warn}, {LabelAudit, &out.Audit}} {
		if word, ok := labels[l.key]; ok {
			if level, err := ParseLevel(word); err == nil {
				l.mode.Level = level
			} else {
				wrong = append(wrong, fmt.Sprintf("the namespace's label %s is not understood: %s; %q holds", l.key, err, l.mode.Level))
			}
		}
		version, ok := labels[l.key+VersionSuffix]
		if !ok {
			continue
		}
		if _, known := p.place(version); known {
			l.mode.Version = version
			continue
		}
		l.mode.Version = Latest
		wrong = append(wrong, fmt.Sprintf("the namespace's label %s%s names no rules version that this webhook knows; the latest hold", l.key, VersionSuffix))
	}
	return out, wrong
}
