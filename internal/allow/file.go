package allow

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/oakum-sec/oakum/leak"
)

// dayLayout is how an entry's last day is written.
const dayLayout = time.DateOnly

// Entry is a line of an allow file:
//
//	v1.0123…cdef  expires=2027-01-31  owner=ann  reason="test key of the vendor's sandbox"
//
// Words are separated by blanks; a value with blanks is quoted as Go strings
// are. Place, expires and owner may be missing, a reason may not.
type Entry struct {
	Fingerprint string
	Place       string    // where it stands, so that a p1 entry can follow a file that moves; "" is not known
	Expires     time.Time // its last day, at midnight UTC; zero: it stays
	Owner       string
	Reason      string
	Line        int // in the file it was read from, 1-based
}

// File is an allow file. Lines that begin with # are comments; those at its top
// are kept when it is written, others go.
type File struct {
	Name    string // for messages
	Head    []string
	Entries []Entry

	now  time.Time
	used map[string]bool
	follower
}

// header begins an allow file that oakum writes.
var header = []string{
	"# Findings that oakum lets pass. One line an entry, sorted; written by `oakum allow add`.",
	"# fingerprint  [place=PATH]  [expires=YYYY-MM-DD]  [owner=NAME]  reason=\"…\"",
}

// fingerprints are the lengths of what leak.Identify makes: the runs of hex
// digits after the scheme's name, joined with dots.
var fingerprints = map[string][]int{"v1": {32}, "p1": {29, 3}}

// CheckFingerprint tells whether s can be a finding's ID.
func CheckFingerprint(s string) error {
	scheme, rest, _ := strings.Cut(s, ".")
	lengths := fingerprints[scheme]
	runs := strings.Split(rest, ".")
	ok := len(lengths) > 0 && len(runs) == len(lengths)
	for i := 0; ok && i < len(runs); i++ {
		ok = len(runs[i]) == lengths[i] && strings.Trim(runs[i], "0123456789abcdef") == ""
	}
	if !ok {
		// s is not quoted: whoever takes the wrong file or word may have a secret in it
		return errors.New("this is no fingerprint: take the id from a report, it begins with v1. or p1")
	}
	return nil
}

// NewFile is an empty allow file.
func NewFile(name string) *File { return &File{Name: name, Head: slices.Clone(header)} }

// ParseFile reads an allow file. now decides which entries have expired. An
// error names file and line.
func ParseFile(name string, data []byte, now time.Time) (*File, error) {
	f := &File{Name: name, now: now, used: map[string]bool{}}
	n := 0
	for line := range bytes.Lines(data) {
		n++
		text := strings.TrimSpace(string(line))
		switch {
		case text == "":
		case strings.HasPrefix(text, "#"):
			if len(f.Entries) == 0 {
				f.Head = append(f.Head, text)
			}
		default:
			e, err := parseEntry(text)
			if err != nil {
				return nil, fmt.Errorf("%s:%d: %w", name, n, err)
			}
			e.Line = n
			f.learn(e.Fingerprint, e.Place)
			f.Entries = append(f.Entries, e)
		}
	}
	return f, nil
}

func parseEntry(text string) (Entry, error) {
	id, rest := cutBlank(text)
	e := Entry{Fingerprint: id}
	if err := CheckFingerprint(id); err != nil {
		return e, err
	}
	for rest = strings.TrimSpace(rest); rest != ""; rest = strings.TrimSpace(rest) {
		key, value, after, err := nextPair(rest)
		if err == nil {
			err = e.set(key, value)
		}
		if err != nil {
			return e, err
		}
		rest = after
	}
	if e.Reason == "" {
		return e, fmt.Errorf("%s has no reason: add reason=\"…\" to its line", id)
	}
	return e, nil
}

// nextPair cuts key=value off the beginning of text.
func nextPair(text string) (key, value, rest string, err error) {
	key, rest, ok := strings.Cut(text, "=")
	if !ok || strings.ContainsAny(key, " \t\"") {
		return "", "", "", errors.New("what stands behind the fingerprint is not key=value")
	}
	if !strings.HasPrefix(rest, `"`) {
		value, rest = cutBlank(rest)
		return key, value, rest, nil
	}
	quoted, err := strconv.QuotedPrefix(rest)
	if err != nil {
		return "", "", "", fmt.Errorf("the value of %s does not end: close its quotes", key)
	}
	value, err = strconv.Unquote(quoted)
	return key, value, rest[len(quoted):], err
}

// cutBlank cuts text at its first blank.
func cutBlank(text string) (before, after string) {
	if i := strings.IndexAny(text, " \t"); i >= 0 {
		return text[:i], text[i+1:]
	}
	return text, ""
}

func (e *Entry) set(key, value string) (err error) {
	switch key {
	case "place":
		e.Place = value
	case "expires":
		e.Expires, err = ParseDay(value)
	case "owner":
		e.Owner = value
	case "reason":
		e.Reason = value
	default:
		err = errors.New("unknown key: use place, expires, owner, reason")
	}
	return err
}

// ParseDay reads a day as 2027-01-31.
func ParseDay(s string) (time.Time, error) {
	t, err := time.Parse(dayLayout, s)
	if err != nil {
		return t, errors.New("this is no day: write it as 2027-01-31")
	}
	return t, nil
}

// Expired tells whether e's last day is over, in UTC, so that a team agrees.
func (e Entry) Expired(now time.Time) bool {
	return !e.Expires.IsZero() && !now.Before(e.Expires.AddDate(0, 0, 1))
}

// String is the entry's line.
func (e Entry) String() string {
	s := e.Fingerprint
	if e.Place != "" {
		s += "  place=" + quoteIfNeeded(e.Place)
	}
	if !e.Expires.IsZero() {
		s += "  expires=" + e.Expires.Format(dayLayout)
	}
	if e.Owner != "" {
		s += "  owner=" + quoteIfNeeded(e.Owner)
	}
	return s + "  reason=" + strconv.Quote(e.Reason)
}

func quoteIfNeeded(s string) string {
	if q := strconv.Quote(s); q != `"`+s+`"` || strings.ContainsAny(s, " \t") {
		return q
	}
	return s
}

// Has tells whether there is an entry with that fingerprint, expired or not.
func (f *File) Has(fingerprint string) bool {
	return slices.ContainsFunc(f.Entries, func(e Entry) bool { return e.Fingerprint == fingerprint })
}

// Add puts e in, in the place of an entry with the same fingerprint.
func (f *File) Add(e Entry) {
	f.Entries = slices.DeleteFunc(f.Entries, func(old Entry) bool { return old.Fingerprint == e.Fingerprint })
	f.Entries = append(f.Entries, e)
}

// Bytes is the file's content: comments, then the entries, sorted.
func (f *File) Bytes() []byte {
	var b bytes.Buffer
	for _, h := range f.Head {
		b.WriteString(h + "\n")
	}
	entries := slices.SortedStableFunc(slices.Values(f.Entries), func(a, b Entry) int { return cmp.Compare(a.Fingerprint, b.Fingerprint) })
	for _, e := range entries {
		b.WriteString(e.String() + "\n")
	}
	return b.Bytes()
}

// Match implements List. An expired entry matches nothing.
func (f *File) Match(found *leak.Finding) *leak.Suppression {
	s := f.allow(found.ID)
	if s == nil {
		if id := f.follow(found); id != "" {
			s = f.allow(id)
		}
	}
	return s
}

func (f *File) allow(id string) *leak.Suppression {
	for _, e := range f.Entries {
		if e.Fingerprint == id && !e.Expired(f.now) {
			f.used[id] = true
			return &leak.Suppression{Kind: leak.SuppressAllowFile, Reason: e.Reason, Where: fmt.Sprintf("%s:%d", f.Name, e.Line)}
		}
	}
	return nil
}

// Unused implements List. Expired entries are Expired's, not unused.
func (f *File) Unused() []string {
	var out []string
	for _, e := range f.Entries {
		if !f.used[e.Fingerprint] && !e.Expired(f.now) {
			out = append(out, fmt.Sprintf("%s:%d: %s", f.Name, e.Line, e.Fingerprint))
		}
	}
	return out
}

// Expired describes the entries that are past their day.
func (f *File) Expired() []string {
	var out []string
	for _, e := range f.Entries {
		if e.Expired(f.now) {
			out = append(out, fmt.Sprintf("%s:%d: %s (owner %s) expired on %s", f.Name, e.Line, e.Fingerprint, cmp.Or(e.Owner, "unknown"), e.Expires.Format(dayLayout)))
		}
	}
	return out
}

// Prune takes out the entries that were unused or have expired, and returns how
// many it took.
func (f *File) Prune() int {
	n := len(f.Entries)
	f.Entries = slices.DeleteFunc(f.Entries, func(e Entry) bool { return e.Expired(f.now) || !f.used[e.Fingerprint] })
	return n - len(f.Entries)
}
