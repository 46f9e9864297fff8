package gitdir

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner/gitsource/odb"
)

// Reflog is what a ref has been, oldest first.
type Reflog struct {
	Ref   string
	Lines []LogLine
}

// LogLine is an entry of a reflog.
type LogLine struct {
	IDs  [2]odb.ID // before and after; zero where there was nothing
	Text string    // who and what, without when
}

const maxReflog = 256 << 20

// Reflogs reads the logs of every working tree, by name.
func (d *Dir) Reflogs() (logs []Reflog, gaps []*leak.Gap) {
	dirs := []string{"logs"}
	trees, _ := fs.Glob(d.Shared.FS(), "worktrees/*/logs")
	dirs = append(dirs, trees...)
	for _, dir := range dirs {
		prefix := strings.TrimSuffix(dir, "logs")
		fs.WalkDir(d.Shared.FS(), dir, func(name string, e fs.DirEntry, err error) error {
			if notThere(err) {
				return nil
			}
			if err == nil && e.IsDir() {
				return nil
			}
			var log Reflog
			var bad int
			if err == nil {
				log, bad, err = d.readReflog(name)
			}
			if err != nil {
				gaps = append(gaps, d.Gap(name, leak.GapUnreadable, err))
			}
			if bad > 0 {
				gaps = append(gaps, d.Gap(name, leak.GapCorrupt, fmt.Errorf("%d lines of the reflog are malformed", bad)))
			}
			log.Ref = prefix + strings.TrimPrefix(name, dir+"/")
			logs = append(logs, log)
			return nil
		})
	}
	slices.SortFunc(logs, func(a, b Reflog) int { return strings.Compare(a.Ref, b.Ref) })
	return logs, gaps
}

// readReflog parses a log and counts its malformed lines, which are kept as
// texts. A line: two ids, who and when, a tab, a message.
func (d *Dir) readReflog(name string) (log Reflog, bad int, err error) {
	b, err := readLimited(d.Shared.FS(), name, maxReflog)
	if err != nil {
		return log, 0, err
	}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimRight(line, "\r\n")
		before, rest, ok := d.Format.Cut(line)
		after, rest, ok2 := d.Format.Cut(strings.TrimPrefix(rest, " "))
		if !ok || !ok2 || rest == "" {
			bad++
			log.Lines = append(log.Lines, LogLine{Text: line})
			continue
		}
		log.Lines = append(log.Lines, LogLine{[2]odb.ID{before, after}, undated(rest[1:])})
	}
	return log, bad, nil
}

// undated takes the clock out of "Name <mail> 1700000000 +0100\tmessage", so
// that what was said a thousand times is one text.
func undated(s string) string {
	who, message, _ := strings.Cut(s, "\t")
	if shut := strings.LastIndexByte(who, '>'); shut >= 0 {
		who = who[:shut+1]
	}
	return who + "\t" + message
}
