package cli

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/rules/assign"
	"github.com/oakum-sec/oakum/rules/assign/letters"
	"github.com/oakum-sec/oakum/scanner"
)

// maxExplained is the largest text, in bytes, of which one line is explained: it is
// held in memory.
const maxExplained = 256 << 20

// lineOf reads FILE:LINE, with or without a column, as reports print it.
var lineOf = regexp.MustCompile(`^(.+?):([1-9][0-9]*)(?::[0-9]+)?$`)

// explained is one line of a text, and what is known of it.
type explained struct {
	text     []byte
	from, to int // the line
	path     string
	set      *rules.Set
}

// explainLine tells, of every value on a line that could be a credential, why it is
// reported or why not. No value is shown.
func (a *app) explainLine(ctx context.Context, name string, line int, as, config string) error {
	text, err := a.readExplained(name)
	if err != nil {
		return err
	}
	x := explained{text: text, path: cmp.Or(as, filepath.ToSlash(name))}
	if name == "-" {
		x.path = as
	}
	if x.from, x.to, err = lineBounds(text, line); err != nil {
		return fmt.Errorf("explain: %s: %w", name, err)
	}
	conf, err := configure(word{config: config})
	if err != nil {
		return err
	}
	x.set = conf.set
	var b strings.Builder
	told := x.findings(ctx, &b) + x.dropped(&b)
	told += x.assignments(&b)
	if told == 0 {
		fmt.Fprintf(&b, "Nothing on this line is a credential by any rule, and no name on it says that its value is one.\n")
	}
	_, err = io.WriteString(a.Out, b.String())
	return err
}

// readExplained reads a file, or standard input for "-".
func (a *app) readExplained(name string) ([]byte, error) {
	in := a.In
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("explain: %w", err)
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxExplained+1))
	if err != nil {
		return nil, fmt.Errorf("explain: read %s: %w", name, err)
	}
	if len(text) > maxExplained {
		return nil, fmt.Errorf("explain: %s is larger than %d MB: cut the line and some before and after it out, and pipe them in: oakum explain -:LINE --as %s", name, maxExplained>>20, name)
	}
	return text, nil
}

// lineBounds finds a line by its number.
func lineBounds(text []byte, line int) (from, to int, err error) {
	for n := 1; n < line; n++ {
		i := bytes.IndexByte(text[from:], '\n')
		if i < 0 {
			return 0, 0, fmt.Errorf("there are %d lines, not %d", n, line)
		}
		from += i + 1
	}
	to = len(text)
	if i := bytes.IndexByte(text[from:], '\n'); i >= 0 {
		to = from + i
	}
	return from, to, nil
}

func (x *explained) column(at int) int { return max(at-x.from, 0) + 1 }

// findings scans the text and tells of each finding on the line.
func (x *explained) findings(ctx context.Context, b *strings.Builder) (told int) {
	s := scanner.New(x.set, scanner.Options{Jobs: 1, MinConfidence: assign.Least})
	// The source has no error and the sink gives none.
	_, _ = s.Scan(ctx, textSource{x.path, x.text}, func(e scanner.Event) error {
		f := e.Finding
		if f == nil || int(f.Span.Start) >= x.to || int(f.Span.End) <= x.from {
			return nil
		}
		told++
		verdict := "reported"
		if f.Confidence < scanner.DefaultMinConfidence {
			verdict = fmt.Sprintf("not reported by default: less than %.2f (--min-confidence)", scanner.DefaultMinConfidence)
		}
		if f.Suppressed != nil {
			verdict = "suppressed by " + f.Suppressed.Kind
		}
		fmt.Fprintf(b, "column %d: %s, %s, confidence %.2f: %s\n", x.column(int(f.Span.Start)), f.Rule, f.Proof, f.Confidence, verdict)
		for _, n := range f.Notes {
			fmt.Fprintf(b, "  note: %s\n", report.Escape(n))
		}
		return nil
	})
	return told
}

// dropped tells of each match on the line that the second look took out.
func (x *explained) dropped(b *strings.Builder) (told int) {
	in := rules.Subject{Text: x.text, Now: time.Now()}
	if x.path != "" {
		in.Paths = []string{x.path}
	}
	for _, m := range x.set.Append(nil, x.text) {
		if m.Value[0] >= x.to || m.Value[1] <= x.from || m.Rule.Matcher == "assignment" {
			continue
		}
		if why := x.set.Judge(&m, in); why != "" {
			told++
			fmt.Fprintf(b, "column %d: %s: dropped: %s\n", x.column(m.Value[0]), m.Rule.ID, rules.Reason(why))
		}
	}
	return told
}

// assignments tells of each value that a name on the line vouches for.
func (x *explained) assignments(b *strings.Builder) (told int) {
	for _, a := range assign.Accounts(x.text, x.from, x.to, x.path) {
		told++
		value := x.text[a.Value[0]:a.Value[1]]
		look := letters.Of(value)
		fmt.Fprintf(b, "column %d: the value of %s, %d characters that look like %s\n", x.column(a.Value[0]), report.Escape(string(x.text[a.Key[0]:a.Key[1]])), len(value), look.Sort())
		if len(a.Facts) == 0 {
			fmt.Fprintf(b, "  dropped (%s): %s\n", a.Why, assign.Reason(a.Why))
			continue
		}
		if a.Why != "" {
			fmt.Fprintf(b, "  dropped (%s): %s\n", a.Why, assign.Reason(a.Why))
		}
		fmt.Fprintf(b, "  weighed: probability %.2f\n", a.Probability())
		facts := slices.Clone(a.Facts)
		slices.SortStableFunc(facts, func(p, q assign.Fact) int { return cmp.Compare(abs(q.Weight), abs(p.Weight)) })
		weighed(b, "for", facts, func(f assign.Fact) bool { return f.Weight > 0 })
		weighed(b, "against", facts, func(f assign.Fact) bool { return f.Weight < 0 })
	}
	return told
}

// factsShown is how many facts for and against a value are told: the others weigh less.
const factsShown = 5

// weighed tells the heaviest facts on one side. A weight of 0.7 doubles the odds.
func weighed(b *strings.Builder, side string, facts []assign.Fact, want func(assign.Fact) bool) {
	shown := 0
	for _, f := range facts {
		if want(f) && shown < factsShown {
			shown++
			fmt.Fprintf(b, "  %-8s %+.1f  %s\n", side, float64(f.Weight)/100, f)
		}
	}
}

func abs(n int) int { return max(n, -n) }

// explainable reads an argument as FILE:LINE.
func explainable(arg string) (file string, line int, ok bool) {
	m := lineOf.FindStringSubmatch(arg)
	if m == nil {
		return "", 0, false
	}
	line, err := strconv.Atoi(m[2])
	return m[1], line, err == nil
}

// textSource yields one text that is in memory.
type textSource struct {
	name string
	text []byte
}

func (s textSource) Blobs(context.Context) iter.Seq2[scanner.Blob, error] {
	return func(yield func(scanner.Blob, error) bool) {
		yield(scanner.Blob{
			Place: leak.File{Name: s.name}, Size: int64(len(s.text)),
			Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(s.text)), nil },
		}, nil)
	}
}
