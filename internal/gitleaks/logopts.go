package gitleaks

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// LogOpts is what --log-opts asks for, as far as it names commits: those that
// Tips lead to (every ref, where there is none), Not does not, and that are not
// older than Since. The zero LogOpts is the whole history.
type LogOpts struct {
	Tips, Not []string // revisions
	Last      bool     // of Tips the commits themselves, without what they stand on
	Since     time.Time
}

// All tells whether nothing narrows the history.
func (o LogOpts) All() bool {
	return len(o.Tips) == 0 && len(o.Not) == 0 && o.Since.IsZero()
}

// refs are the options of git log that name refs by the dozen: all are looked at.
var refs = []string{"--all", "--branches", "--tags", "--remotes"}

// wide are those that oakum may pass over: they choose what a diff shows and in
// which order, or leave commits out that oakum then looks at in addition.
var wide = []string{"--full-history", "--no-merges", "--merges", "--first-parent",
	"--simplify-merges", "--dense", "--sparse", "--reverse", "--date-order", "--topo-order", "--author-date-order",
	"-p", "-u", "--patch", "-m", "-c", "--cc", "-U0", "--unified=0", "--no-renames", "-M", "-C", "--text", "-a", "--no-color"}

// ParseLogOpts reads the words that people hand to gitleaks' --log-opts. now is
// what "2 weeks ago" counts from. What would change the answer and is not known
// is an error that says what to write.
func ParseLogOpts(text string, now time.Time) (LogOpts, error) {
	var o LogOpts
	allRefs := false
	words, err := splitWords(text)
	for len(words) > 0 && err == nil {
		word, rest := words[0], words[1:]
		words = rest
		switch name, value, joined := strings.Cut(word, "="); {
		case slices.Contains(refs, word):
			allRefs = true
		case slices.Contains(wide, word):
		case name == "--since" || name == "--after":
			if !joined && len(rest) > 0 {
				value, words = rest[0], rest[1:]
			}
			o.Since, err = parseSince(value, now)
		case word == "-1" || word == "--max-count=1" || word == "-n1" || word == "--no-walk":
			o.Last = true
		case word == "-n" && len(rest) > 0 && rest[0] == "1":
			o.Last, words = true, rest[1:]
		case manyCommits.MatchString(word) || word == "-n":
			err = fmt.Errorf("%s is not known: write HEAD~N..HEAD, the same commits by name", word)
		case word == "--":
			err = errors.New("a history is scanned whole, not by paths: take -- and what follows out, and leave paths out with an allowlist")
		case strings.HasPrefix(word, "--") || len(word) > 1 && word[0] == '-':
			err = fmt.Errorf("%s is not known: name commits as A..B, BRANCH, ^REV, --all, --since=DATE, -1", word)
		default:
			err = o.revision(word)
		}
	}
	if err != nil {
		return o, fmt.Errorf("--log-opts: %w", err)
	}
	if allRefs { // what was named besides is among them
		o.Tips, o.Last = nil, false
	}
	if o.Last && len(o.Tips) == 0 {
		o.Tips = []string{"HEAD"}
	}
	return o, nil
}

var manyCommits = regexp.MustCompile(`^(-\d+|-n\d+|--max-count=\d+)$`)

// revision adds a word that names commits, as gitrevisions(7) has them.
func (o *LogOpts) revision(word string) error {
	switch from, to, isRange := strings.Cut(word, ".."); {
	case word == "" || word == "^" || strings.HasPrefix(to, "-") || strings.HasPrefix(strings.TrimPrefix(word, "^"), "-"):
		return fmt.Errorf("%q names no commit", word)
	case strings.Contains(word, "..."):
		return fmt.Errorf("%s is not known: write A..B, for what B has and A has not", word)
	case isRange:
		o.Tips, o.Not = append(o.Tips, orHead(to)), append(o.Not, orHead(from))
	case strings.HasPrefix(word, "^"):
		o.Not = append(o.Not, word[1:])
	default:
		o.Tips = append(o.Tips, word)
	}
	return nil
}

func orHead(rev string) string {
	if rev == "" {
		return "HEAD"
	}
	return rev
}

// splitWords splits as a shell does, with quotes and without anything else.
func splitWords(text string) (words []string, err error) {
	var word strings.Builder
	var quote rune
	open := false
	for _, r := range text {
		switch {
		case quote == 0 && (r == '"' || r == '\''):
			quote, open = r, true
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == ' ' || r == '\t' || r == '\n'):
			if open {
				words = append(words, word.String())
			}
			open = false
			word.Reset()
		default:
			word.WriteRune(r)
			open = true
		}
	}
	if quote != 0 {
		return nil, errors.New("a quote does not end")
	}
	if open {
		words = append(words, word.String())
	}
	return words, nil
}

var ago = regexp.MustCompile(`^(\d{1,6})[ .](second|minute|hour|day|week|month|year)s?[ .]ago$`)

// parseSince reads a date as people give it to git: a day, a time, seconds since
// 1970, "yesterday", "3 weeks ago" (or 3.weeks.ago).
func parseSince(s string, now time.Time) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.DateTime, "2006-01-02T15:04:05", time.RFC3339, "2006-01-02 15:04", "2006/01/02", "2006-01-02 15:04:05 -0700"} {
		if t, err := time.ParseInLocation(layout, s, now.Location()); err == nil {
			return t, nil
		}
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n >= 100_000_000 { // below it git takes digits for a date
		return time.Unix(n, 0).UTC(), nil
	}
	if s == "yesterday" {
		return now.AddDate(0, 0, -1), nil
	}
	m := ago.FindStringSubmatch(strings.ToLower(s))
	if m == nil {
		return time.Time{}, fmt.Errorf("%q is no date that is known here: write it as 2027-01-31, or as \"2 weeks ago\"", s)
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return time.Time{}, err
	}
	switch m[2] {
	case "day":
		return now.AddDate(0, 0, -n), nil
	case "week":
		return now.AddDate(0, 0, -7*n), nil
	case "month":
		return now.AddDate(0, -n, 0), nil
	case "year":
		return now.AddDate(-n, 0, 0), nil
	}
	unit := map[string]time.Duration{"second": time.Second, "minute": time.Minute, "hour": time.Hour}[m[2]]
	return now.Add(-time.Duration(n) * unit), nil
}
